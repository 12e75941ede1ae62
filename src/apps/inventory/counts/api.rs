//! Counts over HTTP.

mod dto;

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::ops::{self, Approval, LineOrder, ListedLine};
use super::rules::showing::Shown;
use super::rules::{self, CountId, CountState, EntryFilter, LineFilter, ListedEntry};
use crate::apps::inventory::items::api::Prices;
use crate::http::answer::{Answer, created, ok};
use crate::http::extract::{IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;

use dto::Writer;
pub use dto::{
    ApproveCountRequest, CountDecisionName, CountDecisionRequest, CountDeedResponse,
    CountEntriesRequest, CountEntriesResponse, CountEntryOutcome, CountEntryRequest,
    CountEntryResponse, CountLineResponse, CountModeName, CountRequest, CountResponse,
    CountScopeRequest, CountScopeResponse, CountSettingsRequest, CountSettingsResponse,
    RejectCountRequest,
};

/// Room for a decision about each of the `LINES_MAX` lines.
const APPROVAL_SIZE_BYTES_MAX: usize = 2 << 20;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_counts, create_count))
        .routes(routes!(get_count_settings, update_count_settings))
        .routes(routes!(get_count))
        .routes(routes!(list_count_lines))
        .routes(routes!(list_count_entries, enter_counts))
        .routes(routes!(submit_count))
        .routes(routes!(approve_count))
        .routes(routes!(reject_count))
        .routes(routes!(cancel_count))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountsQuery {
    /// `open`, `submitted`, `applied` or `canceled`.
    state: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// True to count all of them, to 10,000.
    total: Option<bool>,
}

/// List counts, newest first.
#[utoipa::path(get, path = "/counts", tag = "inventory", params(CountsQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<CountResponse>)))]
async fn list_counts(ctx: Ctx, Query(query): Query<CountsQuery>) -> Answer<Page<CountResponse>> {
    let state = named(query.state.as_deref(), CountState::from_name)?;
    let limit = page::limit(query.limit)?;
    let before: Option<i64> = page::read_cursor(query.cursor.as_deref())?;
    let count_max = (query.total == Some(true)).then_some(page::TOTAL_MAX + 1);
    let (found, total) = ops::list(&ctx, state, before, limit + 1, count_max).await?;
    let page = Page::of_one_more(found, limit, |detail| detail.count.rid)?.total(total);
    let writer = Writer::of_counts(&ctx, &page.items).await?;
    Ok(ok(page.map(|detail| writer.count(detail))))
}

fn named<T>(name: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(None) };
    let wrong = || Error::invalid("state", "count-state", "There is no such state.");
    read(name).map(Some).ok_or_else(wrong)
}

/// Open a count of what is in stock within a scope.
#[utoipa::path(post, path = "/counts", tag = "inventory", request_body = CountRequest,
    security(("session" = ["inventory.approve"])),
    responses((status = 201, body = CountResponse)))]
async fn create_count(ctx: Ctx, Json(body): Json<CountRequest>) -> Answer<CountResponse> {
    let Created { value, is_replay } = ops::create(&ctx, body.read()?).await?;
    let version = value.count.version;
    let writer = Writer::of_counts(&ctx, std::slice::from_ref(&value)).await?;
    Ok(created(Created { value: writer.count(value), is_replay }).version(version))
}

/// Get a count.
#[utoipa::path(get, path = "/counts/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the count")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = CountResponse)))]
async fn get_count(ctx: Ctx, Path(id): Path<CountId>) -> Answer<CountResponse> {
    answer(&ctx, ops::get(&ctx, id).await?).await
}

