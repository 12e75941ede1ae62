//! Opens connections, each with the same pragmas and guards.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, OpenFlags};
use tracing::warn;

use super::meters::{For, Timing};
use crate::platform::error::{Error, Result};

/// Prepared statements kept per connection.
const STATEMENTS_CACHED_MAX: usize = 256;
/// Pragmas that app connections may run: FTS5 asks for the first, `rows` for the next three, the
/// writer for three more, backups for the rest.
const PRAGMAS_ALLOWED: [&str; 12] = [
    "data_version",
    "table_info",
    "index_list",
    "index_info",
    "wal_checkpoint",
    "quick_check",
    "shrink_memory",
    "page_count",
    "page_size",
    "table_list",
    "integrity_check",
    "foreign_key_check",
];
/// How long a file that was written anew waits for readers of what it was before; their own
/// deadline is shorter.
const READERS_WAITED_FOR: Duration = Duration::from_secs(30);
/// How often whoever reads is asked whether to end.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;
/// Pages that a reading connection holds in memory at most.
const READER_CACHE_KIB: i64 = 2_000;
/// The same for the writing one. A batch of movements changes pages all over the file; with less
/// it reads most of them anew each time. Given back when the writer rests.
const WRITER_CACHE_KIB: i64 = 8_000;

/// How hard a commit is pushed to the disk. Only the power-cut test ever lowers it, to prove
/// that it would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    #[default]
    Full,
    #[cfg(debug_assertions)]
    Off,
}

impl Synchronous {
    /// Reads the test switch; release builds have none.
    pub fn from_test_environment() -> Self {
        #[cfg(debug_assertions)]
        if std::env::var_os("HOLDFAST_TEST_SYNCHRONOUS_OFF").is_some() {
            return Self::Off;
        }
        Self::Full
    }

    fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            #[cfg(debug_assertions)]
            Self::Off => "OFF",
        }
    }
}

/// Opens the one writing connection of a file, creating the file when it is missing.
pub(super) fn writing(path: &Path, synchronous: Synchronous, timing: Timing) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut connection = connect(path, flags)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Error::StorageFailed(format!("journal mode is {mode} instead of wal")));
    }
    connection.pragma_update(None, "synchronous", synchronous.pragma())?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    prepare(&mut connection, For::Writing, timing, WRITER_CACHE_KIB)?;
    // Nobody else writes, so the only thing to wait for is a reader during a checkpoint, and
    // that must never hold up the queue.
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

/// Writes a whole file anew, so that nothing is left of what was deleted or changed: not in free
/// pages, not in the gaps of pages in use, not in the log. The caller owns the file and has no
/// transaction open.
pub(super) fn rewrite(path: &Path, synchronous: Synchronous) -> Result<()> {
    let connection = writing(path, synchronous, Timing::none())?;
    // The copy may be larger than the memory there is.
    connection.pragma_update(None, "temp_store", "FILE")?;
    connection.busy_timeout(READERS_WAITED_FOR)?;
    connection.execute_batch("VACUUM")?;
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(Error::Busy { retry_after_s: 5 }) } else { Ok(()) }
}

/// Opens a connection that can only read. `deadline_passed` is asked every few thousand steps
/// and ends the statement when it says so.
pub(super) fn reading(
    path: &Path,
    timing: Timing,
    deadline_passed: impl FnMut() -> bool + Send + 'static,
) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut connection = connect(path, flags)?;
    connection.pragma_update(None, "query_only", true)?;
    prepare(&mut connection, For::Reading, timing, READER_CACHE_KIB)?;
    forbid_schema_changes(&mut connection)?;
    end_when(&mut connection, deadline_passed)?;
    Ok(connection)
}

/// Ends whatever statement runs on a connection once `is_over` says so.
pub(super) fn end_when(
    connection: &mut Connection,
    is_over: impl FnMut() -> bool + Send + 'static,
) -> Result<()> {
    Ok(connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(is_over))?)
}

/// A file looked at beside the process that owns it, which may be running or not. Cannot write.
pub struct Snapshot(Connection);

impl Snapshot {
    /// Opens a file that must exist. Blocks.
    pub(in crate::platform) fn open(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Err(Error::NotFound);
        }
        let connection = reading(path, Timing::none(), || false)?;
        Ok(Self(connection))
    }

    pub(in crate::platform) fn connection(&self) -> &Connection {
        &self.0
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens database files")]
fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    Ok(Connection::open_with_flags(path, flags)?)
}

fn prepare(connection: &mut Connection, what: For, timing: Timing, cache_kib: i64) -> Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // A negative number is a size in KiB instead of a number of pages.
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // Folding the log in is the writer's business alone, whoever closes the file last.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // One plan for all values. Otherwise SQLite looks at them while it plans (LIMIT, partial
    // indexes) and has to prepare the statement anew whenever one of those changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    let report = move |event: TraceEvent<'_>| {
        let TraceEvent::Profile(statement, took) = event else { return };
        timing.count(what, took);
        if took >= timing.slow {
            let (kind, sql, ms) = (timing.kind(), statement.sql(), took.as_millis());
            metrics::counter!("holdfast_slow_statements_total", "kind" => kind).increment(1);
            warn!(db.kind = kind, db.sql = %sql, db.ms = ms, "Slow statement, {ms} ms: {sql}");
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(report))?;
    Ok(())
}

/// Refuses DDL, ATTACH and pragmas from here on: after migrations nobody may change the schema.
pub(super) fn forbid_schema_changes(connection: &mut Connection) -> Result<()> {
    let decide = |context: AuthContext<'_>| match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Pragma { pragma_name, .. } if PRAGMAS_ALLOWED.contains(&pragma_name) => {
            Authorization::Allow
        }
        // It says the format of a file, and is only asked.
        AuthAction::Pragma { pragma_name: "user_version", pragma_value: None } => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    };
    connection.authorizer(Some(decide))?;
    Ok(())
}

/// Looks through the whole file for damage; the first finding is the error.
pub fn quick_check(connection: &Connection) -> Result<()> {
    let finding: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if finding == "ok" { Ok(()) } else { Err(Error::Damaged(finding)) }
}

/// Like `quick_check`, and compares every index with its table, which takes several times as long.
pub(super) fn full_check(connection: &Connection) -> Result<()> {
    let finding: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if finding == "ok" { Ok(()) } else { Err(Error::Damaged(finding)) }
}

/// Checks once at start that the SQLite inside this binary was built as the product needs it.
pub fn self_test() -> Result<()> {
    const NEEDED: [&str; 2] = ["ENABLE_DBPAGE_VTAB", "ENABLE_FTS5"];
    let connection = connect(Path::new(":memory:"), OpenFlags::default())?;
    let mut statement = connection.prepare("PRAGMA compile_options")?;
    let built_with = statement
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    match NEEDED.iter().find(|option| !built_with.iter().any(|one| one == *option)) {
        None => Ok(()),
        Some(missing) => Err(Error::internal(format!("SQLite was built without {missing}"))),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bundled_sqlite_has_what_the_product_needs() {
        super::self_test().unwrap();
    }
}
