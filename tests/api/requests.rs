//! What a request may look like: ids, repeatable requests, bodies that make no sense.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestServer, nothing};

const PLACES: &str = "/inventory/locations";

fn shelf(code: &str) -> Value {
    json!({ "code": code, "name": "Shelf" })
}

async fn once(client: &Client, key: &str, body: &Value) -> Reply {
    client.json(Method::POST, PLACES, &[("idempotency-key", key)], body).await
}

async fn count(client: &Client) -> usize {
    client.get(PLACES).await.is(200)["items"].as_array().expect("a list").len()
}

#[tokio::test]
async fn a_request_sent_again_makes_one_object_and_says_so() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    let first = once(&manager, "key", &shelf("A")).await;
    let again = once(&manager, "key", &shelf("A")).await;

    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.is(201), again.is(201));
    assert_eq!(first.header("etag"), again.header("etag"));
    assert_eq!(count(&manager).await, 1);
    let created = server.audit_actions().await;
    assert_eq!(created, ["inventory.location.created"], "one object is one entry");
    server.finish().await;
}

#[tokio::test]
async fn many_at_once_with_one_key_make_one_object() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    let replies =
        futures_util::future::join_all((0..20).map(|_| once(&manager, "key", &SHELF))).await;

    let replayed = replies.iter().filter(|one| one.header("idempotency-replayed").is_some());
    assert_eq!(replayed.count(), 19);
    let ids: std::collections::BTreeSet<String> =
        replies.iter().map(|one| one.is(201)["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    server.finish().await;
}

static SHELF: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| shelf("A"));

#[tokio::test]
async fn a_key_means_one_body_of_one_person_on_one_path_for_a_day() {
    let server = TestServer::start().await;
    let (manager, other) = (server.person("manager").await, server.person("manager").await);
    once(&manager, "key", &shelf("A")).await.is(201);

    let other_body = once(&manager, "key", &shelf("B")).await;
    let other_person = once(&other, "key", &shelf("C")).await;
    let item = json!({ "item_number": "S", "name": "Salmon", "unit": "kg" });
    let key = [("idempotency-key", "key")];
    let other_path = manager.json(Method::POST, "/inventory/items", &key, &item).await;
    server.advance(Duration::from_hours(25));
    let other = server.token_of(server.user("manager").await).await;
    let later = once(&other, "key", &shelf("D")).await;

    other_body.is_problem(422, "idempotency-mismatch");
    for made in [&other_person, &other_path, &later] {
        made.is(201);
        assert_eq!(made.header("idempotency-replayed"), None);
    }
    assert_eq!(count(&other).await, 3);
    server.finish().await;
}