async fn answer(ctx: &Ctx, detail: ops::Detail) -> Answer<CountResponse> {
    let version = detail.count.version;
    let writer = Writer::of_counts(ctx, std::slice::from_ref(&detail)).await?;
    Ok(ok(writer.count(detail)).version(version))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// `uncounted`, `counted`, `ok`, `variance`, `conflict`, `recount`, `approved`, `rejected`.
    state: Option<String>,
    location_id: Option<String>,
    item_id: Option<String>,
    /// `place` (by place and item number, when left out) or `variance`: conflicts first, then the
    /// largest differences.
    order: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List a count's lines. What is expected is absent for those who count blind.
#[utoipa::path(get, path = "/counts/{id}/lines", tag = "inventory",
    params(("id" = String, Path, description = "Id of the count"), LinesQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<CountLineResponse>)))]
async fn list_count_lines(
    ctx: Ctx,
    Path(id): Path<CountId>,
    Query(query): Query<LinesQuery>,
) -> Answer<Page<CountLineResponse>> {
    let state = named(query.state.as_deref(), Shown::from_name)?;
    let order = match query.order.as_deref() {
        None | Some("" | "place") => LineOrder::Place,
        Some("variance") => LineOrder::Variance,
        Some(_) => return Err(Error::invalid("order", "count-order", "Use place or variance.")),
    };
    let filter = LineFilter {
        place: id_of("location_id", "unknown-location", query.location_id.as_deref())?,
        item: id_of("item_id", "unknown-item", query.item_id.as_deref())?,
        state: None,
    };
    let limit = page::limit(query.limit)?;
    let found = ops::lines(&ctx, id, filter, state, order).await?;
    let position = |one: &ListedLine| one.position.clone();
    let page = Page::of_all(found.lines, limit, query.cursor.as_deref(), position)?;
    let writer = Writer::of_lines(&ctx, &page.items).await?;
    let prices = Prices::of(&ctx);
    Ok(ok(page.map(|listed| writer.line(listed, found.sight, prices))))
}

fn id_of<T: std::str::FromStr>(
    field: &str,
    code: &'static str,
    text: Option<&str>,
) -> Result<Option<T>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |_| Error::invalid(field, code, "Use an id as it is shown.");
    text.parse().map(Some).map_err(wrong)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    item_id: Option<String>,
    location_id: Option<String>,
    /// True for those of the caller only.
    mine: Option<bool>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List what people entered, newest first. Those who count blind see only their own.
#[utoipa::path(get, path = "/counts/{id}/entries", tag = "inventory",
    params(("id" = String, Path, description = "Id of the count"), EntriesQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<CountEntryResponse>)))]
async fn list_count_entries(
    ctx: Ctx,
    Path(id): Path<CountId>,
    Query(query): Query<EntriesQuery>,
) -> Answer<Page<CountEntryResponse>> {
    let filter = EntryFilter {
        by: if query.mine == Some(true) { Some(ctx.principal()?.user) } else { None },
        item: id_of("item_id", "unknown-item", query.item_id.as_deref())?,
        place: id_of("location_id", "unknown-location", query.location_id.as_deref())?,
    };
    let limit = page::limit(query.limit)?;
    let before: Option<i64> = page::read_cursor(query.cursor.as_deref())?;
    let found = ops::entries(&ctx, id, filter, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |entry: &ListedEntry| entry.rid)?;
    let writer = Writer::of_entries(&ctx, &page.items).await?;
    Ok(ok(page.map(|entry| writer.entry(entry))))
}

/// Enter what was counted. Each entry has its own answer; one that was sent before counts once.
#[utoipa::path(post, path = "/counts/{id}/entries", tag = "inventory",
    request_body = CountEntriesRequest,
    params(("id" = String, Path, description = "Id of the count")),
    security(("session" = ["inventory.count"])),
    responses((status = 200, body = CountEntriesResponse)))]
async fn enter_counts(
    ctx: Ctx,
    Path(id): Path<CountId>,
    Json(body): Json<CountEntriesRequest>,
) -> Answer<CountEntriesResponse> {
    let (ops, entries) = body.read();
    let taken = ops::enter(&ctx, id, entries).await?;
    Ok(ok(CountEntriesResponse::of(ops, taken)))
}

