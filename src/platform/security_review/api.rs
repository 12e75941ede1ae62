//! Reviews of the box's security over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::report::{self, SecurityLookResponse, SecurityPoint};
use super::rules::Review;
use crate::http::answer::{Answer, created, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::identity::users;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(look_at_security))
        .routes(routes!(list_security_reviews, keep_security_review))
        .routes(routes!(get_security_review))
}

/// A review that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecurityReviewResponse {
    pub id: String,
    /// Null: at the machine itself.
    pub reviewed_by: Option<String>,
    /// Their name now.
    pub reviewed_by_name: Option<String>,
    pub reviewed_at: String,
    pub note: String,
    pub good: u32,
    pub look: u32,
    pub bad: u32,
    pub points: Vec<SecurityPoint>,
}

/// What is kept beside what was found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepSecurityReviewRequest {
    /// What was agreed, for whoever reads it next; at most 2,000 characters.
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SecurityReviewsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Look at the security of the box as it is now (operators).
#[utoipa::path(get, path = "/security-review", tag = "monitoring",
    security(("session" = ["box.operate"])),
    extensions(("x-sensitive-read" = json!(true))),
    responses((status = 200, body = SecurityLookResponse)))]
async fn look_at_security(ctx: BoxCtx) -> Answer<SecurityLookResponse> {
    Ok(ok(report::look(&ctx).await?))
}

/// List the reviews that were kept, the newest first (operators).
#[utoipa::path(get, path = "/security-reviews", tag = "monitoring",
    security(("session" = ["box.operate"])), params(SecurityReviewsQuery),
    responses((status = 200, body = Page<SecurityReviewResponse>)))]
async fn list_security_reviews(
    ctx: BoxCtx,
    Query(query): Query<SecurityReviewsQuery>,
) -> Answer<Page<SecurityReviewResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |review| review.id.uuid())?;
    let names = page.items.iter().filter_map(|review| review.reviewed_by).collect();
    let names = users::ops::names(&ctx, names).await?;
    let mut shown = Vec::with_capacity(page.items.len());
    for review in page.items {
        let name = review.reviewed_by.and_then(|user| names.get(&user).cloned());
        shown.push(response(review, name)?);
    }
    Ok(ok(Page::new(shown, page.next_cursor)))
}

/// Keep how the security of the box is now, with a note (operators).
#[utoipa::path(post, path = "/security-reviews", tag = "monitoring",
    security(("session" = ["box.operate"])),
    responses((status = 201, body = SecurityReviewResponse)))]
async fn keep_security_review(
    ctx: BoxCtx,
    Json(body): Json<KeepSecurityReviewRequest>,
) -> Answer<SecurityReviewResponse> {
    let kept = ops::keep(&ctx, &body.note).await?;
    let name = name_of(&ctx, &kept.value).await?;
    let is_replay = kept.is_replay;
    let value = response(kept.value, name)?;
    Ok(created(crate::platform::idempotency::rules::Created { value, is_replay }))
}

/// Get a review that was kept (operators).
#[utoipa::path(get, path = "/security-reviews/{id}", tag = "monitoring",
    security(("session" = ["box.operate"])), params(("id" = String, Path)),
    responses((status = 200, body = SecurityReviewResponse)))]
async fn get_security_review(
    ctx: BoxCtx,
    Path(id): Path<Id<super::rules::ReviewMark>>,
) -> Answer<SecurityReviewResponse> {
    let review = ops::get(&ctx, id).await?;
    let name = name_of(&ctx, &review).await?;
    Ok(ok(response(review, name)?))
}

async fn name_of(ctx: &BoxCtx, review: &Review) -> Result<Option<String>> {
    let Some(user) = review.reviewed_by else { return Ok(None) };
    Ok(users::ops::names(ctx, vec![user]).await?.remove(&user))
}

fn response(review: Review, reviewed_by_name: Option<String>) -> Result<SecurityReviewResponse> {
    Ok(SecurityReviewResponse {
        id: review.id.to_string(),
        reviewed_by: review.reviewed_by.map(|user| user.to_string()),
        reviewed_by_name,
        reviewed_at: review.reviewed_at.to_string(),
        note: review.note,
        good: review.good,
        look: review.look,
        bad: review.bad,
        points: serde_json::from_str(&review.points).map_err(Error::internal)?,
    })
}
