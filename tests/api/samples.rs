//! Sample data: always the same, posted like everything else, and nowhere but in a workspace of
//! its own.

use std::time::Duration;

use holdfast::platform::app::SampleProgress;
use holdfast::platform::ctx::{Ctx, Membership};
use holdfast::platform::error::Error;
use holdfast::platform::samples;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::workspaces::{self, WorkspaceId};
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, system};

/// A new workspace for sample data.
async fn sample_workspace(server: &TestServer) -> WorkspaceId {
    let ctx = system(&server.platform);
    let draft = Draft { name: "Sample".to_owned(), is_sample: true, ..Draft::default() };
    let made = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
    let id = made.id;
    let written = ctx.write(move |scope| workspaces::ops::record_in(scope, &made)).await;
    written.expect("a workspace");
    id
}

/// The box's own context on a workspace.
fn inside(server: &TestServer, workspace: WorkspaceId) -> Ctx {
    let membership = Membership { workspace, ..server.inside().membership };
    Ctx::new(system(&server.platform), membership)
}

async fn load(server: &TestServer, workspace: WorkspaceId) -> SampleProgress {
    let ctx = inside(server, workspace);
    samples::ops::load(&ctx, |_| Ok(())).await.expect("sample data")
}

/// Loads so many parts and is then interrupted.
async fn load_parts(server: &TestServer, workspace: WorkspaceId, parts: usize) {
    let (ctx, mut left) = (inside(server, workspace), parts);
    let outcome = samples::ops::load(&ctx, |_| {
        left -= 1;
        if left == 0 { Err(Error::internal("the power is gone")) } else { Ok(()) }
    });
    assert!(outcome.await.is_err());
}

