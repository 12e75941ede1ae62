//! The public halves of the signing keys, for whoever checks tokens of this box by themselves.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::jwt::ALGORITHM;
use super::ops;
use super::rules::Kept;
use crate::http::answer::ok;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::secret::to_base64;

/// Whoever keeps a copy meets an unknown key no later than this after it signed first.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Outside `/api`.
pub fn box_routes() -> Routes {
    Routes::new().routes(routes!(get_jwks))
}

/// A public key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub struct JwkResponse {
    /// `OKP`
    pub kty: &'static str,
    /// `Ed25519`
    pub crv: &'static str,
    /// The key, base64url.
    pub x: String,
    /// Named in the head of the tokens it signed.
    pub kid: String,
    /// `EdDSA`
    pub alg: &'static str,
    /// `sig`
    #[serde(rename = "use")]
    pub purpose: &'static str,
}

impl JwkResponse {
    fn of(kept: &Kept) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: to_base64(&kept.public_key),
            kid: kept.id.to_string(),
            alg: ALGORITHM,
            purpose: "sig",
        }
    }
}

/// The keys whose tokens may be in use, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JwksResponse {
    pub keys: Vec<JwkResponse>,
}

/// Get the keys that access tokens of this box are checked with (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "programs", security(()),
    responses((status = 200, body = JwksResponse)))]
async fn get_jwks(ctx: BoxCtx) -> Result<Response> {
    let keys = ops::keys(&ctx).await?;
    let keys = keys.believed(ctx.now()).map(JwkResponse::of).collect();
    let mut response = ok(JwksResponse { keys }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    Ok(response)
}
