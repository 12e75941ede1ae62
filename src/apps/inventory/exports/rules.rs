//! What a file out holds, and how its rows are written.

use crate::apps::inventory::imports::rules::ImportKind;
use crate::apps::inventory::imports::rules::writer::{defused, push_row};
use crate::platform::error::{Code, code};

pub const CODES: &[Code] = &[code(
    "export-kind",
    "There is no such kind of file to export.",
    "Use items, locations, opening_stock, purchase_orders, movements or low_stock.",
)];

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    Table(ImportKind),
    Movements,
    LowStock,
}

/// Orders read at once, each with all of its lines.
pub const ORDERS_AT_ONCE: usize = 20;
/// Rows read at once; a file is written piece by piece.
pub const ROWS_AT_ONCE: usize = 1_000;

/// Of prices, of who delivers, and of what is ordered.
const PRICE_COLUMNS: [&str; 6] =
    ["unit_cost", "value", "supplier", "supplier_sku", "on_order", "to_order"];
/// Columns that hold numbers and times of ours, never a formula.
const PLAIN_COLUMNS: [&str; 17] = [
    "min_qty",
    "max_qty",
    "unit_cost",
    "qty_step",
    "qty",
    "req_qty",
    "unit_price",
    "value",
    "seq",
    "effective_at",
    "posted_at",
    "id",
    "reverses",
    "on_hand",
    "since",
    "on_order",
    "to_order",
];
const LOW_COLUMNS: &[&str] = &[
    "item_number",
    "item_name",
    "unit",
    "category",
    "on_hand",
    "min_qty",
    "max_qty",
    "since",
    "on_order",
    "to_order",
];
const MOVEMENT_COLUMNS: &[&str] = &[
    "seq",
    "id",
    "type",
    "item_number",
    "item_name",
    "unit",
    "location_code",
    "qty",
    "unit_cost",
    "value",
    "effective_at",
    "posted_at",
    "note",
    "reference",
    "override_reason",
    "reverses",
];

impl ExportKind {
    /// Whether the file says how much there is, or what was moved.
    pub fn tells_quantities(self) -> bool {
        matches!(self, Self::Table(ImportKind::OpeningStock) | Self::Movements | Self::LowStock)
    }

    /// Whether the file is for those only who see prices.
    pub fn tells_orders(self) -> bool {
        self == Self::Table(ImportKind::PurchaseOrders)
    }

    /// Reads the name of a file: `items.csv`.
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::from_name(name.strip_suffix(".csv")?)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "movements" => Some(Self::Movements),
            "low_stock" => Some(Self::LowStock),
            table => ImportKind::from_name(table).map(Self::Table),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Table(kind) => kind.name(),
            Self::Movements => "movements",
            Self::LowStock => "low_stock",
        }
    }

    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Table(kind) => kind.columns(),
            Self::Movements => MOVEMENT_COLUMNS,
            Self::LowStock => LOW_COLUMNS,
        }
    }
}

/// Whether the numbers of orders' deliveries, which stand beside what they brought, are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliveries {
    Told,
    Kept,
}

/// Writes rows without the columns that the caller may not see.
#[derive(Debug, Clone, Copy)]
pub struct RowWriter {
    columns: &'static [&'static str],
    shows_prices: bool,
}

impl RowWriter {
    pub fn with_prices(kind: ExportKind) -> Self {
        Self { columns: kind.columns(), shows_prices: true }
    }

    pub fn without_prices(kind: ExportKind) -> Self {
        Self { columns: kind.columns(), shows_prices: false }
    }

    pub fn deliveries(self) -> Deliveries {
        if self.shows_prices { Deliveries::Told } else { Deliveries::Kept }
    }

    pub fn header(self) -> String {
        let mut csv = String::new();
        push_row(&mut csv, self.columns.iter().copied().filter(|column| self.shows(column)));
        csv
    }

    /// Appends a row; `cells` stand in the order of the columns.
    pub fn push(self, csv: &mut String, cells: &[String]) {
        let shown = self.columns.iter().zip(cells).filter(|(column, _)| self.shows(column));
        let written: Vec<String> = shown
            .map(
                |(column, cell)| {
                    if PLAIN_COLUMNS.contains(column) { cell.clone() } else { defused(cell) }
                },
            )
            .collect();
        push_row(csv, written.iter().map(String::as_str));
    }

    fn shows(self, column: &str) -> bool {
        self.shows_prices || !PRICE_COLUMNS.contains(&column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_what_they_hold() {
        assert_eq!(ExportKind::from_file_name("movements.csv"), Some(ExportKind::Movements));
        let stock = ExportKind::Table(ImportKind::OpeningStock);
        assert_eq!(ExportKind::from_file_name("opening_stock.csv"), Some(stock));
        for name in ["items", "items.CSV", ".csv", "users.csv", "../items.csv"] {
            assert_eq!(ExportKind::from_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn prices_are_left_out_and_negative_numbers_are_no_formulas() {
        let kind = ExportKind::Table(ImportKind::OpeningStock);
        let cells = ["=1+1", "A", "-2.000", "3.0000"].map(ToOwned::to_owned);
        let write = |writer: RowWriter| {
            let mut csv = writer.header();
            writer.push(&mut csv, &cells);
            csv
        };
        let with = "item_number,location_code,qty,unit_cost\r\n'=1+1,A,-2.000,3.0000\r\n";
        assert_eq!(write(RowWriter::with_prices(kind)), with);
        let without = "item_number,location_code,qty\r\n'=1+1,A,-2.000\r\n";
        assert_eq!(write(RowWriter::without_prices(kind)), without);
    }
}
