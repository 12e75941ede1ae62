//! The OpenAPI document: what the handlers declare, plus what holds for every operation.

use serde_json::{Map, Value, json};

use crate::platform::error::{Error, Result};

/// Refusals any operation can give, by status.
const COMMON: &[(&str, &str)] = &[
    ("400", "The request could not be read."),
    ("413", "The request is too large."),
    ("421", "The box is not called by this name."),
    ("422", "Fields or parameters are wrong, or a rule says no; `code` and `errors` say which."),
    ("429", "Too many requests; Retry-After says when to come back."),
    ("500", "A fault of the program; the cause is in its log."),
    ("503", "Busy, or the disk failed; Retry-After says when to come back."),
];
/// Refusals of operations that need a sign-in.
const SIGNED_IN: &[(&str, &str)] = &[
    ("401", "Nobody is signed in, or the session has ended."),
    ("403", "The caller lacks the permission, or the request came from a foreign page."),
];
/// Refusals of operations on something named in the path.
const NAMED: &[(&str, &str)] = &[("404", "There is no such thing, or the caller may not see it.")];
/// Refusals of operations that write.
const WRITING: &[(&str, &str)] = &[
    ("409", "It clashes with what is there now."),
    ("507", "The disk is full; nothing was changed."),
];
/// Refusals of changes to objects that have a version.
const VERSIONED: &[(&str, &str)] =
    &[("412", "The object was changed meanwhile."), ("428", "If-Match is needed.")];

/// Completes the collected document.
pub fn complete(collected: utoipa::openapi::OpenApi) -> Result<Value> {
    let mut document = serde_json::to_value(collected).map_err(Error::internal)?;
    document["info"] = json!({
        "title": "Holdfast",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Runs a small team's operations on a box it owns.",
        "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
    });
    document["components"]["securitySchemes"] = json!({
        "session": {
            "type": "http", "scheme": "bearer",
            "description": "A personal token (`hfp_…`), or the session cookie of a browser.",
        },
    });
    let paths = document["paths"].as_object_mut();
    for (path, operations) in paths.into_iter().flatten() {
        for (verb, operation) in operations.as_object_mut().into_iter().flatten() {
            if operation.is_object() {
                complete_operation(path, verb, operation);
            }
        }
    }
    Ok(document)
}

fn complete_operation(path: &str, verb: &str, operation: &mut Value) {
    let is_public = operation["security"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one.as_object().is_some_and(Map::is_empty)));
    let writes = !matches!(verb, "get" | "head");
    let is_versioned = operation["parameters"].as_array().is_some_and(|all| {
        all.iter().any(|one| one["name"].as_str().is_some_and(|name| name == "If-Match"))
    });
    let mut refusals = COMMON.to_vec();
    if !is_public {
        refusals.extend_from_slice(SIGNED_IN);
    }
    if path.contains('{') {
        refusals.extend_from_slice(NAMED);
    }
    if writes {
        refusals.extend_from_slice(WRITING);
    }
    if is_versioned {
        refusals.extend_from_slice(VERSIONED);
    }
    for (status, description) in refusals {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            responses[status] = problem_response(description);
        }
    }
}

fn problem_response(description: &str) -> Value {
    json!({
        "description": description,
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" }
        } },
    })
}
