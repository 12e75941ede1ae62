//! People over HTTP.

use serde::Serialize;
use utoipa::ToSchema;

use super::rules::UserId;

/// Somebody, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonRef {
    pub id: String,
    pub name: String,
}

impl From<(UserId, String)> for PersonRef {
    fn from((id, name): (UserId, String)) -> Self {
        Self { id: id.to_string(), name }
    }
}
