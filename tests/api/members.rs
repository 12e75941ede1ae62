//! Members: roles, the last owner, and how fast a change acts.

use std::time::Duration;

use futures_util::StreamExt;
use http::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Client, TestServer, nothing, system};

/// How fast a change must act on what is open.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Every member as the caller sees them.
async fn members(client: &Client) -> Vec<Value> {
    let listed = client.get("/members").await.is(200);
    listed["items"].as_array().expect("a list").clone()
}

async fn you(client: &Client) -> Value {
    let all = members(client).await;
    all.into_iter().find(|one| one["is_you"] == true).expect("the caller")
}

/// The only member with a role.
async fn with_role(client: &Client, role: &str) -> Value {
    let all = members(client).await;
    let found: Vec<_> = all.into_iter().filter(|one| one["role"] == role).collect();
    assert_eq!(found.len(), 1, "{role}: {found:?}");
    found[0].clone()
}

fn path(member: &Value) -> String {
    format!("/members/{}", member["user_id"].as_str().expect("an id"))
}

async fn give(client: &Client, member: &Value, role: &str) -> crate::support::Reply {
    let version = member["version"].as_i64().expect("a version");
    client.change(Method::PATCH, &path(member), version, &json!({ "role": role })).await
}

async fn remove(client: &Client, member: &Value) -> crate::support::Reply {
    let version = member["version"].as_i64().expect("a version");
    client.change(Method::DELETE, &path(member), version, &json!({})).await
}

/// An open event stream: the text of messages as they come.
async fn follow(client: &Client) -> axum::body::BodyDataStream {
    let response = client.answer(Method::GET, "/events", &[], "").await;
    assert_eq!(response.status(), 200);
    let mut stream = response.into_body().into_data_stream();
    let first = told(&mut stream).await.expect("where the stream begins");
    assert!(!first.contains("data:"), "{first}");
    stream
}

async fn told(stream: &mut axum::body::BodyDataStream) -> Option<String> {
    let next = timeout(AT_ONCE, stream.next()).await.expect("something within a second");
    next.map(|bytes| String::from_utf8(bytes.expect("a stream").to_vec()).expect("text"))
}

#[tokio::test]
async fn members_are_listed_in_pages_to_managers_and_above() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    server.person("owner").await;
    server.person("viewer").await;

    let first = manager.get("/members?limit=2").await.is(200);
    let cursor = first["next_cursor"].as_str().expect("another page");
    let second = manager.get(&format!("/members?limit=2&cursor={cursor}")).await.is(200);

    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], Value::Null);
    let you = you(&manager).await;
    assert_eq!((&you["role"], &you["version"]), (&json!("manager"), &json!(1)));
    assert_eq!(you["joined_at"], "2026-11-21T06:00:00.000Z");
    assert_eq!(you["is_disabled"], false);
    for role in ["counter", "analyst", "member", "viewer"] {
        server.person(role).await.get("/members").await.is_problem(403, "forbidden");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_changed_role_acts_at_once_on_requests_and_streams() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let manager = server.person("manager").await;
    let mut stream = follow(&manager).await;
    let item = json!({ "item_number": "A-1", "name": "Salt", "unit": "kg" });
    manager.post("/inventory/items", &item).await.is(201);
    assert!(told(&mut stream).await.expect("a change").contains("inventory.item"));

    let changed = give(&admin, &with_role(&admin, "manager").await, "viewer").await;

    let body = changed.is(200);
    assert_eq!((&body["role"], &body["version"]), (&json!("viewer"), &json!(2)));
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let message = told(&mut stream).await.expect("the stream goes on");
    assert!(message.contains("event: reload"), "{message}");
    manager.post("/inventory/items", &item).await.is_problem(403, "forbidden");
    manager.get("/members").await.is_problem(403, "forbidden");
    let me = manager.get("/api/v1/me").await.is(200);
    assert_eq!(me["workspaces"][0]["role"], "viewer");
    server.finish().await;
}

