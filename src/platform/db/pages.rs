//! The pages of a database file as it was at one moment, one after the other: the same bytes as a
//! file that nobody else has open.

use std::io::{self, Read};

use rusqlite::{Connection, named_params};

use crate::platform::error::Result;

/// Pages read at once: 1 MiB of the usual size.
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
        let mut statement = self.connection.prepare_cached(
            "SELECT data FROM sqlite_dbpage WHERE pgno BETWEEN :first AND :last ORDER BY pgno",
        )?;
        let mut rows = statement.query(named_params! { ":first": self.next, ":last": last })?;
        while let Some(row) = rows.next()? {
            self.slice.extend_from_slice(row.get_ref(0)?.as_blob()?);
        }
        self.next = last + 1;
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
