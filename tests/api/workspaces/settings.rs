//! Making workspaces, their settings, and the lists of them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, nothing};

const ALL: &str = "/api/v1/workspaces";

async fn make(operator: &Client, body: &Value) -> Value {
    operator.post(ALL, body).await.is(201)
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn an_operator_makes_a_workspace_and_owns_it() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let made = make(&operator, &json!({ "name": "  Pier   Café " })).await;

    assert_eq!(made["name"], "Pier Café");
    for (field, value) in [
        ("time_zone", json!("UTC")),
        ("currency", json!("EUR")),
        ("locale", json!("en-GB")),
        ("week_start", json!(1)),
        ("apps", json!(["inventory"])),
        ("is_sample", json!(false)),
        ("state", json!("active")),
        ("version", json!(1)),
        ("archived_at", Value::Null),
        ("deleted_at", Value::Null),
        ("purge_at", Value::Null),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let me = operator.get("/api/v1/me").await.is(200);
    let mine = &me["workspaces"][0];
    assert_eq!((&mine["id"], &mine["role"]), (&made["id"], &json!("owner")));
    assert_eq!(mine["apps"], json!(["inventory"]));
    assert_eq!((&mine["state"], &mine["is_sample"]), (&json!("active"), &json!(false)));
    let items = format!("{ALL}/{}/inventory/items", made["id"].as_str().expect("an id"));
    let salt = json!({ "item_number": "S-1", "name": "Salt", "unit": "kg" });
    operator.post(&items, &salt).await.is(201);
    assert_eq!(server.box_counts().await["workspace.created"], 2);
    server.finish().await;
}

#[tokio::test]
async fn only_operators_make_workspaces() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;

    owner.post(ALL, &json!({ "name": "Mine" })).await.is_problem(403, "forbidden");
    server.stranger().post(ALL, &json!({ "name": "X" })).await.is_problem(401, "sign-in-needed");

    assert_eq!(ids(&owner.get(ALL).await.is(200)), [server.workspace.to_string()]);
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_workspace_and_leaves_one_file() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let body = json!({ "name": "Pier" });
    let once = [("idempotency-key", "pier-1")];

    let first = operator.json(Method::POST, ALL, &once, &body).await;
    let again = operator.json(Method::POST, ALL, &once, &body).await;
    let other = operator.json(Method::POST, ALL, &once, &json!({ "name": "Quay" })).await;

    assert_eq!(first.is(201)["id"], again.is(201)["id"]);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    other.is_problem(422, "idempotency-mismatch");
    let files = std::fs::read_dir(server.folder().join("workspaces")).expect("the folder");
    let names = files.map(|file| file.expect("a file").path());
    let databases = names.filter(|path| path.extension().is_some_and(|it| it == "db")).count();
    assert_eq!(databases, 2, "the first workspace and the new one");
    server.finish().await;
}

#[tokio::test]
async fn every_wrong_setting_is_named_and_nothing_is_made() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let wrong = json!({
        "name": "x".repeat(300), "time_zone": "Mars/Base", "currency": "euro", "locale": "?",
        "week_start": 0, "apps": ["inventory", "games"],
    });

    let refusal = operator.post(ALL, &wrong).await;

    refusal.is_problem(422, "invalid-fields");
    for (field, code) in [
        ("name", "name-too-long"),
        ("time_zone", "time-zone-unknown"),
        ("currency", "currency-bad"),
        ("locale", "locale-bad"),
        ("week_start", "week-start-bad"),
        ("apps[1]", "app-unknown"),
    ] {
        refusal.is_field_problem(field, code);
    }
    for name in ["", " \t ", "\u{200b}", "Anna \u{202e}nimda", "a\u{0}b"] {
        operator.post(ALL, &json!({ "name": name })).await.is_problem(422, "invalid-fields");
    }
    operator.post(ALL, &json!({})).await.is_field_problem("name", "missing");
    assert_eq!(ids(&operator.get(ALL).await.is(200)).len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_right_to_left_name_is_kept_as_it_is() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    let made = make(&operator, &json!({ "name": "مطبخ الميناء" })).await;

    assert_eq!(made["name"], "مطبخ الميناء");
    server.finish().await;
}

#[tokio::test]
async fn an_admin_changes_settings_and_others_read_them() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let viewer = server.person("viewer").await;
    let change = json!({
        "name": "Harbour", "time_zone": "Europe/Lisbon", "currency": "USD", "locale": "pt-PT",
        "week_start": 7,
    });

    let reply = admin.change(Method::PATCH, "", 1, &change).await;

    let changed = reply.is(200);
    assert_eq!(reply.header("etag"), Some("\"2\""));
    let seen = viewer.get("").await.is(200);
    assert_eq!(seen, changed);
    for (field, value) in change.as_object().expect("an object") {
        assert_eq!(&seen[field], value, "{field}");
    }
    let mine = viewer.get("/api/v1/me").await.is(200);
    assert_eq!(mine["workspaces"][0]["week_start"], 7);
    viewer.change(Method::PATCH, "", 2, &change).await.is_problem(403, "forbidden");
    assert_eq!(server.box_counts().await["workspace.changed"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_change_says_which_version_it_changes() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let rename = json!({ "name": "Harbour" });

    admin.json(Method::PATCH, "", &[], &rename).await.is_problem(428, "version-needed");
    admin.change(Method::PATCH, "", 1, &rename).await.is(200);
    let stale = admin.change(Method::PATCH, "", 1, &json!({ "name": "Other" })).await;

    assert_eq!(stale.is_problem(412, "stale")["version"], 2);
    // What changes nothing makes no version.
    admin.change(Method::PATCH, "", 2, &rename).await.is(200);
    admin.change(Method::PATCH, "", 2, &json!({})).await.is(200);
    let unknown = admin.change(Method::PATCH, "", 2, &json!({ "is_sample": true })).await;
    unknown.is_field_problem("is_sample", "unknown-field");
    assert_eq!(admin.get("").await.is(200)["name"], "Harbour");
    server.finish().await;
}

#[tokio::test]
async fn operators_list_all_of_the_box_and_others_their_own() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let viewer = server.person("viewer").await;
    let other = server.second_workspace().await;

    let all = operator.get(ALL).await.is(200);
    let own = viewer.get(ALL).await.is(200);

    let mut expected = [server.workspace.to_string(), other.to_string()];
    expected.sort();
    assert_eq!(ids(&all), expected);
    assert_eq!(ids(&own), [server.workspace.to_string()]);
    for state in ["archived", "deleted"] {
        let none = operator.get(&format!("{ALL}?state={state}")).await.is(200);
        assert!(ids(&none).is_empty(), "{state}");
    }
    assert_eq!(ids(&operator.get(&format!("{ALL}?state=all")).await.is(200)).len(), 2);
    operator.get(&format!("{ALL}?state=gone")).await.is_field_problem("state", "wrong-type");
    let foreign = format!("{ALL}/{other}");
    viewer.get(&foreign).await.is_problem(404, "not-found");
    let missing = format!("{ALL}/{}", nothing::<()>());
    viewer.get(&missing).await.is_problem(404, "not-found");
    server.finish().await;
}
