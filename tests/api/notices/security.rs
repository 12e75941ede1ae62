//! What happens to accounts and to the box is told to those who look after them.

use holdfast::platform::identity::UserId;
use holdfast::platform::monitoring::watch::Watch;
use serde_json::{Value, json};

use super::{NOTICES, items, kinds};
use crate::inventory::item;
use crate::jobs::ask;
use crate::jobs::kinds::PANICS;
use crate::second_factor::{enrolled, waiting};
use crate::support::TestServer;

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
