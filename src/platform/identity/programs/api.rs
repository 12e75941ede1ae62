//! The token endpoint (RFC 6749, RFC 7523).

use axum::extract::{Form, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, ClientCredential, ClientGrant, Issued, PasswordGrant};
use crate::http::address::network;
use crate::http::answer::ok;
use crate::http::extract::{DecimalText, body_bytes, from_json};
use crate::http::problem::{Beside, code_of};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::secret::Secret;

/// What RFC 7523 calls an assertion that is a JWT.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What a program calls itself is cut short after so many characters.
const NAME_LENGTH_MAX: usize = 100;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_token))
}

/// What is asked for, and the proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// `password`, `refresh_token` or `client_credentials`.
    grant_type: String,
    /// `password`: the e-mail address.
    username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    #[schema(value_type = Option<String>, format = Password)]
    refresh_token: Option<Secret>,
    /// `password`: the code of a person who has a second factor, of the app or from paper.
    #[schema(value_type = Option<String>)]
    totp: Option<Secret>,
    /// `client_credentials`: the service account. Else what the program calls itself.
    client_id: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    client_secret: Option<Secret>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    client_assertion_type: Option<String>,
    /// A JWT signed with `EdDSA` by a registered key.
    #[schema(value_type = Option<String>, format = Password)]
    client_assertion: Option<Secret>,
    /// `client_credentials`: life of the token in seconds, 60 to 3,600; 900 when left out.
    #[schema(value_type = Option<String>)]
    expires_in: Option<DecimalText>,
    /// Permissions, blanks between: all it may do.
    scope: Option<String>,
}

/// A token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenIssuedResponse {
    /// Sent as `Authorization: Bearer`.
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u64,
    /// Good once, for 90 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Permissions, blanks between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl From<Issued> for TokenIssuedResponse {
    fn from(issued: Issued) -> Self {
        Self {
            access_token: issued.access_token.reveal().to_owned(),
            token_type: "Bearer",
            expires_in: issued.life.as_secs(),
            refresh_token: issued.refresh_token.map(|value| value.reveal().to_owned()),
            scope: issued.scope,
        }
    }
}

/// Get an access token for a program: with a person's password, with a refresh token, or as a
/// service account (by its secret, by HTTP Basic, or by an assertion).
#[utoipa::path(post, path = "/auth/token", tag = "programs", security(()),
    request_body(content(
        (TokenRequest = "application/x-www-form-urlencoded"),
        (TokenRequest = "application/json"),
    )),
    responses(
        (status = 200, body = TokenIssuedResponse),
        (status = 401, description = "The service account or its proof is not good."),
    ))]
async fn get_token(ctx: BoxCtx, headers: HeaderMap, request: Request) -> Response {
    match token(&ctx, &headers, request).await {
        Ok(issued) => ok(TokenIssuedResponse::from(issued)).into_response(),
        Err(error) => refusal(error),
    }
}

async fn token(ctx: &BoxCtx, headers: &HeaderMap, request: Request) -> Result<Issued> {
    let mut asked = read(headers, request).await?;
    let network = ctx.cause.address.map(network);
    match asked.grant_type.as_str() {
        "password" => {
            let grant = PasswordGrant {
                username: needed(asked.username, "username")?,
                password: needed(asked.password, "password")?,
                totp: asked.totp,
                name: name(asked.client_id),
                scope: asked.scope,
                network,
            };
            ops::by_password(ctx, grant).await
        }
        "refresh_token" => {
            let value = needed(asked.refresh_token, "refresh_token")?;
            ops::by_refresh(ctx, value, network).await
        }
        "client_credentials" => {
            let (client, secret) = match basic(headers) {
                Some((client, secret)) => (Some(client), Some(secret)),
                None => (asked.client_id.take(), asked.client_secret.take()),
            };
            let grant = ClientGrant {
                client,
                credential: credential(
                    asked.client_assertion_type.as_deref(),
                    asked.client_assertion,
                    secret,
                )?,
                expires_in_s: seconds(asked.expires_in)?,
                scope: asked.scope,
                network,
            };
            ops::by_client(ctx, grant).await
        }
        _ => {
            let detail = "Use grant_type password, refresh_token or client_credentials.";
            Err(Error::Malformed(Refusal::new("grant-unsupported", detail)))
        }
    }
}

