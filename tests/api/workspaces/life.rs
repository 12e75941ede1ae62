//! Archiving, deleting with a grace, restoring, wiping, and what is gone for good.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast::platform::access::Role;
use holdfast::platform::clock::Clock;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::workspaces::{self, WorkspaceId};
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestServer, system};

const DAY: Duration = Duration::from_hours(24);

async fn item(client: &Client, number: &str) -> Reply {
    let item = json!({ "item_number": number, "name": "Salt", "unit": "kg" });
    client.post("/inventory/items", &item).await
}

async fn archive(client: &Client) -> Value {
    client.post("/archive", &json!({})).await.is(200)
}

pub(super) async fn delete(client: &Client) {
    let version = client.get("").await.is(200)["version"].as_i64().expect("a version");
    client.change(Method::DELETE, "", version, &Value::Null).await.is(204);
}

pub(super) async fn purge(server: &TestServer) -> usize {
    workspaces::ops::purge_due(&system(&server.platform)).await.expect("a purge")
}

fn states_of(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|one| one["state"].as_str().expect("a state")).collect()
}

/// A workspace to play with, and its owner.
async fn sample(server: &TestServer) -> (WorkspaceId, Client) {
    let ctx = system(&server.platform);
    let draft = Draft { name: "Playground".to_owned(), is_sample: true, ..Draft::default() };
    let made = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
    let id = made.id;
    let recorded = ctx.write(move |scope| workspaces::ops::record_in(scope, &made)).await;
    recorded.expect("a workspace");
    (id, server.person_in(id, "owner").await)
}

#[tokio::test]
async fn an_archived_workspace_is_read_and_not_changed() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let manager = server.person("manager").await;
    item(&manager, "S-1").await.is(201);

    let archived = archive(&admin).await;

    assert_eq!((&archived["state"], &archived["version"]), (&json!("archived"), &json!(2)));
    assert_eq!(archived["archived_at"], "2026-11-21T06:00:00.000Z");
    let items = manager.get("/inventory/items").await.is(200);
    assert_eq!(items["items"][0]["item_number"], "S-1");
    item(&manager, "S-2").await.is_problem(409, "workspace-archived");
    let id = items["items"][0]["id"].as_str().expect("an id");
    let path = format!("/inventory/items/{id}");
    let gone = manager.change(Method::DELETE, &path, 1, &Value::Null).await;
    gone.is_problem(409, "workspace-archived");
    let rename = admin.change(Method::PATCH, "", 2, &json!({ "name": "X" })).await;
    rename.is_problem(409, "workspace-archived");
    // Who may not do it is told so first.
    item(&server.person("viewer").await, "S-3").await.is_problem(403, "forbidden");
    // Looking over is no change.
    admin.post("/audit/verify", &json!({})).await.is(200);
    manager.post("/inventory/integrity", &json!({})).await.is(200);
    let me = manager.get("/api/v1/me").await.is(200);
    assert_eq!(me["workspaces"][0]["state"], "archived");
    server.finish().await;
}

#[tokio::test]
async fn archiving_and_restoring_twice_changes_nothing_more() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;

    let first = archive(&admin).await;
    let second = archive(&admin).await;
    let back = admin.post("/restore", &json!({})).await.is(200);
    let again = admin.post("/restore", &json!({})).await.is(200);

    assert_eq!(first, second);
    assert_eq!(back, again);
    assert_eq!((&back["state"], &back["archived_at"]), (&json!("active"), &Value::Null));
    item(&server.person("manager").await, "S-1").await.is(201);
    let counts = server.box_counts().await;
    assert_eq!((counts["workspace.archived"], counts["workspace.restored"]), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn only_owners_and_admins_archive_and_take_back() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let operator = server.operator().await;
    manager.post("/archive", &json!({})).await.is_problem(403, "forbidden");
    archive(&server.person("admin").await).await;

    manager.post("/restore", &json!({})).await.is_problem(403, "forbidden");
    // Running the box is no membership.
    operator.post("/restore", &json!({})).await.is_problem(404, "not-found");
    let outsider = server.person_in(server.second_workspace().await, "owner").await;
    let outsider = outsider.in_workspace(server.workspace);
    outsider.post("/restore", &json!({})).await.is_problem(404, "not-found");

    assert_eq!(manager.get("").await.is(200)["state"], "archived");
    server.finish().await;
}

