//! Who sees, starts and ends jobs.

use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

use super::kinds::{BUSY, FOR_MANAGERS, PANICS, STEPS, TALKATIVE};
use super::{SELF_CHECK, ask, jobs, path};
use crate::support::{TestServer, nothing};
use holdfast::platform::access::Role;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::jobs::ops::{self, UnderWay, Wanted};
use holdfast::platform::workspaces::WorkspaceId;

#[tokio::test]
async fn an_admin_runs_the_self_check_now_and_a_manager_sees_it() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);

    let asked = admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    assert_eq!(asked["state"], "waiting");
    assert_eq!(asked["can_cancel"], true);
    assert_eq!(asked["workspace_id"], server.workspace.to_string());
    assert!(asked["requested_by"]["name"].as_str().is_some_and(|name| !name.is_empty()));
    assert_eq!(server.run_jobs().await, 1);

    let seen = jobs(&manager).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["state"], "done");
    assert_eq!(seen[0]["result"], json!({ "checked": 0 }));
    assert_eq!(seen[0]["attempts"], 1);
    assert_eq!((&seen[0]["can_cancel"], &seen[0]["can_retry"]), (&json!(false), &json!(false)));
    assert_eq!(server.box_counts().await["job.requested"], 1);
    manager.post("/jobs", &ask(SELF_CHECK)).await.is_problem(403, "forbidden");
    let viewer = server.person("viewer").await;
    viewer.get("/jobs").await.is_problem(403, "forbidden");
    viewer.get(&path(&asked)).await.is_problem(404, "not-found");
    viewer
        .post(&format!("{}/cancel", path(&asked)), &Value::Null)
        .await
        .is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_its_field() {
    let server = TestServer::start().await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);

    for kind in ["inventory.import", "platform.clean-up", "", "nothing"] {
        admin.post("/jobs", &ask(kind)).await.is_field_problem("kind", "job-kind");
    }
    operator.post("/api/v1/jobs", &ask(SELF_CHECK)).await.is_field_problem("kind", "job-kind");
    admin.post("/jobs", &json!({})).await.is_field_problem("kind", "missing");
    admin.get("/jobs?state=sleeping").await.is_field_problem("state", "job-state");
    admin.get("/jobs?cursor=x").await.is_problem(400, "cursor-bad");
    let unknown = format!("/jobs/{}", nothing::<()>());
    admin.get(&unknown).await.is_problem(404, "not-found");
    for verb in ["cancel", "retry"] {
        admin.post(&format!("{unknown}/{verb}"), &Value::Null).await.is_problem(404, "not-found");
    }
    server.finish().await;
}

#[tokio::test]
async fn the_same_job_is_under_way_once_and_a_repeated_request_asks_once() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let key = [("idempotency-key", "one")];

    let first = admin.json(Method::POST, "/jobs", &key, &ask(SELF_CHECK)).await;
    let second = admin.json(Method::POST, "/jobs", &key, &ask(SELF_CHECK)).await;
    let third = admin.post("/jobs", &ask(SELF_CHECK)).await;

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.is(202)["id"], second.is(202)["id"]);
    third.is_problem(409, "job-under-way");
    assert_eq!(server.run_jobs().await, 1);
    admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    server.finish().await;
}

