//! What access tokens and assertions say.

use serde::{Deserialize, Serialize};

/// What marks an access token (RFC 9068). Nothing else carries it.
pub const ACCESS_TOKEN: &str = "at+jwt";
/// What marks an assertion, when it is marked.
pub const ASSERTION: &str = "JWT";
/// Whom access tokens of every box are for; the issuer says which box.
pub const AUDIENCE: &str = "holdfast";

/// The claims of an access token. Times are seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    /// The person or the service account.
    pub sub: String,
    /// The family: what is listed and revoked.
    pub sid: String,
    /// The service account, for those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The only workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wid: Option<String>,
    /// All it might do when it was made, blanks between. The box itself looks at what is so now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    pub jti: String,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
}

/// The claims of an assertion (RFC 7523).
#[derive(Debug, Clone, Deserialize)]
pub struct AssertionClaims {
    pub iss: String,
    pub sub: String,
    pub aud: OneOrMany,
    pub exp: i64,
    pub iat: Option<i64>,
    pub nbf: Option<i64>,
    pub jti: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}
