//! One planted violation for each rule, and beside it what the rule must leave alone. A rule that
//! finds nothing here finds nothing at all.

use crate::tree::{Tree, Violation};
use crate::{layers, migrations, shape, sql, web};

fn lines(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(ToString::to_string).collect()
}

/// Checks one planted file.
fn found(check: fn(&Tree) -> Vec<Violation>, path: &str, text: &str) -> Vec<String> {
    lines(&check(&Tree::planted(&[(path, text)])))
}

#[track_caller]
fn finds(check: fn(&Tree) -> Vec<Violation>, path: &str, text: &str, wanted: &str) {
    let found = found(check, path, text);
    assert!(
        found.len() == 1 && found[0].contains(wanted),
        "{path} should break one rule ({wanted}), found {found:#?}"
    );
}

#[track_caller]
fn allows(check: fn(&Tree) -> Vec<Violation>, path: &str, text: &str) {
    assert_eq!(found(check, path, text), [] as [&str; 0], "{path}");
}

const ITEMS: &str = "src/apps/inventory/items";

fn in_items(file: &str) -> String {
    format!("{ITEMS}/{file}")
}

#[test]
fn platform_and_http_do_not_know_apps() {
    let text = "fn f() { let x = crate::apps::inventory::SPEC; }";
    finds(layers::check, "src/platform/jobs/mod.rs", text, "platform must not know crate::apps");
    finds(layers::check, "src/http/server.rs", text, "http must not know crate::apps");
    finds(layers::check, "src/config/mod.rs", text, "config must not know crate::apps");
    allows(layers::check, "src/wiring.rs", text);
    allows(layers::check, "src/cli/serve.rs", text);
}

#[test]
fn a_path_is_found_wherever_it_stands() {
    let path = "src/platform/jobs/mod.rs";
    let wanted = "platform must not know crate::apps";
    for text in [
        "use crate::apps::ALL;",
        "use crate::{config, apps::{self}};",
        "use super::super::apps as other;",
        "pub(crate) use crate::apps::*;",
        "fn f() { run!(crate::apps::ALL) }",
        "fn f() { let _ = format!(\"{}\", crate::apps::name()); }",
        "#[path_of(crate::apps::ALL)] struct A;",
        "type A = Vec<crate::apps::AppSpec>;",
        "mod inner { use super::super::super::apps::ALL; }",
        "#[cfg(test)] mod tests { use crate::apps::ALL; }",
        "macro_rules! m { () => { $crate::apps::ALL } }",
    ] {
        finds(layers::check, path, text, wanted);
    }
    for text in [
        "/// See crate::apps::ALL.\nfn f() {}",
        "fn f() -> &'static str { \"crate::apps::ALL\" }",
        "use other::apps::ALL;",
        "fn f(x: X) { x.apps.all(); }",
    ] {
        allows(layers::check, path, text);
    }
}

#[test]
fn apps_do_not_know_each_other() {
    let wanted = "app inventory must not know app flows";
    finds(layers::check, &in_items("ops.rs"), "use crate::apps::flows::SPEC;", wanted);
    finds(layers::check, &in_items("ops.rs"), "use super::super::super::flows::projects;", wanted);
    allows(layers::check, &in_items("ops.rs"), "use crate::apps::inventory::locations;");
    allows(layers::check, "src/apps/inventory/mod.rs", "use super::AppSpec;");
    finds(
        layers::check,
        "src/apps/inventory/mod.rs",
        "use crate::wiring::state;",
        "apps must not know crate::wiring",
    );
}

