//! The OpenAPI document: what the handlers declare, plus what holds for every operation.

use http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use super::problem::{FieldProblem, Problem};
use super::routes::{Declared, read};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::KEY_LENGTH_MAX;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Refusals any operation can give, by status.
const COMMON: &[(&str, &str)] = &[
    ("400", "The request could not be read."),
    ("413", "The request is too large."),
    ("421", "The box is not called by this name."),
    ("422", "Fields or parameters are wrong, or a rule says no; `code` and `errors` say which."),
    (
        "429",
        "Too many requests; Retry-After and RateLimit-Reset say when to come back, RateLimit-Limit \
         how many may come at once.",
    ),
    ("500", "A fault of the program; the cause is in its log."),
    ("503", "Busy, or the disk failed; Retry-After says when to come back."),
];
/// Refusals of operations that need a sign-in.
const SIGNED_IN: &[(&str, &str)] = &[
    ("401", "Nobody is signed in, or the session has ended."),
    ("403", "The caller lacks the permission, or the request came from a foreign page."),
];
/// Refusals of operations that take a body.
const WITH_BODY: &[(&str, &str)] = &[("415", "The body is of a media type this cannot read.")];
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

impl Declared {
    /// Every path with its operations, each completed when it is asked for.
    pub fn operations(&self) -> impl Iterator<Item = (&str, Value)> {
        self.paths.iter().map(|(path, operations)| {
            let mut operations = read(operations);
            for (verb, operation) in operations.as_object_mut().into_iter().flatten() {
                if operation.is_object() {
                    complete_parameters(path, verb, operation);
                    complete_responses(path, verb, operation);
                }
            }
            (path.as_str(), operations)
        })
    }

    /// The whole document, as JSON.
    pub fn text(&self) -> Result<String> {
        let own = [
            ("Problem", schema_of::<Problem>()?.to_string()),
            ("FieldProblem", schema_of::<FieldProblem>()?.to_string()),
        ];
        let own_names = own.each_ref().map(|(name, _)| *name);
        let schemas = self.schemas.iter().map(|(name, schema)| (name.as_str(), schema.to_string()));
        let schemas = schemas.filter(|(name, _)| !own_names.contains(name)).chain(own);
        let components = [
            ("securitySchemes", security_schemes().to_string()),
            ("responses", refusals().to_string()),
            ("schemas", object_of(schemas)),
        ];
        let paths = self.operations().map(|(path, operations)| (path, operations.to_string()));
        let all = [
            ("openapi", json!("3.1.0").to_string()),
            ("info", about().to_string()),
            ("components", object_of(components)),
            ("paths", object_of(paths)),
        ];
        Ok(object_of(all))
    }
}

/// An object of members that are JSON already. Their names need no escapes.
fn object_of<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = String::from("{");
    for (name, value) in members {
        let comma = if text.len() > 1 { "," } else { "" };
        text.extend([comma, "\"", name, "\":", value.as_str()]);
    }
    text.push('}');
    text
}

fn about() -> Value {
    json!({
        "title": "Holdfast",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Runs a small team's operations on a box it owns.",
        "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
    })
}

fn security_schemes() -> Value {
    json!({
        "session": {
            "type": "http", "scheme": "bearer",
            "description": "A personal token (`hfp_…`), or the session cookie of a browser.",
        },
    })
}

fn refusals() -> Value {
    [COMMON, SIGNED_IN, WITH_BODY, NAMED, WRITING, VERSIONED]
        .into_iter()
        .flatten()
        .map(|(status, description)| (shared_name(status), problem_response(description)))
        .collect::<Map<_, _>>()
        .into()
}

fn schema_of<T: PartialSchema>() -> Result<Value> {
    serde_json::to_value(T::schema()).map_err(Error::internal)
}

/// Adds what the path and the kind of operation say already.
fn complete_parameters(path: &str, verb: &str, operation: &mut Value) {
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    let creates = creates(verb, operation);
    let Some(parameters) = operation["parameters"].as_array_mut() else { return };
    let has = |parameters: &[Value], name: &str| parameters.iter().any(|one| one["name"] == name);
    for name in names_in(path) {
        if !has(parameters, name) {
            parameters.push(json!({
                "name": name, "in": "path", "required": true, "schema": { "type": "string" },
            }));
        }
    }
    if creates && !has(parameters, IDEMPOTENCY_KEY) {
        parameters.push(json!({
            "name": IDEMPOTENCY_KEY, "in": "header", "required": false,
            "description": "The same key with the same body makes the object once.",
            "schema": { "type": "string", "maxLength": KEY_LENGTH_MAX },
        }));
    }
}

/// Whether an operation makes an object or a job, so that a repeated request may ask for what the
/// first one made. Cancelling and retrying make none and say so by their parameter in the path.
pub fn creates(verb: &str, operation: &Value) -> bool {
    let answers = |status: &str| operation["responses"].get(status).is_some();
    verb == "post" && (answers("201") || answers("202") && operation[MAKES_JOB] == true)
}

/// The member of an operation that marks a 202 as the making of a job.
pub const MAKES_JOB: &str = "x-makes-job";

/// The parameters in a path template.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn complete_responses(path: &str, verb: &str, operation: &mut Value) {
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
    if operation["requestBody"].is_object() {
        refusals.extend_from_slice(WITH_BODY);
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
    for (status, _) in refusals {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            let shared = format!("#/components/responses/{}", shared_name(status));
            responses[status] = json!({ "$ref": shared });
        }
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response.get("$ref").is_none() && response.get("description").is_none() {
            let status = StatusCode::from_bytes(status.as_bytes()).ok();
            let reason = status.and_then(|status| status.canonical_reason());
            response["description"] = reason.unwrap_or_default().into();
        }
        let is_refusal = status.starts_with(['4', '5']);
        if is_refusal && response.get("$ref").is_none() && response.get("content").is_none() {
            response["content"] = problem_content();
        }
    }
}

/// The name of a refusal that many operations share.
fn shared_name(status: &str) -> String {
    format!("Refusal{status}")
}

fn problem_response(description: &str) -> Value {
    json!({ "description": description, "content": problem_content() })
}

fn problem_content() -> Value {
    json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_its_parameters() {
        let names: Vec<&str> = names_in("/a/{workspace}/b/{id}").collect();
        assert_eq!(names, ["workspace", "id"]);
    }

    #[test]
    fn what_an_operation_says_itself_is_kept() {
        let mut operation = json!({
            "parameters": [{ "name": "id", "in": "path", "schema": { "format": "uuid" } }],
            "requestBody": { "content": {} },
            "responses": { "201": {}, "422": { "description": "Own words." } },
        });

        complete_parameters("/things/{id}", "post", &mut operation);
        complete_responses("/things/{id}", "post", &mut operation);

        let parameters = operation["parameters"].as_array().expect("parameters");
        assert_eq!(parameters[0]["schema"]["format"], "uuid");
        assert_eq!(parameters[1]["name"], IDEMPOTENCY_KEY);
        assert_eq!(parameters.len(), 2);
        assert_eq!(operation["responses"]["422"]["description"], "Own words.");
        assert_eq!(operation["responses"]["422"]["content"], problem_content());
        assert_eq!(operation["responses"]["201"]["description"], "Created");
        assert_eq!(operation["responses"]["415"]["$ref"], "#/components/responses/Refusal415");
        assert_eq!(operation["responses"]["507"]["$ref"], "#/components/responses/Refusal507");
    }
}