#[tokio::test]
async fn a_demoted_listener_is_not_told_what_waited_for_it() {
    let server = TestServer::start().await;
    let (owner, admin) = (server.person("owner").await, server.person("admin").await);
    let mut stream = follow(&admin).await;
    give(&owner, &with_role(&owner, "admin").await, "viewer").await.is(200);
    let item = json!({ "item_number": "A-1", "name": "Salt", "unit": "kg" });
    owner.post("/inventory/items", &item).await.is(201);

    let first = told(&mut stream).await.expect("a message");
    let second = told(&mut stream).await.expect("a message");

    assert!(first.contains("event: reload"), "{first}");
    assert!(second.contains("inventory.item"), "{second}");
    server.finish().await;
}

#[tokio::test]
async fn a_removed_member_sees_nothing_any_more_and_their_stream_ends() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let viewer = server.person("viewer").await;
    let mut stream = follow(&viewer).await;
    let member = with_role(&admin, "viewer").await;

    remove(&admin, &member).await.is(204);

    assert_eq!(told(&mut stream).await, None);
    viewer.get("/inventory/items").await.is_problem(404, "not-found");
    assert_eq!(viewer.get("/api/v1/me").await.is(200)["workspaces"], json!([]));
    remove(&admin, &member).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn tokens_for_the_workspace_alone_end_with_the_membership_and_do_not_come_back() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let browser = server.signed_in("iva@example.com", "viewer").await;
    let bound = json!({ "name": "Scale", "expires_in_days": 9,
        "workspace_id": server.workspace.to_string() });
    let free = json!({ "name": "Mine", "expires_in_days": 9 });
    browser.post("/api/v1/me/tokens", &bound).await.is(201);
    browser.post("/api/v1/me/tokens", &free).await.is(201);
    let member = with_role(&admin, "viewer").await;

    remove(&admin, &member).await.is(204);

    let tokens = browser.get("/api/v1/me/tokens").await.is(200);
    let names: Vec<_> = tokens["items"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Mine"]);
    server.finish().await;
}

#[tokio::test]
async fn of_two_who_change_one_role_the_second_is_told() {
    let server = TestServer::start().await;
    let (one, two) = (server.person("owner").await, server.person("admin").await);
    server.person("viewer").await;
    let seen = with_role(&one, "viewer").await;

    give(&one, &seen, "counter").await.is(200);
    let late = give(&two, &seen, "manager").await.is_problem(412, "stale");

    assert_eq!(late["version"], 2);
    remove(&two, &seen).await.is_problem(412, "stale");
    let body = json!({ "role": "viewer" });
    two.json(Method::PATCH, &path(&seen), &[], &body).await.is_problem(428, "version-needed");
    assert_eq!(with_role(&one, "counter").await["version"], 2);
    server.finish().await;
}

#[tokio::test]
async fn admins_neither_make_nor_touch_owners() {
    let server = TestServer::start().await;
    server.person("owner").await;
    let admin = server.person("admin").await;
    server.person("viewer").await;
    let owner = with_role(&admin, "owner").await;

    give(&admin, &owner, "viewer").await.is_problem(403, "forbidden");
    remove(&admin, &owner).await.is_problem(403, "forbidden");
    let viewer = with_role(&admin, "viewer").await;
    give(&admin, &viewer, "owner").await.is_field_problem("role", "role-above-own");
    give(&admin, &you(&admin).await, "owner").await.is_field_problem("role", "role-above-own");

    assert_eq!(with_role(&admin, "owner").await, owner);
    server.finish().await;
}

#[tokio::test]
async fn the_last_owner_cannot_leave_step_down_or_be_removed() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let own = you(&owner).await;

    give(&owner, &own, "admin").await.is_problem(409, "last-owner");
    remove(&owner, &own).await.is_problem(409, "last-owner");
    owner.post("/leave", &json!({})).await.is_problem(409, "last-owner");

    let second = server.person("owner").await;
    owner.post("/leave", &json!({})).await.is(204);
    owner.get("/members").await.is_problem(404, "not-found");
    second.post("/leave", &json!({})).await.is_problem(409, "last-owner");
    server.finish().await;
}

#[tokio::test]
async fn an_owner_who_was_disabled_does_not_count() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let disabled = server.user("owner").await;
    let sql = "UPDATE users SET disabled_at = :now WHERE id = :user";
    server.change_user(disabled, sql).await;

    owner.post("/leave", &json!({})).await.is_problem(409, "last-owner");
    let heir = json!({ "user_id": disabled.to_string() });
    let refused = owner.post("/transfer-ownership", &heir).await;

    refused.is_field_problem("user_id", "member-disabled");
    let all = members(&owner).await;
    let theirs = all.iter().find(|one| one["is_disabled"] == true).expect("the disabled owner");
    remove(&owner, theirs).await.is(204);
    server.finish().await;
}

