//! Files over HTTP: the same beside an item and beside an order, which not everybody may see.

use std::fs::File;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{FILE_SIZE_BYTES_MAX, FileId, Handing, KeptFile};
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::orders::rules::OrderId;
use crate::apps::inventory::subjects::rules::About;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::body::of_file;
use crate::http::extract::{Path, Query, body_bytes};
use crate::http::page::{OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::blobs::rules::{UNKNOWN_TYPE, is_shown};
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;

/// Whatever the bytes turn out to be, a browser runs nothing of them.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
/// The small picture of a file never changes, and whoever sees items may see it.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_files, add_file))
        .routes(routes!(get_file))
        .routes(routes!(get_thumbnail))
        .routes(routes!(remove_file))
        .routes(routes!(list_order_files, add_order_file))
        .routes(routes!(get_order_file))
        .routes(routes!(get_order_thumbnail))
        .routes(routes!(remove_order_file))
}

/// A picture or a document, whatever it stands beside.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileResponse {
    pub id: String,
    pub name: String,
    /// By its first bytes: `image/png`, `image/jpeg`, `image/webp`, `application/pdf`, or
    /// `application/octet-stream` for all else.
    pub media_type: String,
    /// Of what is kept: a picture without what was said in it.
    pub size_bytes: u64,
    /// Of the bytes that are kept, 64 hexadecimal digits.
    pub sha256: String,
    /// A browser may show it in place.
    pub is_shown: bool,
    /// There is a small picture of it. A picture without one is small itself, cannot be decoded
    /// here, or was sent to an earlier release.
    pub has_thumbnail: bool,
    pub created_at: String,
}

impl From<KeptFile> for FileResponse {
    fn from(file: KeptFile) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name,
            media_type: file.blob.media_type.to_owned(),
            size_bytes: file.blob.size_bytes,
            sha256: file.blob.hash.to_string(),
            is_shown: is_shown(file.blob.media_type),
            has_thumbnail: file.thumbnail.is_some(),
            created_at: file.created_at.to_string(),
        }
    }
}

/// A picture or a document of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemFileResponse {
    pub item_id: String,
    #[serde(flatten)]
    pub file: FileResponse,
}

impl ItemFileResponse {
    fn new(item: ItemId, file: KeptFile) -> Self {
        Self { item_id: item.to_string(), file: file.into() }
    }
}

/// A delivery note, or another file of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderFileResponse {
    pub order_id: String,
    #[serde(flatten)]
    pub file: FileResponse,
}

impl OrderFileResponse {
    fn new(order: OrderId, file: KeptFile) -> Self {
        Self { order_id: order.to_string(), file: file.into() }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddFileQuery {
    /// What the file is called, at most 200 characters; folders before it are left out.
    name: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// True to have it saved, whatever it is.
    download: Option<bool>,
}

/// List the files of an item, in the order they came. There are at most 50.
#[utoipa::path(get, path = "/items/{id}/files", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<ItemFileResponse>)))]
async fn list_files(ctx: Ctx, Path(item): Path<ItemId>) -> Answer<Page<ItemFileResponse>> {
    let files = ops::list(&ctx, About::Item(item)).await?.into_iter();
    Ok(ok(Page::new(files.map(|file| ItemFileResponse::new(item, file)).collect(), None)))
}

/// Put a picture or a document beside an item: its bytes are the body, at most 16 MiB.
///
/// Of a JPEG, PNG or WebP everything is taken out that is not needed to show it (Exif with places
/// and devices, XMP, IPTC, comments, previews, films), without encoding it anew; how it is turned
/// and its colours stay. One that cannot be read is refused with `picture-damaged`, a HEIC, AVIF
/// or TIFF with `picture-kind`. All else is kept as it was sent.
#[utoipa::path(post, path = "/items/{id}/files", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"), AddFileQuery),
    extensions(("x-body-size-bytes-max" = json!(FILE_SIZE_BYTES_MAX))),
    request_body(content = String, content_type = "application/octet-stream"),
    security(("session" = ["inventory.write"])),
    responses((status = 201, body = ItemFileResponse),
        (status = 409, description = "The item or the workspace has as many files as it may, or \
            the disk of the box has too little room.")))]
async fn add_file(
    ctx: Ctx,
    Path(item): Path<ItemId>,
    Query(query): Query<AddFileQuery>,
    request: Request,
) -> Answer<ItemFileResponse> {
    let added = add(&ctx, About::Item(item), &query, request).await?;
    Ok(created(added.map(|file| ItemFileResponse::new(item, file))))
}

/// Get the bytes of a file. Pictures and PDF are shown in place, all else is saved.
#[utoipa::path(get, path = "/items/{id}/files/{file}/content", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("file" = String, Path, description = "Id of the file"), FileQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, content((String = "image/jpeg"), (String = "image/png"),
            (String = "image/webp"), (String = "application/pdf"),
            (String = "application/octet-stream"))),
        (status = 409, description = "The bytes on the box's disk are damaged.")))]
async fn get_file(
    ctx: Ctx,
    Path((item, id)): Path<(ItemId, FileId)>,
    Query(query): Query<FileQuery>,
) -> Result<Response> {
    get(&ctx, About::Item(item), id, &query).await
}

/// Get the small picture of a picture.
///
/// It is a JPEG, or a PNG where it has transparency, the right way up and at most 320 pixels on its
/// longest side.
#[utoipa::path(get, path = "/items/{id}/files/{file}/thumbnail", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("file" = String, Path, description = "Id of the file")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, content((String = "image/jpeg"), (String = "image/png"))),
        (status = 409, description = "The bytes on the box's disk are damaged.")))]
async fn get_thumbnail(ctx: Ctx, Path((item, id)): Path<(ItemId, FileId)>) -> Result<Response> {
    get_small(&ctx, About::Item(item), id).await
}

