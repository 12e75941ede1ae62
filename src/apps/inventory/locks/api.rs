//! The lock date over HTTP.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use super::rules::KeptLock;
use crate::http::answer::{Answer, Reply, ok};
use crate::http::extract::{IfMatch, Json};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_lock_date, set_lock_date))
}

/// Up to which day the books are closed.
#[derive(Debug, Serialize, ToSchema)]
pub struct LockDateResponse {
    pub version: i64,
    /// The last day that is closed, like `2026-03-31`; null when none is.
    pub locked_until: Option<String>,
    /// The last moment that is closed: the end of that day where the workspace was when somebody
    /// closed it; null when none is.
    pub locked_until_moment: Option<String>,
}

impl From<KeptLock> for LockDateResponse {
    fn from(kept: KeptLock) -> Self {
        Self {
            version: kept.version,
            locked_until: kept.lock.map(|lock| lock.day.to_string()),
            locked_until_moment: kept.lock.map(|lock| lock.until.to_string()),
        }
    }
}

/// The same as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct LockDateRequest {
    /// A day that is over where the workspace is, like `2026-03-31`; null opens all of them.
    pub locked_until: Option<String>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
    #[schema(ignore)]
    locked_until_moment: Option<IgnoredAny>,
}

/// Get the day up to which the books are closed.
#[utoipa::path(get, path = "/lock-date", tag = "inventory",
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = LockDateResponse)))]
async fn get_lock_date(ctx: Ctx) -> Answer<LockDateResponse> {
    Ok(answer(ops::get(&ctx).await?))
}

/// Close the books at the end of a day. What would take effect until then is refused from now on;
/// movements that are there stay, and can be taken back as of now.
#[utoipa::path(put, path = "/lock-date", tag = "inventory", request_body = LockDateRequest,
    params(("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.lock"])),
    responses((status = 200, body = LockDateResponse)))]
async fn set_lock_date(
    ctx: Ctx,
    IfMatch(version): IfMatch,
    Json(body): Json<LockDateRequest>,
) -> Answer<LockDateResponse> {
    Ok(answer(ops::set(&ctx, version, body.locked_until.as_deref()).await?))
}

fn answer(kept: KeptLock) -> Reply<LockDateResponse> {
    ok(kept.into()).version(kept.version)
}
