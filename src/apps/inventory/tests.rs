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

/// Text columns of a file, by table.
fn text_columns(connection: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.type = 'TEXT'";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn every_text_column_is_marked_personal_or_impersonal() {
    let (_folder, connection) = empty_file();
    for (table, column) in text_columns(&connection) {
        let marks = super::SPEC.columns.iter().find(|marks| marks.table == table);
        let is_marked =
            marks.is_some_and(|marks| marks.columns.iter().any(|(name, _)| *name == column));
        assert!(is_marked, "{table}.{column} is not marked");
    }
}

#[test]
fn every_mark_is_of_a_column_that_is_there() {
    let (_folder, connection) = empty_file();
    for marks in super::SPEC.columns {
        for (column, _) in marks.columns {
            let sql = "SELECT COUNT(*) FROM pragma_table_info(?1) WHERE name = ?2";
            let found: i64 =
                connection.query_row(sql, (marks.table, column), |row| row.get(0)).unwrap();
            assert_eq!(found, 1, "{}.{column}", marks.table);
        }
    }
}

#[test]
fn codes_are_listed_once_and_permissions_belong_to_the_app() {
    let mut ids: Vec<&str> =
        super::SPEC.codes.iter().flat_map(|codes| codes.iter().map(|code| code.id)).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(super::SPEC.permissions.iter().all(|one| one.id.starts_with("inventory.")));
}
