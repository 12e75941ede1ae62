//! The description of the API: for programs, as a page, and as a committed file.

use std::collections::BTreeSet;

use holdfast::wiring;
use http::Method;
use serde_json::Value;

use crate::support::TestServer;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/openapi.json");

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, verbs)| {
            let verbs = verbs.as_object().expect("operations");
            verbs.iter().map(move |(verb, about)| (path.as_str(), verb.as_str(), about))
        })
        .filter(|(.., about)| about.is_object())
        .collect()
}

#[test]
fn the_committed_description_is_the_one_of_the_code() {
    let document = wiring::document().expect("a description");

    let committed = std::fs::read_to_string(SNAPSHOT).expect("the committed description");

    assert!(committed == format!("{document:#}\n"), "run `make generate` and read the difference");
}

#[tokio::test]
async fn a_stranger_gets_the_description_and_asks_again_for_nothing() {
    let server = TestServer::start().await;
    let stranger = server.stranger();

    let whole = stranger.get("/api/v1/openapi.json").await;
    let tag = whole.header("etag").expect("a validator").to_owned();
    let again =
        stranger.send(Method::GET, "/api/v1/openapi.json", &[("if-none-match", &tag)], "").await;

    assert_eq!(whole.is(200), wiring::document().expect("a description"));
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert_eq!(again.status, 304);
    assert!(again.bytes.is_empty());
    server.finish().await;
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_tag() {
    let document = wiring::document().expect("a description");
    let mut names = BTreeSet::new();

    for (path, verb, about) in operations(&document) {
        let name = about["operationId"].as_str().unwrap_or_default();
        assert!(names.insert(name.to_owned()), "{verb} {path}: {name} stands twice");
        assert!(about["summary"].is_string(), "{verb} {path} has no summary");
        assert!(about["tags"][0].is_string(), "{verb} {path} has no tag");
    }
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn look_at(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(to) = members.get("$ref").and_then(Value::as_str) {
                    let found = document.pointer(to.trim_start_matches('#'));
                    assert!(found.is_some(), "{to} is missing");
                }
                members.values().for_each(|one| look_at(one, document));
            }
            Value::Array(all) => all.iter().for_each(|one| look_at(one, document)),
            _ => {}
        }
    }
    let document = wiring::document().expect("a description");
    look_at(&document, &document);
}

#[tokio::test]
async fn the_page_shows_every_operation_and_needs_nothing_but_itself() {
    let server = TestServer::start().await;

    let page = server.stranger().get("/api/docs").await;

    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let text = page.text();
    let document = wiring::document().expect("a description");
    for (path, _, about) in operations(&document) {
        let name = about["operationId"].as_str().expect("a name");
        assert!(text.contains(&format!(" id=\"{name}\">")), "{path}");
        assert!(text.contains(path), "{path}");
    }
    for schema in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(text.contains(&format!("id=\"schema-{schema}\"")), "{schema}");
    }
    assert!(text.contains("Needs the permission <code>audit.read</code>."));
    is_self_contained(&text);
    server.finish().await;
}

/// The policy lets pages run no script of their own and load nothing from elsewhere.
fn is_self_contained(html: &str) {
    for forbidden in
        ["<script", "javascript:", " onclick=", "http://", "https://", "<link", "@import"]
    {
        assert!(!html.contains(forbidden), "{forbidden} in a page");
    }
}

#[tokio::test]
async fn every_code_has_a_page_and_an_unknown_one_has_none() {
    let server = TestServer::start().await;
    let stranger = server.stranger();

    for code in wiring::codes() {
        let page = stranger.get(&format!("/problems/{}", code.id)).await;
        assert_eq!(page.status, 200, "{}", code.id);
        let text = page.text();
        assert!(text.contains(&format!("<h1><code>{}</code></h1>", code.id)));
        assert!(text.contains("What to do"));
        is_self_contained(&text);
    }
    for path in ["/problems/%3Cscript%3E", "/problems/%ff"] {
        let unknown = stranger.get(path).await;
        assert_eq!(unknown.status, 404, "{path}");
        assert_eq!(unknown.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(!unknown.text().contains("<script"), "{path}");
    }
    let list = stranger.get("/problems").await;
    assert_eq!(list.status, 200);
    assert!(list.text().contains("<a href=\"/problems/sign-in-needed\">"));
    server.finish().await;
}
