//! Files of items over HTTP.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{FILE_SIZE_BYTES_MAX, FileId, Handing, KeptFile};
use crate::apps::inventory::items::rules::ItemId;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::body::of_file;
use crate::http::extract::{Path, Query, body_bytes};
use crate::http::page::{OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::blobs::rules::{UNKNOWN_TYPE, is_shown};
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Refusal, Result};

/// Whatever the bytes turn out to be, a browser runs nothing of them.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_files, add_file))
        .routes(routes!(get_file))
        .routes(routes!(remove_file))
}

/// A picture or a document of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemFileResponse {
    pub id: String,
    pub item_id: String,
    pub name: String,
    /// By its first bytes: `image/png`, `image/jpeg`, `image/webp`, `application/pdf`, or
    /// `application/octet-stream` for all else.
    pub media_type: String,
    pub size_bytes: u64,
    /// Of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// A browser may show it in place.
    pub is_shown: bool,
    pub created_at: String,
}

impl From<KeptFile> for ItemFileResponse {
    fn from(file: KeptFile) -> Self {
        Self {
            id: file.id.to_string(),
            item_id: file.item.to_string(),
            name: file.name,
            media_type: file.blob.media_type.to_owned(),
            size_bytes: file.blob.size_bytes,
            sha256: file.blob.hash.to_string(),
            is_shown: is_shown(file.blob.media_type),
            created_at: file.created_at.to_string(),
        }
    }
}

/// List the files of an item, in the order they came. There are at most 50.
#[utoipa::path(get, path = "/items/{id}/files", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<ItemFileResponse>)))]
async fn list_files(ctx: Ctx, Path(item): Path<ItemId>) -> Answer<Page<ItemFileResponse>> {
    let files = ops::list(&ctx, item).await?;
    Ok(ok(Page::new(files.into_iter().map(Into::into).collect(), None)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddFileQuery {
    /// What the file is called, at most 200 characters; folders before it are left out.
    name: String,
}

/// Put a picture or a document beside an item: its bytes are the body, at most 16 MiB.
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
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.unwrap_or_default().trim().eq_ignore_ascii_case(UNKNOWN_TYPE) {
        let detail = "Send the file as application/octet-stream.";
        return Err(Error::Denied(Refusal::new("unsupported-media-type", detail)));
    }
    let bytes = body_bytes(request).await?;
    Ok(created(ops::add(&ctx, item, &query.name, bytes).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// True to have it saved, whatever it is.
    download: Option<bool>,
}

/// Get the bytes of a file. Pictures and PDF are shown in place, all else is saved.
#[utoipa::path(get, path = "/items/{id}/files/{file}/content", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("file" = String, Path, description = "Id of the file"), FileQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = String, content_type = "application/octet-stream"),
        (status = 409, description = "The bytes on the box's disk are damaged.")))]
async fn get_file(
    ctx: Ctx,
    Path((item, id)): Path<(ItemId, FileId)>,
    Query(query): Query<FileQuery>,
) -> Result<Response> {
    let (file, bytes) = ops::open(&ctx, item, id).await?;
    // As long as what is sent, whatever the row says.
    let length = bytes.metadata()?.len();
    let disposition = Handing::of(&file, query.download).header(&file.name);
    let disposition = HeaderValue::from_str(&disposition).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.blob.media_type)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_LENGTH, length.into()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, of_file(bytes)).into_response())
}

/// Remove a file from an item, for good.
#[utoipa::path(delete, path = "/items/{id}/files/{file}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("file" = String, Path, description = "Id of the file")),
    security(("session" = ["inventory.write"])),
    responses((status = 204)))]
async fn remove_file(ctx: Ctx, Path((item, id)): Path<(ItemId, FileId)>) -> Result<NoContent> {
    ops::remove(&ctx, item, id).await?;
    Ok(NoContent)
}
