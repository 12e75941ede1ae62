//! The master key is changed while the box works.

use std::fs;
use std::path::Path;

use http::Method;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Value, json};

use crate::notices::receivers::{Server, Smtp};
use crate::second_factor::{App, EMAIL, STEP, WITH_BACKUP, WITH_TOTP, enrolled, waiting};
use crate::support::{Client, TestServer};
use holdfast::platform::notices::runner;

/// Columns that hold sealed fields.
const SEALED: &[&str] = &[
    "totp_secrets.secret",
    "totp_enrolments.secret",
    "backup_codes.code_hash",
    "signing_keys.sealed_seed",
    "audit_keys.sealed_seed",
    "mail_settings.password",
    "webhooks.secret",
    "outbox.content",
    "backup_targets.secret",
];
/// More than a change of the key has.
const COMMITS_MAX: usize = 40;

/// Every file below the data folder and every value of the box's file that holds `needle`. In the
/// databases themselves what was overwritten may still lie in free pages.
fn holders(server: &TestServer, needle: &[u8]) -> Vec<String> {
    fn look_at(path: &Path, needle: &[u8], found: &mut Vec<String>) {
        for entry in fs::read_dir(path).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.display().to_string();
            if path.is_dir() {
                look_at(&path, needle, found);
            } else if !name.contains(".db") && holds(&fs::read(&path).expect("a file"), needle) {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    look_at(server.folder(), needle, &mut found);
    found.extend(in_tables(&server.folder().join("system.db"), needle));
    found
}

#[expect(clippy::disallowed_methods, reason = "looks at the values from outside the box")]
fn in_tables(path: &Path, needle: &[u8]) -> Vec<String> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a file");
    let sql = "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
               WHERE t.type = 'table' AND c.type = 'BLOB'";
    let mut tables = file.prepare(sql).expect("the columns");
    let named = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let columns = tables.query_map([], named).expect("rows").map(|row| row.expect("a row"));
    let held = columns.filter(|(table, column)| {
        let sql = format!("SELECT count(*) FROM {table} WHERE instr({column}, ?1) > 0");
        file.query_row(&sql, [needle], |row| row.get::<_, i64>(0)).expect("a count") > 0
    });
    held.map(|(table, column)| format!("{table}.{column}")).collect()
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|part| part == needle)
}

fn bytes_of(id: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&id[at..at + 2], 16).expect("hexadecimal digits");
    (0..id.len()).step_by(2).map(digit).collect()
}

async fn key(server: &TestServer) -> Value {
    server.operator().await.get("/api/v1/keys").await.is(200)
}

/// What only those know who keep it for the box.
struct Kept {
    app: App,
    backup_code: String,
    /// Part of the link in a mail that waits.
    token: String,
    /// A token that the box signed.
    access: String,
}

/// Has the box keep something of every kind that it seals.
async fn fill(server: &TestServer, operator: &Client) -> Kept {
    let (app, codes) = enrolled(server).await;
    let code = app.code(server.clock.now());
    let grant = json!({ "grant_type": "password", "username": EMAIL,
        "password": crate::support::PASSWORD, "totp": code });
    let access = server.stranger().post("/api/v1/auth/token", &grant).await.is(200);
    // Somebody who has not typed the first code yet.
    let half_way = server.signed_in("half@example.com", "viewer").await;
    half_way.post("/api/v1/me/mfa/totp", &Value::Null).await.is(201);
    let smtp = json!({ "smtp": { "host": "localhost", "port": 1, "security": "tls", "user": "box",
        "password": "of the mail server", "from": "box@example.com" } });
    operator.json(Method::PATCH, "/api/v1/box/notify", &[], &smtp).await.is(200);
    let hook = json!({ "name": "Watch", "url": "http://127.0.0.1:1/hook",
        "kinds": ["people.joined"], "allow_private": true });
    operator.post("/api/v1/box/webhooks", &hook).await.is(201);
    let dav = json!({ "name": "Cloud", "kind": "webdav", "settings": {
        "url": "http://127.0.0.1:1/dav", "user": "box", "password": "of the cloud" } });
    operator.post("/api/v1/backup-targets", &dav).await.is(201);
    let admin = server.person("admin").await;
    admin.post("/audit/checkpoints", &Value::Null).await.is(200);
    let body = json!({ "email": "iva@example.com", "role": "counter" });
    let invited = admin.post("/invitations", &body).await.is(201);
    let token = invited["link"].as_str().expect("a link").split_once("#token=").expect("one").1;
    server.advance(STEP);
    Kept {
        app,
        backup_code: codes[0].clone(),
        token: token.to_owned(),
        access: access["access_token"].as_str().expect("a token").to_owned(),
    }
}