#[tokio::test]
async fn a_deleted_workspace_is_nowhere_to_be_found() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let admin = server.person("admin").await;
    let operator = server.operator().await;
    admin.change(Method::DELETE, "", 1, &Value::Null).await.is_problem(403, "forbidden");
    owner.json(Method::DELETE, "", &[], &Value::Null).await.is_problem(428, "version-needed");
    owner.change(Method::DELETE, "", 9, &Value::Null).await.is_problem(412, "stale");

    delete(&owner).await;

    for client in [&owner, &admin] {
        client.get("").await.is_problem(404, "not-found");
        client.get("/inventory/items").await.is_problem(404, "not-found");
        client.get("/audit").await.is_problem(404, "not-found");
        client.get("/events").await.is_problem(404, "not-found");
        item(client, "S-1").await.is_problem(404, "not-found");
        assert_eq!(client.get("/api/v1/me").await.is(200)["workspaces"], json!([]));
        let usable = client.get("/api/v1/workspaces").await.is(200);
        assert_eq!(states_of(&usable), [] as [&str; 0]);
    }
    let deleted = "/api/v1/workspaces?state=deleted";
    let own = owner.get(deleted).await.is(200);
    assert_eq!(own["items"][0]["deleted_at"], "2026-11-21T06:00:00.000Z");
    assert_eq!(own["items"][0]["purge_at"], "2026-12-21T06:00:00.000Z");
    assert_eq!(states_of(&admin.get(deleted).await.is(200)), [] as [&str; 0]);
    assert_eq!(states_of(&operator.get(deleted).await.is(200)), ["deleted"]);
    server.finish().await;
}

#[tokio::test]
async fn owners_and_operators_bring_a_deleted_workspace_back_as_it_was() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let manager = server.person("manager").await;
    item(&manager, "S-1").await.is(201);
    archive(&owner).await;
    delete(&owner).await;
    for client in [&manager, &server.person("admin").await] {
        client.post("/restore", &json!({})).await.is_problem(404, "not-found");
    }

    let back = owner.post("/restore", &json!({})).await.is(200);

    assert_eq!((&back["state"], &back["deleted_at"]), (&json!("archived"), &Value::Null));
    assert_eq!(manager.get("/inventory/items").await.is(200)["items"][0]["item_number"], "S-1");
    delete(&owner).await;
    let operator = server.operator().await;
    assert_eq!(operator.post("/restore", &json!({})).await.is(200)["state"], "archived");
    assert_eq!(owner.post("/restore", &json!({})).await.is(200)["state"], "active");
    server.finish().await;
}

