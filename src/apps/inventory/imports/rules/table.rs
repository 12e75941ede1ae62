//! From the bytes of a file to rows by column, with every fault named by line and column.

use std::collections::BTreeMap;

use super::ImportKind;
use super::reader::{Reader, Record};
use super::writer::undefused;

/// Rows of a file besides its header.
pub const IMPORT_ROWS_MAX: usize = 20_000;
/// Bytes of a file.
pub const IMPORT_SIZE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Characters of a wrong value that are shown.
const SHOWN_CHARS_MAX: usize = 80;

/// How the file writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimals {
    Point,
    Comma,
}

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// From 1; the header stands on the first.
    pub line: u32,
    pub column: Option<String>,
    /// What stands there, shortened.
    pub value: Option<String>,
    pub code: &'static str,
    pub detail: String,
}

impl RowFault {
    pub fn row(line: u32, code: &'static str, detail: impl Into<String>) -> Self {
        Self { line, column: None, value: None, code, detail: detail.into() }
    }

    pub fn cell(row: &TableRow, column: &str, code: &'static str, detail: String) -> Self {
        let shown = |cell: &String| cell.chars().take(SHOWN_CHARS_MAX).collect();
        Self {
            line: row.line,
            column: Some(column.to_owned()),
            value: row.cells.get(column).map(shown),
            code,
            detail,
        }
    }

    fn header(column: &str, code: &'static str, detail: String) -> Self {
        Self { column: Some(column.to_owned()), ..Self::row(1, code, detail) }
    }
}

/// A row by column; only columns that the file has and that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableRow {
    pub line: u32,
    pub cells: BTreeMap<&'static str, String>,
}

impl TableRow {
    /// The cell, trimmed; none when the file has no such column.
    pub fn cell(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(|cell| cell.trim())
    }

    /// The cell, where an empty one counts as missing.
    pub fn filled(&self, column: &str) -> Option<&str> {
        self.cell(column).filter(|cell| !cell.is_empty())
    }
}

/// A file as read.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub rows: Vec<TableRow>,
    pub faults: Vec<RowFault>,
    /// Columns of the file that mean nothing here.
    pub unused_columns: Vec<String>,
}

/// Reads a file. Where it cannot be understood at all there are faults and no rows.
pub fn read(bytes: &[u8], kind: ImportKind, decimals: Decimals) -> Table {
    match as_text(bytes) {
        Ok(text) => read_text(text, kind, decimals),
        Err(fault) => Table { faults: vec![fault], ..Table::default() },
    }
}

fn as_text(bytes: &[u8]) -> Result<&str, RowFault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        RowFault::row(line, "csv-not-utf8", "Save the file as UTF-8: this line has other bytes.")
    })
}

fn read_text(text: &str, kind: ImportKind, decimals: Decimals) -> Table {
    let mut table = Table::default();
    let mut reader = Reader::new(text, detect_delimiter(text, kind));
    let header = match reader.next() {
        Some(Ok(header)) => header,
        Some(Err((line, broken))) => {
            table.faults.push(RowFault::row(line, broken.code(), broken.detail()));
            return table;
        }
        None => {
            table.faults.push(RowFault::row(1, "csv-empty", "The file is empty."));
            return table;
        }
    };
    let columns = read_header(&header, kind, &mut table);
    if !table.faults.is_empty() {
        return table;
    }
    for record in reader {
        if table.rows.len() >= IMPORT_ROWS_MAX {
            let detail = format!("A file has at most {IMPORT_ROWS_MAX} rows. Split it.");
            let line = record.map_or_else(|(line, _)| line, |record| record.line);
            table.faults.push(RowFault::row(line, "csv-too-many-rows", detail));
            break;
        }
        match record {
            Ok(record) => take_record(record, &columns, kind, decimals, &mut table),
            Err((line, broken)) => {
                table.faults.push(RowFault::row(line, broken.code(), broken.detail()));
            }
        }
    }
    if table.rows.is_empty() && table.faults.is_empty() {
        table.faults.push(RowFault::row(1, "csv-no-rows", "There are no rows below the header."));
    }
    table
}

/// The delimiter under which the first line has most of the known columns.
fn detect_delimiter(text: &str, kind: ImportKind) -> char {
    const DELIMITERS: [char; 3] = [',', ';', '\t'];
    let known = |delimiter: &char| {
        let header = Reader::new(text, *delimiter).next().and_then(Result::ok);
        let cells = header.map(|header| header.cells).unwrap_or_default();
        cells.iter().filter(|cell| kind.column(&column_name(cell)).is_some()).count()
    };
    // The first of equals wins, so the comma does when nothing is known.
    DELIMITERS.into_iter().rev().max_by_key(known).unwrap_or(',')
}

fn column_name(cell: &str) -> String {
    cell.trim().to_lowercase().replace([' ', '-'], "_")
}

/// What each position of a row is; none for a column that is not used.
fn read_header(header: &Record, kind: ImportKind, table: &mut Table) -> Vec<Option<&'static str>> {
    let mut columns: Vec<Option<&'static str>> = Vec::with_capacity(header.cells.len());
    for cell in &header.cells {
        let column = kind.column(&column_name(cell));
        if column.is_none() && !cell.trim().is_empty() {
            table.unused_columns.push(cell.trim().chars().take(SHOWN_CHARS_MAX).collect());
        }
        if let Some(column) = column
            && columns.contains(&Some(column))
        {
            let detail = format!("The column {column} is there twice.");
            table.faults.push(RowFault::header(column, "column-twice", detail));
        }
        columns.push(column);
    }
    for needed in kind.needed_columns() {
        if !columns.contains(&Some(needed)) {
            let detail = format!("The column {needed} is missing.");
            table.faults.push(RowFault::header(needed, "column-missing", detail));
        }
    }
    columns
}