/// All of it is still good.
async fn opens(server: &TestServer, kept: &Kept) {
    let mails = Server::start().await;
    let smtp = json!({ "smtp": { "host": "127.0.0.1", "port": mails.port(), "security": "none",
        "from": "box@example.com" } });
    let operator = server.operator().await;
    // The password was sealed for the server named before; it opens, or this is no 200.
    let test = json!({ "to": "iva@example.com" });
    let sent = operator.post("/api/v1/box/notify/test", &test).await.is(200);
    let detail = sent["detail"].as_str().unwrap_or_default();
    assert!(detail.to_lowercase().contains("connect"), "{sent}");
    operator.json(Method::PATCH, "/api/v1/box/notify", &[], &smtp).await.is(200);
    let (ran, session) = tokio::join!(runner::run_due(&server.platform), mails.mail(Smtp::Takes));
    assert_eq!(ran.expect("a round"), 1);
    assert!(session.text().contains(&kept.token), "{session:?}");
    let code = json!({ "code": kept.app.code(server.clock.now()) });
    waiting(server).await.post(WITH_TOTP, &code).await.is(200);
    let code = json!({ "code": kept.backup_code });
    waiting(server).await.post(WITH_BACKUP, &code).await.is(200);
    let bearer = format!("Bearer {}", kept.access);
    let headers = [("authorization", bearer.as_str())];
    server.stranger().send(Method::GET, "/api/v1/me", &headers, "").await.is(200);
    let targets = operator.get("/api/v1/backup-targets").await.is(200);
    let target = targets["items"][0]["id"].as_str().expect("an id");
    // Nobody is there; were the password not to open, this were no 200.
    let tested =
        operator.post(&format!("/api/v1/backup-targets/{target}/test"), &Value::Null).await;
    assert_eq!(tested.is(200)["ok"], false);
    let hooks = operator.get("/api/v1/box/webhooks").await.is(200);
    let hook = hooks["items"][0]["id"].as_str().expect("an id");
    let called = operator.post(&format!("/api/v1/box/webhooks/{hook}/test"), &Value::Null).await;
    called.is(200);
    server.person("admin").await.post("/audit/checkpoints", &Value::Null).await.is(200);
}

#[tokio::test]
async fn nothing_is_left_that_the_old_key_sealed() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let kept = fill(&server, &operator).await;
    let before = key(&server).await;
    let old = bytes_of(before["id"].as_str().unwrap());
    let sealed: Vec<String> =
        holders(&server, &old).into_iter().filter(|one| !one.contains('/')).collect();
    assert_eq!(sealed, SEALED, "every sealed column holds something");
    assert_eq!((&before["source"], &before["is_rotating"]), (&json!("file"), &json!(false)));

    let job = operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);
    server.run_jobs().await;

    let job = operator.get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap())).await.is(200);
    assert_eq!(job["state"], "done", "{job}");
    let after = key(&server).await;
    assert_eq!(after["id"], job["result"]["key_id"]);
    assert_ne!(after["id"], before["id"]);
    assert_eq!(after["is_rotating"], false);
    assert_eq!(holders(&server, &old), Vec::<String>::new());
    let counts = server.box_counts().await;
    assert_eq!((counts["keys.rotation.begun"], counts["keys.rotated"]), (1, 1));
    opens(&server, &kept).await;
    server.finish().await;
}

#[tokio::test]
async fn a_kill_after_any_step_lets_the_change_go_on() {
    let mut was_done = false;
    for commits_until_the_kill in 1..=COMMITS_MAX {
        if was_done {
            return;
        }
        let server = TestServer::start().await;
        let operator = server.operator().await;
        let kept = fill(&server, &operator).await;
        let before = key(&server).await;
        operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);
        let mut commits = server.platform.system_commits.clone();
        commits.mark_unchanged();
        tokio::select! {
            biased;
            () = async {
                for _ in 0..commits_until_the_kill {
                    commits.changed().await.expect("an open box");
                }
            } => {}
            _ = server.run_jobs() => was_done = true,
        }

        let server = server.restart().await;
        server.run_jobs().await;

        let after = key(&server).await;
        assert_ne!(after["id"], before["id"]);
        assert_eq!(after["is_rotating"], false, "killed after {commits_until_the_kill}");
        let old = bytes_of(before["id"].as_str().unwrap());
        assert_eq!(holders(&server, &old), Vec::<String>::new());
        let counts = server.box_counts().await;
        assert_eq!((counts["keys.rotation.begun"], counts["keys.rotated"]), (1, 1));
        opens(&server, &kept).await;
        server.finish().await;
    }
    panic!("the change of the key did not end within {COMMITS_MAX} commits");
}

#[tokio::test]
async fn a_change_under_way_is_joined() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let first = operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);
    let second = operator.post("/api/v1/keys/rotate", &Value::Null).await.is(202);

    assert_eq!(first["id"], second["id"]);
    server.finish().await;
}

#[tokio::test]
async fn only_operators_change_the_key() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;

    owner.post("/api/v1/keys/rotate", &Value::Null).await.is_problem(403, "forbidden");
    owner.get("/api/v1/keys").await.is_problem(403, "forbidden");

    assert!(!server.box_actions().await.contains(&"keys.rotation.begun".to_owned()));
    server.finish().await;
}