/// The whole ledger without ids: type, item, place, quantity, worth, when, and what was noted.
async fn ledger(server: &TestServer, workspace: WorkspaceId) -> Vec<String> {
    let ctx = inside(server, workspace);
    let read = ctx.read(|scope| {
        let mut statement = scope.prepare_cached(
            "SELECT concat_ws('|', m.type, i.item_number, l.code, m.qty, m.value, m.effective_at,
                 m.note, m.reference, m.reverses_seq)
             FROM movements AS m JOIN items AS i ON i.rid = m.item_id
             JOIN locations AS l ON l.rid = m.location_id ORDER BY m.seq",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    });
    read.await.expect("the ledger")
}

async fn total(client: &Client, query: &str) -> Value {
    let list = client.get(&format!("/inventory/items?limit=1&total=true{query}")).await.is(200);
    list["total"].clone()
}

#[tokio::test]
async fn the_sample_kitchens_are_complete_and_add_up() {
    let server = TestServer::start().await;
    let workspace = sample_workspace(&server).await;

    let loaded = load(&server, workspace).await;

    assert_eq!((loaded.done, loaded.total), (9_935, 9_935));
    let owner = server.person_in(workspace, "owner").await;
    assert_eq!(total(&owner, "").await, 420);
    assert_eq!(total(&owner, "&low=true").await, 15);
    let places = owner.get("/inventory/locations?limit=200").await.is(200);
    assert_eq!(places["items"].as_array().map(Vec::len), Some(24));
    assert_eq!(ledger(&server, workspace).await.len(), 10_877);
    let findings = owner.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(findings["ok"], true, "{findings}");
    let lowest = owner.get("/inventory/items?sort=on_hand&limit=1").await.is(200);
    assert!(lowest["items"][0]["on_hand"].as_str().is_some_and(|qty| !qty.starts_with('-')));
    let verdict = holdfast::platform::audit::ops::verify(&inside(&server, workspace)).await;
    let verdict = verdict.expect("the log");
    // A movement, an item with its supplier, a place and a supplier each have an entry, so has each
    // fall below a minimum, and the end of it all.
    assert_eq!((verdict.bad, verdict.checked), (None, 10_877 + 420 + 24 + 14 + 38 + 1));
    // The workspace beside it has nothing of this.
    let neighbour = server.person("owner").await;
    assert_eq!(total(&neighbour, "").await, 0);
    assert_eq!(server.audit_actions().await, Vec::<String>::new());
    server.finish().await;
}

#[tokio::test]
async fn loading_goes_on_where_it_was_cut_off_and_tells_the_same_story() {
    let server = TestServer::start().await;
    let whole = sample_workspace(&server).await;
    let cut = sample_workspace(&server).await;
    let first = load(&server, whole).await;

    load_parts(&server, cut, 3).await;
    let server = server.restart().await;
    // The story is told from the day on which its first part was loaded.
    server.advance(Duration::from_hours(30));
    load_parts(&server, cut, 2).await;
    let second = load(&server, cut).await;

    assert_eq!(first, second);
    assert_eq!(ledger(&server, whole).await, ledger(&server, cut).await);
    let again = load(&server, cut).await;
    assert_eq!(again, second);
    assert_eq!(ledger(&server, cut).await.len(), 10_877);
    server.finish().await;
}

#[tokio::test]
async fn sample_data_goes_only_into_an_empty_sample_workspace() {
    let server = TestServer::start().await;
    let used = sample_workspace(&server).await;
    let owner = server.person_in(used, "owner").await;
    crate::inventory::item(&owner, "OWN-1").await;

    let into_used = samples::ops::load(&inside(&server, used), |_| Ok(())).await;
    let into_plain = samples::ops::load(&server.inside(), |_| Ok(())).await;

    let Err(Error::Conflict(refusal)) = into_used else { panic!("{into_used:?}") };
    assert_eq!(refusal.code, "sample-data-not-alone");
    assert!(into_plain.is_err());
    assert_eq!(total(&owner, "").await, 1);
    assert_eq!(server.audit_actions().await, Vec::<String>::new());
    server.finish().await;
}

#[tokio::test]
async fn loading_stops_when_somebody_changed_what_it_needs() {
    let server = TestServer::start().await;
    let workspace = sample_workspace(&server).await;
    load_parts(&server, workspace, 1).await;
    let owner = server.person_in(workspace, "owner").await;
    let found = owner.get("/inventory/items?q=WIN-015").await.is(200);
    let barolo = &found["items"][0];
    let body = json!({ "item_number": "MINE", "name": "Barolo", "unit": "bottle" });
    let path = format!("/inventory/items/{}", barolo["id"].as_str().unwrap_or_default());
    owner.change(Method::PUT, &path, 1, &body).await.is(200);

    let outcome = samples::ops::load(&inside(&server, workspace), |_| Ok(())).await;

    let Err(Error::Conflict(refusal)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal.code, "sample-data-changed");
    let findings = owner.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(findings["ok"], true, "{findings}");
    server.finish().await;
}

const ALL: &str = "/api/v1/workspaces";

fn id_of(workspace: &Value) -> WorkspaceId {
    workspace["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// The states of the jobs that load sample data, newest first.
async fn loadings(operator: &Client) -> Vec<Value> {
    let list = operator.get("/api/v1/jobs?kind=workspace.sample-data").await.is(200);
    list["items"].as_array().expect("a list").iter().map(|job| job["state"].clone()).collect()
}

#[tokio::test]
async fn a_sample_workspace_is_made_filled_and_wiped_without_a_trace() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let body = json!({ "name": "To play", "currency": "USD", "load_sample_data": true });
    let key = operator.saying("idempotency-key", "play-1");

    let made = key.post(ALL, &body).await.is(201);
    let again = key.post(ALL, &body).await.is(201);

    assert_eq!((&made["is_sample"], &again["id"]), (&json!(true), &made["id"]));
    assert_eq!(loadings(&operator).await, ["waiting"]);
    server.run_jobs().await;
    assert_eq!(loadings(&operator).await, ["done"]);
    let player = operator.in_workspace(id_of(&made));
    assert_eq!(total(&player, "").await, 420);
    let jobs = player.get("/jobs").await.is(200);
    let progress = json!({ "done": 9_935, "total": 9_935 });
    assert_eq!(jobs["items"][0]["progress"], progress);
    let path = server.platform.workspaces.path(id_of(&made));
    assert!(path.exists());
    player.post("/wipe", &json!({})).await.is(204);
    assert!(!path.exists());
    player.get("/inventory/items").await.is_problem(404, "not-found");
    let left = operator.get(&format!("{ALL}?state=all")).await.is(200);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1));
    server.run_jobs().await;
    assert!(!path.exists(), "a job brought it back");
    server.finish().await;
}

#[tokio::test]
async fn a_workspace_wiped_before_it_is_filled_stays_gone() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let body = json!({ "name": "To play", "load_sample_data": true });
    let made = operator.post(ALL, &body).await.is(201);

    operator.in_workspace(id_of(&made)).post("/wipe", &json!({})).await.is(204);
    server.run_jobs().await;

    assert!(!server.platform.workspaces.path(id_of(&made)).exists());
    let states = loadings(&operator).await;
    assert!(!states.contains(&json!("done")) && !states.contains(&json!("failed")), "{states:?}");
    server.finish().await;
}
