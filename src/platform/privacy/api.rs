//! What is held on people, over HTTP.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::Erasure;
use crate::http::answer::{Answer, accepted, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::users::api::PersonRef;
use crate::platform::identity::{User, users};
use crate::platform::jobs::api::{JobResponse, shown_on_box};
use crate::platform::jobs::{Job, JobId};

/// Read at once from a file that was written before.
const PIECE_SIZE_BYTES: usize = 64 * 1024;
const ZIP: &str = "application/zip";

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(export_me))
        .routes(routes!(export_user))
        .routes(routes!(fetch_user_export))
        .routes(routes!(erase_user))
        .routes(routes!(list_erasures))
}

/// Download all that is held on you as a zip of JSON files: the account, what you wrote, what the
/// audit logs say of you.
#[utoipa::path(get, path = "/me/export", tag = "me", security(("session" = [])),
    extensions(("x-heavy" = json!(true)), ("x-sensitive-read" = json!(true))),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip")))]
async fn export_me(ctx: BoxCtx) -> Result<Response> {
    let export = ops::export_mine(&ctx).await?;
    let date = ctx.now().to_string();
    let name =
        format!("attachment; filename=\"my-data-{}.zip\"", date.get(..10).unwrap_or_default());
    let pieces = futures_util::stream::try_unfold(export, ops::Export::next);
    let headers = [(header::CONTENT_TYPE, ZIP), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Let a job write all that is held on a person into a zip (operators). Its result says where that
/// can be fetched for 24 hours.
#[utoipa::path(post, path = "/users/{id}/export", tag = "users",
    security(("session" = ["box.operate"])), params(("id" = String, Path)),
    extensions(("x-heavy" = json!(true)), ("x-makes-job" = json!(true)),
        ("x-step-up" = json!(true))),
    responses((status = 202, body = JobResponse)))]
async fn export_user(ctx: BoxCtx, Path(id): Path<Id<User>>) -> Answer<JobResponse> {
    answer(&ctx, ops::ask_for_export(&ctx, id).await?).await
}

/// Fetch the zip that a job wrote, within 24 hours (operators).
#[utoipa::path(get, path = "/users/{id}/exports/{job}", tag = "users",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path), ("job" = String, Path, description = "Id of the job")),
    extensions(("x-heavy" = json!(true)), ("x-sensitive-read" = json!(true))),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip")))]
async fn fetch_user_export(
    ctx: BoxCtx,
    Path((id, job)): Path<(Id<User>, JobId)>,
) -> Result<Response> {
    let ready = ops::open_export(&ctx, id, job).await?;
    let name = format!("attachment; filename=\"person-{id}.zip\"");
    let length = ready.size_bytes.to_string();
    let file = tokio::fs::File::from_std(ready.file);
    let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE_SIZE_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((piece, file)))
    });
    let headers = [
        (header::CONTENT_TYPE, ZIP),
        (header::CONTENT_DISPOSITION, name.as_str()),
        (header::CONTENT_LENGTH, length.as_str()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Whom to erase, once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseUserRequest {
    /// The person's e-mail address: there is no way back.
    confirm: String,
}

/// Erase all that is held on a person (operators). They are signed out and nameless when this
/// answers; the job goes through every workspace. What they did stays provable: the audit logs
/// keep every entry and its hash. Asking again goes on where the job stopped.
#[utoipa::path(post, path = "/users/{id}/erase", tag = "users", request_body = EraseUserRequest,
    security(("session" = ["box.operate"])), params(("id" = String, Path)),
    extensions(("x-makes-job" = json!(true)), ("x-step-up" = json!(true))),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "Somebody else has to take over something first."),
    ))]
async fn erase_user(
    ctx: BoxCtx,
    Path(id): Path<Id<User>>,
    Json(body): Json<EraseUserRequest>,
) -> Answer<JobResponse> {
    answer(&ctx, ops::ask(&ctx, id, body.confirm).await?).await
}

async fn answer(ctx: &BoxCtx, asked: Created<Job>) -> Answer<JobResponse> {
    let value = shown_on_box(ctx, asked.value).await?;
    Ok(accepted(Created { value, is_replay: asked.is_replay }))
}

/// Somebody whose data was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureResponse {
    pub id: String,
    /// Who it was. Nothing else is known of them.
    pub user_id: String,
    pub asked_at: String,
    /// Null when it was asked for on the machine.
    pub asked_by: Option<PersonRef>,
    pub job_id: String,
    /// `running` or `done`.
    pub state: String,
    pub finished_at: Option<String>,
    /// Rows deleted.
    pub rows: i64,
    /// Texts emptied, or with a name taken out.
    pub texts: i64,
    /// Entries of audit logs that keep no personal values any more.
    pub entries: i64,
}

impl ErasureResponse {
    fn of(erasure: &Erasure, asked_by: Option<PersonRef>) -> Self {
        let state = if erasure.finished_at.is_some() { "done" } else { "running" };
        Self {
            id: erasure.id.to_string(),
            user_id: erasure.user.to_string(),
            asked_at: erasure.asked_at.to_string(),
            asked_by,
            job_id: erasure.job.to_string(),
            state: state.to_owned(),
            finished_at: erasure.finished_at.map(|at| at.to_string()),
            rows: erasure.counts.rows,
            texts: erasure.counts.texts,
            entries: erasure.counts.entries,
        }
    }
}

/// Which erasures to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ErasuresQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List erasures, newest first (operators). They are kept for good: whoever was erased has to be
/// erased again after a backup from before was restored.
#[utoipa::path(get, path = "/erasures", tag = "users", params(ErasuresQuery),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<ErasureResponse>)))]
async fn list_erasures(
    ctx: BoxCtx,
    Query(query): Query<ErasuresQuery>,
) -> Answer<Page<ErasureResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::list(&ctx, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    let askers = page.items.iter().filter_map(|one| one.asked_by).collect();
    let names = users::ops::names(&ctx, askers).await?;
    Ok(ok(page.map(|one| {
        let person = |user| names.get(&user).map(|name| PersonRef::from((user, name.clone())));
        ErasureResponse::of(&one, one.asked_by.and_then(person))
    })))
}
