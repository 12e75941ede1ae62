//! Large files in and out while nobody waits.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::path;
use crate::inventory::item;
use crate::support::{Client, TestServer, nothing};

const ITEMS: &str = "item_number,name,unit\nA,Apple,kg\nB,Beet,kg\n";

async fn preview(client: &Client, csv: &str) -> String {
    let path = "/inventory/import/preview?kind=items";
    let shown = client.send(Method::POST, path, &[("content-type", "text/csv")], csv.to_owned());
    shown.await.is(200)["id"].as_str().expect("an id").to_owned()
}

async fn commit_later(client: &Client, import: &str) -> crate::support::Reply {
    let path = format!("/inventory/import/{import}/commit");
    client.json(Method::POST, &path, &[("prefer", "respond-async, wait=10")], &Value::Null).await
}

#[tokio::test]
async fn an_import_is_taken_over_by_a_job_and_its_asker_sees_the_report() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let import = preview(&manager, ITEMS).await;

    let accepted = commit_later(&manager, &import).await;
    let again = commit_later(&manager, &import).await.is(202);
    assert_eq!(accepted.header("preference-applied"), Some("respond-async"));
    let job = accepted.is(202)["job"].clone();
    assert_eq!((&job["kind"], &job["state"]), (&json!("inventory.import"), &json!("waiting")));
    assert_eq!(again["job"]["id"], job["id"], "one is enough");
    assert_eq!(server.run_jobs().await, 1);

    let done = manager.get(&path(&job)).await.is(200);
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["result"], json!({ "created": 2, "updated": 0, "skipped": 0 }));
    let items = manager.get("/inventory/items").await.is(200);
    assert_eq!(items["items"].as_array().expect("a list").len(), 2);
    let user = done["requested_by"]["id"].as_str().expect("who asked");
    let audit = server.person("admin").await.get("/audit?action=inventory.import.committed").await;
    assert_eq!(audit.is(200)["items"][0]["actor"]["id"], user, "it is the asker's doing");
    server.finish().await;
}

#[tokio::test]
async fn an_import_that_cannot_be_done_is_refused_at_once_or_fails_with_its_reason() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let wrong = preview(&manager, "item_number,name,unit\n,Apple,kg\n").await;
    commit_later(&manager, &wrong).await.is_problem(409, "import-has-errors");
    commit_later(&manager, &nothing::<()>().to_string()).await.is_problem(404, "not-found");
    let stale = preview(&manager, ITEMS).await;
    let job = commit_later(&manager, &stale).await.is(202)["job"].clone();
    item(&manager, "A").await;

    server.run_jobs().await;

    let failed = manager.get(&path(&job)).await.is(200);
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["problem"]["code"], "import-stale", "{failed}");
    let items = manager.get("/inventory/items").await.is(200);
    assert_eq!(items["items"].as_array().expect("a list").len(), 1, "nothing of it came");
    server.finish().await;
}

#[tokio::test]
async fn an_export_is_written_by_a_job_and_kept_for_a_day() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for number in ["A", "B", "C"] {
        item(&manager, number).await;
    }

    let accepted = manager.post("/inventory/exports", &json!({ "kind": "items" })).await.is(202);
    server.run_jobs().await;
    let job = manager.get(&path(&accepted["job"])).await.is(200);

    assert_eq!(job["state"], "done", "{job}");
    let (file, size) =
        (job["result"]["file"].as_str().expect("a file"), &job["result"]["size_bytes"]);
    let direct = manager.get("/inventory/export/items.csv").await.text();
    let fetched = manager.get(file).await;
    assert_eq!((fetched.status.as_u16(), fetched.text()), (200, direct));
    assert_eq!(job["result"]["rows"], 3);
    assert_eq!(*size, fetched.bytes.len());
    assert_eq!(fetched.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = fetched.header("content-disposition").expect("a name");
    assert_eq!(name, "attachment; filename=\"items-2026-11-21.csv\"");
    server.advance(Duration::from_hours(23));
    assert_eq!(manager.get(file).await.status, 200);
    server.advance(Duration::from_mins(61));
    let later = server.person("manager").await;
    later.get(file).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_written_file_is_for_those_who_may_have_it() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let wish = json!({ "kind": "movements" });
    let accepted = manager.post("/inventory/exports", &wish).await.is(202);
    server.run_jobs().await;
    let job = manager.get(&path(&accepted["job"])).await.is(200);
    let file = job["result"]["file"].as_str().expect("a file");

    let viewer = server.person("viewer").await;
    viewer.get(file).await.is_problem(403, "forbidden");
    viewer.post("/inventory/exports", &wish).await.is_problem(403, "forbidden");
    let other = server.second_workspace().await;
    server.person_in(other, "owner").await.get(file).await.is_problem(404, "not-found");
    let unknown = format!("/inventory/exports/{}", nothing::<()>());
    manager.get(&unknown).await.is_problem(404, "not-found");
    let bad = manager.post("/inventory/exports", &json!({ "kind": "users" })).await;
    bad.is_field_problem("kind", "export-kind");
    let spool: Vec<_> = std::fs::read_dir(server.folder().join("spool")).expect("files").collect();
    assert_eq!(spool.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_file_with_prices_is_read_by_nobody_who_may_not_see_prices() {
    const MAY: &[&str] = &["workspace.read", "inventory.read", "inventory.export"];
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    let priced =
        json!({ "item_number": "S", "name": "Salmon", "unit": "kg", "unit_cost": "73.19" });
    manager.post("/inventory/items", &priced).await.is(201);
    let without_prices = server.narrowed(user, MAY).await;
    let sees_jobs = server.narrowed(user, &[MAY, &["jobs.read"]].concat()).await;
    let wish = json!({ "kind": "items" });

    // Both wait at the same time and stay apart.
    let full = manager.post("/inventory/exports", &wish).await.is(202)["job"].clone();
    let bare = without_prices.post("/inventory/exports", &wish).await.is(202)["job"].clone();
    assert_ne!(full["id"], bare["id"]);
    assert_eq!(server.run_jobs().await, 2);

    let file = |job: &Value| format!("/inventory/exports/{}", job["id"].as_str().expect("an id"));
    assert!(manager.get(&file(&full)).await.text().contains("73.19"));
    let found = without_prices.get(&file(&bare)).await;
    assert_eq!(found.status, 200);
    assert!(found.text().contains("Salmon") && !found.text().contains("73.19"));
    // The other's job is not this token's; who sees all jobs still does not see its prices.
    without_prices.get(&file(&full)).await.is_problem(404, "not-found");
    let refusal = sees_jobs.get(&file(&full)).await.is_problem(403, "forbidden");
    assert_eq!(refusal["needed"], "inventory.prices");
    assert_eq!(sees_jobs.get(&file(&bare)).await.status, 200);
    // Nor does it help to be in the next workspace, or to have been a manager once.
    let other = server.second_workspace().await;
    let outsider = server.person_in(other, "owner").await;
    outsider.get(&file(&full)).await.is_problem(404, "not-found");
    let demote = "UPDATE memberships SET role = 'viewer' WHERE user_id = :user";
    server.change_user(user, demote).await;
    manager.get(&file(&full)).await.is_problem(403, "forbidden");
    server.finish().await;
}
