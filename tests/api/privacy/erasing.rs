//! After an erasure nothing says who the person was, and everything is still proven.

use std::fs;
use std::process::Command;
use std::task::Poll;
use std::time::Duration;

use holdfast::platform::audit::ops::bundle;
use holdfast::platform::audit::rules::checkpoints::Note;
use holdfast::platform::audit::runner;
use holdfast::platform::jobs::JobSpec;
use holdfast::platform::jobs::ops::{View, get};
use holdfast::platform::jobs::rules::State;
use http::Method;
use serde_json::{Value, json};

use super::holders;
use super::planting::{Planted, email, name, plant};
use crate::inventory::{item, location, movement};
use crate::jobs::kinds::STEPS;
use crate::support::{Client, TestServer, system};
use crate::workspaces::before::make_older;

const MINE: &str = "quetzalfinch";
const OTHERS: &str = "zebrawren";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/audit/verify_audit.py");

async fn ask(operator: &Client, planted: &Planted) -> Value {
    let at = format!("/api/v1/users/{}/erase", planted.user);
    operator.post(&at, &json!({ "confirm": email(planted.word) })).await.is(202)
}

async fn done(operator: &Client, job: &Value) -> Value {
    let id = job["id"].as_str().expect("an id");
    let job = operator.get(&format!("/api/v1/jobs/{id}")).await.is(200);
    assert_eq!(job["state"], "done", "{job}");
    job["result"].clone()
}

fn left_of(server: &TestServer, word: &str) -> Vec<String> {
    holders(server.folder(), word)
}

#[tokio::test]
async fn copies_of_before_a_release_go_with_an_erasure() {
    let server = TestServer::start().await;
    let planted = plant(&server, MINE).await;
    let path = server.platform.workspaces.path(server.workspace);
    let kept = server.folder().join("update/7/snapshot");
    let server = server.restart_after(|| make_older(&path)).await;
    fs::create_dir_all(&kept).expect("a folder");
    fs::copy(&path, kept.join("kept.db")).expect("a copy of an update");
    let operator = server.operator().await;
    server.person("viewer").await.get("/inventory/items").await.is(200);
    let before = left_of(&server, MINE);
    assert!(before.iter().any(|path| path.contains("before/")), "no copy was kept: {before:?}");
    assert!(before.iter().any(|path| path.contains("update/")), "no copy was kept: {before:?}");

    ask(&operator, &planted).await;
    server.run_jobs().await;

    assert_eq!(left_of(&server, MINE), Vec::<String>::new());
    server.finish().await;
}

#[tokio::test]
async fn no_byte_of_the_data_folder_says_who_it_was() {
    let server = TestServer::start().await;
    let (operator, admin) = (server.operator().await, server.person("admin").await);
    let planted = plant(&server, MINE).await;
    // A name from before, a file that waits, and words of others.
    let job = admin.post("/inventory/exports", &json!({ "kind": "movements" })).await.is(202);
    let at = format!("/api/v1/users/{}/export", planted.user);
    operator.post(&at, &Value::Null).await.is(202);
    server.run_jobs().await;
    assert_eq!(job["job"]["kind"], "inventory.export");
    let (thing, shelf) = (item(&admin, "X").await, location(&admin, "X").await);
    let mut receipt = movement("receive", &thing, &shelf, "2");
    receipt["note"] = json!(format!("Two boxes for {}, keep cold", name(MINE)));
    let received = admin.post("/inventory/movements", &receipt).await.is(201);
    let before = left_of(&server, MINE);
    assert!(before.len() >= 3, "both files and what waits to be fetched: {before:?}");
    let waiting = || std::fs::read_dir(server.folder().join("spool")).expect("a folder").count();
    assert_eq!(waiting(), 2);

    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;

    let result = done(&operator, &asked).await;
    assert_eq!(left_of(&server, MINE), [""; 0], "{result}");
    assert_eq!(waiting(), 0, "an archive is packed, so its words are not found in it");
    for counted in ["rows", "texts", "entries"] {
        assert!(result[counted].as_i64().unwrap() > 5, "{result}");
    }
    // Nothing but the name is gone from what others wrote, and the books are whole.
    let mark = &planted.user.to_string()[30..];
    let movements = admin.get("/inventory/movements").await.is(200);
    let movements = movements["items"].as_array().expect("a list");
    let kept = movements.iter().find(|one| one["id"] == received["id"]).expect("the movement");
    assert_eq!(kept["note"], format!("Two boxes for [erased {mark}], keep cold"));
    let theirs = movements.iter().find(|one| one["note"] == "").expect("their movement");
    assert_eq!(theirs["posted_by"]["name"], "Erased person", "{theirs}");
    for (word, count) in [("boxes", 1), (MINE, 0)] {
        let found = admin.get(&format!("/search?q={word}")).await.is(200);
        assert_eq!(found["items"].as_array().expect("a list").len(), count, "{word}: {found}");
    }
    let check = admin.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(check["ok"], true, "{check}");
    server.finish().await;
}

