//! Event streams: the tail of the audit log for those who may hear it.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

/// Nothing that is told takes so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// One listener.
pub(crate) struct Listener {
    body: BodyDataStream,
    text: String,
}

/// One message.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) event: String,
    id: i64,
    pub(crate) data: Value,
}

impl Listener {
    pub(crate) async fn start(client: &Client, last_heard: Option<i64>) -> Self {
        Self::start_at(client, "/events", last_heard).await
    }

    async fn start_at(client: &Client, path: &str, last_heard: Option<i64>) -> Self {
        let last_heard = last_heard.map(|id| id.to_string());
        let headers: Vec<_> = last_heard.iter().map(|id| ("last-event-id", id.as_str())).collect();
        let response = client.answer(Method::GET, path, &headers, "").await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers().get(name).and_then(|it| it.to_str().ok());
        assert_eq!(header("content-type"), Some("text/event-stream"));
        assert_eq!(header("content-encoding"), None);
        assert_eq!(header("cache-control"), Some("no-cache"));
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message; none when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let member = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.map(str::trim).unwrap_or_default().to_owned()
                };
                let (event, id, data) = (member("event:"), member("id:"), member("data:"));
                self.text = self.text.split_off(self.text.len() - rest.len());
                // A frame without data says where the stream is, and tells nothing.
                if data.is_empty() {
                    continue;
                }
                // What is heard of jobs is no entry of the log and has no number.
                let id = if id.is_empty() { 0 } else { id.parse().ok()? };
                let data = serde_json::from_str(&data).ok()?;
                return Some(Heard { event, id, data });
            }
            let more = tokio::time::timeout(PATIENCE, self.body.next()).await;
            let bytes = more.expect("a message or the end")?.expect("a readable stream");
            self.text.push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    }
}

async fn make_item(client: &Client, number: &str) -> Value {
    let item = json!({ "item_number": number, "name": "Secret Salmon", "unit": "kg" });
    client.post("/inventory/items", &item).await.is(201)
}

/// A person's second token, which may do less than the person.
async fn with_token(server: &TestServer, permissions: &[&str]) -> (Client, String) {
    let browser = server.signed_in("mira@example.com", "manager").await;
    let body = json!({ "name": "Screen", "expires_in_days": 1,
        "workspace_id": server.workspace.to_string(), "permissions": permissions });
    let made = browser.post("/api/v1/me/tokens", &body).await.is(201);
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    (server.stranger().saying("authorization", &format!("Bearer {}", text("token"))), text("id"))
}

#[tokio::test]
async fn a_change_is_told_by_kind_id_and_version_and_nothing_else() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let viewer = server.person("viewer").await;
    let mut listener = Listener::start(&viewer, None).await;

    let item = make_item(&manager, "SAL-1").await;
    let heard = listener.next().await.expect("a change");

    assert_eq!(heard.event, "change");
    let expected = json!({ "kind": "inventory.item", "id": item["id"], "version": 1 });
    assert_eq!(heard.data, expected);
    server.finish().await;
}

#[tokio::test]
async fn orders_and_suppliers_are_told_to_those_who_see_prices() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let mut viewer = Listener::start(&server.person("viewer").await, None).await;
    let mut buyer = Listener::start(&manager, None).await;

    manager.post("/inventory/suppliers", &json!({ "name": "Nordsee" })).await.is(201);
    manager.post("/inventory/purchase-orders", &json!({ "lines": [] })).await.is(201);
    make_item(&manager, "SAL-1").await;

    let heard = viewer.next().await.expect("a change");
    assert_eq!(heard.data["kind"], "inventory.item");
    for kind in ["inventory.supplier", "inventory.order", "inventory.item"] {
        assert_eq!(buyer.next().await.expect("a change").data["kind"], kind);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_runs_low_is_told_to_everybody_who_reads_and_does_not_count() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);
    let item = make_item(&manager, "SAL-1").await;
    let mut changed = item.clone();
    changed["min_qty"] = json!("5");
    let mut viewer = Listener::start(&server.person("viewer").await, None).await;
    let mut counter = Listener::start(&server.person("counter").await, None).await;

    let at = format!("/inventory/items/{}", item["id"].as_str().expect("an id"));
    admin.change(Method::PUT, &at, 1, &changed).await.is(200);

    assert_eq!(viewer.next().await.expect("a change").data["kind"], "inventory.item");
    let told = viewer.next().await.expect("a change").data;
    let expected = json!({ "kind": "inventory.low-stock", "id": item["id"], "version": null });
    assert_eq!(told, expected);
    // Whoever counts may be counting blind, now or in a moment.
    let other = make_item(&manager, "SAL-2").await;
    for heard in [&item, &other] {
        let told = counter.next().await.expect("a change").data;
        assert_eq!((&told["kind"], &told["id"]), (&json!("inventory.item"), &heard["id"]));
    }
    server.finish().await;
}

