//! Purchase orders over HTTP. Who may not see prices sees none of it.

mod dto;
mod file;

use axum::extract::Request;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::ops;
use super::rules::receiving::{ReceiptId, Tolerance};
use super::rules::{KeptOrder, Listing, OrderId, Status, read_day};
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::movements::rules::MovementId;
use crate::apps::inventory::suppliers::rules::{SupplierId, supplier_unknown};
use crate::http::answer::{Answer, Reply, created, ok};
use crate::http::extract::{IfMatch, Json, Path, Query, body_bytes, from_json};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;

use dto::Names;
pub use dto::{
    LowStockRequest, OrderLineRequest, OrderLineResponse, OrderRequest, OrderResponse,
    OrderSettingsRequest, OrderSettingsResponse, OrderSummaryResponse, OrdersMadeResponse,
    ReceiptLineRequest, ReceiptLineResponse, ReceiptRequest, ReceiptResponse, ReceiptsResponse,
    TakeBackRequest,
};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_orders, create_order))
        .routes(routes!(create_from_low_stock))
        .routes(routes!(get_order_settings, update_order_settings))
        .routes(routes!(get_order, update_order))
        .routes(routes!(export_order))
        .routes(routes!(submit_order))
        .routes(routes!(close_order))
        .routes(routes!(cancel_order))
        .routes(routes!(duplicate_order))
        .routes(routes!(receive_order))
        .routes(routes!(list_receipts))
        .routes(routes!(reverse_receipt))
}

/// Which orders to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersQuery {
    /// `draft`, `submitted`, `received` or `canceled`.
    status: Option<String>,
    supplier_id: Option<String>,
    /// Expected on this day or later, like 2026-11-30.
    expected_from: Option<String>,
    /// Expected on this day or earlier. With `status=submitted` and yesterday: what is overdue.
    expected_to: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// True to count all of them, to 10,000.
    total: Option<bool>,
}

impl OrdersQuery {
    fn listing(&self) -> Result<Listing> {
        let status = self.status.as_deref().filter(|name| !name.is_empty()).map(|name| {
            let detail = "Use draft, submitted, received or canceled.";
            Status::from_name(name).ok_or_else(|| Error::invalid("status", "order-status", detail))
        });
        let supplier = self.supplier_id.as_deref().filter(|text| !text.is_empty());
        let supplier = supplier.map(|text| text.parse().map_err(|_| supplier_unknown()));
        let day = |field: &str, text: &Option<String>| {
            read_day(field, text.as_deref()).map_err(|fault| Error::Invalid(vec![fault]))
        };
        let first = day("expected_from", &self.expected_from)?;
        let last = day("expected_to", &self.expected_to)?;
        let (status, supplier) = (status.transpose()?, supplier.transpose()?);
        Ok(Listing { status, supplier, expected: (first, last) })
    }
}

/// Where a page begins, as it travels in a cursor: a moment and a row.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor(i64, i64);

/// List orders, newest first.
#[utoipa::path(get, path = "/purchase-orders", tag = "inventory", params(OrdersQuery),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = Page<OrderSummaryResponse>)))]
async fn list_orders(
    ctx: Ctx,
    Query(query): Query<OrdersQuery>,
) -> Answer<Page<OrderSummaryResponse>> {
    let (listing, limit) = (query.listing()?, page::limit(query.limit)?);
    let cursor: Option<Cursor> = page::read_cursor(query.cursor.as_deref())?;
    let Cursor(at, rid) = cursor.unwrap_or(Cursor(i64::MAX, i64::MAX));
    let count_max = (query.total == Some(true)).then_some(page::TOTAL_MAX + 1);
    let (found, total) = ops::list(&ctx, listing, (Moment(at), rid), limit + 1, count_max).await?;
    let position = |order: &KeptOrder| Cursor(order.created_at.0, order.rid);
    let page = Page::of_one_more(found, limit, position)?.total(total);
    let names = Names::of(&ctx, page.items.iter().filter_map(|order| order.created_by)).await?;
    Ok(ok(page.map(|order| OrderSummaryResponse::new(order, &names))))
}

/// Draft an order; needs `inventory.write` as well.
#[utoipa::path(post, path = "/purchase-orders", tag = "inventory", request_body = OrderRequest,
    security(("session" = ["inventory.prices"])),
    responses((status = 201, body = OrderResponse)))]
