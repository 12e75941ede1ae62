//! Problem documents (RFC 9457): the only place where errors meet status codes.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

use crate::platform::error::{Code, Error, FieldError, code};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"holdfast\"");
pub const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Codes that belong to the toolkit and to no resource.
pub const CODES: &[Code] = &[
    code(
        "not-found",
        "There is nothing here, or nothing you may see.",
        "Check the address; it may have been deleted.",
    ),
    code("forbidden", "You lack a permission.", "Ask an admin of the workspace for it."),
    code("malformed", "The request could not be read.", "Send well-formed JSON or parameters."),
    code(
        "invalid-fields",
        "Some fields are missing, unknown or wrong; `errors` names each.",
        "Correct the named fields and send it again.",
    ),
    code("missing", "A field that is needed is not there.", "Send the field."),
    code(
        "unknown-field",
        "There is no field or parameter of that name.",
        "Check its spelling in the API description, or leave it out.",
    ),
    code(
        "wrong-type",
        "A field holds something of another kind than it takes.",
        "Send the type that the API description names.",
    ),
    code(
        "limit-out-of-range",
        "A page of a list has 1 to 200 rows.",
        "Ask for fewer rows and go on with the cursor.",
    ),
    code(
        "cursor-bad",
        "The cursor is not one that this list gave.",
        "Start again without a cursor.",
    ),
    code(
        "version-needed",
        "The object can be changed by several people, so the request must say which version it \
         changes.",
        "Send If-Match with the ETag you got when you read it.",
    ),
    code(
        "stale",
        "Somebody changed the object since you read it.",
        "Read it again, look at the difference and repeat your change.",
    ),
    code("too-large", "The request is larger than allowed.", "Send less at once."),
    code("too-many-requests", "You sent too many requests.", "Wait as long as Retry-After says."),
    code(
        "too-many-streams",
        "Too many live event streams are open.",
        "Close other tabs or programs that follow changes.",
    ),
    code(
        "busy",
        "The box has more to do than it can take at once.",
        "Try again after a moment; nothing was changed.",
    ),
    code(
        "storage-full",
        "The disk is full. Nothing was changed; reading still works.",
        "Make room on the disk of the box.",
    ),
    code(
        "storage-failed",
        "The disk failed while saving, so it is not known whether the change was kept.",
        "Look whether the change is there, then check the disk of the box.",
    ),
    code(
        "file-damaged",
        "A database file of the box is damaged. Nothing was changed.",
        "Stop the box and recover it into another folder: holdfast recover. Keep the damaged one.",
    ),
    code(
        "internal",
        "Something in the program went wrong. The cause is in the log under the request id.",
        "Try again; if it happens again, report it with the request id.",
    ),
    code("method-not-allowed", "This address has no such verb.", "See the API description."),
    code(
        "unsupported-media-type",
        "The body is not of the type this address takes.",
        "Send the Content-Type that the API description names.",
    ),
    code(
        "host-unknown",
        "The box is not called by this name.",
        "Use a known name or add this one to server.names.",
    ),
    code(
        "origin-missing",
        "A change that relies on a cookie must say which page it comes from.",
        "Use a browser, or a personal token instead of the cookie.",
    ),
    code(
        "origin-foreign",
        "The request came from a page of another site.",
        "Open the box's own page.",
    ),
    code(
        "timed-out",
        "The request took longer than allowed and was given up; what it had begun to write may \
         be kept.",
        "Look whether your change is there before you repeat it, or repeat it with the same \
         Idempotency-Key.",
    ),
];

/// One wrong field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Path of the field as it was sent, e.g. `operator.email`.
    pub field: String,
    pub code: String,
    /// One sentence for a person.
    pub detail: String,
}

/// What every refusal looks like.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `/problems/<code>`: a page that explains it.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened and what to do, for a person.
    pub detail: String,
    /// `/requests/<request id>`.
    pub instance: String,
    /// Stable; programs branch on it.
    pub code: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// An error on its way out: the front turns it into a document when it knows the request id.
#[derive(Clone)]
pub struct Pending(pub Arc<Error>);

/// What OAuth wants beside a refusal (RFC 6749 §5.2). Stands in the extensions of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// The member `error`.
    pub name: &'static str,
    /// Where it differs from that of the error.
    pub status: Option<StatusCode>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status(&self).into_response();
        response.extensions_mut().insert(Pending(Arc::new(self)));
        response
    }
}

