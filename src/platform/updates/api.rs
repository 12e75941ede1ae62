//! Updates of the box over HTTP.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Request;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::jobs::Given;
use super::ops::{checking, going_back, history, kept, news, planning, status, uploads};
use super::report::{UpdateEntry, UpdateNewsResponse, UpdatePlan, UpdatesStatusResponse};
use super::rules::{CHECK, UpdateId};
use crate::http::answer::{Answer, NoContent, Reply, accepted, created, ok};
use crate::http::extract::{Json, Path, Query, body_bytes};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::backups::portable::ops::{Upload, discard_upload, find_upload};
use crate::platform::backups::portable::rules::{PIECE_SIZE_BYTES_MAX, UploadId};
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::events::StreamPermit;
use crate::platform::id::Id;
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::sessions::ops::refresh;
use crate::platform::jobs::api::{JobResponse, shown_on_box};
use crate::platform::tasks::Stop;

/// How often the state is looked at for somebody who follows it.
const LOOKED_EVERY: Duration = Duration::from_millis(500);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_updates_status))
        .routes(routes!(get_update_news))
        .routes(routes!(check_for_updates))
        .routes(routes!(get_update_plan))
        .routes(routes!(apply_update))
        .routes(routes!(roll_update_back))
        .routes(routes!(begin_update_upload))
        .routes(routes!(get_update_upload, discard_update_upload))
        .routes(routes!(send_update_piece))
        .routes(routes!(take_update_bundle))
        .routes(routes!(follow_updates))
        .routes(routes!(list_updates))
        .routes(routes!(get_update))
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UpdatesQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// See how updates of the box stand: what runs, what is offered, what goes on.
#[utoipa::path(get, path = "/platform/updates/status", tag = "updates",
    security(("session" = ["updates.check"])),
    responses((status = 200, body = UpdatesStatusResponse)))]
async fn get_updates_status(ctx: BoxCtx) -> Answer<UpdatesStatusResponse> {
    Ok(ok(status::status(&ctx).await?))
}

/// See what concerns everybody: an update that comes or goes on, and what the last one brought.
///
/// Event streams say `box.update` when it may have changed.
#[utoipa::path(get, path = "/platform/updates/news", tag = "updates",
    security(("session" = [])),
    responses((status = 200, body = UpdateNewsResponse)))]
async fn get_update_news(ctx: BoxCtx) -> Answer<UpdateNewsResponse> {
    Ok(ok(news::news(&ctx).await?))
}

/// List the updates that were tried, the newest first.
#[utoipa::path(get, path = "/platform/updates/history", tag = "updates",
    security(("session" = ["updates.check"])), params(UpdatesQuery),
    responses((status = 200, body = Page<UpdateEntry>)))]
async fn list_updates(ctx: BoxCtx, Query(query): Query<UpdatesQuery>) -> Answer<Page<UpdateEntry>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = history::list(&ctx, before, limit + 1).await?;
    let id = |entry: &UpdateEntry| entry.id.parse::<UpdateId>().ok().map(Id::uuid);
    let page = Page::of_one_more(found, limit, |last| id(last).unwrap_or_default())?;
    Ok(ok(page))
}

/// Get one update of the history.
#[utoipa::path(get, path = "/platform/updates/history/{id}", tag = "updates",
    security(("session" = ["updates.check"])), params(("id" = String, Path)),
    responses((status = 200, body = UpdateEntry)))]
async fn get_update(ctx: BoxCtx, Path(id): Path<UpdateId>) -> Answer<UpdateEntry> {
    Ok(ok(history::get(&ctx, id).await?))
}

/// Ask the feed what there is.
#[utoipa::path(post, path = "/platform/updates/check", tag = "updates",
    security(("session" = ["updates.check"])), extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = UpdatesStatusResponse),
        (status = 409, description = "There is no supervisor, no root or no feed, or the feed \
            is not believed.")))]
async fn check_for_updates(ctx: BoxCtx) -> Answer<UpdatesStatusResponse> {
    Ok(ok(kept(&ctx, "check", checking::check(&ctx).await).await?))
}

/// See the plan that waits to be confirmed. Its digest is good for ten minutes.
#[utoipa::path(get, path = "/platform/updates/plan", tag = "updates",
    security(("session" = ["updates.check"])),
    responses((status = 200, body = UpdatePlan),
        (status = 409, description = "None waits.")))]
async fn get_update_plan(ctx: BoxCtx) -> Answer<UpdatePlan> {
    Ok(ok(planning::plan(&ctx).await?))
}

