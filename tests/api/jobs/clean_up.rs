//! What is past its time goes at night, and what is not stays.

use std::time::Duration;

use holdfast::platform::workspaces::ops::make_file;
use holdfast::platform::workspaces::rules::Draft;
use http::Method;
use serde_json::{Value, json};

use super::kinds::PANICS;
use super::{SELF_CHECK, ask, break_stock, jobs};
use crate::inventory::{item, location, post};
use crate::support::{TestServer, system};

const CLEAN_UP: &str = "platform.clean-up";
const DAY: Duration = Duration::from_hours(24);

pub(crate) async fn clean_up(server: &TestServer) -> Value {
    let operator = server.operator().await;
    operator.post("/api/v1/jobs", &ask(CLEAN_UP)).await.is(202);
    server.run_jobs().await;
    let list = operator.get(&format!("/api/v1/jobs?kind={CLEAN_UP}&limit=1")).await.is(200);
    assert_eq!(list["items"][0]["state"], "done", "{list}");
    list["items"][0]["result"]["dropped"].clone()
}

async fn count_on_box(server: &TestServer, sql: &'static str) -> i64 {
    let ctx = system(&server.platform);
    let count = ctx.read(move |scope| {
        Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?)
    });
    count.await.expect("a count")
}

#[tokio::test]
async fn the_box_cleans_up_every_night() {
    let server = TestServer::start().await;
    server.run_jobs().await;
    server.advance(DAY);

    server.run_jobs().await;

    let sql = "SELECT COUNT(*) FROM jobs WHERE kind = 'platform.clean-up' AND state = 'done'";
    assert_eq!(count_on_box(&server, sql).await, 1);
    server.finish().await;
}

#[tokio::test]
async fn keys_previews_and_what_was_deleted_go_after_their_days_and_not_before() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let key = [("idempotency-key", "one")];
    let body = json!({ "item_number": "A", "name": "Apple", "unit": "kg" });
    let made = manager.json(Method::POST, "/inventory/items", &key, &body).await.is(201);
    let gone = format!("/inventory/items/{}", made["id"].as_str().expect("an id"));
    manager.change(Method::DELETE, &gone, 1, &Value::Null).await.is(204);
    let csv = "item_number,name,unit\nB,Beet,kg\n";
    let preview = "/inventory/import/preview?kind=items";
    manager.send(Method::POST, preview, &[("content-type", "text/csv")], csv).await.is(200);

    let at_once = clean_up(&server).await;
    server.advance(DAY + Duration::from_mins(1));
    let next_day = clean_up(&server).await;
    server.advance(30 * DAY);
    let next_month = clean_up(&server).await;

    for what in ["idempotency_keys", "import_previews", "deleted_objects"] {
        assert_eq!(at_once[what], 0, "{at_once}");
    }
    assert_eq!(next_day["idempotency_keys"], 1, "{next_day}");
    assert_eq!(next_day["import_previews"], 1, "{next_day}");
    assert_eq!(next_day["deleted_objects"], 0, "{next_day}");
    assert_eq!(next_month["deleted_objects"], 1, "{next_month}");
    server.finish().await;
}