/// Makes the document of an error.
pub fn render(error: &Error, request_id: &str, beside: Option<Beside>) -> Response {
    let status = beside.and_then(|one| one.status).unwrap_or(status(error));
    let (code, detail) = words(error);
    let fields = fields(error);
    let errors = fields.iter().map(|one| FieldProblem {
        field: one.field.clone(),
        code: one.code.to_owned(),
        detail: one.detail.clone(),
    });
    let problem = Problem {
        kind: format!("/problems/{code}"),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        detail,
        instance: format!("/requests/{request_id}"),
        code: code.to_owned(),
        errors: errors.collect(),
    };
    let mut body = serde_json::to_value(problem).unwrap_or_else(|_| json!({ "code": code }));
    if let Value::Object(members) = &mut body {
        add_extra(error, members);
        if let Some(beside) = beside {
            let detail = members.get("detail").cloned().unwrap_or_default();
            members.insert("error".to_owned(), json!(beside.name));
            members.insert("error_description".to_owned(), detail);
        }
    }
    let mut response = (status, body.to_string()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110 §15.5.2: an answer with 401 names a way to authenticate.
        response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    if let Some(seconds) = retry_after(error) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Error::Throttled { retry_after_s, limit, .. } = error {
        add_rate(response.headers_mut(), *retry_after_s, *limit);
    }
    response
}

/// Says which limit was reached and when there is room again, in the words most programs know.
fn add_rate(headers: &mut HeaderMap, reset_s: u64, limit: Option<u64>) {
    if let Some(limit) = limit {
        headers.insert(RATE_LIMIT, HeaderValue::from(limit));
    }
    headers.insert(RATE_REMAINING, HeaderValue::from(0));
    headers.insert(RATE_RESET, HeaderValue::from(reset_s));
}

/// The code of an error, for logs and metrics.
pub fn code_of(error: &Error) -> &'static str {
    words(error).0
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::SignInNeeded(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden { .. } | Error::StepUpNeeded { .. } => StatusCode::FORBIDDEN,
        Error::Denied(refusal) => match refusal.code {
            "invitation-unknown" | "registration-unknown" | "reset-unknown" => {
                StatusCode::NOT_FOUND
            }
            "host-unknown" => StatusCode::MISDIRECTED_REQUEST,
            "method-not-allowed" => StatusCode::METHOD_NOT_ALLOWED,
            "unsupported-media-type" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::FORBIDDEN,
        },
        Error::Malformed(_) => StatusCode::BAD_REQUEST,
        Error::Invalid(_) | Error::Rule(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::VersionNeeded => StatusCode::PRECONDITION_REQUIRED,
        Error::Stale { .. } => StatusCode::PRECONDITION_FAILED,
        Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Busy { .. }
        | Error::TimedOut { .. }
        | Error::StorageFailed(_)
        | Error::Damaged(_)
        | Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Code and sentence. A 5xx never says its cause.
fn words(error: &Error) -> (&'static str, String) {
    match error {
        Error::NotFound => ("not-found", "There is nothing here, or nothing you may see.".into()),
        Error::Forbidden { needed } => {
            ("forbidden", format!("You need the permission {needed} for this."))
        }
        Error::StepUpNeeded { .. } => {
            ("step-up-needed", "Prove once more that it is you, then repeat this.".into())
        }
        Error::SignInNeeded(refusal)
        | Error::Denied(refusal)
        | Error::Malformed(refusal)
        | Error::Rule(refusal)
        | Error::Conflict(refusal)
        | Error::Unavailable(refusal) => (refusal.code, refusal.detail.clone()),
        Error::Invalid(fields) => ("invalid-fields", sentence(fields)),
        Error::VersionNeeded => {
            ("version-needed", "Say in If-Match which version you are changing.".into())
        }
        Error::Stale { .. } => (
            "stale",
            "Somebody changed this since you read it. Look at it again, then repeat your change."
                .into(),
        ),
        Error::TooLarge { limit_bytes } => {
            ("too-large", format!("The request is larger than {limit_bytes} bytes."))
        }
        Error::Throttled { code, retry_after_s, .. } => {
            (code, format!("That was too often. Try again in {retry_after_s} s."))
        }
        Error::Busy { .. } => ("busy", "The box is busy. Nothing was changed; try again.".into()),
        Error::TimedOut { .. } => (
            "timed-out",
            "This took too long. Look whether your change is there before you repeat it.".into(),
        ),
        Error::StorageFull => (
            "storage-full",
            "The disk of the box is full. Nothing was changed; make room, then try again.".into(),
        ),
        Error::StorageFailed(_) => (
            "storage-failed",
            "The disk of the box failed. Look whether your change is there before you repeat it."
                .into(),
        ),
        Error::Damaged(_) => (
            "file-damaged",
            "A database file of the box is damaged. Nothing was changed; an operator has to look."
                .into(),
        ),
        Error::Internal(_) => (
            "internal",
            "Something in the program went wrong. Report it with the request id.".into(),
        ),
    }
}

fn sentence(fields: &[FieldError]) -> String {
    match fields {
        [one] => one.detail.clone(),
        many => format!("{} fields are wrong.", many.len()),
    }
}

fn fields(error: &Error) -> &[FieldError] {
    match error {
        Error::Invalid(fields) => fields,
        Error::Rule(refusal) | Error::Conflict(refusal) | Error::Malformed(refusal) => {
            &refusal.fields
        }
        _ => &[],
    }
}

fn add_extra(error: &Error, members: &mut Map<String, Value>) {
    match error {
        Error::Rule(refusal) | Error::Conflict(refusal) => {
            for (name, value) in &refusal.extra {
                members.insert((*name).to_owned(), json!(value));
            }
        }
        Error::Stale { version } => {
            members.insert("version".to_owned(), json!(version));
        }
        Error::StepUpNeeded { methods } => {
            members.insert("methods".to_owned(), json!(methods));
        }
        Error::Forbidden { needed } => {
            members.insert("needed".to_owned(), json!(needed));
        }
        _ => {}
    }
}

fn retry_after(error: &Error) -> Option<u64> {
    match error {
        Error::Throttled { retry_after_s, .. }
        | Error::Busy { retry_after_s }
        | Error::TimedOut { retry_after_s } => Some(*retry_after_s),
        _ => None,
    }
}
