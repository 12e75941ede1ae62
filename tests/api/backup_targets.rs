//! Places that backups go to, as operators name them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

mod signing_in;

const TARGETS: &str = "/api/v1/backup-targets";
const SECRET: &str = "Zu4-secret-of-the-other-side";

fn key() -> String {
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----\n")
}

/// One of each kind. Nobody listens where they lead.
fn kinds() -> [Value; 4] {
    [
        json!({ "name": "Bucket", "kind": "s3", "settings": { "endpoint": "http://127.0.0.1:1",
            "bucket": "ours", "access_key": "AKIA1", "secret_key": SECRET } }),
        json!({ "name": "Server", "kind": "sftp", "settings": { "host": "127.0.0.1", "port": 1,
            "user": "box", "path": "/srv/box", "private_key": key() } }),
        json!({ "name": "Cloud", "kind": "webdav", "settings": {
            "url": "http://127.0.0.1:1/dav", "user": "box", "password": SECRET } }),
        json!({ "name": "Drive", "kind": "onedrive",
            "settings": { "client_id": "app-1", "folder": "Backups" } }),
    ]
}

async fn change(operator: &Client, id: &str, body: &Value) -> crate::support::Reply {
    operator.json(Method::PATCH, &format!("{TARGETS}/{id}"), &[], body).await
}

fn id(target: &Value) -> &str {
    target["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_secret_of_a_target_is_never_given_out() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let mut said = String::new();
    for target in kinds() {
        let made = operator.post(TARGETS, &target).await.is(201);
        assert_eq!(made["has_secret"], target["kind"] != "onedrive", "{made}");
        said += &made.to_string();
        said += &operator.get(&format!("{TARGETS}/{}", id(&made))).await.is(200).to_string();
        let tested = operator.post(&format!("{TARGETS}/{}/test", id(&made)), &Value::Null).await;
        said += &tested.is(200).to_string();
    }
    said += &operator.get(TARGETS).await.is(200).to_string();
    said += &operator.get("/api/v1/audit").await.is(200).to_string();

    assert!(said.contains("AKIA1") && said.contains("/srv/box"), "{said}");
    for hidden in [SECRET, "secret_key", "private_key", "password"] {
        assert!(!said.contains(hidden), "{hidden} is said: {said}");
    }
    for name in ["system.db", "system.db-wal"] {
        let bytes = std::fs::read(server.folder().join(name)).unwrap_or_default();
        let held = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!held, "{name} has it in plain");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_secret_stays_until_its_target_is_pointed_elsewhere() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let made = operator.post(TARGETS, &kinds()[2]).await.is(201);

    let renamed = change(&operator, id(&made), &json!({ "name": "Our cloud" })).await.is(200);
    let folder = json!({ "settings": { "path": "/of/the/box/" } });
    let moved = change(&operator, id(&made), &folder).await.is(200);
    let elsewhere = json!({ "settings": { "url": "https://evil.example.com/dav" } });
    let refused = change(&operator, id(&made), &elsewhere).await;

    assert_eq!((&renamed["name"], &renamed["has_secret"]), (&json!("Our cloud"), &json!(true)));
    assert_eq!(moved["settings"]["path"], "of/the/box");
    assert_eq!(moved["settings"]["url"], "http://127.0.0.1:1/dav");
    refused.is_field_problem("settings.password", "target-secret");
    let with = json!({ "settings": { "url": "https://other.example.com", "password": "new" } });
    let taken = change(&operator, id(&made), &with).await.is(200);
    assert_eq!(taken["settings"]["url"], "https://other.example.com");
    let odd = json!({ "settings": { "bucket": "ours" } });
    change(&operator, id(&made), &odd).await.is_field_problem("settings.bucket", "target-setting");
    let unknown = json!({ "settings": { "colour": "red" } });
    assert_eq!(change(&operator, id(&made), &unknown).await.status.as_u16(), 422);
    server.finish().await;
}

#[tokio::test]
async fn a_test_says_which_step_failed() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let folder = tempfile::tempdir().expect("a folder");
    let stick = json!({ "name": "Stick", "kind": "folder", "settings": { "path": folder.path() } });
    let made = operator.post(TARGETS, &stick).await.is(201);
    let path = format!("{TARGETS}/{}/test", id(&made));

    let good = operator.post(&path, &Value::Null).await.is(200);
    let listed = operator.get(TARGETS).await.is(200);
    drop(folder);
    let bad = operator.post(&path, &Value::Null).await.is(200);

    let names = |of: &Value| -> Vec<(String, bool)> {
        let steps = of["steps"].as_array().expect("steps").iter();
        steps.map(|one| (one["step"].as_str().unwrap().to_owned(), one["ok"] == true)).collect()
    };
    let all = ["write", "read", "list", "delete"].map(|name| (name.to_owned(), true));
    assert_eq!((names(&good), &good["can_delete"]), (all.to_vec(), &json!(true)));
    assert_eq!(names(&listed["items"][0]["last"]), all);
    assert_eq!(listed["items"][0]["can_delete"], true);
    assert_eq!((bad["ok"].as_bool(), names(&bad)), (Some(false), vec![("write".into(), false)]));
    assert!(bad["detail"].as_str().unwrap().contains("There is no folder"), "{bad}");
    assert_eq!(bad["can_delete"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn only_a_drive_is_signed_in_to() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let [bucket, _, _, drive] = kinds();
    let bucket = operator.post(TARGETS, &bucket).await.is(201);
    let drive = operator.post(TARGETS, &drive).await.is(201);
    let path = |of: &Value| format!("{TARGETS}/{}/sign-in", id(of));

    operator.post(&path(&bucket), &Value::Null).await.is_problem(409, "target-sign-in");
    let standing = operator.get(&path(&drive)).await.is(200);
    let test = operator.post(&format!("{TARGETS}/{}/test", id(&drive)), &Value::Null).await;

    assert_eq!(standing["state"], "none");
    let test = test.is(200);
    assert!(test["detail"].as_str().unwrap().contains("signed in"), "{test}");
    server.finish().await;
}
