//! What happens to accounts and to the box is told to those who look after them.

use std::time::Duration;

use holdfast::platform::identity::UserId;
use holdfast::platform::monitoring::watch::Watch;
use serde_json::{Value, json};

use super::{NOTICES, items, kinds};
use crate::inventory::item;
use crate::jobs::ask;
use crate::jobs::kinds::PANICS;
use crate::second_factor::{EMAIL, STEP, enrol, enrolled, enrolled_as, waiting};
use crate::support::{Browser, PASSWORD, TestServer};

const HELP: &str = "/api/v1/auth/mfa/help";

async fn told(server: &TestServer, user: UserId) -> Vec<String> {
    kinds(&server.token_of(user).await).await
}

#[tokio::test]
async fn a_service_account_is_told_to_those_who_look_after_its_place() {
    let server = TestServer::start().await;
    let (admin, owner) = (server.user("admin").await, server.user("owner").await);
    let (manager, operator) = (server.user("manager").await, server.operator().await);
    let maker = server.token_of(admin).await;
    let here = json!({ "name": "Scale", "permissions": ["workspace.read"],
        "workspace_id": server.workspace.to_string() });
    let on_box = json!({ "name": "Watcher", "permissions": ["box.operate"] });

    maker.post("/api/v1/service-accounts", &here).await.is(201);
    operator.post("/api/v1/service-accounts", &on_box).await.is(201);

    assert_eq!(told(&server, owner).await, ["security.service-account"]);
    assert_eq!(told(&server, admin).await, ["security.service-account"]);
    assert_eq!(told(&server, manager).await, [] as [&str; 0]);
    let seen = items(&operator.get(NOTICES).await);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["title"], "A service account was made: Watcher");
    assert_eq!(seen[0]["link"], "/box/programs");
    server.finish().await;
}

#[tokio::test]
async fn whoever_may_vouch_hears_once_that_somebody_lost_their_factor() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.user("admin").await, server.user("manager").await);
    let elsewhere = server.second_workspace().await;
    let stranger = server.person_in(elsewhere, "owner").await;
    let operator = server.operator().await;
    enrolled(&server).await;
    let lost = waiting(&server).await;

    lost.post(HELP, &Value::Null).await.is(202);
    lost.post(HELP, &Value::Null).await.is(202);

    assert_eq!(told(&server, admin).await, ["security.help-asked"]);
    assert_eq!(told(&server, manager).await, [] as [&str; 0]);
    assert_eq!(kinds(&stranger).await, [] as [&str; 0]);
    let of_box = items(&operator.get(NOTICES).await);
    assert_eq!(of_box.len(), 1);
    assert_eq!(of_box[0]["title"], "Mira Novak lost the second factor and asks for help");
    assert_eq!(of_box[0]["link"], "/box/security");
    let of_admin = items(&server.token_of(admin).await.get(NOTICES).await);
    assert_eq!(of_admin[0]["link"], format!("/w/{}/security", server.workspace));
    server.finish().await;
}

#[tokio::test]
async fn whoever_may_not_vouch_for_an_owner_does_not_hear_that_one_asks() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.user("admin").await, server.user("manager").await);
    let operator = server.operator().await;
    enrolled_as(&server, "owner").await;
    let lost = waiting(&server).await;

    lost.post(HELP, &Value::Null).await.is(202);

    assert_eq!(told(&server, admin).await, [] as [&str; 0]);
    assert_eq!(told(&server, manager).await, [] as [&str; 0]);
    assert_eq!(items(&operator.get(NOTICES).await).len(), 1);
    server.finish().await;
}