#[tokio::test]
async fn changes_come_in_the_order_they_were_committed() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let mut listener = Listener::start(&manager, None).await;

    let mut made = Vec::new();
    for number in 0..20 {
        made.push(make_item(&manager, &format!("A-{number}")).await["id"].clone());
    }

    let mut last = 0;
    for id in made {
        let heard = listener.next().await.expect("a change");
        assert_eq!(heard.data["id"], id);
        assert!(heard.id > last, "{heard:?}");
        last = heard.id;
    }
    server.finish().await;
}

#[tokio::test]
async fn whoever_was_away_hears_what_it_missed_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let mut listener = Listener::start(&manager, None).await;
    make_item(&manager, "A-1").await;
    let heard = listener.next().await.expect("a change");
    drop(listener);
    let missed = [make_item(&manager, "A-2").await, make_item(&manager, "A-3").await];

    let mut again = Listener::start(&manager, Some(heard.id)).await;

    for item in missed {
        assert_eq!(again.next().await.expect("a change").data["id"], item["id"]);
    }
    let after = make_item(&manager, "A-4").await;
    assert_eq!(again.next().await.expect("a change").data["id"], after["id"]);
    server.finish().await;
}

#[tokio::test]
async fn who_may_see_the_members_hears_that_they_changed_and_nobody_else_does() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let mut to_manager = Listener::start(&manager, None).await;
    let mut to_viewer = Listener::start(&viewer, None).await;

    let invitation = json!({ "email": "new@example.com", "role": "counter" });
    owner.post("/invitations", &invitation).await.is(201);
    let heard = to_manager.next().await.expect("a change");
    let item = make_item(&manager, "A-1").await;

    let expected = json!({ "kind": "workspace.member",
        "id": server.workspace.to_string(), "version": null });
    assert_eq!((heard.event.as_str(), heard.data), ("change", expected));
    assert_eq!(to_manager.next().await.expect("a change").data["id"], item["id"]);
    let only = to_viewer.next().await.expect("a change");
    assert_eq!(only.data["id"], item["id"], "the viewer heard of the invitation");
    server.finish().await;
}

#[tokio::test]
async fn who_may_see_the_members_hears_that_one_of_them_was_renamed_or_shut_out() {
    let server = TestServer::start().await;
    let (operator, manager) = (server.operator().await, server.person("manager").await);
    let viewer = server.person("viewer").await;
    server.account("iva@example.com", "counter").await;
    let other = json!({ "name": "Elsewhere", "email": "else@example.com" });
    let other = operator.post("/api/v1/users", &other).await.is(201);
    let found = operator.get("/api/v1/users?q=iva@example.com").await.is(200);
    let mut member = found["items"][0].clone();
    let mut to_manager = Listener::start(&manager, None).await;
    let mut to_viewer = Listener::start(&viewer, None).await;

    for change in [json!({ "name": "Iva Horvat" }), json!({ "disabled": true })] {
        let path = format!("/api/v1/users/{}", member["id"].as_str().expect("an id"));
        let version = member["version"].as_i64().expect("a version");
        member = operator.change(Method::PATCH, &path, version, &change).await.is(200);

        let heard = to_manager.next().await.expect("a change");
        assert_eq!(heard.data["kind"], "workspace.member", "{change}");
        assert_eq!(heard.data["id"], server.workspace.to_string());
    }
    let path = format!("/api/v1/users/{}", other["user"]["id"].as_str().expect("an id"));
    operator.change(Method::PATCH, &path, 1, &json!({ "name": "Nobody" })).await.is(200);
    let item = make_item(&manager, "A-1").await;
    assert_eq!(to_manager.next().await.expect("a change").data["id"], item["id"]);
    assert_eq!(to_viewer.next().await.expect("a change").data["id"], item["id"]);
    server.finish().await;
}