async fn create_order(ctx: Ctx, Json(body): Json<OrderRequest>) -> Answer<OrderResponse> {
    let made = ops::create(&ctx, body.read()?).await?;
    made_answer(&ctx, made).await
}

/// Draft orders for what is low and not coming yet, one for each supplier, in whole packs up to
/// the maximum; needs `inventory.write` as well.
#[utoipa::path(post, path = "/purchase-orders/from-low-stock", tag = "inventory",
    request_body = Option<LowStockRequest>,
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrdersMadeResponse)))]
async fn create_from_low_stock(ctx: Ctx, request: Request) -> Answer<OrdersMadeResponse> {
    let bytes = body_bytes(request).await?;
    let body: LowStockRequest =
        if bytes.is_empty() { LowStockRequest::default() } else { from_json(&bytes)? };
    let only: Vec<ItemId> = body.read()?;
    let made = ops::from_low_stock(&ctx, only).await?;
    let people = made.iter().filter_map(|full| full.order.created_by);
    let names = Names::of(&ctx, people).await?;
    let items = made.into_iter().map(|full| OrderResponse::new(full, &names)).collect();
    Ok(ok(OrdersMadeResponse { items }))
}

/// How this workspace orders.
#[utoipa::path(get, path = "/purchase-orders/settings", tag = "inventory",
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderSettingsResponse)))]
async fn get_order_settings(ctx: Ctx) -> Answer<OrderSettingsResponse> {
    let settings = ops::settings(&ctx).await?;
    Ok(ok(settings.into()).version(settings.version))
}

/// Say how this workspace orders; needs `inventory.write` as well.
#[utoipa::path(put, path = "/purchase-orders/settings", tag = "inventory",
    request_body = OrderSettingsRequest,
    params(("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderSettingsResponse)))]
async fn update_order_settings(
    ctx: Ctx,
    IfMatch(version): IfMatch,
    Json(body): Json<OrderSettingsRequest>,
) -> Answer<OrderSettingsResponse> {
    let tolerance = Tolerance::parse(&body.over_receipt.0)?;
    let settings = ops::set_settings(&ctx, version, tolerance).await?;
    Ok(ok(settings.into()).version(settings.version))
}

/// Get an order with its lines.
#[utoipa::path(get, path = "/purchase-orders/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderResponse)))]
async fn get_order(ctx: Ctx, Path(id): Path<OrderId>) -> Answer<OrderResponse> {
    let full = ops::get(&ctx, id).await?;
    answer(&ctx, full).await
}

/// Change a draft. `po_number` is kept when it is left out. Needs `inventory.write` as well.
#[utoipa::path(put, path = "/purchase-orders/{id}", tag = "inventory",
    request_body = OrderRequest,
    params(("id" = String, Path, description = "Id of the order"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderResponse)))]
async fn update_order(
    ctx: Ctx,
    Path(id): Path<OrderId>,
    IfMatch(version): IfMatch,
    Json(body): Json<OrderRequest>,
) -> Answer<OrderResponse> {
    let full = ops::update(&ctx, id, version, body.read()?).await?;
    answer(&ctx, full).await
}

/// An order's lines as a CSV file; needs `inventory.export` as well.
#[utoipa::path(get, path = "/purchase-orders/{id}/lines.csv", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_order(ctx: Ctx, Path(id): Path<OrderId>) -> Result<Response> {
    Ok(file::csv(&ops::export(&ctx, id).await?))
}

/// Say that an order was sent: it is on its way and does not change any more. Needs
/// `inventory.write` as well.
#[utoipa::path(post, path = "/purchase-orders/{id}/submit", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderResponse)))]
async fn submit_order(ctx: Ctx, Path(id): Path<OrderId>) -> Answer<OrderResponse> {
    let full = ops::submit(&ctx, id).await?;
    answer(&ctx, full).await
}

/// Close an order short: some of it came, the rest will not. Needs `inventory.write` as well.
#[utoipa::path(post, path = "/purchase-orders/{id}/close", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderResponse)))]
async fn close_order(ctx: Ctx, Path(id): Path<OrderId>) -> Answer<OrderResponse> {
    let full = ops::close(&ctx, id).await?;
    answer(&ctx, full).await
}

