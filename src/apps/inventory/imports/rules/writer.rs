//! Writes CSV that a spreadsheet opens without running anything in it.

/// Characters that make a spreadsheet take a cell for a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A text made harmless: what would be a formula gets an apostrophe in front. A text that already
/// looks so gets one more, so that reading takes away exactly what writing added.
pub fn defused(text: &str) -> String {
    if looks_like_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Takes away the apostrophe that `defused` puts in front.
pub fn undefused(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest,
        _ => cell,
    }
}

fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_STARTS)
}

/// Appends a row, with quotes where they are needed and CRLF as RFC 4180 wants it.
pub fn push_row<'a>(csv: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (position, cell) in cells.into_iter().enumerate() {
        if position > 0 {
            csv.push(',');
        }
        let needs_quotes = cell.contains([',', ';', '"', '\n', '\r', '\t'])
            || cell.starts_with(char::is_whitespace)
            || cell.ends_with(char::is_whitespace);
        if needs_quotes {
            csv.push('"');
            csv.push_str(&cell.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(cell);
        }
    }
    csv.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reader::Reader;
    use super::*;

    #[test]
    fn formulas_are_defused_and_come_back_as_they_were() {
        for text in ["=1+1", "+1", "-1", "@x", "\t=1", "'=1", "''=1", "'quoted'", "plain", ""] {
            let written = defused(text);
            assert!(!written.starts_with(FORMULA_STARTS), "{text:?}");
            assert_eq!(undefused(&written), text);
        }
        assert_eq!(defused("'quoted'"), "'quoted'");
        assert_eq!(undefused("'=from elsewhere"), "=from elsewhere");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            row in prop::collection::vec("[ a',;\"\n=+\\-@é]{0,8}", 2..6),
        ) {
            let mut csv = String::new();
            let defused: Vec<String> = row.iter().map(|cell| defused(cell)).collect();
            push_row(&mut csv, defused.iter().map(String::as_str));
            let read = Reader::new(&csv, ',').next().unwrap().unwrap();
            let cells: Vec<&str> = read.cells.iter().map(|cell| undefused(cell)).collect();
            prop_assert_eq!(cells, row);
        }
    }
}