#[tokio::test]
async fn nobody_else_loses_anything() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, MINE).await;
    let other = plant(&server, OTHERS).await;
    let missing = super::planting::unplanted(&server, OTHERS).await;

    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;

    done(&operator, &asked).await;
    assert_eq!(left_of(&server, MINE), [""; 0]);
    assert_eq!(super::planting::unplanted(&server, OTHERS).await, missing);
    other.client.get("/api/v1/me").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn they_are_out_and_nameless_at_once_and_their_address_is_free() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, MINE).await;
    let sent = "UPDATE invitations SET invited_by = :user";
    server.change_user(planted.user, sent).await;

    ask(&operator, &planted).await;

    let counts = server.box_counts().await;
    assert_eq!(counts["workspace.invitation.revoked"], 1);

    planted.client.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    planted.client.get("/inventory/items").await.is_problem(401, "sign-in-needed");
    let found = operator.get(&format!("/api/v1/users?q={MINE}")).await.is(200);
    assert_eq!(found["items"], json!([]));
    let erasures = operator.get("/api/v1/erasures").await.is(200);
    assert_eq!(erasures["items"][0]["state"], "running");
    let again = json!({ "name": "Somebody New", "email": email(MINE) });
    operator.post("/api/v1/users", &again).await.is(201);
    server.run_jobs().await;

    let found = operator.get(&format!("/api/v1/users?q={MINE}")).await.is(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "whoever has the address now stays");
    let erasures = operator.get("/api/v1/erasures").await.is(200);
    assert_eq!(erasures["items"][0]["state"], "done");
    assert_eq!(erasures["items"][0]["user_id"], planted.user.to_string());
    let at = format!("/api/v1/users/{}", planted.user);
    operator.get(&at).await.is_problem(404, "not-found");
    server.finish().await;
}

