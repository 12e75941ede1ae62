//! Owners, admins and operators need a second factor seven days after they became that.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::TestServer;

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);
const SETTINGS: &[(&str, &str)] = &[("sessions.idle_min", "43200")];

#[tokio::test]
async fn the_seven_days_end_to_the_second() {
    let server = TestServer::start_with(SETTINGS).await;
    let owner = server.browser_of(server.user("owner").await).await;
    let me = owner.get("/api/v1/me").await.is(200);
    assert_eq!(
        me["mfa"],
        json!({
            "required": true, "enrolled": false, "enrol_by": "2026-11-28T06:00:00.000Z",
            "must_enrol": false,
        })
    );

    server.advance(Duration::from_secs(7 * 24 * 3_600 - 1));
    owner.get("/api/v1/workspaces").await.is(200);
    server.advance(SECOND * 2);

    let refused = owner.get("/api/v1/workspaces").await;
    refused.is_problem(403, "mfa-enrolment-needed");
    assert_eq!(owner.get("/api/v1/me").await.is(200)["mfa"]["must_enrol"], true);
    owner.get("/api/v1/about").await.is(200);
    let below = format!("/api/v1/workspaces/{}/members", server.workspace);
    owner.get(&below).await.is_problem(403, "mfa-enrolment-needed");
    owner.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    server.finish().await;
}

#[tokio::test]
async fn only_owners_admins_and_operators_need_one() {
    let server = TestServer::start_with(SETTINGS).await;
    let manager = server.browser_of(server.user("manager").await).await;
    let admin = server.browser_of(server.user("admin").await).await;
    let operator = server.user("viewer").await;
    let sql = "UPDATE users SET is_operator = 1, operator_since = :now WHERE id = :user";
    server.change_user(operator, sql).await;
    let operator = server.browser_of(operator).await;

    server.advance(DAY * 8);

    let me = manager.get("/api/v1/me").await.is(200);
    assert_eq!(me["mfa"]["required"], false);
    assert_eq!(me["mfa"]["enrol_by"], Value::Null);
    manager.get("/api/v1/workspaces").await.is(200);
    for browser in [admin, operator] {
        let refused = browser.get("/api/v1/workspaces").await;
        refused.is_problem(403, "mfa-enrolment-needed");
    }
    server.finish().await;
}

#[tokio::test]
async fn the_time_counts_from_the_role_and_not_from_the_account() {
    let server = TestServer::start_with(SETTINGS).await;
    let member = server.user("manager").await;
    server.advance(DAY * 30);
    let owner = server.person("owner").await;
    let path = format!("/members/{member}");

    owner.change(Method::PATCH, &path, 1, &json!({ "role": "admin" })).await.is(200);
    let browser = server.browser_of(member).await;
    server.advance(DAY * 6);
    browser.get("/api/v1/workspaces").await.is(200);
    let owner = server.person("owner").await;
    owner.change(Method::PATCH, &path, 2, &json!({ "role": "owner" })).await.is(200);
    server.advance(DAY + SECOND);

    let refused = browser.get("/api/v1/workspaces").await;
    refused.is_problem(403, "mfa-enrolment-needed");
    let owner = server.person("owner").await;
    owner.change(Method::PATCH, &path, 3, &json!({ "role": "viewer" })).await.is(200);
    browser.get("/api/v1/workspaces").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn programs_made_before_go_on() {
    let server = TestServer::start_with(SETTINGS).await;
    let owner = server.user("owner").await;
    let token = {
        let browser = server.browser_of(owner).await;
        let body = json!({ "name": "Scale", "expires_in_days": 90 });
        browser.post("/api/v1/me/tokens", &body).await.is(201)
    };
    let token = token["token"].as_str().expect("a token");
    let program = server.stranger().saying("authorization", &format!("Bearer {token}"));

    server.advance(DAY * 8);

    program.get("/api/v1/workspaces").await.is(200);
    assert_eq!(program.get("/api/v1/me").await.is(200)["elevated_until"], Value::Null);
    server.finish().await;
}
