//! Suppliers over HTTP. Who may not see prices sees none of it.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{Delivered, KeptSupplier, SupplierId, SupplierInput, TermsInput};
use crate::apps::inventory::items::rules::ItemId;
use crate::http::answer::{Answer, NoContent, Reply, created, ok};
use crate::http::extract::{DecimalText, IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_suppliers, create_supplier))
        .routes(routes!(get_supplier, update_supplier, delete_supplier))
        .routes(routes!(restore_supplier))
        .routes(routes!(list_supplier_items))
        .routes(routes!(set_supplier_item, remove_supplier_item))
}

/// Who delivers.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierResponse {
    pub id: String,
    pub version: i64,
    pub name: String,
    pub email: String,
    pub phone: String,
    /// Days between an order and its delivery.
    pub lead_days: Option<i64>,
    pub notes: String,
    /// How many items they deliver.
    pub items: i64,
    /// Orders that are on their way.
    pub open_orders: i64,
    pub created_at: String,
    pub updated_at: String,
    pub deleted_at: Option<String>,
}

impl From<KeptSupplier> for SupplierResponse {
    fn from(supplier: KeptSupplier) -> Self {
        let KeptSupplier { draft, .. } = supplier;
        Self {
            id: supplier.id.to_string(),
            version: supplier.version,
            name: draft.name,
            email: draft.email,
            phone: draft.phone,
            lead_days: draft.lead_days,
            notes: draft.notes,
            items: supplier.items,
            open_orders: supplier.open_orders,
            created_at: supplier.created_at.to_string(),
            updated_at: supplier.updated_at.to_string(),
            deleted_at: supplier.deleted_at.map(|at| at.to_string()),
        }
    }
}

/// A supplier as it is to be. Fields that only answers have are taken and ignored, so that an
/// answer can be sent back changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct SupplierRequest {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// 0 to 999.
    pub lead_days: Option<i64>,
    pub notes: Option<String>,
    #[schema(ignore)]
    id: Option<IgnoredAny>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
    #[schema(ignore)]
    items: Option<IgnoredAny>,
    #[schema(ignore)]
    open_orders: Option<IgnoredAny>,
    #[schema(ignore)]
    created_at: Option<IgnoredAny>,
    #[schema(ignore)]
    updated_at: Option<IgnoredAny>,
    #[schema(ignore)]
    deleted_at: Option<IgnoredAny>,
}

impl From<SupplierRequest> for SupplierInput {
    fn from(request: SupplierRequest) -> Self {
        Self {
            name: request.name,
            email: request.email,
            phone: request.phone,
            lead_days: request.lead_days,
            notes: request.notes,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppliersQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List suppliers by name.
#[utoipa::path(get, path = "/suppliers", tag = "inventory", params(SuppliersQuery),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = Page<SupplierResponse>)))]
async fn list_suppliers(
    ctx: Ctx,
    Query(query): Query<SuppliersQuery>,
) -> Answer<Page<SupplierResponse>> {
    let limit = page::limit(query.limit)?;
    let after: Option<(String, i64)> = page::read_cursor(query.cursor.as_deref())?;
    let found = ops::list(&ctx, after.unwrap_or_default(), limit + 1).await?;
    let key = |one: &KeptSupplier| (one.draft.name_key(), one.rid);
    Ok(ok(Page::of_one_more(found, limit, key)?.map(Into::into)))
}

/// Add a supplier; needs `inventory.write` as well.
#[utoipa::path(post, path = "/suppliers", tag = "inventory", request_body = SupplierRequest,
    security(("session" = ["inventory.prices"])),
    responses((status = 201, body = SupplierResponse)))]
async fn create_supplier(ctx: Ctx, Json(body): Json<SupplierRequest>) -> Answer<SupplierResponse> {
    let Created { value, is_replay } = ops::create(&ctx, body.into()).await?;
    let version = value.version;
    Ok(created(Created { value, is_replay }).version(version))
}

/// Get a supplier.
#[utoipa::path(get, path = "/suppliers/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the supplier")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = SupplierResponse)))]
async fn get_supplier(ctx: Ctx, Path(id): Path<SupplierId>) -> Answer<SupplierResponse> {
    Ok(answer(ops::get(&ctx, id).await?))
}

/// Change a supplier; needs `inventory.write` as well.
#[utoipa::path(put, path = "/suppliers/{id}", tag = "inventory", request_body = SupplierRequest,
    params(("id" = String, Path, description = "Id of the supplier"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = SupplierResponse)))]
async fn update_supplier(
    ctx: Ctx,
    Path(id): Path<SupplierId>,
    IfMatch(version): IfMatch,
    Json(body): Json<SupplierRequest>,
) -> Answer<SupplierResponse> {
    Ok(answer(ops::update(&ctx, id, version, body.into()).await?))
}

