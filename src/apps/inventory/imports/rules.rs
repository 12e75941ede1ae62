//! What a CSV file means: its columns, its rows, and what each row would do.

pub mod reader;
pub mod table;
pub mod writer;

pub use table::{Decimals, RowFault, Table, TableRow};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    Items,
    Locations,
    OpeningStock,
}

impl ImportKind {
    pub const ALL: [Self; 3] = [Self::Items, Self::Locations, Self::OpeningStock];

    pub fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Locations => "locations",
            Self::OpeningStock => "opening_stock",
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
        }
    }

    /// Columns with quantities and prices.
    pub fn amount_columns(self) -> &'static [&'static str] {
        match self {
            Self::Items => &["min_qty", "max_qty", "unit_cost", "qty_step"],
            Self::Locations => &[],
            Self::OpeningStock => &["qty", "unit_cost"],
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
