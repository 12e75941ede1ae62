//! The pages of a database file as it was at one moment, one after the other: the same bytes as a
//! file that nobody else has open.

use std::io::{self, Read};

use rusqlite::{Connection, named_params};

use crate::platform::error::Result;

/// Pages held at once: 1 MiB of the usual size.
const SLICE_PAGES: i64 = 256;

/// Reads the file of a connection that holds a moment. The caller reads it to its end.
pub struct Pages<'a> {
    connection: &'a Connection,
    page_size_bytes: u64,
    page_count: i64,
    next: i64,
    slice: Vec<u8>,
    at: usize,
}

impl<'a> Pages<'a> {
    pub fn of(connection: &'a Connection) -> Result<Self> {
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let page_count = number("SELECT page_count FROM pragma_page_count")?;
        let page_size = number("SELECT page_size FROM pragma_page_size")?;
        Ok(Self {
            connection,
            page_size_bytes: u64::try_from(page_size).unwrap_or_default(),
            page_count,
            next: 1,
            slice: Vec::new(),
            at: 0,
        })
    }

    pub fn page_count(&self) -> u64 {
        u64::try_from(self.page_count).unwrap_or_default()
    }

    pub fn page_size_bytes(&self) -> u64 {
        self.page_size_bytes
    }

    pub fn size_bytes(&self) -> u64 {
        self.page_count() * self.page_size_bytes
    }

    fn fill(&mut self) -> rusqlite::Result<()> {
        self.slice.clear();
        self.at = 0;
        let last = (self.next + SLICE_PAGES - 1).min(self.page_count);
        // Page by page: any other condition makes SQLite step through all pages before.
        let mut statement =
            self.connection.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = :page")?;
        while self.next <= last {
            let slice = &mut self.slice;
            statement.query_row(named_params! { ":page": self.next }, |row| {
                slice.extend_from_slice(row.get_ref(0)?.as_blob()?);
                Ok(())
            })?;
            self.next += 1;
        }
        Ok(())
    }
}

impl Read for Pages<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.slice.len() && self.next <= self.page_count {
            self.fill().map_err(io::Error::other)?;
        }
        let mut rest = &self.slice[self.at..];
        let taken = rest.read(into)?;
        self.at += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rusqlite::Connection;

    use super::Pages;

    /// What SQLite does for each page, in steps of its machine.
    fn steps_per_page(folder: &std::path::Path, rows: u32) -> u64 {
        let path = folder.join(format!("{rows}.db"));
        let mut file = super::super::open::writing(
            &path,
            crate::platform::db::Synchronous::Full,
            crate::platform::db::meters::Timing::none(),
        )
        .unwrap();
        file.execute_batch("CREATE TABLE notes (body BLOB)").unwrap();
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                   INSERT INTO notes SELECT zeroblob(4000) FROM n";
        file.execute(sql, [rows]).unwrap();
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };

        file.progress_handler(1, Some(count)).unwrap();
        let mut pages = Pages::of(&file as &Connection).unwrap();
        let copied = io::copy(&mut pages, &mut io::sink()).unwrap();

        assert_eq!(copied, pages.size_bytes());
        assert!(pages.page_count() > u64::from(rows));
        steps.load(Ordering::Relaxed) / pages.page_count()
    }

    #[test]
    fn a_page_costs_the_same_however_large_the_file_is() {
        let folder = tempfile::tempdir().unwrap();

        let small = steps_per_page(folder.path(), 1_000);
        let large = steps_per_page(folder.path(), 10_000);

        assert!(large <= small + 1, "{large} steps for each page, {small} in a small file");
    }
}
