//! How SQLite goes about a statement, for tests that hold stores to their indexes.

use rusqlite::Connection;

/// A file with the app's tables and nothing in them.
pub(super) fn empty_file() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test looks at plans on a file of its own")]
    let connection = Connection::open(folder.path().join("plans.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    for migration in super::SPEC.migrations.migrations {
        connection.execute_batch(migration.sql).unwrap();
    }
    (folder, connection)
}

/// The steps SQLite takes.
pub(super) fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// Asserts that an index is used and that no step reads a whole table.
#[track_caller]
pub(super) fn walks(connection: &Connection, sql: &str, index: &str) {
    let plan = plan(connection, sql);
    assert!(plan.iter().any(|step| step.contains(index)), "{index} is not used: {plan:#?}\n{sql}");
    assert_eq!(whole_table(&plan), None, "a whole table is read: {plan:#?}\n{sql}");
}

/// The step that reads a whole table, if there is one; results of subqueries are none.
fn whole_table(plan: &[String]) -> Option<&String> {
    let is_subquery = |name: &str| {
        let made = ["CO-ROUTINE", "MATERIALIZE"].map(|how| format!("{how} {name}"));
        plan.iter().any(|step| made.contains(step))
    };
    plan.iter().find(|step| {
        let scanned = step.strip_prefix("SCAN ").filter(|rest| !rest.contains(' '));
        scanned.is_some_and(|name| !is_subquery(name))
    })
}