fn take_record(
    record: Record,
    columns: &[Option<&'static str>],
    kind: ImportKind,
    decimals: Decimals,
    table: &mut Table,
) {
    if record.cells.len() != columns.len() {
        let (found, expected) = (record.cells.len(), columns.len());
        let detail = format!("The row has {found} cells, the header {expected}.");
        table.faults.push(RowFault::row(record.line, "csv-cells", detail));
        // An empty row keeps the count of rows honest.
        table.rows.push(TableRow { line: record.line, cells: BTreeMap::new() });
        return;
    }
    let mut row = TableRow { line: record.line, cells: BTreeMap::new() };
    for (column, cell) in columns.iter().zip(record.cells) {
        if let Some(column) = column {
            row.cells.insert(column, undefused(&cell).to_owned());
        }
    }
    if decimals == Decimals::Comma {
        for column in kind.amount_columns() {
            let fault = row.cells.get_mut(*column).and_then(with_point);
            if let Some((code, detail)) = fault {
                table.faults.push(RowFault::cell(&row, column, code, detail));
            }
        }
    }
    table.rows.push(row);
}

/// Turns a decimal comma into a point; a point of the file's own is refused, because it would
/// stand for thousands.
fn with_point(cell: &mut String) -> Option<(&'static str, String)> {
    if cell.contains('.') {
        let detail = "The file writes decimals with a comma; remove the point.".to_owned();
        return Some(("amount-point", detail));
    }
    if cell.matches(',').count() == 1 {
        *cell = cell.replace(',', ".");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Table {
        read(text.as_bytes(), ImportKind::Items, Decimals::Point)
    }

    fn codes(table: &Table) -> Vec<(u32, &'static str)> {
        table.faults.iter().map(|fault| (fault.line, fault.code)).collect()
    }

    #[test]
    fn the_delimiter_is_found_and_columns_come_in_any_order_and_case() {
        for delimiter in [",", ";", "\t"] {
            let text = "\u{feff}Name, Item Number ,UNIT,Colour\nSalmon,S1,kg,pink\n";
            let table = items(&text.replace(',', delimiter));
            assert_eq!(table.faults, [], "{delimiter:?}");
            assert_eq!(table.unused_columns, ["Colour"]);
            assert_eq!(table.rows[0].cell("item_number"), Some("S1"));
            assert_eq!(table.rows[0].cell("category"), None);
        }
    }

    #[test]
    fn missing_and_doubled_columns_are_named() {
        let table = items("item_number,name,name\nS1,Salmon,Lachs\n");
        assert_eq!(codes(&table), [(1, "column-twice"), (1, "column-missing")]);
        assert_eq!(table.faults[1].column.as_deref(), Some("unit"));
        assert!(table.rows.is_empty());
    }

    #[test]
    fn an_empty_file_is_never_a_success() {
        assert_eq!(codes(&items("")), [(1, "csv-empty")]);
        assert_eq!(codes(&items("\r\n \n")), [(1, "csv-empty")]);
        assert_eq!(codes(&items("item_number,name,unit\n")), [(1, "csv-no-rows")]);
    }

    #[test]
    fn rows_of_the_wrong_length_and_other_bytes_say_their_line() {
        let table = items("item_number,name,unit\nS1,Salmon\nS2,Sole,kg\n");
        assert_eq!(codes(&table), [(2, "csv-cells")]);
        assert_eq!(table.rows.len(), 2);

        let table =
            read(b"item_number,name,unit\nS1,Cr\xe8me,kg", ImportKind::Items, Decimals::Point);
        assert_eq!(codes(&table), [(2, "csv-not-utf8")]);
    }

    #[test]
    fn a_file_too_long_says_where_to_split_it() {
        let rows = "S,Salmon,kg\n".repeat(IMPORT_ROWS_MAX + 1);
        let table = items(&format!("item_number,name,unit\n{rows}"));
        assert_eq!(codes(&table), [(20_002, "csv-too-many-rows")]);
        assert_eq!(table.rows.len(), IMPORT_ROWS_MAX);
    }

    #[test]
    fn decimal_commas_are_read_only_when_asked_for() {
        let text = "item_number;name;unit;min_qty;max_qty\nS1;Salmon, wild;kg;1,5;1.000,5\n";
        let table = read(text.as_bytes(), ImportKind::Items, Decimals::Comma);
        assert_eq!(table.rows[0].cell("min_qty"), Some("1.5"));
        assert_eq!(table.rows[0].cell("name"), Some("Salmon, wild"));
        assert_eq!(codes(&table), [(2, "amount-point")]);

        assert_eq!(items(text).rows[0].cell("min_qty"), Some("1,5"));
    }

    #[test]
    fn a_quote_never_closed_ends_the_reading_with_its_line() {
        let table = items("item_number,name,unit\nS1,Salmon,kg\nS2,\"Sole,kg\nS3,Cod,kg\n");
        assert_eq!(codes(&table), [(3, "csv-quote-unclosed")]);
    }
}