#[tokio::test]
async fn a_deleted_workspace_is_purged_after_thirty_days_and_not_before() {
    let server = TestServer::start().await;
    let id = server.second_workspace().await;
    let owner = server.person_in(id, "owner").await;
    item(&owner, "S-1").await.is(201);
    delete(&owner).await;
    let path = server.platform.workspaces.path(id);

    server.advance(DAY * 29 + Duration::from_hours(23));
    assert_eq!(purge(&server).await, 0);
    assert!(path.exists());
    server.advance(Duration::from_hours(1));
    assert_eq!(purge(&server).await, 1);

    for beside in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(beside);
        assert!(!std::path::Path::new(&name).exists(), "{beside}");
    }
    owner.post("/restore", &json!({})).await.is_problem(401, "sign-in-needed");
    let operator = server.operator().await.in_workspace(id);
    operator.post("/restore", &json!({})).await.is_problem(404, "not-found");
    let all = operator.get("/api/v1/workspaces?state=all").await.is(200);
    assert_eq!(states_of(&all), ["active"]);
    assert_eq!(purge(&server).await, 0);
    assert_eq!(server.box_counts().await["workspace.purged"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_purge_that_was_interrupted_is_finished_by_the_next() {
    let server = TestServer::start().await;
    let id = server.second_workspace().await;
    let owner = server.person_in(id, "owner").await;
    delete(&owner).await;
    let user = server.user("viewer").await;
    server
        .change_user(
            user,
            "UPDATE workspaces SET purged_at = 1 WHERE deleted_at > 0 AND :user > ''",
        )
        .await;
    let operator = server.operator().await.in_workspace(id);
    operator.post("/restore", &json!({})).await.is_problem(404, "not-found");

    assert_eq!(purge(&server).await, 1);

    assert!(!server.platform.workspaces.path(id).exists());
    assert_eq!(purge(&server).await, 0);
    server.finish().await;
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_purges_nothing_early() {
    let server = TestServer::start().await;
    let id = server.second_workspace().await;
    let owner = server.person_in(id, "owner").await;
    let Clock::Fixed(millis) = &server.clock else { panic!("a fixed clock") };
    let day = i64::try_from(DAY.as_millis()).expect("a day");
    millis.fetch_sub(day, Ordering::SeqCst);
    delete(&owner).await;

    // Forth again, and a day too far.
    millis.fetch_add(2 * day, Ordering::SeqCst);
    assert_eq!(purge(&server).await, 0);
    millis.fetch_sub(3 * day, Ordering::SeqCst);
    assert_eq!(purge(&server).await, 0);

    let back = owner.post("/restore", &json!({})).await.is(200);
    assert_eq!(back["state"], "active");
    item(&owner, "S-1").await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn a_sample_is_wiped_at_once_and_nothing_else_is() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let (id, player) = sample(&server).await;
    item(&player, "S-1").await.is(201);
    let path = server.platform.workspaces.path(id);
    assert_eq!(player.get("").await.is(200)["is_sample"], true);
    let helper = server.person_in(id, "admin").await;
    helper.post("/wipe", &json!({})).await.is_problem(403, "forbidden");

    owner.post("/wipe", &json!({})).await.is_problem(409, "not-a-sample");
    player.post("/wipe", &json!({})).await.is(204);

    assert!(!path.exists());
    player.get("").await.is_problem(404, "not-found");
    player.post("/wipe", &json!({})).await.is_problem(404, "not-found");
    assert_eq!(player.get("/api/v1/me").await.is(200)["workspaces"], json!([]));
    item(&owner, "S-1").await.is(201);
    let counts = server.box_counts().await;
    assert_eq!(counts["workspace.wiped"], 1);
    assert_eq!(counts.get("workspace.purged"), None);
    server.finish().await;
}

/// An import of many rows, ready to be taken over.
async fn import(client: &Client, rows: usize) -> String {
    let lines: Vec<String> = (0..rows).map(|row| format!("N-{row},Item {row},kg")).collect();
    let csv = format!("item_number,name,unit\n{}\n", lines.join("\n"));
    let headers = [("content-type", "text/csv")];
    let path = "/inventory/import/preview?kind=items";
    let preview = client.send(Method::POST, path, &headers, csv).await.is(200);
    format!("/inventory/import/{}/commit", preview["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn an_import_during_a_deletion_ends_whole_or_not_at_all() {
    const ROWS: usize = 1_500;
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let commit = import(&owner, ROWS).await;

    let nothing = json!({});
    let (imported, ()) = tokio::join!(owner.post(&commit, &nothing), delete(&owner));

    owner.post("/restore", &json!({})).await.is(200);
    let listed = owner.get("/inventory/items?total=true&limit=1").await.is(200);
    match imported.status.as_u16() {
        200 => assert_eq!(listed["total"], ROWS),
        404 => assert_eq!(listed["total"], 0),
        other => panic!("{other}: {}", imported.text()),
    }
    server.finish().await;
}

#[tokio::test]
async fn an_import_during_a_wipe_is_no_fault() {
    let server = TestServer::start().await;
    let (id, player) = sample(&server).await;
    let commit = import(&player, 1_500).await;

    let nothing = json!({});
    let (imported, wiped) =
        tokio::join!(player.post(&commit, &nothing), player.post("/wipe", &nothing));

    wiped.is(204);
    assert!(matches!(imported.status.as_u16(), 200 | 404), "{}", imported.text());
    assert!(!server.platform.workspaces.path(id).exists());
    server.finish().await;
}

#[tokio::test]
async fn the_box_enters_what_can_be_used() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let ctx = system(&server.platform);

    let inside = workspaces::ops::enter(&ctx, server.workspace).await.expect("a context");
    assert_eq!(inside.membership.role, Role::Owner);
    delete(&owner).await;

    assert!(workspaces::ops::enter(&ctx, server.workspace).await.is_err());
    server.finish().await;
}

#[tokio::test]
async fn members_of_an_archived_workspace_may_leave_and_be_removed() {
    let server = TestServer::start().await;
    let (owner, viewer) = (server.person("owner").await, server.person("viewer").await);
    let counter = server.user("counter").await;
    archive(&owner).await;

    let path = format!("/members/{counter}");
    owner.change(Method::DELETE, &path, 1, &Value::Null).await.is(204);
    viewer.post("/leave", &Value::Null).await.is(204);

    viewer.get("").await.is_problem(404, "not-found");
    owner.post("/leave", &Value::Null).await.is_problem(409, "last-owner");
    let members = owner.get("/members").await.is(200);
    assert_eq!(members["items"].as_array().expect("a list").len(), 1, "{members}");
    // Nobody comes in, and nobody becomes another.
    let invitation = json!({ "email": "iva@example.com", "role": "viewer" });
    owner.post("/invitations", &invitation).await.is_problem(409, "workspace-archived");
    server.finish().await;
}
