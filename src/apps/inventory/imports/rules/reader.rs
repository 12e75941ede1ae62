//! Reads RFC 4180 strictly enough to say on which line a file went wrong. A lenient reader would
//! swallow half a file behind a quote that was never closed and call it success.

/// Columns of a file.
pub const COLUMNS_MAX: usize = 100;
/// Characters of one cell.
pub const CELL_CHARS_MAX: usize = 8_000;

/// One row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line it begins at, from 1.
    pub line: u32,
    pub cells: Vec<String>,
}

/// Why the rest of a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    QuoteUnclosed,
    QuoteInside,
    NulByte,
    CellTooLong,
    TooManyColumns,
}

impl Broken {
    pub fn code(self) -> &'static str {
        match self {
            Self::QuoteUnclosed => "csv-quote-unclosed",
            Self::QuoteInside => "csv-quote-inside",
            Self::NulByte => "csv-nul",
            Self::CellTooLong => "csv-cell-too-long",
            Self::TooManyColumns => "csv-too-many-columns",
        }
    }

    pub fn detail(self) -> String {
        match self {
            Self::QuoteUnclosed => "The quote that opens here is never closed.".to_owned(),
            Self::QuoteInside => {
                "There is text behind a closing quote. Write a quote inside a quoted cell twice."
                    .to_owned()
            }
            Self::NulByte => "There is a NUL byte; this is not a text file.".to_owned(),
            Self::CellTooLong => format!("A cell has at most {CELL_CHARS_MAX} characters."),
            Self::TooManyColumns => format!("A file has at most {COLUMNS_MAX} columns."),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Before a cell's first character.
    Start,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted cell: either the first of two, or the closing one.
    Quote,
}

/// Reads row by row. Blank lines are passed over; after an error nothing more comes.
pub struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    delimiter: char,
    line: u32,
    is_done: bool,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str, delimiter: char) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { chars: text.chars().peekable(), delimiter, line: 1, is_done: false }
    }

    fn read_record(&mut self) -> Option<Result<Record, (u32, Broken)>> {
        let mut row = Row { line: self.line, ..Row::default() };
        loop {
            let Some(character) = self.chars.next() else {
                self.is_done = true;
                return match row.within {
                    Within::Quoted => Some(Err((row.quote_line, Broken::QuoteUnclosed))),
                    _ => row.finish().map(Ok),
                };
            };
            let is_line_end = self.is_line_end(character);
            if is_line_end {
                self.line += 1;
            }
            if is_line_end && row.within != Within::Quoted {
                match row.finish() {
                    Some(record) => return Some(Ok(record)),
                    None => row = Row { line: self.line, ..Row::default() },
                }
                continue;
            }
            let line = self.line;
            let character = if is_line_end { '\n' } else { character };
            if let Err(broken) = row.take(character, self.delimiter, line) {
                self.is_done = true;
                return Some(Err((line, broken)));
            }
        }
    }

    /// `\n`, `\r\n` and `\r` end a line; of a pair both are taken.
    fn is_line_end(&mut self, character: char) -> bool {
        if character == '\r' {
            self.chars.next_if_eq(&'\n');
        }
        matches!(character, '\r' | '\n')
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Record, (u32, Broken)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done { None } else { self.read_record() }
    }
}

/// A row while it is read.
struct Row {
    line: u32,
    cells: Vec<String>,
    cell: String,
    cell_chars: usize,
    within: Within,
    was_quoted: bool,
    quote_line: u32,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            line: 1,
            cells: Vec::new(),
            cell: String::new(),
            cell_chars: 0,
            within: Within::Start,
            was_quoted: false,
            quote_line: 1,
        }
    }
}

