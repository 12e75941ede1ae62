//! Everything is lost: somebody else vouches, or whoever owns the machine.

use std::time::Duration;

use holdfast::platform::control::{UserVerb, Verb, perform};
use http::Method;
use serde_json::{Value, json};

use super::{EMAIL, WITH_TOTP, enrol, enrolled, waiting};
use crate::support::{Browser, PASSWORD, TestServer};

const HELP: &str = "/api/v1/auth/mfa/help";
const REQUESTS: &str = "/api/v1/mfa-requests";

/// The id of the only request somebody sees.
async fn only_request(browser: &Browser) -> String {
    let list = browser.get(REQUESTS).await.is(200);
    let items = list["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{list}");
    assert_eq!(items[0]["user"]["email"], EMAIL);
    items[0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn an_admin_of_the_workspace_vouches_and_the_person_can_only_enrol() {
    let server = TestServer::start().await;
    let (app, codes) = enrolled(&server).await;
    let lost = waiting(&server).await;
    let admin = server.browser_of(server.user("admin").await).await;

    lost.post(HELP, &Value::Null).await.is(202);
    lost.post(HELP, &Value::Null).await.is(202);
    let id = only_request(&admin).await;
    admin.post(&format!("{REQUESTS}/{id}/approve"), &Value::Null).await.is(204);
    let again = admin.post(&format!("{REQUESTS}/{id}/approve"), &Value::Null).await;
    let browser = server.browser();
    let answer = browser.sign_in(EMAIL, PASSWORD).await.is(200);

    again.is_problem(409, "request-decided");
    assert_eq!(answer["user"]["email"], EMAIL);
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!((&me["mfa"]["must_enrol"], &me["mfa"]["enrolled"]), (&json!(true), &json!(false)));
    let elsewhere = browser.get("/api/v1/workspaces").await;
    elsewhere.is_problem(403, "mfa-enrolment-needed");
    // A second sign-in is no way round it.
    let other = server.browser();
    other.sign_in(EMAIL, PASSWORD).await.is(200);
    other.get("/api/v1/workspaces").await.is_problem(403, "mfa-enrolment-needed");
    enrol(&server, &browser).await;
    browser.get("/api/v1/workspaces").await.is(200);
    server.advance(super::STEP);
    let old = waiting(&server).await;
    for code in [app.code(server.clock.now()), codes[0].clone()] {
        old.post(WITH_TOTP, &json!({ "code": code })).await.is_problem(422, "wrong-code");
    }
    let counts = server.box_counts().await;
    for what in ["made", "approved", "used"] {
        assert_eq!(counts[&format!("identity.mfa_request.{what}")], 1, "{what}");
    }
    server.finish().await;
}

#[tokio::test]
async fn only_who_looks_after_the_person_hears_of_it_and_never_oneself() {
    let server = TestServer::start().await;
    server.account(EMAIL, "admin").await;
    let own = server.browser();
    own.sign_in(EMAIL, PASSWORD).await.is(200);
    enrol(&server, &own).await;
    waiting(&server).await.post(HELP, &Value::Null).await.is(202);
    let manager = server.browser_of(server.user("manager").await).await;
    let stranger = server.user("viewer").await;
    let sql = "DELETE FROM memberships WHERE user_id = :user";
    server.change_user(stranger, sql).await;
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;
    let owner = server.browser_of(server.user("owner").await).await;
    let id = only_request(&owner).await;
    let approve = format!("{REQUESTS}/{id}/approve");

    for browser in [&manager, &own] {
        assert_eq!(browser.get(REQUESTS).await.is(200)["items"], json!([]));
    }
    assert_eq!(outsider.get(REQUESTS).await.is(200)["items"], json!([]));
    manager.post(&approve, &Value::Null).await.is_problem(404, "not-found");
    own.post(&approve, &Value::Null).await.is_problem(403, "own-request");
    let program = server.person("owner").await;
    program.post(&approve, &Value::Null).await.is_problem(403, "browser-needed");
    server.advance(Duration::from_mins(10));
    owner.post(&approve, &Value::Null).await.is_problem(403, "step-up-needed");
    let sql = "UPDATE users SET is_operator = 1, operator_since = :now WHERE id = :user";
    server.change_user(stranger, sql).await;
    let operator = server.browser_of(stranger).await;
    let refuse = format!("{REQUESTS}/{}/refuse", only_request(&operator).await);
    operator.post(&refuse, &Value::Null).await.is(204);

    assert_eq!(owner.get(REQUESTS).await.is(200)["items"], json!([]));
    waiting(&server).await;
    assert_eq!(server.box_counts().await["identity.mfa_request.refused"], 1);
    assert_eq!(server.box_counts().await.get("identity.mfa_request.approved"), None);
    server.finish().await;
}

#[tokio::test]
async fn an_approval_is_over_after_a_day() {
    let server = TestServer::start().await;
    let (app, _) = enrolled(&server).await;
    waiting(&server).await.post(HELP, &Value::Null).await.is(202);
    let owner = server.browser_of(server.user("owner").await).await;
    let id = only_request(&owner).await;
    owner.post(&format!("{REQUESTS}/{id}/approve"), &Value::Null).await.is(204);

    server.advance(Duration::from_hours(24));
    let browser = waiting(&server).await;

    browser.post(WITH_TOTP, &json!({ "code": app.code(server.clock.now()) })).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn help_needs_the_password_first() {
    let server = TestServer::start().await;
    enrolled(&server).await;

    let refused = server.browser().post(HELP, &Value::Null).await;
    let wrong = server.browser();
    wrong.sign_in(EMAIL, "wrong").await.is_problem(401, "sign-in-failed");

    refused.is_problem(401, "sign-in-again");
    wrong.post(HELP, &Value::Null).await.is_problem(401, "sign-in-again");
    assert_eq!(server.box_counts().await.get("identity.mfa_request.made"), None);
    server.finish().await;
}

#[tokio::test]
async fn whoever_owns_the_machine_lets_a_person_back_in() {
    let server = TestServer::start().await;
    enrolled(&server).await;
    let ctx = crate::support::system(&server.platform);
    let claim = ctx.write(|scope| {
        let sql = "INSERT INTO box_settings (id, box_id, name, claimed_at, created_at)
                   VALUES (1, zeroblob(16), 'Harbour', 1, 1)
                   ON CONFLICT (id) DO UPDATE SET claimed_at = 1";
        Ok(scope.prepare_cached(sql)?.execute([])?)
    });
    claim.await.expect("a claimed box");

    let verb = Verb::User(UserVerb::Recover { who: EMAIL.to_owned() });
    perform(&server.platform, verb).await.expect("a way back");
    let browser = server.browser();
    let answer = browser.sign_in(EMAIL, PASSWORD).await.is(200);

    assert_eq!(answer["user"]["is_operator"], true);
    let refused = browser.send(Method::GET, "/api/v1/users", &[], &Value::Null).await;
    refused.is_problem(403, "mfa-enrolment-needed");
    enrol(&server, &browser).await;
    browser.get("/api/v1/users").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn nobody_vouches_for_somebody_who_may_do_more() {
    let server = TestServer::start().await;
    let lost = server.account(EMAIL, "owner").await;
    let browser = server.browser();
    browser.sign_in(EMAIL, PASSWORD).await.is(200);
    let role = json!({ "name": "Hiring", "permissions": ["people.manage", "people.read"] });
    let roles = format!("/api/v1/workspaces/{}/roles", server.workspace);
    browser.post(&roles, &role).await.is(201);
    enrol(&server, &browser).await;
    waiting(&server).await.post(HELP, &Value::Null).await.is(202);
    let admin = server.browser_of(server.user("admin").await).await;
    let hiring = server.user("viewer").await;
    let sql = "UPDATE memberships SET custom_role_id = (SELECT id FROM custom_roles)
               WHERE user_id = :user";
    server.change_user(hiring, sql).await;
    let hiring = server.browser_of(hiring).await;
    let owner = server.browser_of(server.user("owner").await).await;
    let approve = format!("{REQUESTS}/{}/approve", only_request(&owner).await);

    // Of an owner.
    for browser in [&admin, &hiring] {
        assert_eq!(browser.get(REQUESTS).await.is(200)["items"], json!([]));
        browser.post(&approve, &Value::Null).await.is_problem(404, "not-found");
    }
    // Of an admin.
    let sql = "UPDATE memberships SET role = 'admin' WHERE user_id = :user";
    server.change_user(lost, sql).await;
    only_request(&admin).await;
    hiring.post(&approve, &Value::Null).await.is_problem(404, "not-found");
    // Of an operator.
    let sql = "UPDATE users SET is_operator = 1, operator_since = :now WHERE id = :user";
    server.change_user(lost, sql).await;
    for browser in [&owner, &admin, &hiring] {
        browser.post(&approve, &Value::Null).await.is_problem(404, "not-found");
    }
    let operator = server.user("viewer").await;
    server.change_user(operator, sql).await;
    server.browser_of(operator).await.post(&approve, &Value::Null).await.is(204);
    server.finish().await;
}
