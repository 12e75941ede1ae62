//! Service accounts are given parts of running the box, and nothing more.

use http::Method;
use serde_json::json;

use super::at;
use crate::support::{Client, TestServer};

const ACCOUNTS: &str = "/api/v1/service-accounts";
const TOKEN: &str = "/api/v1/auth/token";

/// A program that signed in as a service account of the box with these permissions and channels.
pub(super) async fn program(
    server: &TestServer,
    permissions: &[&str],
    channels: &[&str],
) -> Client {
    let operator = server.operator().await;
    let draft = json!({ "name": "Fleet", "permissions": permissions, "channels": channels });
    let made = operator.post(ACCOUNTS, &draft).await.is(201);
    let text = |name: &str| made[name].as_str().expect(name).to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let given = server.stranger().send(Method::POST, TOKEN, &kind, form).await.is(200);
    let token = given["access_token"].as_str().expect("a token").to_owned();
    Client::new(server.router.clone(), Some(token), server.workspace)
}

#[tokio::test]
async fn an_account_does_the_part_it_was_given_and_no_other() {
    let server = TestServer::start().await;
    let fleet = program(&server, &["updates.check"], &["stable"]).await;

    fleet.get(&at("status")).await.is(200);
    fleet.get(&at("history")).await.is(200);

    fleet.get("/api/v1/users").await.is_problem(403, "forbidden");
    fleet.get("/api/v1/audit").await.is_problem(403, "forbidden");
    let refused = server.box_entries("access.refused").await;
    assert_eq!(refused.len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn an_account_that_operates_has_no_part_of_updates_by_that() {
    let server = TestServer::start().await;
    let fleet = program(&server, &["box.operate"], &["stable"]).await;

    fleet.get("/api/v1/users").await.is(200);
    fleet.get(&at("status")).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn only_accounts_of_the_box_are_given_its_parts_and_only_by_operators() {
    let server = TestServer::start().await;
    let (owner, operator) = (server.person("owner").await, server.operator().await);
    let here = server.workspace.to_string();

    let of_workspace = json!({
        "name": "Fleet", "workspace_id": here, "permissions": ["updates.check"],
    });
    let refused = owner.post(ACCOUNTS, &of_workspace).await;
    refused.is_field_problem("permissions[0]", "permission-not-held");
    let of_box = json!({ "name": "Fleet", "permissions": ["updates.check"] });
    owner.post(ACCOUNTS, &of_box).await.is_problem(403, "forbidden");
    let unknown = json!({ "name": "Fleet", "permissions": ["updates.everything"] });
    let refused = operator.post(ACCOUNTS, &unknown).await;
    refused.is_field_problem("permissions[0]", "permission-not-held");
    server.finish().await;
}

#[tokio::test]
async fn people_of_a_workspace_see_nothing_of_updates() {
    let server = TestServer::start().await;

    for role in ["owner", "admin", "viewer"] {
        let person = server.person(role).await;
        person.get(&at("status")).await.is_problem(403, "forbidden");
        person.get(&at("history")).await.is_problem(403, "forbidden");
    }
    server.stranger().get(&at("status")).await.is_problem(401, "sign-in-needed");
    server.finish().await;
}