fn credential(
    kind: Option<&str>,
    assertion: Option<Secret>,
    secret: Option<Secret>,
) -> Result<ClientCredential> {
    match (assertion, secret) {
        (Some(assertion), None) if kind == Some(JWT_BEARER) => {
            Ok(ClientCredential::Assertion(assertion))
        }
        (Some(_), None) => Err(incomplete("client_assertion_type must name the JWT bearer type.")),
        (None, Some(secret)) => Ok(ClientCredential::Secret(secret)),
        (None, None) => Err(incomplete("Send client_secret or client_assertion.")),
        (Some(_), Some(_)) => Err(incomplete("Send one proof: a secret or an assertion.")),
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    ops::basic(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

fn name(given: Option<String>) -> String {
    let given = given.unwrap_or_default();
    given.chars().filter(|one| !one.is_control()).take(NAME_LENGTH_MAX).collect()
}

fn seconds(text: Option<DecimalText>) -> Result<Option<u64>> {
    let Some(DecimalText(text)) = text else { return Ok(None) };
    let detail = "Send a whole number of seconds.";
    let seconds = text.parse();
    seconds.map(Some).map_err(|_| Error::invalid("expires_in", "life-out-of-range", detail))
}

fn needed<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| incomplete(&format!("This grant_type needs {name}.")))
}

fn incomplete(detail: &str) -> Error {
    Error::Malformed(Refusal::new("token-request-incomplete", detail))
}

/// Reads a form, as OAuth has it, or JSON.
async fn read(headers: &HeaderMap, request: Request) -> Result<TokenRequest> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form && !kind.eq_ignore_ascii_case("application/json") {
        let detail = "Send a form (application/x-www-form-urlencoded) or JSON.";
        return Err(Error::Denied(Refusal::new("unsupported-media-type", detail)));
    }
    let bytes = body_bytes(request).await?;
    if !is_form {
        return from_json(&bytes);
    }
    let mut members = Map::new();
    for (name, value) in pairs(bytes).await? {
        if members.insert(name, Value::String(value)).is_some() {
            return Err(incomplete("Send every parameter once."));
        }
    }
    from_json(Value::Object(members).to_string().as_bytes())
}

async fn pairs(bytes: Bytes) -> Result<Vec<(String, String)>> {
    let request = http::Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(bytes))
        .map_err(Error::internal)?;
    let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, &())
        .await
        .map_err(|_| Error::Malformed(Refusal::new("malformed", "The form cannot be read.")))?;
    Ok(pairs)
}

/// A refusal with what OAuth wants beside it.
fn refusal(error: Error) -> Response {
    let code = code_of(&error);
    let name = oauth_name(&error, code);
    let status = match name {
        "invalid_request" | "invalid_grant" | "invalid_scope" | "unsupported_grant_type" => {
            let is_signing_in = matches!(error, Error::SignInNeeded(_));
            is_signing_in.then_some(StatusCode::BAD_REQUEST)
        }
        _ => None,
    };
    let mut response = error.into_response();
    response.extensions_mut().insert(Beside { name, status });
    response
}

/// RFC 6749 §5.2.
fn oauth_name(error: &Error, code: &str) -> &'static str {
    match (error, code) {
        (_, "grant-unsupported") => "unsupported_grant_type",
        (_, "scope-not-held") => "invalid_scope",
        (_, "client-refused" | "address-not-allowed") => "invalid_client",
        (_, code) if code.starts_with("assertion-") => "invalid_client",
        (Error::SignInNeeded(_), _) => "invalid_grant",
        (Error::Throttled { .. } | Error::Busy { .. } | Error::TimedOut { .. }, _) => {
            "temporarily_unavailable"
        }
        (
            Error::Internal(_)
            | Error::StorageFull
            | Error::StorageFailed(_)
            | Error::Damaged(_)
            | Error::Unavailable(_),
            _,
        ) => "server_error",
        _ => "invalid_request",
    }
}
