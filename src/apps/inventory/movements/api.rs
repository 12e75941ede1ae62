//! The ledger over HTTP.

mod dto;

use axum::extract::Request;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::ops;
use super::rules::journal::{Journal, JournalPosition};
use super::rules::{MovementId, MovementType};
use crate::apps::inventory::items::api::Prices;
use crate::apps::inventory::items::rules::ItemId;
use crate::http::answer::{Answer, created, ok};
use crate::http::extract::{Json, Path, Query, body_bytes, from_json};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;

use dto::Writer;
pub use dto::{
    MovementRequest, MovementResponse, MovementTypeName, PersonResponse, ReverseRequest,
    TransferRequest, TransferResponse,
};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_movements, create_movement))
        .routes(routes!(reverse_movement))
        .routes(routes!(create_transfer))
        .routes(routes!(list_item_movements))
}

/// Which movements to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MovementsQuery {
    item_id: Option<String>,
    location_id: Option<String>,
    /// `receive`, `use`, `adjust` or `transfer`.
    r#type: Option<String>,
    /// Effective not before this time.
    from: Option<String>,
    /// Effective not after this time.
    to: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// Also count the rows, to 10,000 at most.
    total: Option<bool>,
}

impl MovementsQuery {
    fn journal(&self) -> Result<Journal> {
        let kind = self.r#type.as_deref().filter(|name| !name.is_empty()).map(|name| {
            MovementType::from_name(name).ok_or_else(|| {
                let detail = "Use receive, use, adjust or transfer.";
                Error::invalid("type", "movement-type", detail)
            })
        });
        let moment = |field: &str, text: Option<&str>, otherwise: Moment| match text {
            None | Some("") => Ok(otherwise),
            Some(text) => text.parse().map_err(|_| dto::moment_bad(field)),
        };
        Ok(Journal {
            item: parsed("item_id", "unknown-item", self.item_id.as_deref())?,
            place: parsed("location_id", "unknown-location", self.location_id.as_deref())?,
            kind: kind.transpose()?,
            from: moment("from", self.from.as_deref(), Journal::ALL.from)?,
            to: moment("to", self.to.as_deref(), Journal::ALL.to)?,
        })
    }
}

fn parsed<T: std::str::FromStr>(
    field: &str,
    code: &'static str,
    text: Option<&str>,
) -> Result<Option<T>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |_| Error::invalid(field, code, "Use an id as it is shown.");
    text.parse().map(Some).map_err(wrong)
}

/// Where a page begins, as it travels in a cursor.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor(i64, i64);

impl From<JournalPosition> for Cursor {
    fn from(position: JournalPosition) -> Self {
        Self(position.effective_at.0, position.seq)
    }
}

fn position(cursor: Option<&str>) -> Result<Option<JournalPosition>> {
    let cursor: Option<Cursor> = page::read_cursor(cursor)?;
    let position = |Cursor(at, seq)| JournalPosition { effective_at: Moment(at), seq };
    Ok(cursor.map(position))
}

/// List movements, newest first by the time they took effect.
#[utoipa::path(get, path = "/movements", tag = "inventory", params(MovementsQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<MovementResponse>)))]
async fn list_movements(
    ctx: Ctx,
    Query(query): Query<MovementsQuery>,
) -> Answer<Page<MovementResponse>> {
    let (journal, limit) = (query.journal()?, page::limit(query.limit)?);
    let behind = position(query.cursor.as_deref())?;
    let count_max = (query.total == Some(true)).then_some(page::TOTAL_MAX + 1);
    let listed = ops::list(&ctx, journal, behind, limit, count_max).await?;
    let writer = Writer::new(&ctx, &listed.movements).await?;
    let next = listed.next.map(|next| page::cursor(&Cursor::from(next))).transpose()?;
    let items = listed.movements.into_iter().map(|one| writer.write(one)).collect();
    Ok(ok(Page::new(items, next).total(listed.total)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// An item's history, newest first, with the balance over all places after each movement.
#[utoipa::path(get, path = "/items/{id}/movements", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"), HistoryQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<MovementResponse>)))]
async fn list_item_movements(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    Query(query): Query<HistoryQuery>,
) -> Answer<Page<MovementResponse>> {
    let limit = page::limit(query.limit)?;
    let behind = position(query.cursor.as_deref())?;
    let (listed, balances) = ops::history(&ctx, id, behind, limit).await?;
    let writer = Writer::new(&ctx, &listed.movements).await?;
    let next = listed.next.map(|next| page::cursor(&Cursor::from(next))).transpose()?;
    let rows = listed.movements.into_iter().zip(balances);
    let rows = rows.map(|(movement, balance)| writer.write_with(movement, balance));
    Ok(ok(Page::new(rows.collect(), next)))
}

/// Receive, use or adjust stock.
#[utoipa::path(post, path = "/movements", tag = "inventory", request_body = MovementRequest,
    security(("session" = ["inventory.move"])),
    responses((status = 201, body = MovementResponse)))]
async fn create_movement(ctx: Ctx, Json(body): Json<MovementRequest>) -> Answer<MovementResponse> {
    if body.unit_cost.is_some() && Prices::of(&ctx) == Prices::Hidden {
        return Err(Error::Forbidden { needed: "inventory.prices" });
    }
    let (item, place, input) = body.read()?;
    let Created { value: posted, is_replay } = ops::record(&ctx, item, place, input).await?;
    let writer = Writer::new(&ctx, std::slice::from_ref(&posted.movement)).await?;
    let warnings = dto::warnings(posted.is_wrong_zone);
    let value = MovementResponse { warnings, ..writer.write(posted.movement) };
    Ok(created(Created { value, is_replay }))
}

/// Take a movement back by posting its opposite; of a transfer both legs.
#[utoipa::path(post, path = "/movements/{id}/reverse", tag = "inventory",
    request_body = Option<ReverseRequest>,
    params(("id" = String, Path, description = "Id of the movement")),
    security(("session" = ["inventory.move"])),
    responses((status = 201, body = MovementResponse)))]
async fn reverse_movement(
    ctx: Ctx,
    Path(id): Path<MovementId>,
    request: Request,
) -> Answer<MovementResponse> {
    let bytes = body_bytes(request).await?;
    let body: ReverseRequest =
        if bytes.is_empty() { ReverseRequest::default() } else { from_json(&bytes)? };
    let Created { value: posted, is_replay } =
        ops::reverse(&ctx, id, body.note, body.override_reason).await?;
    let writer = Writer::new(&ctx, std::slice::from_ref(&posted.movement)).await?;
    Ok(created(Created { value: writer.write(posted.movement), is_replay }))
}

/// Move goods from one place to another.
#[utoipa::path(post, path = "/transfers", tag = "inventory", request_body = TransferRequest,
    security(("session" = ["inventory.move"])),
    responses((status = 201, body = TransferResponse)))]
async fn create_transfer(ctx: Ctx, Json(body): Json<TransferRequest>) -> Answer<TransferResponse> {
    let (item, from, to, input) = body.read()?;
    let Created { value: made, is_replay } = ops::transfer(&ctx, item, from, to, input).await?;
    let writer = Writer::new(&ctx, &made.legs).await?;
    let value = TransferResponse {
        id: made.id.to_string(),
        movements: made.legs.into_iter().map(|leg| writer.write(leg)).collect(),
        warnings: dto::warnings(made.is_wrong_zone),
    };
    Ok(created(Created { value, is_replay }))
}