#[tokio::test]
async fn a_day_later_the_key_is_forgotten() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.browser_of(user).await.bare().saying("sec-fetch-site", "same-origin");
    once(&manager, "key", &shelf("A")).await.is(201);

    server.advance(Duration::from_hours(7));
    once(&manager, "key", &shelf("A")).await.is(201);
    for _ in 0..3 {
        server.advance(Duration::from_hours(6));
        manager.get(PLACES).await.is(200);
    }
    let later = once(&manager, "key", &shelf("A")).await;

    later.is_problem(422, "location-code-taken");
    server.finish().await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_unused() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    once(&manager, "key", &json!({ "code": "", "name": "Shelf" }))
        .await
        .is_problem(422, "invalid-fields");
    let corrected = once(&manager, "key", &shelf("A")).await;

    corrected.is(201);
    assert_eq!(corrected.header("idempotency-replayed"), None);
    server.finish().await;
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let longest = "k".repeat(128);

    for key in ["", "k\u{e9}", &"k".repeat(129)] {
        once(&manager, key, &shelf("A")).await.is_problem(400, "idempotency-key-bad");
    }
    assert_eq!(count(&manager).await, 0);
    once(&manager, &longest, &shelf("A")).await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn a_harmless_request_id_is_kept_and_any_other_replaced() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let id_of = async |id: &str| {
        let reply = viewer.send(Method::GET, "/audit", &[("x-request-id", id)], "").await;
        let given = reply.header("x-request-id").expect("an id").to_owned();
        assert_eq!(reply.json()["instance"], format!("/requests/{given}"));
        given
    };

    for id in ["abcdefgh", "0193-ABC-xyz", &"a".repeat(64)] {
        assert_eq!(id_of(id).await, id);
    }
    for id in ["short", "", "with blank", "semi;colon", "new/path", "<script>", &"a".repeat(65)] {
        let given = id_of(id).await;
        assert_ne!(given, id);
        assert_eq!(given.len(), 36, "{given}");
    }
    assert_ne!(id_of("x").await, id_of("x").await);
    server.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed_and_changes_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let json = [("content-type", "application/json")];
    let deep = format!("{{\"code\":\"A\",\"name\":\"B\",\"id\":{}", "[".repeat(100_000));

    for body in [
        "",
        "{",
        "{\"code\":}",
        "{\"code\":\"A\",\"name\":\"Shelf\"} x",
        "{'code':'A'}",
        "{\"code\":\"A\",\"name\":\"\u{1}\"}",
        "{\"code\":\"\\ud800\",\"name\":\"Shelf\"}",
        "{\"code\":NaN}",
        &deep,
    ] {
        let refusal = manager.send(Method::POST, PLACES, &json, body.to_owned()).await;
        refusal.is_problem(400, "malformed");
    }
    let not_utf8: &'static [u8] = b"{\"code\":\"\xff\xfe\",\"name\":\"Shelf\"}";
    manager.send(Method::POST, PLACES, &json, not_utf8).await.is_problem(400, "malformed");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let refusal = manager.send(Method::POST, PLACES, &[("content-type", kind)], "{}").await;
        refusal.is_problem(415, "unsupported-media-type");
    }
    assert_eq!(count(&manager).await, 0);
    server.finish().await;
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    for (body, field, code) in [
        (json!({ "code": "A" }), "name", "missing"),
        (json!({ "code": "A", "name": 5 }), "name", "wrong-type"),
        (json!({ "code": "A", "name": null }), "name", "wrong-type"),
        (json!({ "code": "A", "name": "B", "role": "owner" }), "role", "unknown-field"),
        (json!({ "code": "A", "name": "B", "Name": "C" }), "Name", "unknown-field"),
        (json!({ "code": ["A"], "name": "B" }), "code", "wrong-type"),
        (json!({ "code": "A", "name": "B", "active": "yes" }), "active", "wrong-type"),
        (json!([]), "body", "wrong-type"),
        (json!(["A", "Shelf", null, null, true]), "body", "wrong-type"),
        (json!("A"), "body", "wrong-type"),
        (json!(null), "body", "wrong-type"),
    ] {
        let refusal = manager.post(PLACES, &body).await;
        refusal.is_problem(422, "invalid-fields");
        refusal.is_field_problem(field, code);
    }
    assert_eq!(count(&manager).await, 0);
    server.finish().await;
}

#[tokio::test]
async fn names_that_mislead_are_refused_and_those_of_other_scripts_kept() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let named = |code: &str, name: &str| json!({ "code": code, "name": name });

    for name in [
        "a\0b",
        "\u{7}",
        "shelf\u{202e}gpj.exe",
        "\u{2066}shelf",
        "\u{200b}",
        "   ",
        "",
        &"x".repeat(300),
        &"é".repeat(300),
    ] {
        manager.post(PLACES, &named("A", name)).await.is_problem(422, "invalid-fields");
    }
    for (number, name) in
        ["مطبخ الميناء", "冷凍庫", "Kühlraum №2", "<b>x</b>", "'; DROP TABLE users; --"]
            .iter()
            .enumerate()
    {
        let made = manager.post(PLACES, &named(&format!("N{number}"), name)).await.is(201);
        assert_eq!(made["name"], *name);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_id_that_names_nothing_is_not_found_however_it_looks() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    for id in [
        &nothing::<()>().to_string(),
        "0",
        "-1",
        "null",
        "%00",
        "%F0%9F%90%9F",
        "..%2f..%2fsystem.db",
        "00000000-0000-0000-0000-000000000000",
        &"a".repeat(5_000),
    ] {
        let reply = manager.get(&format!("{PLACES}/{id}")).await;
        reply.is_problem(404, "not-found");
        let reply = manager.get(&format!("/api/v1/workspaces/{id}/inventory/items")).await;
        reply.is_problem(404, "not-found");
    }
    server.finish().await;
}