/// Hand a count in to be decided.
#[utoipa::path(post, path = "/counts/{id}/submit", tag = "inventory",
    params(("id" = String, Path, description = "Id of the count")),
    security(("session" = ["inventory.count"])),
    responses((status = 200, body = CountResponse)))]
async fn submit_count(ctx: Ctx, Path(id): Path<CountId>) -> Answer<CountResponse> {
    answer(&ctx, ops::submit(&ctx, id).await?).await
}

/// Post what was found, all of it or nothing. Lines without a decision keep their difference;
/// conflicts and lines that want a second counter need one. A `recount` opens the count again.
#[utoipa::path(post, path = "/counts/{id}/approve", tag = "inventory",
    request_body = ApproveCountRequest,
    extensions(("x-body-size-bytes-max" = json!(APPROVAL_SIZE_BYTES_MAX))),
    params(("id" = String, Path, description = "Id of the count")),
    security(("session" = ["inventory.approve"])),
    responses((status = 200, body = CountResponse)))]
async fn approve_count(
    ctx: Ctx,
    Path(id): Path<CountId>,
    Json(body): Json<ApproveCountRequest>,
) -> Answer<CountResponse> {
    let approval: Approval = body.read()?;
    answer(&ctx, ops::approve(&ctx, id, approval).await?).await
}

/// Give a submitted count back to the counters.
#[utoipa::path(post, path = "/counts/{id}/reject", tag = "inventory",
    request_body = RejectCountRequest,
    params(("id" = String, Path, description = "Id of the count")),
    security(("session" = ["inventory.approve"])),
    responses((status = 200, body = CountResponse)))]
async fn reject_count(
    ctx: Ctx,
    Path(id): Path<CountId>,
    Json(body): Json<RejectCountRequest>,
) -> Answer<CountResponse> {
    answer(&ctx, ops::reject(&ctx, id, &body.reason).await?).await
}

/// End a count without posting anything more.
#[utoipa::path(post, path = "/counts/{id}/cancel", tag = "inventory",
    params(("id" = String, Path, description = "Id of the count")),
    security(("session" = ["inventory.approve"])),
    responses((status = 200, body = CountResponse)))]
async fn cancel_count(ctx: Ctx, Path(id): Path<CountId>) -> Answer<CountResponse> {
    answer(&ctx, ops::cancel(&ctx, id).await?).await
}

/// Get from which difference on a second person is to count.
#[utoipa::path(get, path = "/count-settings", tag = "inventory",
    security(("session" = ["inventory.approve"])),
    responses((status = 200, body = CountSettingsResponse)))]
async fn get_count_settings(ctx: Ctx) -> Answer<CountSettingsResponse> {
    let settings = ops::settings(&ctx).await?;
    let version = settings.version;
    Ok(ok(CountSettingsResponse::of(settings, Prices::of(&ctx))).version(version))
}

/// Say from which difference on a second person is to count.
#[utoipa::path(put, path = "/count-settings", tag = "inventory",
    request_body = CountSettingsRequest,
    params(("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.approve"])),
    responses((status = 200, body = CountSettingsResponse)))]
async fn update_count_settings(
    ctx: Ctx,
    IfMatch(version): IfMatch,
    Json(body): Json<CountSettingsRequest>,
) -> Answer<CountSettingsResponse> {
    if body.second_count_value.is_some() && Prices::of(&ctx) == Prices::Hidden {
        return Err(Error::Forbidden { needed: "inventory.prices" });
    }
    let value = body.second_count_value.map(|value| value.0);
    let threshold = rules::check_threshold(body.second_count_percent, value.as_deref())?;
    let settings = ops::change_settings(&ctx, version, threshold).await?;
    let version = settings.version;
    Ok(ok(CountSettingsResponse::of(settings, Prices::of(&ctx))).version(version))
}
