//! A job's effect happens once, wherever the box dies.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::kinds::{COUNTS, COUNTS_AND_HANGS, HANGS, OF_THE_BOX, STEPS};
use super::{ask, path};
use crate::inventory::item;
use crate::support::{Client, START, TestServer, system};

async fn count(server: &TestServer, action: &str) -> usize {
    server.audit_actions().await.iter().filter(|one| *one == action).count()
}

/// Lets jobs run until the workspace's file was changed, and kills them there.
async fn kill_after_effect(server: &TestServer) {
    let mut commits = server.inside().file().await.expect("a file").commits();
    commits.mark_unchanged();
    tokio::select! {
        biased;
        changed = commits.changed() => changed.expect("an open file"),
        ran = server.run_jobs() => panic!("{ran} jobs came to their end"),
    }
}

/// Kills a job as soon as it began for the given time.
async fn kill_before_effect(server: &TestServer, job: &Value, attempt: u32) {
    let operator = server.operator().await;
    let begun = async {
        let path = format!("/api/v1{}", path(job));
        let mut commits = server.platform.system_commits.clone();
        while operator.get(&path).await.is(200)["attempts"] != attempt {
            commits.changed().await.expect("an open box");
        }
    };
    tokio::select! {
        () = begun => {}
        ran = server.run_jobs() => panic!("{ran} jobs came to their end"),
    }
}

