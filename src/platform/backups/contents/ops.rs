//! Counting what a file holds, and looking for damage. All of it blocks.

use std::collections::BTreeMap;

use super::rules::Depth;
use super::store;
use crate::platform::backups::archive::AuditHead;
use crate::platform::db::{Held, Snapshot, rows};
use crate::platform::error::Result;

/// Rows of every table of a file, by its name, and how far its audit log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub rows: BTreeMap<String, u64>,
    pub audit: AuditHead,
}

/// Of a moment of a file that is in use.
pub fn of_held(held: &Held) -> Result<Contents> {
    let file = held.connection();
    Ok(Contents { rows: rows::counts(file)?, audit: store::audit_head(file)? })
}

/// Of a file that nobody uses.
pub fn of(file: &Snapshot) -> Result<Contents> {
    let file = file.connection();
    Ok(Contents { rows: rows::counts(file)?, audit: store::audit_head(file)? })
}

/// Goes through a whole file and its references; the first finding.
pub fn fault(file: &Snapshot, depth: Depth) -> Result<Option<String>> {
    store::fault(file.connection(), depth)
}

/// The version of SQLite that wrote the files.
pub fn sqlite_version() -> String {
    store::sqlite_version()
}