/// What somebody heard of their second factor, newest first.
async fn heard(browser: &Browser) -> Vec<String> {
    let notices = items(&browser.get(NOTICES).await);
    let of_factor = notices.iter().filter(|one| one["kind"] == "security.factor-changed");
    of_factor.map(|one| one["detail"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn somebody_hears_when_help_is_asked_in_their_name_and_what_they_had_is_dropped() {
    let server = TestServer::start().await;
    let mira = server.signed_in(EMAIL, "manager").await;
    enrol(&server, &mira).await;
    mira.post("/api/v1/me/mfa/backup-codes", &Value::Null).await.is(200);
    let of_codes = heard(&mira).await;
    let admin = server.browser_of(server.user("admin").await).await;
    server.advance(STEP);

    let other = waiting(&server).await;
    other.post(HELP, &Value::Null).await.is(202);
    other.post(HELP, &Value::Null).await.is(202);
    let of_help = heard(&mira).await;
    let requests = admin.get("/api/v1/mfa-requests").await.is(200);
    let id = requests["items"][0]["id"].as_str().expect("an id");
    admin.post(&format!("/api/v1/mfa-requests/{id}/approve"), &Value::Null).await.is(204);
    other.sign_in(EMAIL, PASSWORD).await.is(200);
    // They can only enrol from now on.
    enrol(&server, &other).await;
    let in_the_end = heard(&other).await;

    assert!(of_codes[0].starts_with("New backup codes were made"), "{of_codes:?}");
    assert_eq!((of_codes.len(), of_help.len()), (2, 3), "asking twice tells once");
    assert!(of_help[0].contains("somebody with your password"), "{of_help:?}");
    assert_eq!(in_the_end.len(), 5);
    assert!(in_the_end[1].starts_with("All of it was dropped"), "{in_the_end:?}");
    server.finish().await;
}

#[tokio::test]
async fn trouble_that_lasts_is_told_to_operators_once_a_day() {
    let server = TestServer::start_with_jobs(&[], &[PANICS]).await;
    let owner = server.person("owner").await;
    let user = server.user("viewer").await;
    server.change_user(user, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
    owner.post("/jobs", &ask(PANICS.kind)).await.is(202);
    // Nobody runs the job: it waits for hours.
    server.advance(std::time::Duration::from_hours(7));
    let mut watch = Watch::default();
    let mut look = async || watch.look(&server.platform).await.expect("a look");

    let first = look().await;
    let nobody_yet = told(&server, user).await;
    let second = look().await;
    let third = look().await;

    assert_eq!((first, nobody_yet), (0, vec![]), "it may pass by itself");
    assert!(second >= 1, "what lasts is told");
    assert_eq!(third, 0, "and not again");
    let notices = items(&server.token_of(user).await.get(NOTICES).await);
    let jobs = notices.iter().find(|one| one["title"] == "The box needs attention: jobs");
    let jobs = jobs.unwrap_or_else(|| panic!("{notices:?}"));
    assert_eq!(jobs["detail"], "A job waits for hours to begin; see the jobs.");
    assert_eq!(kinds(&owner).await, [] as [&str; 0]);
    assert!(server.box_counts().await["box.trouble.told"] >= 1);
    server.advance(std::time::Duration::from_hours(24));
    assert!(look().await >= 1, "the next day it is told again");
    server.finish().await;
}

#[tokio::test]
async fn on_a_box_that_nobody_runs_nothing_says_that_trouble_was_told() {
    let server = TestServer::start_with_jobs(&[], &[PANICS]).await;
    let owner = server.person("owner").await;
    let user = server.user("viewer").await;
    let none = "UPDATE users SET is_operator = 0 WHERE :user IS NOT NULL";
    server.change_user(user, none).await;
    owner.post("/jobs", &ask(PANICS.kind)).await.is(202);
    server.advance(std::time::Duration::from_hours(7));
    let mut watch = Watch::default();

    for _ in 0..3 {
        assert_eq!(watch.look(&server.platform).await.expect("a look"), 0);
    }

    assert!(!server.box_counts().await.contains_key("box.trouble.told"));
    server.finish().await;
}

/// Edits the first entry of the workspace's log, as somebody with the file would.
#[expect(clippy::disallowed_methods, reason = "the damage is done behind the box's back")]
async fn edit_log(server: &TestServer) {
    let path = server.platform.workspaces.path(server.workspace);
    server.platform.workspaces.close_all().await;
    let connection = rusqlite::Connection::open(path).expect("a file");
    let edit = "DROP TRIGGER audit_entries_are_not_changed;
                UPDATE audit_entries SET action = action || 'x' WHERE seq = 1";
    connection.execute_batch(edit).expect("an edited log");
}

#[tokio::test]
async fn a_log_that_does_not_verify_is_told_to_operators_once() {
    let server = TestServer::start().await;
    let (operator, admin) = (server.operator().await, server.person("admin").await);
    item(&server.person("manager").await, "S").await;
    admin.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(kinds(&operator).await, [] as [&str; 0]);

    edit_log(&server).await;
    let verdict = admin.post("/audit/verify", &Value::Null).await.is(200);
    admin.post("/audit/verify", &Value::Null).await.is(200);

    assert_eq!((&verdict["ok"], &verdict["first_bad_seq"]), (&json!(false), &json!(1)));
    let told = items(&operator.get(NOTICES).await);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["title"], "The box needs attention: audit log of Harbour Kitchen");
    assert_eq!(told[0]["detail"], "It was altered; the first bad entry is 1.");
    server.platform.close().await;
}

#[tokio::test]
async fn the_night_finds_a_log_that_was_altered_and_health_says_so_until_it_is_whole() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    item(&server.person("manager").await, "S").await;
    let kind = json!({ "kind": "platform.check-logs" });
    operator.post("/api/v1/jobs", &kind).await.is(202);
    server.run_jobs().await;
    assert!(server.platform.watching.is_every_chain_whole());

    edit_log(&server).await;
    server.advance(Duration::from_hours(24));
    let operator = server.operator().await;
    for _ in 0..2 {
        server.advance(Duration::from_mins(10));
        server.run_jobs().await;
    }

    assert!(!server.platform.watching.is_every_chain_whole());
    let jobs = items(&operator.get("/api/v1/jobs?kind=platform.check-logs").await);
    assert_eq!(
        (&jobs[0]["state"], &jobs[0]["problem"]["code"]),
        (&json!("failed"), &json!("audit-log-altered")),
        "{jobs:?}"
    );
    let told = items(&operator.get(NOTICES).await);
    let titles: Vec<_> = told.iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert!(
        titles.contains(&"The box needs attention: audit log of Harbour Kitchen"),
        "{titles:?}"
    );
    server.platform.close().await;
}