#[tokio::test]
async fn a_kill_between_effect_and_bookkeeping_does_not_do_it_twice() {
    let server = TestServer::start_with_jobs(&[], &[COUNTS_AND_HANGS]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.hangs")).await.is(202);
    kill_after_effect(&server).await;
    assert_eq!(admin.get(&path(&asked)).await.is(200)["state"], "running");

    let server = server.restart().await;
    let admin = server.person("admin").await;
    assert_eq!(server.run_jobs().await, 0, "nothing is left to do");

    let job = admin.get(&path(&asked)).await.is(200);
    assert_eq!((&job["state"], &job["result"]), (&json!("done"), &json!({ "counted": 1 })));
    assert_eq!(count(&server, "test.counted").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_kill_before_the_effect_lets_the_job_run_again() {
    let server = TestServer::start_with_jobs(&[], &[HANGS]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.begins")).await.is(202);

    kill_before_effect(&server, &asked, 1).await;
    let server = server.restart().await;
    kill_before_effect(&server, &asked, 2).await;

    let admin = server.person("admin").await;
    let job = admin.get(&path(&asked)).await.is(200);
    assert_eq!((&job["state"], &job["attempts"]), (&json!("running"), &json!(2)));
    server.finish().await;
}

#[tokio::test]
async fn a_job_that_kills_the_box_each_time_is_given_up() {
    let mut server = TestServer::start_with_jobs(&[], &[HANGS]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.begins")).await.is(202);
    for attempt in 1..=3 {
        kill_before_effect(&server, &asked, attempt).await;
        server = server.restart().await;
    }

    assert_eq!(server.run_jobs().await, 0);

    let admin = server.person("admin").await;
    let job = admin.get(&path(&asked)).await.is(200);
    assert_eq!((&job["state"], &job["attempts"]), (&json!("failed"), &json!(3)));
    assert_eq!(job["problem"]["code"], "job-interrupted");
    server.finish().await;
}

#[tokio::test]
async fn a_job_that_was_cancelled_before_the_kill_stays_cancelled() {
    let server = TestServer::start_with_jobs(&[], &[HANGS]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.begins")).await.is(202);
    kill_before_effect(&server, &asked, 1).await;
    admin.post(&format!("{}/cancel", path(&asked)), &Value::Null).await.is(202);

    let server = server.restart().await;

    assert_eq!(server.run_jobs().await, 0);
    let admin = server.person("admin").await;
    assert_eq!(admin.get(&path(&asked)).await.is(200)["state"], "cancelled");
    server.finish().await;
}

#[tokio::test]
async fn a_step_that_was_done_is_not_done_again() {
    let server = TestServer::start_with_jobs(&[], &[STEPS]).await;
    let admin = server.person("admin").await;
    admin.post("/jobs", &ask("test.steps")).await.is(202);

    kill_after_effect(&server).await;
    let server = server.restart().await;
    tokio::select! {
        ran = server.run_jobs() => panic!("{ran} jobs came to their end"),
        () = async {
            let admin = server.person("admin").await;
            while super::jobs(&admin).await[0]["progress"] == Value::Null {}
        } => {}
    }

    assert_eq!(count(&server, "test.first").await, 1);
    server.finish().await;
}

#[tokio::test]
async fn a_job_that_ran_to_its_end_and_whose_end_was_lost_is_done() {
    let server = TestServer::start_with_jobs(&[], &[COUNTS, OF_THE_BOX]).await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);
    admin.post("/jobs", &ask("test.counts")).await.is(202);
    operator.post("/api/v1/jobs", &ask("test.box")).await.is(202);
    assert_eq!(server.run_jobs().await, 2);
    let forget = "UPDATE jobs SET state = 'running', result = NULL, finished_at = NULL";
    let ctx = system(&server.platform);
    let forgotten = ctx.write(move |scope| Ok(scope.prepare_cached(forget)?.execute([])?));
    assert_eq!(forgotten.await.expect("a change"), 2);

    let server = server.restart().await;

    assert_eq!(server.run_jobs().await, 0);
    let operator = server.operator().await;
    let list = operator.get("/api/v1/jobs").await.is(200);
    for job in list["items"].as_array().expect("a list") {
        assert_eq!(job["state"], "done", "{job}");
    }
    assert_eq!(count(&server, "test.counted").await, 1);
    assert_eq!(server.box_counts().await["test.counted"], 1);
    server.finish().await;
}

/// Files that wait to be fetched.
fn spool(server: &TestServer) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(server.folder().join("spool"));
    entries.into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect()
}

async fn has_begun(server: &TestServer, job: &Value) -> bool {
    let operator = server.operator().await;
    operator.get(&format!("/api/v1{}", path(job))).await.is(200)["attempts"] != 0
}

/// Kills a job in the moment its beginning was written down.
async fn kill_at_its_beginning(server: &TestServer, job: &Value) {
    while !has_begun(server, job).await {
        let mut commits = server.platform.system_commits.clone();
        commits.mark_unchanged();
        tokio::select! {
            biased;
            changed = commits.changed() => changed.expect("an open box"),
            ran = server.run_jobs() => panic!("{ran} jobs came to their end"),
        }
    }
}

/// Looks over a file of items and lets a job take it over.
async fn import(manager: &Client) -> Value {
    let (csv, kind) = ("item_number,name,unit\nA,Apple,kg\nB,Beet,kg\n", "text/csv");
    let preview = "/inventory/import/preview?kind=items";
    let shown = manager.send(Method::POST, preview, &[("content-type", kind)], csv).await.is(200);
    let commit = format!("/inventory/import/{}/commit", shown["id"].as_str().expect("an id"));
    let later = [("prefer", "respond-async")];
    let accepted = manager.json(Method::POST, &commit, &later, &Value::Null).await.is(202);
    accepted["job"].clone()
}

#[tokio::test]
async fn an_import_that_is_killed_is_taken_over_once_and_whole() {
    for is_after_effect in [false, true] {
        let server = TestServer::start().await;
        let job = import(&server.person("manager").await).await;

        if is_after_effect {
            kill_after_effect(&server).await;
        } else {
            kill_at_its_beginning(&server, &job).await;
        }
        let server = server.restart().await;
        server.run_jobs().await;

        let manager = server.person("manager").await;
        let done = server.person("admin").await.get(&path(&job)).await.is(200);
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(done["result"], json!({ "created": 2, "updated": 0, "skipped": 0 }));
        let items = manager.get("/inventory/items").await.is(200);
        assert_eq!(items["items"].as_array().expect("a list").len(), 2);
        assert_eq!(count(&server, "inventory.import.committed").await, 1);
        server.finish().await;
    }
}

#[tokio::test]
async fn an_export_that_is_killed_in_its_middle_is_written_anew_and_the_rest_goes() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for number in 0..3 {
        item(&manager, &format!("S-{number}")).await;
    }
    let wish = json!({ "kind": "items" });
    let job = manager.post("/inventory/exports", &wish).await.is(202)["job"].clone();
    kill_after_effect(&server).await;
    // It was told, and had begun to write.
    let until = START.plus(Duration::from_hours(24)).0;
    let id = job["id"].as_str().expect("an id");
    let begun = server.folder().join(format!("spool/{until}-{}-{id}", server.workspace));
    std::fs::create_dir_all(begun.parent().expect("a folder")).expect("the spool");
    std::fs::write(&begun, "item_number,na").expect("a part of a file");

    let server = server.restart().await;
    server.advance(Duration::from_secs(1));
    assert_eq!(server.run_jobs().await, 1);

    let manager = server.person("admin").await;
    let done = manager.get(&path(&job)).await.is(200);
    assert_eq!((&done["state"], &done["attempts"]), (&json!("done"), &json!(2)), "{done}");
    assert_eq!(count(&server, "inventory.exported").await, 1);
    let file = done["result"]["file"].as_str().expect("a file");
    let whole = manager.get("/inventory/export/items.csv").await.text();
    assert_eq!(manager.get(file).await.text(), whole);
    assert_eq!(spool(&server).len(), 2, "what was begun lies there still");
    let operator = server.operator().await;
    operator.post("/api/v1/jobs", &ask("platform.clean-up")).await.is(202);
    server.run_jobs().await;
    assert_eq!(spool(&server).len(), 1);
    assert!(!begun.exists());
    assert_eq!(manager.get(file).await.text(), whole, "what is whole stays");
    server.finish().await;
}
