//! The fuzzer on a box with planted faults: it must find each, and nothing in what is right.

use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use holdfast::platform::id::Id;
use http::StatusCode;
use serde_json::{Value, json};

use super::Fuzzer;
use super::description::Rest;
use crate::support::Client;

const REQUEST_ID: &str = "0193-planted";

fn problem(status: u16, code: &str) -> Value {
    json!({
        "type": format!("/problems/{code}"), "title": "Refused", "status": status,
        "detail": "No.", "instance": format!("/requests/{REQUEST_ID}"), "code": code,
    })
}

fn answer(status: u16, kind: &str, body: String) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let headers = [("content-type", kind), ("x-request-id", REQUEST_ID)];
    (status, headers, body).into_response()
}

fn refusal(status: u16, body: &Value) -> Response {
    answer(status, "application/problem+json", body.to_string())
}

fn ok(body: &Value) -> Response {
    answer(200, "application/json", body.to_string())
}

/// What every planted operation says of itself: it takes a name and gives one back.
fn described() -> Value {
    let thing = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": { "name": { "type": "string", "maxLength": 40 } },
    });
    let content = |schema: &Value| json!({ "application/json": { "schema": schema } });
    let problem = json!({ "description": "No.", "content": { "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" },
    } } });
    json!({
        "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer" } }],
        "requestBody": { "required": true, "content": content(&thing) },
        "responses": {
            "200": { "description": "OK", "content": content(&thing) },
            "400": problem, "422": problem, "500": problem,
        },
    })
}

fn document(paths: &[&str]) -> Value {
    let paths = paths.iter().map(|path| ((*path).to_owned(), json!({ "post": described() })));
    let text = json!({ "type": "string" });
    json!({
        "paths": paths.collect::<serde_json::Map<_, _>>(),
        "components": { "schemas": { "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "instance", "code"],
            "properties": {
                "type": text, "title": text, "detail": text, "instance": text, "code": text,
                "status": { "type": "integer" },
            },
        } } },
    })
}

/// Does what it says.
async fn right(request: Request) -> Response {
    let is_known = |pair: &str| pair.split('=').next() == Some("limit");
    let asks_too_much = request.uri().query().is_some_and(|query| !query.split('&').all(is_known));
    let bytes = axum::body::to_bytes(request.into_body(), 1_000_000).await.expect("a body");
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return refusal(400, &problem(400, "malformed"));
    };
    let name = body["name"].as_str().filter(|name| name.chars().count() <= 40);
    let is_alone = body.as_object().is_some_and(|members| members.len() == 1);
    match name {
        Some(name) if is_alone && !asks_too_much => ok(&json!({ "name": name })),
        _ => refusal(422, &problem(422, "invalid-fields")),
    }
}

/// Takes whatever comes.
async fn credulous(_: Bytes) -> Response {
    ok(&json!({ "name": "x" }))
}

/// Breaks on what nobody types by mistake.
async fn fragile(body: Bytes) -> Response {
    if body.contains(&0) || String::from_utf8_lossy(&body).contains("\\u0000") {
        return refusal(500, &problem(500, "internal"));
    }
    refusal(422, &problem(422, "invalid-fields"))
}

fn planted() -> Router {
    let fixed = |response: fn() -> Response| post(move || async move { response() });
    Router::new()
        .route("/api/right", post(right))
        .route("/api/credulous", post(credulous))
        .route("/api/fragile", post(fragile))
        .route("/api/undocumented", fixed(|| refusal(418, &problem(418, "not-found"))))
        .route("/api/talkative", fixed(|| ok(&json!({ "name": "x", "unit_cost": "1" }))))
        .route("/api/silent", fixed(|| ok(&json!({}))))
        .route("/api/typed", fixed(|| ok(&json!({ "name": 1 }))))
        .route("/api/plain", fixed(|| answer(422, "text/plain", "no".to_owned())))
        .route("/api/invented", fixed(|| refusal(422, &problem(422, "not-in-any-table"))))
        .route(
            "/api/chatty",
            fixed(|| {
                let mut problem = problem(422, "invalid-fields");
                problem["detail"] = json!("SQLite said: UNIQUE constraint failed: items.number");
                refusal(422, &problem)
            }),
        )
        .route("/api/nameless", post(|| async { Json(json!({ "name": "x" })) }))
        .route("/api/other", get(|| async {}))
}

#[tokio::test]
async fn the_fuzzer_finds_what_was_planted_and_nothing_else() {
    let expected = [
        ("/api/right", ""),
        ("/api/credulous", "although"),
        ("/api/fragile", "500"),
        ("/api/undocumented", "not documented"),
        ("/api/talkative", "unit_cost is not described"),
        ("/api/silent", "name is missing"),
        ("/api/typed", "is not \"string\""),
        ("/api/plain", "a refusal as"),
        ("/api/invented", "in no table"),
        ("/api/chatty", "shows the inside"),
        ("/api/nameless", "no request id"),
    ];
    let paths: Vec<&str> = expected.iter().map(|(path, _)| *path).collect();
    let mut fuzzer = Fuzzer::new(document(&paths), 1);
    let client = Client::new(planted(), None, Id::from_bytes([1; 16]));

    for operation in fuzzer.description.operations.clone() {
        for _ in 0..300 {
            let sent = fuzzer.invent(&operation, "", "");
            fuzzer.ask(&operation, &client, "nobody", &sent).await;
        }
    }

    for (path, what) in expected {
        let name = format!("POST {path}: ");
        let found: Vec<&String> = fuzzer
            .findings
            .iter()
            .filter_map(|(key, told)| key.starts_with(&name).then_some(told))
            .collect();
        if what.is_empty() {
            assert!(found.is_empty(), "{path} is right: {found:#?}");
        } else {
            assert!(found.iter().any(|told| told.contains(what)), "{path}: {found:#?}");
        }
    }
    // What answers with refusals alone was never reached, and that is told too.
    assert!(fuzzer.never_reached().contains(&"POST /api/fragile".to_owned()));
    assert!(!fuzzer.never_reached().contains(&"POST /api/right".to_owned()));
}

#[test]
fn the_same_seed_asks_the_same() {
    let run = || {
        let mut fuzzer = Fuzzer::new(document(&["/api/right"]), 7);
        let operation = fuzzer.description.operations[0].clone();
        (0..50).map(|_| fuzzer.invent(&operation, "", "").to_string()).collect::<Vec<_>>()
    };

    assert_eq!(run(), run());
}

#[test]
#[should_panic(expected = "does not understand `dependentRequired`")]
fn a_word_nobody_checks_stops_the_run() {
    let mut document = document(&["/api/right"]);
    let schema = json!({ "type": "object", "dependentRequired": {} });
    document["components"]["schemas"]["Problem"] = schema.clone();
    let fuzzer = Fuzzer::new(document, 1);

    let faults = fuzzer.description.faults(&schema, &json!({}), Rest::Open);

    panic!("it went on and found {faults:?}");
}