#[tokio::test]
async fn whoever_comes_from_another_log_is_told_to_fetch_anew_and_goes_on() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    make_item(&manager, "A-1").await;

    let mut listener = Listener::start(&manager, Some(1_000_000)).await;
    let reload = listener.next().await.expect("a message");
    let item = make_item(&manager, "A-2").await;
    let change = listener.next().await.expect("a change");

    assert_eq!(reload.event, "reload");
    assert_eq!(change.event, "change");
    assert_eq!(change.data["id"], item["id"]);
    assert!(reload.id < change.id);
    server.finish().await;
}

#[tokio::test]
async fn refusals_and_kinds_without_a_permission_are_not_told() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let viewer = server.person("viewer").await;
    let (screen, _) = with_token(&server, &["events.read", "workspace.read"]).await;
    let mut all = Listener::start(&manager, None).await;
    let mut narrow = Listener::start(&screen, None).await;

    viewer.get("/audit").await.is_problem(403, "forbidden");
    let item = make_item(&manager, "A-1").await;

    assert_eq!(all.next().await.expect("a change").data["id"], item["id"]);
    server.platform.tasks.begin_stop();
    assert!(narrow.next().await.is_none(), "the narrow token heard of something");
    server.finish().await;
}

#[tokio::test]
async fn who_may_not_listen_gets_no_stream() {
    let server = TestServer::start().await;
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;
    let path = format!("/api/v1/workspaces/{}/events", server.workspace);
    let (deaf, _) = with_token(&server, &["inventory.read"]).await;

    outsider.get(&path).await.is_problem(404, "not-found");
    deaf.get(&path).await.is_problem(403, "forbidden");
    server.stranger().get(&path).await.is_problem(401, "sign-in-needed");
    outsider.get("/api/v1/events").await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let server = TestServer::start().await;
    let (screen, id) = with_token(&server, &["events.read", "inventory.read"]).await;
    let mut listener = Listener::start(&screen, None).await;
    let browser = server.browser();
    browser.sign_in("mira@example.com", crate::support::PASSWORD).await.is(200);

    browser.delete(&format!("/api/v1/me/tokens/{id}")).await.is(204);

    assert!(listener.next().await.is_none());
    server.finish().await;
}

#[tokio::test]
async fn streams_of_a_deleted_workspace_end() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let mut viewers = Listener::start(&server.person("viewer").await, None).await;
    let mut owners = Listener::start(&owner, None).await;

    owner.change(Method::DELETE, "", 1, &Value::Null).await.is(204);

    assert!(viewers.next().await.is_none());
    assert!(owners.next().await.is_none());
    server.finish().await;
}

#[tokio::test]
async fn everybody_in_a_workspace_hears_that_its_settings_changed() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let mut listener = Listener::start(&server.person("viewer").await, None).await;

    owner.change(Method::PATCH, "", 1, &json!({ "week_start": 7 })).await.is(200);
    let renamed = listener.next().await.expect("a change");
    owner.post("/archive", &json!({})).await.is(200);
    let archived = listener.next().await.expect("a change");

    let id = server.workspace.to_string();
    assert_eq!(renamed.data, json!({ "kind": "workspace", "id": id, "version": 2 }));
    assert_eq!(archived.data, json!({ "kind": "workspace", "id": id, "version": 3 }));
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_switched_off_is_not_told_of() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    make_item(&owner, "A-1").await;
    owner.change(Method::PATCH, "", 1, &json!({ "apps": [] })).await.is(200);

    let mut listener = Listener::start(&owner, Some(0)).await;
    owner.change(Method::PATCH, "", 2, &json!({ "week_start": 7 })).await.is(200);

    let heard = listener.next().await.expect("a change");
    assert_eq!(heard.data["kind"], "workspace");
    server.finish().await;
}