/// What is to be done about the offered release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyUpdateRequest {
    /// The digest of the plan that is confirmed. Left out: the release is fetched and rehearsed,
    /// and its plan waits then.
    digest: Option<String>,
    /// Whether the release of the bundle that was sent is meant, not that of the feed.
    #[serde(default)]
    from_bundle: bool,
    /// Whether metadata past its time is taken, in a bundle. Never below what the box has seen.
    #[serde(default)]
    accept_stale: bool,
}

/// Have the offered release rehearsed, or carry out the plan with this digest.
#[utoipa::path(post, path = "/platform/updates/apply", tag = "updates",
    request_body = ApplyUpdateRequest, security(("session" = ["updates.apply"])),
    extensions(("x-step-up" = json!(true)), ("x-makes-job" = json!(true))),
    responses((status = 202, body = JobResponse),
        (status = 409, description = "There is no supervisor, nothing is offered, another update \
            goes on, or the digest is of another plan, used or too old.")))]
async fn apply_update(ctx: BoxCtx, Json(body): Json<ApplyUpdateRequest>) -> Answer<JobResponse> {
    let ApplyUpdateRequest { digest, from_bundle, accept_stale } = body;
    let given = Given { is_bundled: from_bundle, accept_stale, ..Given::default() };
    let asked = match digest {
        Some(digest) => planning::confirm(&ctx, digest).await,
        None => planning::prepare(&ctx, given).await,
    };
    let asked = kept(&ctx, "apply", asked).await?;
    let value = shown_on_box(&ctx, asked.value).await?;
    Ok(accepted(Created { value, is_replay: asked.is_replay }))
}

/// Going back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollUpdateBackRequest {
    /// The digest of the plan that is confirmed. Left out: the plan is shown.
    digest: Option<String>,
}

/// See what going back to the release before would do, or do it with the digest of that plan.
#[utoipa::path(post, path = "/platform/updates/rollback", tag = "updates",
    request_body = RollUpdateBackRequest, security(("session" = ["updates.rollback"])),
    extensions(("x-step-up" = json!(true)), ("x-makes-job" = json!(true))),
    responses((status = 200, body = UpdatePlan), (status = 202, body = JobResponse),
        (status = 409, description = "There is no supervisor or no release to go back to, \
            another update goes on, or the digest is of another plan, used or too old.")))]
async fn roll_update_back(
    ctx: BoxCtx,
    Json(body): Json<RollUpdateBackRequest>,
) -> Result<Response> {
    let Some(digest) = body.digest else {
        let plan = kept(&ctx, "rollback", going_back::plan_rollback(&ctx).await).await?;
        return Ok(ok(plan).into_response());
    };
    let asked = kept(&ctx, "rollback", going_back::roll_back(&ctx, digest).await).await?;
    let value = shown_on_box(&ctx, asked.value).await?;
    let reply: Reply<JobResponse> = accepted(Created { value, is_replay: asked.is_replay });
    Ok(reply.into_response())
}

/// How large what comes is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUploadRequest {
    /// Bytes of the whole bundle.
    size_bytes: u64,
}

/// A bundle on its way to the box.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdateUploadResponse {
    pub id: String,
    /// The next piece begins with this byte.
    pub received_bytes: u64,
    pub piece_size_bytes_max: usize,
    pub kept_until: String,
}

impl From<Upload> for UpdateUploadResponse {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id.to_string(),
            received_bytes: upload.received_bytes,
            piece_size_bytes_max: PIECE_SIZE_BYTES_MAX,
            kept_until: upload.kept_until.to_string(),
        }
    }
}

/// Begin to send a bundle with a release. It is kept for 24 hours.
#[utoipa::path(post, path = "/platform/updates/upload", tag = "updates",
    request_body = UpdateUploadRequest, security(("session" = ["updates.upload"])),
    responses((status = 201, body = UpdateUploadResponse),
        (status = 409, description = "There is no supervisor, no root, or no room for it.")))]
async fn begin_update_upload(
    ctx: BoxCtx,
    Json(body): Json<UpdateUploadRequest>,
) -> Answer<UpdateUploadResponse> {
    Ok(created(kept(&ctx, "upload", uploads::begin(&ctx, body.size_bytes).await).await?))
}

/// See how much of a bundle has arrived.
#[utoipa::path(get, path = "/platform/updates/upload/{id}", tag = "updates",
    security(("session" = ["updates.upload"])), params(("id" = String, Path)),
    responses((status = 200, body = UpdateUploadResponse)))]
