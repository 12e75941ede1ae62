//! Whatever can say something about a person is found by export and erasure.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::platform::app::{ColumnMarks, Mark, Named, Whose};
use holdfast::wiring;
use rusqlite::{Connection, OpenFlags};

use super::planting::{is_handled, plant, unplanted};
use crate::support::TestServer;

/// Columns no word is planted in, with the reason.
const NOT_PLANTED: &[(&str, &str)] = &[
    ("users.password_hash", "holds a hash"),
    ("users.language", "holds a word of a closed list"),
    ("users.theme", "holds a word of a closed list"),
    ("mail_settings.user_name", "an erasure is refused while it names the person"),
    ("mail_settings.sender", "an erasure is refused while it names the person"),
    ("erasures.looked_for", "is filled while an erasure goes on"),
];

#[test]
fn a_table_with_a_personal_column_says_whose_it_is() {
    let marks = wiring::column_marks();
    let elsewhere: Vec<&str> = marks
        .system
        .iter()
        .chain(&marks.workspace)
        .filter(|one| matches!(one.whose, Whose::Elsewhere(_)))
        .map(|one| one.table)
        .collect();

    let forgotten = |all: &[ColumnMarks]| -> Vec<&str> {
        all.iter().filter(|one| !is_handled(one)).map(|one| one.table).collect()
    };

    assert_eq!(forgotten(&marks.system), [""; 0], "whose are these? See Whose and Named");
    assert_eq!(forgotten(&marks.workspace), [""; 0], "whose are these? See Whose and Named");
    let known = ["audit_personal", "erasures", "audit_personal", "movements_fts"];
    assert_eq!(elsewhere, known, "what is found elsewhere needs a test of its own");
}

#[test]
fn a_forgotten_column_is_noticed() {
    let forgotten = ColumnMarks::new("diaries", &[("text", Mark::Personal)]);

    assert!(!is_handled(&forgotten));
    assert!(is_handled(&forgotten.named(Named::Masked)));
    assert!(is_handled(&forgotten.whose(Whose::Theirs("user_id"))));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "looks at a schema from outside the box")]
async fn every_table_that_refers_to_people_is_handled() {
    let server = TestServer::start().await;
    let path = server.folder().join("system.db");
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a file");
    let sql =
        "SELECT t.name, f.\"from\" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f
               WHERE t.type = 'table' AND f.\"table\" = 'users'";
    let mut statement = file.prepare(sql).expect("the references");
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let found: BTreeSet<(String, String)> = found.map(|row| row.expect("a row")).collect();
    let whose: BTreeMap<&str, Whose> =
        wiring::column_marks().system.iter().map(|one| (one.table, one.whose)).collect();

    let forgotten: Vec<_> = found
        .iter()
        .filter(|(table, column)| match whose.get(table.as_str()) {
            Some(Whose::Theirs(own)) => own != column,
            _ => true,
        })
        .collect();

    assert!(found.len() > 8, "{found:?}");
    let sent = ("invitations".to_owned(), "invited_by".to_owned());
    assert_eq!(forgotten, [&sent], "rows of the person, or withdrawn when it begins?");
    server.finish().await;
}

#[tokio::test]
async fn the_tests_plant_a_word_in_every_personal_column() {
    let server = TestServer::start().await;
    plant(&server, "quetzalfinch").await;

    let missing = unplanted(&server, "quetzalfinch").await;

    let known: BTreeSet<String> = NOT_PLANTED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(missing, known, "plant it in tests/api/privacy/planting.rs");
    server.finish().await;
}

#[tokio::test]
async fn nothing_is_done_in_somebodys_name_while_they_are_erased() {
    let server = TestServer::start().await;

    // Of heavy jobs one runs at a time, and an erasure is heavy.
    for kind in server.platform.jobs.kinds() {
        let is_in_a_name = kind.spec.permission.is_some();
        assert!(kind.spec.is_heavy || !is_in_a_name, "{} may meet an erasure", kind.spec.kind);
    }
    server.finish().await;
}