#[test]
fn rules_know_nothing_of_the_outside_world() {
    for name in [
        "rusqlite::Row",
        "axum::Json",
        "http::StatusCode",
        "tokio::sync::Mutex",
        "serde::Serialize",
        "tracing::info",
        "std::fs::read",
        "std::time::SystemTime",
        "std::io::Read",
        "crate::platform::clock::Clock",
        "crate::platform::random::Random",
        "crate::platform::ctx::Scope",
        "crate::platform::db::MigrationSet",
        "crate::http::Ctx",
        "super::store::insert",
        "super::ops",
        "crate::platform::audit::api::routes",
    ] {
        let found = found(layers::check, &in_items("rules.rs"), &format!("use {name};"));
        assert!(!found.is_empty(), "rules may not know {name}");
    }
    let text = "use std::ops::Add; use std::fmt; use crate::platform::clock::Moment;
        use crate::platform::error::{Result, refuse}; use super::super::units::rules::Unit;
        #[cfg(test)] mod tests { use proptest::prelude::*; use std::fs; }";
    allows(layers::check, &in_items("rules.rs"), text);
    finds(
        layers::check,
        &in_items("rules/reorder.rs"),
        "use serde::Serialize;",
        "nothing of serde",
    );
}

#[test]
fn stores_know_only_the_database_and_their_rules() {
    let path = in_items("store.rs");
    finds(layers::check, &path, "use axum::Json;", "HTTP belongs");
    finds(layers::check, &path, "use crate::http::problem;", "HTTP belongs");
    finds(layers::check, &path, "use super::super::locations::store;", "another resource's store");
    finds(layers::check, &path, "use super::ops;", "knows only its rules");
    let own = "use rusqlite::Row; use super::rules::Item; use crate::platform::db::Scope;";
    allows(layers::check, &path, own);
    allows(
        layers::check,
        &in_items("store/search.rs"),
        "use super::find; use super::super::rules;",
    );
}

#[test]
fn ops_know_neither_sql_types_nor_http_nor_foreign_stores() {
    let path = in_items("ops.rs");
    finds(layers::check, &path, "use rusqlite::Connection;", "SQL belongs");
    finds(layers::check, &path, "fn f() { axum::Json(1); }", "HTTP belongs");
    let text = "use super::super::locations; fn f() { locations::store::insert(); }";
    finds(layers::check, &path, text, "call its `…_in(scope, …)` ops");
    let text = "use super::{rules, store}; use super::super::locations;
        fn f() { rules::check(); store::insert(); locations::ops::touch_in(); }";
    allows(layers::check, &path, text);
}

#[test]
fn handlers_know_neither_sql_nor_stores() {
    let path = in_items("api.rs");
    finds(layers::check, &path, "use rusqlite::Row;", "SQL belongs");
    finds(layers::check, &path, "use super::store;", "only ops know stores");
    finds(layers::check, &path, "fn f() { super::store::insert(); }", "only ops know stores");
    finds(layers::check, &in_items("jobs.rs"), "use super::store;", "only ops know stores");
    allows(layers::check, &path, "use axum::Json; use crate::http::Ctx; use super::{ops, rules};");
}

#[test]
fn sqlite_and_http_stay_in_their_places() {
    finds(layers::check, "src/platform/app.rs", "use rusqlite::Connection;", "SQL belongs");
    finds(layers::check, "src/http/server.rs", "use rusqlite::Row;", "http must not know rusqlite");
    finds(layers::check, "src/platform/ctx.rs", "use crate::http::Ctx;", "HTTP belongs");
    allows(layers::check, "src/platform/db/writer.rs", "use rusqlite::Connection;");
    allows(layers::check, "src/http/server.rs", "use axum::Router;");
}

#[test]
fn large_files_of_backups_are_brought_to_the_disk_steadily() {
    let path = "src/platform/backups/archive/packs.rs";
    let wanted = "a large file is written through SteadyFile";
    let plain = "fn f() { std::fs::OpenOptions::new().write(true); }";
    finds(layers::check, path, plain, wanted);
    finds(layers::check, path, "fn f() { std::fs::File::create(x); }", wanted);
    finds(layers::check, path, "use tokio::fs::OpenOptions;", wanted);
    allows(layers::check, path, &format!("use super::hashed::HashedFile; {plain}"));
    allows(layers::check, path, "fn f() { std::fs::File::open(x); tokio::fs::File::open(x); }");
    allows(layers::check, "src/platform/whole_file.rs", plain);
}