/// A bundle and the checkpoint from before, verified by both.
#[expect(clippy::print_stderr, reason = "a check that is left out is said")]
fn verify_by_both(bundle_text: &[u8], checkpoint: &str) {
    let note = Note::read(checkpoint).expect("a checkpoint");
    let verdict = bundle::verify(std::io::Cursor::new(bundle_text), &note).expect("a verdict");
    assert_eq!(verdict.bad, None);
    let folder = tempfile::tempdir().expect("a folder");
    let (bundle, trusted) = (folder.path().join("bundle"), folder.path().join("checkpoint"));
    std::fs::write(&bundle, bundle_text).expect("a file");
    std::fs::write(&trusted, checkpoint).expect("a file");
    let mut script = Command::new("python3");
    let run = script.arg(SCRIPT).arg(&bundle).arg("--checkpoint").arg(&trusted).output();
    let Ok(run) = run else {
        eprintln!("skipped: there is no python3 for the stand-alone verifier");
        return;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[tokio::test]
async fn every_proof_from_before_holds() {
    let server = TestServer::start().await;
    let (operator, admin) = (server.operator().await, server.person("admin").await);
    let planted = plant(&server, MINE).await;
    runner::tick(&server.platform).await.expect("checkpoints");
    let logs = [(&operator, "/api/v1/audit"), (&admin, "/audit")];
    let mut before = Vec::new();
    for (client, at) in logs {
        let newest = client.get(&format!("{at}/checkpoints/latest")).await.is(200);
        let proof = client.get(&format!("{at}/proof/2?size={}", newest["size"])).await.text();
        let raw = client.get(&format!("{at}/2")).await.is(200);
        before.push((newest, proof, raw));
    }

    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;

    done(&operator, &asked).await;
    for ((client, at), (newest, proof, raw)) in logs.into_iter().zip(before) {
        let verified = client.post(&format!("{at}/verify"), &Value::Null).await.is(200);
        assert_eq!(verified["ok"], true, "{verified}");
        let now = client.get(&format!("{at}/proof/2?size={}", newest["size"])).await.text();
        assert_eq!(now, proof);
        let same = client.get(&format!("{at}/2")).await.is(200);
        assert_eq!((&same["canonical"], &same["hash"]), (&raw["canonical"], &raw["hash"]));
        let export = format!("{at}/export?personal=true");
        let bundle = client.send(Method::GET, &export, &[], "").await;
        assert_eq!(bundle.status, 200, "{}", bundle.text());
        assert!(!bundle.text().to_lowercase().contains(MINE));
        verify_by_both(&bundle.bytes, newest["note"].as_str().expect("a note"));
    }
    server.finish().await;
}

#[tokio::test]
async fn archived_deleted_and_closed_workspaces_are_gone_through() {
    let server = TestServer::start_with(&[("storage.workspaces_open_max", "1")]).await;
    let operator = server.operator().await;
    let planted = plant(&server, MINE).await;
    let mut owners = Vec::new();
    for _ in 0..3 {
        let workspace = server.second_workspace().await;
        let owner = server.person_in(workspace, "owner").await;
        server.token_of(planted.user).await;
        let thing = item(&owner, "N").await;
        let mut receipt = movement("receive", &thing, &location(&owner, "N").await, "2");
        receipt["note"] = json!(format!("write to {}", email(MINE)));
        owner.post("/inventory/movements", &receipt).await.is(201);
        owners.push((workspace, owner));
    }
    owners[0].1.post("/archive", &Value::Null).await.is(200);
    let at = format!("/api/v1/workspaces/{}", owners[1].0);
    owners[1].1.change(Method::DELETE, &at, 1, &Value::Null).await.is(204);

    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;

    done(&operator, &asked).await;
    assert_eq!(left_of(&server, MINE), [""; 0]);
    server.finish().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_lets_the_erasure_go_on() {
    // Each poll of the work is a moment at which the box may die: ever later ones are tried, until
    // one comes after the end of the work.
    let (mut polls, mut killed) = (1, 0);
    loop {
        let server = TestServer::start().await;
        let operator = server.operator().await;
        let planted = plant(&server, MINE).await;
        ask(&operator, &planted).await;
        let was_killed = run_jobs_for(&server, polls).await;

        let server = server.restart().await;
        server.run_jobs().await;
        server.advance(Duration::from_mins(5));
        server.run_jobs().await;

        assert_eq!(left_of(&server, MINE), [""; 0], "killed after {polls} polls");
        let erasures = server.operator().await.get("/api/v1/erasures").await.is(200);
        assert_eq!(erasures["items"][0]["state"], "done", "killed after {polls} polls");
        let counts = server.box_counts().await;
        assert_eq!(counts["identity.user.erasure_begun"], 1);
        server.finish().await;
        if !was_killed {
            break;
        }
        killed += 1;
        polls += 1 + polls / 4;
    }
    assert!(killed >= 9, "the work ended after {killed} kills: too few moments were tried");
}

/// Lets jobs work until they were polled so often, and says whether they were cut off by that.
async fn run_jobs_for(server: &TestServer, polls: usize) -> bool {
    let mut left = polls;
    let mut running = Box::pin(server.run_jobs());
    std::future::poll_fn(|context| {
        left -= 1;
        match running.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            ended => Poll::Ready(ended.is_pending()),
        }
    })
    .await
}

/// Somebody who is called so from now on.
async fn rename(planted: &Planted, name: &str) {
    let me = planted.client.get("/api/v1/me").await.is(200);
    let version = me["version"].as_i64().expect("a version");
    let body = json!({ "name": name });
    planted.client.change(Method::PATCH, "/api/v1/me", version, &body).await.is(200);
}

async fn add_suppliers(server: &TestServer, names: &'static [&'static str]) {
    let sql = "INSERT INTO suppliers (id, name, name_key, created_at, updated_at)
        VALUES (randomblob(16), ?1, lower(?1), 1, 1)";
    let inside = server.inside();
    let added = inside.write(move |scope| {
        for name in names {
            scope.prepare_cached(sql)?.execute([name])?;
        }
        Ok(())
    });
    added.await.expect("suppliers");
}

async fn supplier_names(server: &TestServer) -> Vec<String> {
    let inside = server.inside();
    let names = inside.read(|scope| {
        let mut statement = scope.prepare_cached("SELECT name FROM suppliers ORDER BY rid")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<Vec<String>>>()?)
    });
    names.await.expect("names")
}