/// Delete a supplier without open orders; needs `inventory.write` as well. It can be restored.
#[utoipa::path(delete, path = "/suppliers/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the supplier"),
        ("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 204)))]
async fn delete_supplier(
    ctx: Ctx,
    Path(id): Path<SupplierId>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, id, version).await?;
    Ok(NoContent)
}

/// Restore a supplier that was deleted in the last 30 days: one's own deletions, admins anybody's.
/// Needs `inventory.write` as well.
#[utoipa::path(post, path = "/suppliers/{id}/restore", tag = "inventory",
    params(("id" = String, Path, description = "Id of the supplier")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = SupplierResponse)))]
async fn restore_supplier(ctx: Ctx, Path(id): Path<SupplierId>) -> Answer<SupplierResponse> {
    Ok(answer(ops::restore(&ctx, id).await?))
}

fn answer(supplier: KeptSupplier) -> Reply<SupplierResponse> {
    let version = supplier.version;
    ok(supplier.into()).version(version)
}

/// An item as a supplier delivers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierItemResponse {
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    /// What they call it.
    pub sku: String,
    /// They deliver whole multiples of this.
    pub pack_qty: String,
    /// Price of one unit, not of a pack.
    pub last_price: Option<String>,
    /// Drafts from low stock order the item here.
    pub preferred: bool,
}

impl From<Delivered> for SupplierItemResponse {
    fn from(one: Delivered) -> Self {
        Self {
            item_id: one.item.id.to_string(),
            item_number: one.item.item_number,
            item_name: one.item.name,
            unit: one.item.unit,
            sku: one.terms.sku,
            pack_qty: one.terms.pack_qty.to_string(),
            last_price: one.terms.last_price.map(|price| price.to_string()),
            preferred: one.is_preferred,
        }
    }
}

/// What a supplier calls and asks for an item.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierItemRequest {
    pub sku: Option<String>,
    /// They deliver whole multiples of this; 1 when left out.
    pub pack_qty: Option<DecimalText>,
    /// Price of one unit, not of a pack.
    pub last_price: Option<DecimalText>,
    /// True to order the item here from now on.
    pub preferred: Option<bool>,
}

/// List what a supplier delivers. `version` of the supplier counts changes of it.
#[utoipa::path(get, path = "/suppliers/{id}/items", tag = "inventory",
    params(("id" = String, Path, description = "Id of the supplier"), SuppliersQuery),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = Page<SupplierItemResponse>)))]
async fn list_supplier_items(
    ctx: Ctx,
    Path(id): Path<SupplierId>,
    Query(query): Query<SuppliersQuery>,
) -> Answer<Page<SupplierItemResponse>> {
    let limit = page::limit(query.limit)?;
    let after: Option<i64> = page::read_cursor(query.cursor.as_deref())?;
    let (supplier, found) = ops::items(&ctx, id, after.unwrap_or_default(), limit + 1).await?;
    let page = Page::of_one_more(found, limit, |one| one.item_rid)?.map(Into::into);
    Ok(ok(page).version(supplier.version))
}

/// Say what a supplier calls and asks for an item; needs `inventory.write` as well.
#[utoipa::path(put, path = "/suppliers/{id}/items/{item_id}", tag = "inventory",
    request_body = SupplierItemRequest,
    params(("id" = String, Path, description = "Id of the supplier"),
        ("item_id" = String, Path, description = "Id of the item"),
        ("If-Match" = String, Header, description = "The supplier's version, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = SupplierResponse)))]
async fn set_supplier_item(
    ctx: Ctx,
    Path((id, item)): Path<(SupplierId, ItemId)>,
    IfMatch(version): IfMatch,
    Json(body): Json<SupplierItemRequest>,
) -> Answer<SupplierResponse> {
    let input = TermsInput {
        sku: body.sku,
        pack_qty: body.pack_qty.map(|qty| qty.0),
        last_price: body.last_price.map(|price| price.0),
        is_preferred: body.preferred == Some(true),
    };
    Ok(answer(ops::set_terms(&ctx, id, item, version, input).await?))
}

/// Take an item away from what a supplier delivers; needs `inventory.write` as well.
#[utoipa::path(delete, path = "/suppliers/{id}/items/{item_id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the supplier"),
        ("item_id" = String, Path, description = "Id of the item"),
        ("If-Match" = String, Header, description = "The supplier's version, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 204)))]
async fn remove_supplier_item(
    ctx: Ctx,
    Path((id, item)): Path<(SupplierId, ItemId)>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::remove_terms(&ctx, id, item, version).await?;
    Ok(NoContent)
}
