//! The SQL that begins a log anew in a copied file.

use rusqlite::{Connection, named_params};

use crate::platform::audit::rules::LogId;
use crate::platform::clock::Moment;
use crate::platform::error::Result;

/// Empties the log of a file and gives it another id. Only in a file that no box has open.
pub(in crate::platform::audit) fn begin_anew(
    connection: &Connection,
    log: LogId,
    now: Moment,
) -> Result<()> {
    connection.execute("DELETE FROM audit_personal", [])?;
    connection.execute("DELETE FROM audit_checkpoints", [])?;
    connection.execute("DELETE FROM audit_nodes", [])?;
    connection.execute("DELETE FROM audit_entries", [])?;
    connection.execute(
        "UPDATE audit_log SET log_id = :log, created_at = :now WHERE id = 1",
        named_params! { ":log": log, ":now": now },
    )?;
    Ok(())
}