#[test]
fn sql_stands_in_stores() {
    let wanted = "SQL belongs into store.rs";
    for statement in [
        "SELECT 1",
        "select qty from stock",
        "INSERT INTO items (id) VALUES (:id)",
        "UPDATE items SET name = :name",
        "DELETE FROM items",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "CREATE TABLE a (b)",
        "PRAGMA user_version",
        "\\n   SELECT 1",
        "BEGIN IMMEDIATE",
    ] {
        let text = format!("fn f() {{ run(\"{statement}\") }}");
        finds(sql::check, &in_items("ops.rs"), &text, wanted);
        allows(sql::check, &in_items("store.rs"), &text);
        allows(sql::check, "src/platform/db/open.rs", &text);
    }
    finds(sql::check, &in_items("ops.rs"), "const S: &str = r#\"SELECT 1\"#;", wanted);
    for sentence in [
        "Select a place from the list.",
        "Update the item first.",
        "Delete it from the list.",
        "With this it works as before.",
        "begin",
        "BEGIN ENCRYPTED PRIVATE KEY",
    ] {
        allows(sql::check, &in_items("ops.rs"), &format!("const S: &str = \"{sentence}\";"));
    }
    let test = "#[cfg(test)] mod tests { const S: &str = \"SELECT 1\"; }";
    allows(sql::check, &in_items("ops.rs"), test);
}

#[test]
fn sql_is_not_built_from_texts() {
    let text = "fn f(column: &str) { format!(\"SELECT {column} FROM items\"); }";
    finds(sql::check, &in_items("store.rs"), text, "bind {column} by name");
    let text = "fn f() { format!(\"SELECT {COLUMNS} FROM items\"); }";
    allows(sql::check, &in_items("store.rs"), text);
}

#[test]
fn a_table_has_one_writer() {
    let insert = "fn f() { run(\"INSERT INTO stock (qty) VALUES (1)\") }";
    let upsert = "fn f() { run(\"INSERT OR IGNORE INTO stock (qty) VALUES (1)
        ON CONFLICT DO UPDATE SET qty = 1\") }";
    let update = "fn f() { run(\"UPDATE OR ABORT stock SET qty = 1\") }";
    let delete = "fn f() { run(\"DELETE FROM stock\") }";
    let read = "fn f() { run(\"SELECT qty FROM stock\") }";
    for second in [upsert, update, delete] {
        let tree = Tree::planted(&[
            ("src/apps/inventory/stock/store.rs", insert),
            ("src/apps/inventory/items/store.rs", second),
            ("src/apps/inventory/places/store.rs", read),
        ]);
        let found = lines(&sql::check(&tree));
        assert_eq!(found.len(), 2, "{found:#?}");
        let wanted = "stock is written by src/apps/inventory/items and src/apps/inventory/stock";
        assert!(found.iter().all(|line| line.contains(wanted)), "{found:#?}");
    }
    let split = Tree::planted(&[
        ("src/apps/inventory/stock/store/a.rs", insert),
        ("src/apps/inventory/stock/store/b.rs", update),
    ]);
    assert_eq!(lines(&sql::check(&split)), [] as [&str; 0]);
}

#[test]
fn a_table_belongs_to_its_app() {
    let flows = ("migrations/flows/0001_start.sql", "CREATE TABLE flows (id BLOB) STRICT;");
    let users = ("migrations/system/0001_start.sql", "CREATE TABLE IF NOT EXISTS users (id);");
    let cases = [
        ("INSERT INTO users (id) VALUES (1)", Some("users belongs to system; do not write")),
        ("INSERT INTO flows (id) VALUES (1)", Some("flows belongs to flows; do not write")),
        ("SELECT id FROM flows", Some("flows belongs to app flows; do not read")),
        ("SELECT 1 FROM items JOIN flows ON 1", Some("flows belongs to app flows; do not read")),
        ("SELECT id FROM users", None),
    ];
    for (statement, wanted) in cases {
        let text = format!("fn f() {{ run(\"{statement}\") }}");
        let path = in_items("store.rs");
        let found = lines(&sql::check(&Tree::planted(&[flows, users, (&path, &text)])));
        match wanted {
            Some(wanted) => assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}"),
            None => assert_eq!(found, [] as [&str; 0]),
        }
    }
}