async fn get_update_upload(ctx: BoxCtx, Path(id): Path<UploadId>) -> Answer<UpdateUploadResponse> {
    Ok(ok(find_upload(&ctx, id).await?.into()))
}

/// Throw away what was sent.
#[utoipa::path(delete, path = "/platform/updates/upload/{id}", tag = "updates",
    security(("session" = ["updates.upload"])), params(("id" = String, Path)),
    responses((status = 204)))]
async fn discard_update_upload(ctx: BoxCtx, Path(id): Path<UploadId>) -> Result<NoContent> {
    discard_upload(&ctx, id).await?;
    Ok(NoContent)
}

/// Where a piece begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BundlePieceQuery {
    /// Bytes before it.
    offset: u64,
}

/// Send the next piece of a bundle, at most 8 MiB. A piece that was sent before is taken once.
#[utoipa::path(post, path = "/platform/updates/upload/{id}/pieces", tag = "updates",
    params(("id" = String, Path), BundlePieceQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("session" = ["updates.upload"])),
    extensions(("x-body-size-bytes-max" = json!(PIECE_SIZE_BYTES_MAX))),
    responses((status = 200, body = UpdateUploadResponse),
        (status = 409, description = "It does not begin where what is there ends.")))]
async fn send_update_piece(
    ctx: BoxCtx,
    Path(id): Path<UploadId>,
    Query(query): Query<BundlePieceQuery>,
    request: Request,
) -> Answer<UpdateUploadResponse> {
    let piece = body_bytes(request).await?;
    Ok(ok(uploads::piece(&ctx, id, query.offset, piece).await?.into()))
}

/// How a bundle is looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeUpdateBundleRequest {
    /// Whether metadata past its time is taken; that needs a fresh proof, is kept in the audit
    /// log, and never goes below what the box has seen.
    #[serde(default)]
    accept_stale: bool,
}

/// Have a bundle that arrived checked; what is good in it is offered then.
#[utoipa::path(post, path = "/platform/updates/upload/{id}/take", tag = "updates",
    request_body = TakeUpdateBundleRequest, security(("session" = ["updates.upload"])),
    params(("id" = String, Path)), extensions(("x-makes-job" = json!(true))),
    responses((status = 202, body = JobResponse),
        (status = 409, description = "It is being checked already, or an update goes on.")))]
async fn take_update_bundle(
    ctx: BoxCtx,
    Path(id): Path<UploadId>,
    Json(body): Json<TakeUpdateBundleRequest>,
) -> Answer<JobResponse> {
    let asked = uploads::ask_to_take(&ctx, id, body.accept_stale).await;
    let asked = kept(&ctx, "upload", asked).await?;
    let value = shown_on_box(&ctx, asked.value).await?;
    Ok(accepted(Created { value, is_replay: asked.is_replay }))
}

/// Follow how updates stand: `event: status` with the whole state, first as it is and then after
/// each change. It ends when the box changes its release; connect again then.
#[utoipa::path(get, path = "/platform/updates/events", tag = "updates",
    security(("session" = ["updates.check"])),
    responses((status = 200, body = UpdatesStatusResponse, content_type = "text/event-stream")))]
async fn follow_updates(ctx: BoxCtx) -> Result<impl IntoResponse> {
    let permit = ctx.platform.streams.admit(ctx.principal()?.user)?;
    let stop = ctx.platform.tasks.stop();
    let mut turn = interval(LOOKED_EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower { ctx, stop, turn, told: String::new(), _permit: permit };
    let stream = unfold(follower, |mut follower| async move {
        let message = follower.next().await?;
        Some((Ok::<_, Infallible>(message), follower))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Somebody who follows how updates stand.
struct Follower {
    ctx: BoxCtx,
    stop: Stop,
    turn: Interval,
    told: String,
    _permit: StreamPermit,
}

impl Follower {
    async fn next(&mut self) -> Option<Message> {
        loop {
            tokio::select! {
                () = self.stop.requested() => return None,
                _ = self.turn.tick() => {}
            }
            // Whoever lost the right to look hears nothing more.
            let (principal, _) = refresh(&self.ctx).await.ok()?;
            if !principal.may_on_box(CHECK) {
                return None;
            }
            let status = status::status(&self.ctx).await.ok()?;
            let text = serde_json::to_string(&status).ok()?;
            if text != self.told {
                self.told.clone_from(&text);
                return Some(Message::default().event("status").data(text));
            }
        }
    }
}