/// Remove a file from an item, for good.
#[utoipa::path(delete, path = "/items/{id}/files/{file}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("file" = String, Path, description = "Id of the file")),
    security(("session" = ["inventory.write"])),
    responses((status = 204)))]
async fn remove_file(ctx: Ctx, Path((item, id)): Path<(ItemId, FileId)>) -> Result<NoContent> {
    ops::remove(&ctx, About::Item(item), id).await?;
    Ok(NoContent)
}

/// List the delivery notes and other files of an order, in the order they came. There are at most
/// 50.
#[utoipa::path(get, path = "/purchase-orders/{id}/files", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = Page<OrderFileResponse>)))]
async fn list_order_files(ctx: Ctx, Path(order): Path<OrderId>) -> Answer<Page<OrderFileResponse>> {
    let files = ops::list(&ctx, About::Order(order)).await?.into_iter();
    Ok(ok(Page::new(files.map(|file| OrderFileResponse::new(order, file)).collect(), None)))
}

/// Put a delivery note or another file beside an order, whatever became of it: its bytes are the
/// body, at most 16 MiB. Needs `inventory.write` as well.
///
/// Of a picture only what shows it is kept, as beside an item.
#[utoipa::path(post, path = "/purchase-orders/{id}/files", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"), AddFileQuery),
    extensions(("x-body-size-bytes-max" = json!(FILE_SIZE_BYTES_MAX))),
    request_body(content = String, content_type = "application/octet-stream"),
    security(("session" = ["inventory.prices"])),
    responses((status = 201, body = OrderFileResponse),
        (status = 409, description = "The order or the workspace has as many files as it may, or \
            the disk of the box has too little room.")))]
async fn add_order_file(
    ctx: Ctx,
    Path(order): Path<OrderId>,
    Query(query): Query<AddFileQuery>,
    request: Request,
) -> Answer<OrderFileResponse> {
    let added = add(&ctx, About::Order(order), &query, request).await?;
    Ok(created(added.map(|file| OrderFileResponse::new(order, file))))
}

/// Get the bytes of a file of an order. Pictures and PDF are shown in place, all else is saved.
#[utoipa::path(get, path = "/purchase-orders/{id}/files/{file}/content", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"),
        ("file" = String, Path, description = "Id of the file"), FileQuery),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, content((String = "image/jpeg"), (String = "image/png"),
            (String = "image/webp"), (String = "application/pdf"),
            (String = "application/octet-stream"))),
        (status = 409, description = "The bytes on the box's disk are damaged.")))]
async fn get_order_file(
    ctx: Ctx,
    Path((order, id)): Path<(OrderId, FileId)>,
    Query(query): Query<FileQuery>,
) -> Result<Response> {
    get(&ctx, About::Order(order), id, &query).await
}

/// Get the small picture of a picture of an order: a JPEG or PNG of at most 320 pixels on its
/// longest side.
#[utoipa::path(get, path = "/purchase-orders/{id}/files/{file}/thumbnail", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"),
        ("file" = String, Path, description = "Id of the file")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, content((String = "image/jpeg"), (String = "image/png"))),
        (status = 409, description = "The bytes on the box's disk are damaged.")))]
async fn get_order_thumbnail(
    ctx: Ctx,
    Path((order, id)): Path<(OrderId, FileId)>,
) -> Result<Response> {
    get_small(&ctx, About::Order(order), id).await
}

/// Remove a file from an order, for good. Needs `inventory.write` as well.
#[utoipa::path(delete, path = "/purchase-orders/{id}/files/{file}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"),
        ("file" = String, Path, description = "Id of the file")),
    security(("session" = ["inventory.prices"])),
    responses((status = 204)))]
async fn remove_order_file(
    ctx: Ctx,
    Path((order, id)): Path<(OrderId, FileId)>,
) -> Result<NoContent> {
    ops::remove(&ctx, About::Order(order), id).await?;
    Ok(NoContent)
}

async fn add(
    ctx: &Ctx,
    about: About,
    query: &AddFileQuery,
    request: Request,
) -> Result<Created<KeptFile>> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.unwrap_or_default().trim().eq_ignore_ascii_case(UNKNOWN_TYPE) {
        let detail = "Send the file as application/octet-stream.";
        return Err(Error::Denied(Refusal::new("unsupported-media-type", detail)));
    }
    let bytes = body_bytes(request).await?;
    ops::add(ctx, about, &query.name, bytes).await
}

async fn get(ctx: &Ctx, about: About, id: FileId, query: &FileQuery) -> Result<Response> {
    let (file, bytes) = ops::open(ctx, about, id).await?;
    let disposition = Handing::of(&file, query.download).header(&file.name);
    let disposition = HeaderValue::from_str(&disposition).map_err(Error::internal)?;
    handed_out(file.blob.media_type, disposition, bytes)
}

async fn get_small(ctx: &Ctx, about: About, id: FileId) -> Result<Response> {
    let (thumbnail, bytes) = ops::open_thumbnail(ctx, about, id).await?;
    let disposition = HeaderValue::from_static("inline");
    let response = handed_out(thumbnail.media_type, disposition, bytes)?;
    Ok(match about {
        About::Item(_) => ([(header::CACHE_CONTROL, KEPT)], response).into_response(),
        // A browser that somebody else uses next would show what it kept of an order.
        About::Order(_) => response,
    })
}

fn handed_out(media_type: &'static str, how: HeaderValue, bytes: File) -> Result<Response> {
    // As long as what is sent, whatever the row says.
    let length = bytes.metadata()?.len();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, how),
        (header::CONTENT_LENGTH, length.into()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, of_file(bytes)).into_response())
}