#[tokio::test]
async fn old_sessions_and_old_jobs_are_forgotten_and_living_ones_are_not() {
    let server = TestServer::start().await;
    let user = server.user("viewer").await;
    server.browser_of(user).await;
    let admin = server.person("admin").await;
    admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    server.run_jobs().await;
    let families = "SELECT COUNT(*) FROM auth_families";
    let checks = "SELECT COUNT(*) FROM jobs WHERE kind = 'inventory.self-check'";
    let before = count_on_box(&server, families).await;

    clean_up(&server).await;
    assert_eq!(count_on_box(&server, families).await, before + 1, "the operator's came");
    assert_eq!(count_on_box(&server, checks).await, 1);
    server.advance(200 * DAY);
    server.person("admin").await;
    clean_up(&server).await;

    assert_eq!(count_on_box(&server, families).await, 2, "of those who are here today");
    // The night's own run took its place.
    assert_eq!(count_on_box(&server, checks).await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_workspace_past_its_grace_goes_with_its_jobs() {
    let server = TestServer::start().await;
    let other = server.second_workspace().await;
    let owner = server.person_in(other, "owner").await;
    owner.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    server.run_jobs().await;
    owner.change(Method::DELETE, "", 1, &Value::Null).await.is(204);
    let of_other = "SELECT COUNT(*) FROM jobs WHERE workspace_id NOT IN
        (SELECT id FROM workspaces)";

    server.advance(29 * DAY);
    assert_eq!(clean_up(&server).await["workspaces"], 0);
    assert!(server.platform.workspaces.path(other).exists());
    server.advance(2 * DAY);
    assert_eq!(clean_up(&server).await["workspaces"], 1);
    clean_up(&server).await;

    assert!(!server.platform.workspaces.path(other).exists());
    assert_eq!(count_on_box(&server, of_other).await, 0);
    server.finish().await;
}

#[tokio::test]
async fn a_failed_night_degrades_the_box_until_it_was_made_good() {
    let server = TestServer::start_with_jobs(&[], &[PANICS]).await;
    let admin = server.person("admin").await;
    let (salmon, place) = (item(&admin, "S").await, location(&admin, "A").await);
    post(&admin, "receive", &salmon, &place, "3").await;
    let operator = server.operator().await;
    let health = async || operator.get("/health").await.is(200)["checks"]["jobs"].clone();
    let failed = async || {
        let text = operator.get("/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix("holdfast_jobs_failed "));
        line.expect("a figure").to_owned()
    };
    assert_eq!((health().await["status"].clone(), failed().await), (json!("ok"), "0".to_owned()));

    admin.post("/jobs", &ask(PANICS.kind)).await.is(202);
    server.run_jobs().await;
    assert_eq!(jobs(&admin).await[0]["state"], "failed");
    // What somebody asked for is no night.
    assert_eq!((health().await["status"].clone(), failed().await), (json!("ok"), "0".to_owned()));
    break_stock(&server).await;
    admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    server.run_jobs().await;

    let found = health().await;
    assert_eq!(found["status"], "degraded", "{found}");
    assert!(found["detail"].as_str().expect("a text").contains("Stock self-check"), "{found}");
    assert_eq!(failed().await, "1");
    server.finish().await;
}

#[tokio::test]
async fn a_file_that_became_no_workspace_goes_and_one_with_data_never_does() {
    let server = TestServer::start().await;
    let ctx = system(&server.platform);
    let make = async || {
        let made = make_file(&ctx, Draft { name: "Half".to_owned(), ..Draft::default() }, "").await;
        server.platform.workspaces.path(made.expect("a file").id)
    };
    // What the box's own file has forgotten, as an older copy of it would.
    let lost = server.second_workspace().await;
    item(&server.person_in(lost, "manager").await, "S").await;
    let forgotten = ctx.write(move |scope| {
        for sql in [
            "DELETE FROM memberships WHERE workspace_id = ?1",
            "DELETE FROM workspaces WHERE id = ?1",
        ] {
            scope.prepare_cached(sql)?.execute((lost,))?;
        }
        Ok(())
    });
    forgotten.await.expect("a change");
    let stray = make().await;
    server.advance(Duration::from_mins(59));
    let being_made = make().await;

    assert_eq!(clean_up(&server).await["stray_files"], 0, "they may be on their way");
    server.advance(Duration::from_mins(1));
    let server = server.restart().await;
    assert_eq!(clean_up(&server).await["stray_files"], 1);

    assert!(!stray.exists(), "the file of no workspace is still there");
    assert!(being_made.exists());
    assert!(server.platform.workspaces.path(lost).exists(), "somebody's data is gone");
    assert!(server.platform.workspaces.path(server.workspace).exists());
    server.finish().await;
}

#[tokio::test]
async fn a_failure_that_came_no_more_is_forgotten_after_its_days() {
    let server = TestServer::start_with(&[("monitoring.errors_kept_days", "7")]).await;
    let break_down = async |message: &str| {
        let viewer = server.person("viewer").await;
        let body = json!({ "message": message, "path": "/", "stack": "at x" });
        assert_eq!(viewer.post("/api/v1/client-errors", &body).await.status, 204);
        let operator = server.operator().await;
        let list = operator.get("/api/v1/errors").await.is(200);
        list["items"].as_array().expect("a list").len()
    };
    assert_eq!(break_down("Old").await, 1);
    server.advance(DAY);
    assert_eq!(break_down("Young").await, 2);
    server.advance(6 * DAY);

    let on_its_day = clean_up(&server).await;
    server.advance(Duration::from_millis(1));
    let after_it = clean_up(&server).await;

    assert_eq!((&on_its_day["error_groups"], &after_it["error_groups"]), (&json!(0), &json!(1)));
    assert_eq!(count_on_box(&server, "SELECT COUNT(*) FROM error_groups").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn what_an_import_unpacked_that_took_too_long_goes_at_night() {
    let server = TestServer::start().await;
    let scratch = server.folder().join("spool/imports");
    let left = scratch.join("01995e3a-0000-7000-8000-000000000001/files");
    std::fs::create_dir_all(&left).expect("a folder");
    std::fs::write(left.join("plain"), b"a workspace").expect("a file");

    let dropped = clean_up(&server).await;

    assert_eq!(std::fs::read_dir(&scratch).expect("a folder").count(), 0);
    assert_eq!(dropped["files"], 1, "{dropped}");
    server.finish().await;
}
