//! What holds for every request.

use http::Method;
use serde_json::json;

use crate::support::{TestServer, nothing};

#[tokio::test]
async fn a_stranger_is_asked_to_sign_in() {
    let server = TestServer::start().await;

    let refusal = server.stranger().get("/audit").await;

    refusal.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn a_member_sees_the_workspace_and_an_outsider_does_not_know_of_it() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;
    let path = format!("/api/v1/workspaces/{}", server.workspace);

    let seen = viewer.get(&path).await.is(200);
    let hidden = outsider.get(&path).await;
    let missing = outsider.get(&format!("/api/v1/workspaces/{}", nothing::<()>())).await;

    assert_eq!(seen["name"], "Harbour Kitchen");
    hidden.is_problem(404, "not-found");
    missing.is_problem(404, "not-found");
    assert_eq!(hidden.json()["detail"], missing.json()["detail"]);
    server.finish().await;
}

#[tokio::test]
async fn a_refusal_is_audited_with_what_was_needed() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    let refusal = viewer.get("/audit").await;

    assert_eq!(refusal.is_problem(403, "forbidden")["needed"], "audit.read");
    assert_eq!(server.audit_actions().await, ["access.refused"]);
    server.finish().await;
}

#[tokio::test]
async fn a_name_the_box_does_not_have_is_misdirected() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    let reply = viewer.send(Method::GET, "http://evil.example/", &[], "").await;

    reply.is_problem(421, "host-unknown");
    server.finish().await;
}

#[tokio::test]
async fn an_unversioned_address_moved_and_an_unknown_one_is_not_found() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    let moved = viewer.get("/api/workspaces?limit=1").await;
    let unknown = viewer.get("/api/v1/nothing").await;
    let verb = viewer.json(Method::PATCH, "/api/v1/workspaces", &[], &json!({})).await;

    assert_eq!(moved.status, 308);
    assert_eq!(moved.header("location"), Some("/api/v1/workspaces?limit=1"));
    unknown.is_problem(404, "not-found");
    verb.is_problem(405, "method-not-allowed");
    server.finish().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_a_request_id() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    let reply = viewer.get("/api/v1/workspaces").await;

    for header in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
        assert!(reply.header(header).is_some(), "{header} is missing");
    }
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-request-id").map(str::len), Some(36));
    server.finish().await;
}
