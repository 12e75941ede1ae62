//! The SQL that asks a database file, whichever it is, what it holds.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rules::Depth;
use crate::platform::backups::archive::AuditHead;
use crate::platform::error::Result;
use crate::platform::secret::to_hex;

/// The version of SQLite that wrote the files.
pub(super) fn sqlite_version() -> String {
    rusqlite::version().to_owned()
}

/// How far the audit log of a file goes.
pub(super) fn audit_head(connection: &Connection) -> Result<AuditHead> {
    let newest: Option<(i64, Vec<u8>)> = connection
        .query_row("SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (seq, hash) = newest.unwrap_or_default();
    Ok(AuditHead { entries: u64::try_from(seq).unwrap_or_default(), head: to_hex(&hash) })
}

/// Goes through a whole file and its references; the first finding.
pub(super) fn fault(connection: &Connection, depth: Depth) -> Result<Option<String>> {
    let sql = match depth {
        Depth::Pages => "SELECT * FROM pragma_quick_check LIMIT 1",
        Depth::Indexes => "SELECT * FROM pragma_integrity_check LIMIT 1",
    };
    let found: String = connection.query_row(sql, [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found));
    }
    let mut statement = connection.prepare("SELECT \"table\" FROM pragma_foreign_key_check")?;
    let mut rows = statement.query(named_params! {})?;
    let broken = rows.next()?.map(|row| row.get::<_, String>(0)).transpose()?;
    Ok(broken.map(|table| format!("{table} names what is not there")))
}
