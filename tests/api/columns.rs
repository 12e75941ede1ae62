//! Every text column is marked personal or impersonal, and every mark has a column.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdfast::platform::app::{ColumnMarks, Mark};
use holdfast::wiring;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::json;

use crate::inventory::{location, movement};
use crate::support::TestServer;

/// A table of a file as SQLite tells it.
struct Table {
    name: String,
    kind: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    declared: String,
    is_hidden: bool,
}

#[expect(clippy::disallowed_methods, reason = "looks at a schema from outside the box")]
fn schema(path: &Path) -> Vec<Table> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a file");
    let sql = r"SELECT name, type FROM pragma_table_list
               WHERE schema = 'main' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'";
    let mut tables = file.prepare(sql).expect("the tables");
    let named = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let tables = tables.query_map([], named).expect("rows").map(|row| row.expect("a row"));
    let with_columns = |(name, kind): (String, String)| {
        let columns = columns(&file, &name);
        Table { name, kind, columns }
    };
    tables.map(with_columns).collect()
}

fn columns(file: &Connection, table: &str) -> Vec<Column> {
    let sql = "SELECT name, type, hidden FROM pragma_table_xinfo(?1)";
    let mut columns = file.prepare(sql).expect("the columns");
    let column = |row: &Row<'_>| {
        let is_hidden = row.get::<_, i64>(2)? == 1;
        Ok(Column { name: row.get(0)?, declared: row.get(1)?, is_hidden })
    };
    let found = columns.query_map([table], column).expect("rows");
    found.map(|row| row.expect("a column")).collect()
}

/// Columns that hold text: `table.column`. Those of a full-text index have no declared type and
/// hold nothing else. What lies in an index's shadow tables came through its columns, so their
/// marks stand for both.
fn text_columns(tables: &[Table]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in tables.iter().filter(|one| one.kind != "shadow") {
        assert!(
            ["table", "virtual"].contains(&table.kind.as_str()),
            "{}: {}",
            table.name,
            table.kind
        );
        for column in table.columns.iter().filter(|one| !one.is_hidden) {
            let is_text = match column.declared.as_str() {
                "INTEGER" | "INT" | "REAL" | "BLOB" => false,
                "TEXT" | "ANY" => true,
                "" => table.kind == "virtual",
                other => panic!("{}.{} is declared as {other}", table.name, column.name),
            };
            if is_text {
                found.insert(format!("{}.{}", table.name, column.name));
            }
        }
    }
    found
}

fn marked(marks: &[ColumnMarks]) -> BTreeMap<String, Mark> {
    let mut found = BTreeMap::new();
    for table in marks {
        for (column, mark) in table.columns {
            let name = format!("{}.{column}", table.table);
            assert!(found.insert(name.clone(), *mark).is_none(), "{name} is marked twice");
        }
    }
    found
}

fn compare(tables: &[Table], marks: &[ColumnMarks]) {
    let columns = text_columns(tables);
    let marked: BTreeSet<String> = marked(marks).into_keys().collect();

    let unmarked: Vec<_> = columns.difference(&marked).collect();
    let stale: Vec<_> = marked.difference(&columns).collect();

    assert!(columns.len() > 10, "the file was not read: {columns:?}");
    assert!(unmarked.is_empty(), "personal or impersonal? {unmarked:?}");
    assert!(stale.is_empty(), "marked, but there is no such text column: {stale:?}");
}

#[tokio::test]
async fn every_text_column_of_the_box_is_marked() {
    let server = TestServer::start().await;

    compare(&schema(&server.folder().join("system.db")), &wiring::column_marks().system);

    server.finish().await;
}

#[tokio::test]
async fn every_text_column_of_a_workspace_is_marked() {
    let server = TestServer::start().await;
    let path = server.platform.workspaces.path(server.workspace);

    compare(&schema(&path), &wiring::column_marks().workspace);

    server.finish().await;
}

#[tokio::test]
async fn shadow_tables_belong_to_an_index_whose_columns_are_marked() {
    let server = TestServer::start().await;
    let tables = schema(&server.platform.workspaces.path(server.workspace));
    let marked = marked(&wiring::column_marks().workspace);

    let indexes: Vec<&Table> = tables.iter().filter(|one| one.kind == "virtual").collect();
    for shadow in tables.iter().filter(|one| one.kind == "shadow") {
        let index = indexes.iter().find(|one| shadow.name.starts_with(&format!("{}_", one.name)));
        let index = index.unwrap_or_else(|| panic!("{} belongs to nothing", shadow.name));
        let first = format!("{}.{}", index.name, index.columns[0].name);
        assert!(marked.contains_key(&first), "{first} is not marked");
    }

    assert!(!indexes.is_empty(), "there is no index to look at");
    server.finish().await;
}

#[test]
fn what_is_known_to_be_personal_is_marked_so() {
    let marks = wiring::column_marks();
    let (system, workspace) = (marked(&marks.system), marked(&marks.workspace));

    for column in ["users.name", "users.email", "auth_families.address"] {
        assert_eq!(system[column], Mark::Personal, "{column}");
    }
    for column in ["audit_personal.personal_values", "suppliers.email", "movements.note"] {
        assert_eq!(workspace[column], Mark::Personal, "{column}");
    }
}

#[tokio::test]
async fn what_is_marked_personal_stands_in_no_audit_entry_in_the_clear() {
    const CANARY: &str = "canary-4711";
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let item = json!({ "item_number": "S", "name": "Salmon", "unit": "kg", "notes": CANARY });
    let item = manager.post("/inventory/items", &item).await.is(201);
    let shelf = location(&manager, "A").await;
    let mut receipt = movement("receive", &item, &shelf, "1");
    receipt["note"] = json!(CANARY);
    receipt["reference"] = json!(CANARY);
    manager.post("/inventory/movements", &receipt).await.is(201);

    let inside = server.inside();
    let count = async |column: &'static str, table: &'static str| {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} LIKE '%{CANARY}%'");
        let counted = inside.read(move |scope| {
            Ok(scope.prepare_cached(&sql)?.query_row([], |row| row.get::<_, i64>(0))?)
        });
        counted.await.expect("a count")
    };

    assert_eq!(count("changes", "audit_entries").await, 0);
    assert_eq!(count("personal", "audit_entries").await, 0);
    assert_eq!(count("personal_values", "audit_personal").await, 2, "what can be erased");
    server.finish().await;
}