/// Cancel an order of which nothing is there; needs `inventory.write` as well.
#[utoipa::path(post, path = "/purchase-orders/{id}/cancel", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = OrderResponse)))]
async fn cancel_order(ctx: Ctx, Path(id): Path<OrderId>) -> Answer<OrderResponse> {
    let full = ops::cancel(&ctx, id).await?;
    answer(&ctx, full).await
}

/// Copy an order into a new draft; needs `inventory.write` as well.
#[utoipa::path(post, path = "/purchase-orders/{id}/duplicate", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 201, body = OrderResponse)))]
async fn duplicate_order(ctx: Ctx, Path(id): Path<OrderId>) -> Answer<OrderResponse> {
    let made = ops::duplicate(&ctx, id).await?;
    made_answer(&ctx, made).await
}

/// Receive what came of an order, in parts and to any place; needs `inventory.move` as well. The
/// same `client_op` sent again is the same receipt.
#[utoipa::path(post, path = "/purchase-orders/{id}/receive", tag = "inventory",
    request_body = ReceiptRequest,
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 201, body = ReceiptResponse)))]
async fn receive_order(
    ctx: Ctx,
    Path(id): Path<OrderId>,
    Json(body): Json<ReceiptRequest>,
) -> Answer<ReceiptResponse> {
    let Created { value, is_replay } = ops::receive(&ctx, id, body.read()?).await?;
    let value = receipt_answer(&ctx, value).await?;
    Ok(created(Created { value, is_replay }))
}

/// List the receipts of an order, oldest first.
#[utoipa::path(get, path = "/purchase-orders/{id}/receipts", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = ReceiptsResponse)))]
async fn list_receipts(ctx: Ctx, Path(id): Path<OrderId>) -> Answer<ReceiptsResponse> {
    let found = ops::receipts(&ctx, id).await?;
    let names = Names::of(&ctx, found.iter().filter_map(|one| one.received_by)).await?;
    let items = found.into_iter().map(|one| ReceiptResponse::new(one, &names)).collect();
    Ok(ok(ReceiptsResponse { items }))
}

/// Take a receipt back, or some of its movements; needs `inventory.move` as well.
#[utoipa::path(post, path = "/purchase-orders/{id}/receipts/{receipt_id}/reverse",
    tag = "inventory", request_body = Option<TakeBackRequest>,
    params(("id" = String, Path, description = "Id of the order"),
        ("receipt_id" = String, Path, description = "Id of the receipt")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = ReceiptResponse)))]
async fn reverse_receipt(
    ctx: Ctx,
    Path((id, receipt)): Path<(OrderId, ReceiptId)>,
    request: Request,
) -> Answer<ReceiptResponse> {
    let bytes = body_bytes(request).await?;
    let body: TakeBackRequest =
        if bytes.is_empty() { TakeBackRequest::default() } else { from_json(&bytes)? };
    let wanted: Vec<MovementId> = body.movements()?;
    let received = ops::reverse(&ctx, id, receipt, wanted, body.note).await?;
    Ok(ok(receipt_answer(&ctx, received).await?))
}

async fn answer(ctx: &Ctx, full: ops::Full) -> Answer<OrderResponse> {
    let version = full.order.version;
    let names = Names::of(ctx, full.order.created_by).await?;
    Ok(ok(OrderResponse::new(full, &names)).version(version))
}

async fn made_answer(ctx: &Ctx, made: Created<ops::Full>) -> Answer<OrderResponse> {
    let version = made.value.order.version;
    let names = Names::of(ctx, made.value.order.created_by).await?;
    let reply: Reply<OrderResponse> = created(made.map(|full| OrderResponse::new(full, &names)));
    Ok(reply.version(version))
}

async fn receipt_answer(ctx: &Ctx, received: ops::Received) -> Result<ReceiptResponse> {
    let people = [received.receipt.received_by, received.full.order.created_by];
    let names = Names::of(ctx, people.into_iter().flatten()).await?;
    Ok(ReceiptResponse::after(received, &names))
}

/// The supplier that an order names.
fn supplier_id(text: Option<&str>) -> Result<Option<SupplierId>> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| supplier_unknown())).transpose()
}