#[tokio::test]
async fn jobs_of_one_workspace_are_unknown_in_another() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    let elsewhere = server.second_workspace().await;
    let other = server.person_in(elsewhere, "owner").await;

    assert_eq!(jobs(&other).await, [] as [Value; 0]);
    other.get(&path(&asked)).await.is_problem(404, "not-found");
    for verb in ["cancel", "retry"] {
        let path = format!("{}/{verb}", path(&asked));
        other.post(&path, &Value::Null).await.is_problem(404, "not-found");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_and_can_be_retried() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);
    let asked = admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
    let (cancel, retry) = (format!("{}/cancel", path(&asked)), format!("{}/retry", path(&asked)));

    manager.post(&cancel, &Value::Null).await.is_problem(403, "forbidden");
    admin.post(&retry, &Value::Null).await.is_problem(409, "job-cannot-retry");
    let cancelled = admin.post(&cancel, &Value::Null).await.is(202);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["can_retry"], true);
    assert_eq!(server.run_jobs().await, 0);
    admin.post(&cancel, &Value::Null).await.is_problem(409, "job-ended");

    manager.post(&retry, &Value::Null).await.is_problem(403, "forbidden");
    assert_eq!(admin.post(&retry, &Value::Null).await.is(202)["state"], "waiting");
    assert_eq!(server.run_jobs().await, 1);
    assert_eq!(admin.get(&path(&asked)).await.is(200)["state"], "done");
    let counts = server.box_counts().await;
    assert_eq!((counts["job.cancelled"], counts["job.retried"]), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn a_running_job_tells_how_far_it_is_and_ends_when_it_is_cancelled() {
    let server = TestServer::start_with_jobs(&[], &[STEPS]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.steps")).await.is(202);
    let at_work = async {
        loop {
            let job = admin.get(&path(&asked)).await.is(200);
            if job["progress"] != Value::Null {
                return job;
            }
        }
    };
    let story = async {
        let job = at_work.await;
        let cancelled = admin.post(&format!("{}/cancel", path(&asked)), &Value::Null).await.is(202);
        (job, cancelled)
    };

    let (ran, (job, cancelled)) = tokio::join!(server.run_jobs(), story);

    assert_eq!(ran, 1);
    assert_eq!(job["state"], "running");
    assert_eq!(job["progress"], json!({ "done": 1, "total": 2 }));
    assert_eq!(cancelled["can_cancel"], false);
    let ended = admin.get(&path(&asked)).await.is(200);
    assert_eq!(ended["state"], "cancelled");
    assert_eq!(ended["progress"], json!({ "done": 1, "total": 2 }));
    server.finish().await;
}

#[tokio::test]
async fn what_breaks_is_tried_again_later_and_then_given_up() {
    let server = TestServer::start_with_jobs(&[], &[BUSY]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.busy")).await.is(202);

    for pause in [0, 30, 120] {
        server.advance(Duration::from_secs(pause));
        assert_eq!(server.run_jobs().await, 1, "after {pause} s");
        assert_eq!(server.run_jobs().await, 0);
    }

    let failed = admin.get(&path(&asked)).await.is(200);
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(3)));
    assert_eq!(failed["problem"]["code"], "busy");
    server.finish().await;
}

#[tokio::test]
async fn who_asks_again_ends_the_pause_after_a_failure_and_the_box_does_not() {
    let server = TestServer::start_with_jobs(&[], &[BUSY]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.busy")).await.is(202);
    assert_eq!(server.run_jobs().await, 1);

    for (actor, begun) in [(Actor::System, 0), (Actor::CommandLine, 1)] {
        let ctx = BoxCtx::new(&server.platform, Cause::of(actor));
        let joined = ops::ask(&ctx, wanted("test.busy", server.workspace), UnderWay::Join).await;
        assert_eq!(joined.expect("a job").value.id.to_string(), asked["id"]);
        assert_eq!(server.run_jobs().await, begun);
    }

    assert_eq!(admin.get(&path(&asked)).await.is(200)["attempts"], 2);
    server.finish().await;
}

#[tokio::test]
async fn a_job_that_panics_or_says_too_much_fails_without_telling_why() {
    let server = TestServer::start_with_jobs(&[], &[PANICS, TALKATIVE]).await;
    let admin = server.person("admin").await;
    for kind in ["test.panics", "test.talkative"] {
        let asked = admin.post("/jobs", &ask(kind)).await.is(202);
        assert_eq!(server.run_jobs().await, 1);

        let failed = admin.get(&path(&asked)).await;
        let job = failed.is(200);
        assert_eq!(
            (&job["state"], &job["problem"]["code"]),
            (&json!("failed"), &json!("job-broken"))
        );
        assert!(!failed.text().contains("secret"));
    }
    server.finish().await;
}

fn wanted(kind: &'static str, workspace: WorkspaceId) -> Wanted {
    Wanted { kind, workspace: Some(workspace), subject: String::new(), input: Value::Null }
}

/// Asks as a person with a role, whose role is another one before the job begins.
async fn asked_as_manager_run_as(role: Option<Role>) -> Value {
    let server = TestServer::start_with_jobs(&[], &[FOR_MANAGERS]).await;
    let (manager, admin) = (server.user("manager").await, server.person("admin").await);
    let (workspace, ctx) = (server.workspace, crate::support::system(&server.platform));
    let begun = ctx.write(move |scope| {
        let lifetimes = holdfast::platform::identity::sessions::rules::Lifetimes {
            idle: Duration::from_hours(1),
            rotate: Duration::from_hours(1),
            life: Duration::from_hours(1),
        };
        let family = scope.new_id();
        holdfast::platform::identity::sessions::ops::begin_in(scope, family, manager, lifetimes)?;
        Ok(family)
    });
    let principal = holdfast::platform::identity::Principal {
        user: manager,
        name: "M".into(),
        family: begun.await.expect("a session"),
        kind: holdfast::platform::identity::sessions::rules::Kind::Session,
        good_until: None,
        is_narrowed: false,
        is_operator: false,
        box_parts: Vec::new(),
        factors: holdfast::platform::identity::factors::Standing::default(),
        elevated_until: None,
        memberships: Vec::new(),
        deleted: Vec::new(),
    };
    let actor = Actor::Principal(std::sync::Arc::new(principal));
    let wanted = wanted("test.managers", workspace);
    let as_manager = BoxCtx::new(&server.platform, Cause::of(actor));
    ops::ask(&as_manager, wanted, UnderWay::Refuse).await.expect("a job");
    match role {
        None => {
            let sql = "UPDATE users SET disabled_at = :now WHERE id = :user";
            server.change_user(manager, sql).await;
        }
        Some(Role::Viewer) => {
            let sql = "UPDATE memberships SET role = 'viewer' WHERE user_id = :user";
            server.change_user(manager, sql).await;
        }
        Some(_) => {}
    }
    server.run_jobs().await;
    let job = jobs(&admin).await.remove(0);
    let counted = server.audit_actions().await.iter().any(|one| one == "test.counted");
    assert_eq!(counted, job["state"] == "done", "{job}");
    server.finish().await;
    job
}

#[tokio::test]
async fn what_the_asker_may_do_is_checked_again_when_the_job_begins() {
    assert_eq!(asked_as_manager_run_as(Some(Role::Manager)).await["state"], "done");
    for other in [Some(Role::Viewer), None] {
        let refused = asked_as_manager_run_as(other).await;
        assert_eq!(refused["problem"]["code"], "job-not-permitted", "{refused}");
    }
}

#[tokio::test]
async fn lists_are_filtered_and_have_pages() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    for _ in 0..3 {
        admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);
        server.run_jobs().await;
        server.advance(Duration::from_secs(1));
    }
    admin.post("/jobs", &ask(SELF_CHECK)).await.is(202);

    let first = admin.get("/jobs?state=done&limit=2").await.is(200);
    let cursor = first["next_cursor"].as_str().expect("another page");
    let second = admin.get(&format!("/jobs?state=done&limit=2&cursor={cursor}")).await.is(200);
    let other = admin.get("/jobs?kind=inventory.import").await.is(200);

    let count = |page: &Value| page["items"].as_array().expect("a list").len();
    assert_eq!((count(&first), count(&second), count(&other)), (2, 1, 0));
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(jobs(&admin).await[0]["state"], "waiting", "the newest comes first");
    server.finish().await;
}