#[test]
fn amounts_are_only_added_up_in_sql() {
    for (statement, wanted) in [
        ("SELECT qty * unit_cost FROM stock", "`qty * unit_cost`"),
        ("SELECT SUM(value) / 2 FROM stock", "`) / 2`"),
        ("SELECT 2*(qty + 1) FROM stock", "`2 * (`"),
        ("SELECT qty*:factor FROM stock", "`qty * :`"),
        ("SELECT avg(qty) FROM stock", "avg()"),
        ("SELECT TOTAL(value) FROM stock", "total()"),
    ] {
        let text = format!("fn f() {{ run(\"{statement}\") }}");
        finds(sql::check, &in_items("store.rs"), &text, wanted);
        let migration = format!("CREATE TRIGGER a AFTER INSERT ON b BEGIN {statement}; END;");
        finds(sql::check, "migrations/inventory/0001_start.sql", &migration, wanted);
    }
    for statement in [
        "SELECT COUNT(*), SUM(qty) FROM stock",
        "SELECT s.* FROM stock AS s -- qty * 2",
        "SELECT '2 * qty' /* qty / 2 */ FROM stock",
        "SELECT qty % qty_step, total_count FROM stock",
    ] {
        let text = format!("fn f() {{ run(\"{statement}\") }}");
        allows(sql::check, &in_items("store.rs"), &text);
    }
}

#[test]
fn migrations_are_numbered_and_no_number_stands_twice() {
    let wanted = "is to be called 0001_what.sql";
    for name in ["1_start.sql", "0002_start.sql", "0001-start.sql", "0001_.sql", "0001_Start.sql"] {
        finds(migrations::check, &format!("migrations/system/{name}"), "", wanted);
    }
    allows(migrations::check, "migrations/system/0001_start.sql", "");
    let beside_it = |name: &str| {
        let path = format!("migrations/system/{name}");
        lines(&migrations::check(&Tree::planted(&[
            ("migrations/system/0001_a.sql", ""),
            (&path, ""),
        ])))
    };
    assert_eq!(beside_it("0003_later.sql"), [] as [&str; 0]);
    assert!(beside_it("0001_b.sql")[0].contains("is to be called 0002_what.sql"));
}

#[test]
fn a_released_migration_does_not_change() {
    let path = "migrations/system/0001_start.sql";
    let list = "migrations/system/RELEASED";
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let good = format!("{empty}  0001_start.sql\n");
    let check = |files: &[(&str, &str)]| lines(&migrations::check(&Tree::planted(files)));

    assert_eq!(check(&[(path, ""), (list, &good)]), [] as [&str; 0]);
    let changed = check(&[(path, "-- more\n"), (list, &good)]);
    assert!(changed.len() == 1 && changed[0].contains("may not change"), "{changed:?}");
    let gone = check(&[(list, &good)]);
    assert!(gone.len() == 1 && gone[0].contains("0001_start.sql is gone"), "{gone:?}");
    let odd = check(&[(path, ""), (list, "what is this\n")]);
    assert!(odd.len() == 1 && odd[0].contains("sha256sum"), "{odd:?}");
}

#[test]
fn every_table_is_strict() {
    let path = "migrations/system/0001_start.sql";
    let text = "CREATE TABLE a (\n  strict_mode TEXT\n); -- STRICT\n";
    finds(migrations::check, path, text, "is not STRICT");
    allows(migrations::check, path, "CREATE TABLE a (\n b TEXT\n) STRICT, WITHOUT ROWID;\n");
    allows(migrations::check, path, "CREATE VIRTUAL TABLE a USING fts5 (b);\n");
}

#[test]
fn names_say_what_is_inside() {
    for path in [
        "src/platform/util.rs",
        "src/common/mod.rs",
        "src/http/string_helpers.rs",
        "src/platform/job_manager.rs",
        "tests/misc/main.rs",
        "web/src/ui/utils.ts",
        "web/src/apps/inventory/helpers/qty.ts",
    ] {
        finds(shape::check, path, "", "says nothing");
    }
    allows(shape::check, "src/platform/community.rs", "");
}

