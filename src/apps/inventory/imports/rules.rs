//! What a CSV file means: its columns, its rows, and what each row would do.

pub mod items;
pub mod locations;
pub mod opening;
pub mod orders;
pub mod plan;
pub mod reader;
pub mod table;
pub mod writer;

use std::time::Duration;

use crate::platform::error::{Code, code};
use crate::platform::id::Id;

pub use table::{Decimals, RowFault, Table, TableRow};

/// A file that was read and waits to be taken over.
pub enum Import {}
pub type ImportId = Id<Import>;

/// A preview waits so long.
pub const PREVIEW_KEPT: Duration = Duration::from_hours(24);
/// Previews of a workspace that wait at once; the oldest makes room.
pub const PREVIEWS_MAX: usize = 5;
/// What is for those only who see prices: whether a row would change it tells what it is.
const PRICE_COLUMNS: [&str; 3] = ["unit_cost", "supplier", "supplier_sku"];
/// Errors told at once; `errors_total` says how many there are.
pub const ERRORS_SHOWN_MAX: usize = 1_000;
/// Rows shown as an example.
pub const SAMPLE_ROWS_MAX: usize = 50;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code("csv-empty", "The file is empty.", "Save it again with a header and rows."),
    code("csv-no-rows", "There are no rows below the header.", "Add rows, or choose another file."),
    code("csv-not-utf8", "The file is not UTF-8.", "Save it as CSV UTF-8."),
    code("csv-nul", "The file has NUL bytes; it is not a text.", "Export it as CSV."),
    code("csv-quote-unclosed", "A quote is never closed.", "Close it on the line that is named."),
    code(
        "csv-quote-inside",
        "There is text behind a closing quote.",
        "Write a quote inside a quoted cell twice.",
    ),
    code("csv-cells", "A row has more or fewer cells than the header.", "Look for commas in it."),
    code("csv-cell-too-long", "A cell is longer than is read.", "Shorten it."),
    code("csv-too-many-columns", "There are more columns than are read.", "Remove some."),
    code("csv-too-many-rows", "There are more rows than are taken at once.", "Split the file."),
    code("column-missing", "A column that is needed is missing.", "Add it to the header."),
    code("column-twice", "A column is there twice.", "Remove one of them."),
    code("row-twice", "Two rows speak of the same thing.", "Remove one of them."),
    code("yes-or-no", "A cell is neither true nor false.", "Write true or false."),
    code(
        "supplier-differs",
        "Rows of one order name different suppliers.",
        "Write the same supplier in all of them, or give each supplier an order of its own.",
    ),
    code("supplier-missing", "A supplier's number has no supplier.", "Name the supplier."),
    code(
        "stock-exists",
        "An opening stock differs from what is there, and there were movements already.",
        "Adjust the stock instead.",
    ),
    code("import-kind", "There is no such kind of file.", "See the API description."),
    code(
        "import-has-errors",
        "The file has errors, so nothing of it is taken over.",
        "Correct them in the file and read it again.",
    ),
    code(
        "import-stale",
        "Something changed since the preview, so the file would do something else now.",
        "Read the file again and look at the new preview.",
    ),
];

/// Whether a file speaks of prices or of who delivers.
pub fn speaks_of_prices(rows: &[TableRow]) -> bool {
    // All rows have the columns of the header.
    rows.first().is_some_and(|row| PRICE_COLUMNS.iter().any(|one| row.cell(one).is_some()))
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    Items,
    Locations,
    OpeningStock,
    PurchaseOrders,
}

impl ImportKind {
    pub const ALL: [Self; 4] =
        [Self::Items, Self::Locations, Self::OpeningStock, Self::PurchaseOrders];

    pub fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Locations => "locations",
            Self::OpeningStock => "opening_stock",
            Self::PurchaseOrders => "purchase_orders",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The columns in the order they are written.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Items => &[
                "item_number",
                "name",
                "unit",
                "category",
                "min_qty",
                "max_qty",
                "unit_cost",
                "barcodes",
                "supplier",
                "supplier_sku",
                "temp_zone",
                "qty_step",
                "notes",
            ],
            Self::Locations => &["code", "name", "temp_zone", "parent_code", "active"],
            Self::OpeningStock => &["item_number", "location_code", "qty", "unit_cost"],
            Self::PurchaseOrders => {
                &["po_number", "supplier", "item_number", "req_qty", "unit_price", "note"]
            }
        }
    }

    /// The known column of this name.
    pub fn column(self, name: &str) -> Option<&'static str> {
        self.columns().iter().find(|column| **column == name).copied()
    }

    pub fn needed_columns(self) -> &'static [&'static str] {
        match self {
            Self::Items => &["item_number", "name", "unit"],
            Self::Locations => &["code", "name"],
            Self::OpeningStock => &["item_number", "location_code", "qty"],
            Self::PurchaseOrders => &["po_number", "item_number", "req_qty"],
        }
    }

    /// Columns with quantities and prices.
    pub fn amount_columns(self) -> &'static [&'static str] {
        match self {
            Self::Items => &["min_qty", "max_qty", "unit_cost", "qty_step"],
            Self::Locations => &[],
            Self::OpeningStock => &["qty", "unit_cost"],
            Self::PurchaseOrders => &["req_qty", "unit_price"],
        }
    }
}

/// What a row would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Skip,
    Error,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Skip => "skip",
            Self::Error => "error",
        }
    }
}