impl Row {
    fn take(&mut self, character: char, delimiter: char, line: u32) -> Result<(), Broken> {
        if character == '\0' {
            return Err(Broken::NulByte);
        }
        match (self.within, character) {
            (Within::Start, '"') => {
                self.within = Within::Quoted;
                self.was_quoted = true;
                self.quote_line = line;
            }
            (Within::Quoted, '"') => self.within = Within::Quote,
            (Within::Quote, '"') => {
                self.within = Within::Quoted;
                self.push('"')?;
            }
            (Within::Quoted, other) => self.push(other)?,
            (_, other) if other == delimiter => self.end_cell()?,
            (Within::Quote, ' ' | '\t') => {}
            (Within::Quote, _) => return Err(Broken::QuoteInside),
            (Within::Start | Within::Bare, other) => {
                self.within = Within::Bare;
                self.push(other)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, character: char) -> Result<(), Broken> {
        self.cell_chars += 1;
        if self.cell_chars > CELL_CHARS_MAX {
            return Err(Broken::CellTooLong);
        }
        self.cell.push(character);
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), Broken> {
        // One more cell follows the delimiter.
        if self.cells.len() + 1 >= COLUMNS_MAX {
            return Err(Broken::TooManyColumns);
        }
        self.cells.push(std::mem::take(&mut self.cell));
        self.cell_chars = 0;
        self.within = Within::Start;
        Ok(())
    }

    /// The whole row, or none for a blank line.
    fn finish(&mut self) -> Option<Record> {
        let is_blank = self.cells.is_empty() && !self.was_quoted && self.cell.trim().is_empty();
        if is_blank {
            return None;
        }
        self.cells.push(std::mem::take(&mut self.cell));
        Some(Record { line: self.line, cells: std::mem::take(&mut self.cells) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        Reader::new(text, ',').map(|row| row.unwrap()).map(|row| (row.line, row.cells)).collect()
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    fn broken(text: &str) -> (u32, Broken) {
        Reader::new(text, ',').find_map(Result::err).unwrap()
    }

    #[test]
    fn line_numbers_are_right_behind_quoted_line_ends_and_mixed_ones() {
        let text = "a,b\r\n\"one\ntwo\r\nthree\",2\r3,4\n\n  \n5,6";
        let expected = [
            (1, cells(&["a", "b"])),
            (2, cells(&["one\ntwo\nthree", "2"])),
            (5, cells(&["3", "4"])),
            (8, cells(&["5", "6"])),
        ];
        assert_eq!(rows(text), expected);
    }

    #[test]
    fn quotes_are_read_as_written() {
        assert_eq!(
            rows("\"a\"\"b\",\"\",\"c,d\" ,e\"f"),
            [(1, cells(&["a\"b", "", "c,d", "e\"f"]))]
        );
        assert_eq!(rows("\u{feff}a,"), [(1, cells(&["a", ""]))]);
        assert_eq!(rows("\"\"\n"), [(1, cells(&[""]))]);
    }

    #[test]
    fn a_broken_file_says_where_and_gives_nothing_more() {
        assert_eq!(broken("a\nb,\"c\nd\ne"), (2, Broken::QuoteUnclosed));
        assert_eq!(broken("a\n\"b\"c"), (2, Broken::QuoteInside));
        assert_eq!(broken("a\nb\0"), (2, Broken::NulByte));
        assert_eq!(broken(&",".repeat(COLUMNS_MAX)), (1, Broken::TooManyColumns));
        assert_eq!(broken(&"x".repeat(CELL_CHARS_MAX + 1)), (1, Broken::CellTooLong));

        let mut reader = Reader::new("\"a\"b\nc", ',');
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "[a,\"\r\n\0 ]{0,80}|\\PC{0,80}") {
            let read = Reader::new(&text, ',').count();
            prop_assert!(read <= text.chars().count() + 1);
        }

        #[test]
        fn good_files_read_as_another_reader_reads_them(
            table in prop::collection::vec(
                prop::collection::vec("[a-z,\" \n]{1,6}", 3..=3), 1..10),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<_> = rows(&text).into_iter().map(|row| row.1).collect();
            prop_assert_eq!(read, table);
        }
    }
}