#[test]
fn files_functions_and_lines_are_short() {
    let many = |count: usize| "// x\n".repeat(count);
    finds(shape::check, "src/a.rs", &many(601), "601 lines, at most 600");
    finds(shape::check, "web/src/ui/A.tsx", &many(601), "601 lines, at most 600");
    finds(shape::check, "tests/api/a.rs", &many(901), "901 lines, at most 900");
    allows(shape::check, "src/a.rs", &many(600));
    allows(shape::check, "src/a/tests.rs", &many(900));
    allows(shape::check, "web/src/ui/A.test.tsx", &many(900));
    allows(shape::check, "web/src/api/schema.gen.ts", &many(5000));
    allows(shape::check, "src/apps/inventory/sample/data.rs", &many(5000));

    let function = |lines: usize| format!("impl A {{ fn long() {{\n{}}} }}", many(lines));
    finds(shape::check, "src/a.rs", &function(69), "fn long has 71 lines, at most 70");
    allows(shape::check, "src/a.rs", &function(68));

    let line = "x".repeat(98);
    finds(shape::check, "src/a.rs", &format!("// {line}"), "longer than 100");
    finds(shape::check, "web/src/ui/a.ts", &format!("// {line}"), "longer than 100");
    allows(shape::check, "src/a.rs", &format!("// {}", "ü".repeat(97)));
    allows(shape::check, "src/a.rs", &format!("// https://{line}"));
}

#[test]
fn unsafe_code_and_ignored_tests_are_found() {
    let wanted = "UNSAFE_ALLOWED";
    finds(shape::check, "src/a.rs", "fn f() { unsafe { g() } }", wanted);
    finds(shape::check, "tests/a.rs", "unsafe fn f() {}", wanted);
    allows(shape::check, "src/a.rs", "#![deny(unsafe_code)] // unsafe");
    finds(shape::check, "tests/a.rs", "#[test] #[ignore] fn f() {}", "never ignored");
    finds(shape::check, "tests/a.rs", "#[ignore = \"slow\"] fn f() {}", "never ignored");
}

#[test]
fn the_web_ui_layers_are_kept() {
    let cases = [
        ("web/src/ui/Page.tsx", "import { x } from \"@/apps/inventory/x\";", "import apps/"),
        ("web/src/ui/Page.tsx", "import { x } from '../shell/frame';", "import shell/"),
        ("web/src/ui/Page.tsx", "import type { P } from \"@/platform/p\";", "import platform/"),
        ("web/src/api/client.ts", "import \"@/ui/Page\";", "api/ must not import ui/"),
        ("web/src/platform/me/Me.tsx", "const a = lazy(() => import(\"@/apps/x/y\"));", "apps/"),
        ("web/src/apps/flows/F.tsx", "import x from \"@/shell/frame\";", "import shell/"),
        ("web/src/apps/flows/F.tsx", "import x from \"../inventory/x\";", "app inventory"),
        ("web/src/apps/flows/F.tsx", "} from \"@/apps/inventory/x\";", "app inventory"),
        ("web/src/main.tsx", "import { apps } from \"./apps/registry\";", "only shell/"),
    ];
    for (path, text, wanted) in cases {
        finds(web::check, path, text, wanted);
    }
    for (path, text) in [
        ("web/src/shell/routes.tsx", "import { apps } from \"@/apps/registry\";"),
        ("web/src/apps/registry.ts", "import { spec } from \"./inventory/spec\";"),
        ("web/src/apps/flows/F.tsx", "import x from \"./x\"; import y from \"@/ui/Page\";"),
        ("web/src/ui/Page.tsx", "import { Button } from \"@mantine/core\";"),
        ("web/src/ui/Page.tsx", "// import x from \"@/apps/x\";"),
    ] {
        allows(web::check, path, text);
    }
}

#[test]
fn only_the_api_folder_talks_to_the_network() {
    for call in ["fetch(\"/x\")", "await window.fetch(x)", "new EventSource(x)", "XMLHttpRequest"] {
        finds(web::check, "web/src/ui/a.ts", call, "only api/ talks to the network");
        allows(web::check, "web/src/api/a.ts", call);
        allows(web::check, "web/src/ui/a.test.ts", call);
    }
    allows(web::check, "web/src/ui/a.ts", "query.refetch(); prefetch(x); client.fetch(x);");
}