#[tokio::test]
async fn streams_end_when_the_box_stops() {
    let server = TestServer::start().await;
    let mut on_workspace = Listener::start(&server.person("viewer").await, None).await;
    let operator = server.operator().await;
    let mut on_box = Listener::start_at(&operator, "/api/v1/events", None).await;

    server.platform.tasks.begin_stop();

    assert!(on_workspace.next().await.is_none());
    assert!(on_box.next().await.is_none());
    server.finish().await;
}

#[tokio::test]
async fn operators_hear_of_the_box() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let mut listener = Listener::start_at(&operator, "/api/v1/events", None).await;

    let second = server.second_workspace().await;

    let heard = listener.next().await.expect("a change");
    assert_eq!(heard.data["kind"], "workspace");
    assert_eq!(heard.data["id"], second.to_string());
    server.finish().await;
}

#[tokio::test]
async fn streams_of_one_person_are_bounded_and_a_closed_one_makes_room() {
    let server = TestServer::start_with(&[("limits.event_streams_per_caller_max", "2")]).await;
    let viewer = server.person("viewer").await;
    let first = Listener::start(&viewer, None).await;
    let second = Listener::start(&viewer, None).await;

    let refused = viewer.get("/events").await;
    Listener::start(&server.person("viewer").await, None).await;
    drop(first);

    refused.is_problem(429, "too-many-streams");
    assert_eq!(refused.header("retry-after"), Some("30"));
    drop(Listener::start(&viewer, None).await);
    drop(second);
    assert_eq!(server.platform.streams.count(), 0);
    server.finish().await;
}

#[tokio::test]
async fn jobs_are_told_to_those_who_may_see_them() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);
    let viewer = server.person("viewer").await;
    let mut of_manager = Listener::start(&manager, None).await;
    let mut of_viewer = Listener::start(&viewer, None).await;

    let body = json!({ "kind": "inventory.self-check" });
    let job = admin.post("/jobs", &body).await.is(202);
    server.run_jobs().await;

    for version in 1..=3 {
        let heard = of_manager.next().await.expect("waiting, running and done");
        assert_eq!(heard.data, json!({ "kind": "job", "id": job["id"], "version": version }));
    }
    make_item(&manager, "SAL-1").await;
    let heard = of_viewer.next().await.expect("a change");
    assert_eq!(heard.data["kind"], "inventory.item", "the viewer hears of no jobs");
    server.finish().await;
}

#[tokio::test]
async fn a_notice_is_told_to_the_windows_of_its_person_alone() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let mira = server.user("viewer").await;
    let (client, member) = (server.token_of(mira).await, format!("/members/{mira}"));
    let (mut hers, mut others) =
        (Listener::start(&client, None).await, Listener::start(&owner, None).await);

    owner.change(Method::PATCH, &member, 1, &json!({ "role": "manager" })).await.is(200);
    holdfast::platform::notices::runner::run_due(&server.platform).await.expect("a look");
    make_item(&owner, "SAL-1").await;

    let told = loop {
        // Who belongs to the workspace has changed as well, and in no order.
        let heard = hers.next().await.expect("a message");
        if heard.data["kind"] == "notice" {
            break heard;
        }
    };
    assert_eq!(told.data.as_object().map(serde_json::Map::len), Some(3), "{told:?}");
    loop {
        let heard = others.next().await.expect("a message");
        assert_ne!(heard.data["kind"], "notice", "{heard:?}");
        if heard.data["kind"] == "inventory.item" {
            break;
        }
    }
    server.finish().await;
}