#[tokio::test]
async fn two_owners_who_demote_each_other_leave_one() {
    let server = TestServer::start().await;
    let (one, two) = (server.person("owner").await, server.person("owner").await);
    let (first, second) = (you(&one).await, you(&two).await);

    let (by_one, by_two) =
        tokio::join!(give(&one, &second, "viewer"), give(&two, &first, "viewer"));

    let statuses = [by_one.status.as_u16(), by_two.status.as_u16()];
    assert!(statuses.contains(&200) && statuses.contains(&403), "{statuses:?}");
    server.finish().await;
}

#[tokio::test]
async fn anybody_else_leaves_when_they_like_and_so_does_an_admin_who_removes_themselves() {
    let server = TestServer::start().await;
    server.person("owner").await;
    let (viewer, admin) = (server.person("viewer").await, server.person("admin").await);

    viewer.post("/leave", &json!({})).await.is(204);
    remove(&admin, &you(&admin).await).await.is(204);

    for gone in [viewer, admin] {
        gone.get("/inventory/items").await.is_problem(404, "not-found");
    }
    assert_eq!(server.box_counts().await["workspace.member.left"], 2);
    server.finish().await;
}

#[tokio::test]
async fn a_workspace_is_handed_over_and_the_giver_stays_as_admin() {
    let server = TestServer::start().await;
    let (owner, counter) = (server.person("owner").await, server.person("counter").await);
    let heir = json!({ "user_id": with_role(&owner, "counter").await["user_id"] });
    for role in ["admin", "manager"] {
        let other = server.person(role).await;
        other.post("/transfer-ownership", &heir).await.is_problem(403, "forbidden");
    }
    for odd in
        [json!(nothing::<()>().to_string()), json!("x"), you(&owner).await["user_id"].clone()]
    {
        let refused = owner.post("/transfer-ownership", &json!({ "user_id": odd })).await;
        refused.is_field_problem("user_id", "member-unknown");
    }

    let given = owner.post("/transfer-ownership", &heir).await.is(200);

    assert_eq!((&given["role"], &given["version"]), (&json!("owner"), &json!(2)));
    assert_eq!(you(&counter).await["role"], "owner");
    assert_eq!(you(&owner).await["role"], "admin");
    owner.post("/transfer-ownership", &heir).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn members_of_another_workspace_are_out_of_reach() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;
    let ours = you(&owner).await;

    give(&outsider, &ours, "viewer").await.is_problem(404, "not-found");
    remove(&outsider, &ours).await.is_problem(404, "not-found");
    outsider.in_workspace(server.workspace).get("/members").await.is_problem(404, "not-found");
    let heir = json!({ "user_id": ours["user_id"] });
    let refused = outsider.post("/transfer-ownership", &heir).await;

    refused.is_field_problem("user_id", "member-unknown");
    assert_eq!(members(&outsider).await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn every_change_is_in_the_boxs_log_with_the_workspace() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    server.person("viewer").await;
    let viewer = with_role(&owner, "viewer").await;
    let changed = give(&owner, &viewer, "counter").await.is(200);
    give(&owner, &changed, "counter").await.is(200);
    remove(&owner, &changed).await.is(204);

    let ctx = system(&server.platform);
    let filter = holdfast::platform::audit::ops::Filter {
        object: Some(server.workspace.cast()),
        action: Some("workspace.member".to_owned()),
        ..holdfast::platform::audit::ops::Filter::default()
    };
    let shown = holdfast::platform::audit::ops::list_box(&ctx, filter, 10).await.expect("the log");

    let said: Vec<_> = shown.iter().map(|one| one.record.action.as_str()).collect();
    let expected = [
        "workspace.member.removed",
        "workspace.member.changed",
        "workspace.member.added",
        "workspace.member.added",
    ];
    assert_eq!(said, expected, "nothing is written where nothing changed");
    let role = r#""role":{"from":"viewer","to":"counter"}"#;
    assert!(shown[1].record.changes.contains(role), "{}", shown[1].record.changes);
    assert!(shown[1].record.changes.contains(viewer["user_id"].as_str().unwrap()));
    server.finish().await;
}