#[tokio::test]
async fn things_called_after_the_same_person_stay_apart() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, MINE).await;
    rename(&planted, "Tom").await;
    add_suppliers(&server, &["Tom", "T\u{f3}m", "Tom Fish", "T\u{f3}m Fish", "Fish"]).await;

    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;

    done(&operator, &asked).await;
    let names = supplier_names(&server).await;
    assert_eq!(names[1..], ["…", "…", "… Fish", "… Fish", "Fish"], "after the planted one");
    server.finish().await;
}

#[tokio::test]
async fn a_text_with_characters_that_stand_for_several_stops_no_erasure() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, MINE).await;
    rename(&planted, "Sara").await;
    add_suppliers(&server, &["Sar\u{2101}ara"]).await;

    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;

    done(&operator, &asked).await;
    assert_eq!(supplier_names(&server).await[1], "…ara");
    server.finish().await;
}

/// Work in the name of whoever asked, without an end of its own.
const IN_THEIR_NAME: JobSpec =
    JobSpec { kind: "test.theirs", permission: Some("inventory.export"), ..STEPS };

#[tokio::test]
async fn what_waits_or_runs_in_their_name_ends() {
    let server = TestServer::start_with_jobs(&[], &[IN_THEIR_NAME]).await;
    let (operator, admin) = (server.operator().await, server.person("admin").await);
    let planted = plant(&server, MINE).await;
    let admin_too = "UPDATE memberships SET role = 'admin' WHERE user_id = :user";
    server.change_user(planted.user, admin_too).await;
    let runs = planted.client.post("/jobs", &json!({ "kind": "test.theirs" })).await.is(202);
    let job = async |job: &Value| {
        let id = job["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        get(&system(&server.platform), View::Box, id).await.expect("a job")
    };
    let story = async {
        while job(&runs).await.progress.is_none() {}
        let kind = json!({ "kind": "movements" });
        let theirs = planted.client.post("/inventory/exports", &kind).await.is(202);
        let others = admin.post("/inventory/exports", &kind).await.is(202);
        let check = json!({ "kind": "inventory.self-check" });
        let of_the_box = planted.client.post("/jobs", &check).await.is(202);
        let asked = ask(&operator, &planted).await;
        assert_eq!(job(&theirs["job"]).await.state, State::Cancelled, "it never begins");
        (theirs, others, of_the_box, asked)
    };

    let (_, (theirs, others, of_the_box, asked)) = tokio::join!(server.run_jobs(), story);

    done(&operator, &asked).await;
    assert_eq!(job(&runs).await.state, State::Cancelled);
    assert_eq!(job(&theirs["job"]).await.state, State::Cancelled);
    assert_eq!(job(&others["job"]).await.state, State::Done);
    assert_eq!(job(&of_the_box).await.state, State::Done, "the box does that as itself");
    assert_eq!(server.box_counts().await["job.cancelled"], 2);
    server.finish().await;
}

#[tokio::test]
async fn who_came_back_with_an_old_backup_is_erased_again() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, MINE).await;
    let asked = ask(&operator, &planted).await;
    server.run_jobs().await;
    done(&operator, &asked).await;
    let (user, word) = (planted.user, email(MINE));
    let ctx = crate::support::system(&server.platform);
    let back = ctx.write(move |scope| {
        scope
            .prepare_cached(
                "INSERT INTO users (id, name, email, email_key, password_hash,
                     password_changed_at, is_operator, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?3, '!', 1, 0, 1, 1)",
            )?
            .execute((user, name(MINE), word))?;
        Ok(())
    });
    back.await.expect("a person");

    let again = ask(&operator, &planted).await;
    server.run_jobs().await;

    assert_ne!(again["id"], asked["id"]);
    done(&operator, &again).await;
    assert_eq!(left_of(&server, MINE), [""; 0]);
    let erasures = operator.get("/api/v1/erasures").await.is(200);
    assert_eq!(erasures["items"].as_array().unwrap().len(), 1);
    server.finish().await;
}
