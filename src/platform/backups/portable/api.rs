//! Workspaces out and in over HTTP.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, From, Opener, PersonElsewhere, To, Upload, Wish};
use super::rules::{ARCHIVE_SIZE_BYTES_MAX, Mode, PIECE_SIZE_BYTES_MAX, UploadId};
use crate::http::answer::{Answer, NoContent, accepted, created, ok, people};
use crate::http::body::of_file;
use crate::http::extract::{Json, Path, Query, body_bytes};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::JobId;
use crate::platform::jobs::api::{JobResponse, shown, shown_on_box};
use crate::platform::secret::Secret;

const ARCHIVE: &str = "application/octet-stream";

pub fn workspace_routes() -> Routes {
    Routes::new()
        .routes(routes!(ask_for_workspace_export))
        .routes(routes!(fetch_workspace_export))
        .routes(routes!(list_people_elsewhere))
}

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(begin_workspace_upload))
        .routes(routes!(get_workspace_upload, discard_workspace_upload))
        .routes(routes!(send_workspace_piece))
        .routes(routes!(import_workspace))
}

/// Who is to open the archive; one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceExportRequest {
    /// `true`: whoever has a recovery kit of this box.
    kits: Option<bool>,
    /// A public key that begins with `age1`, for instance of a kit of the other box.
    recipient: Option<String>,
    /// Whoever knows it. Kept in memory until the archive is written.
    #[schema(value_type = Option<String>)]
    passphrase: Option<Secret>,
}

impl WorkspaceExportRequest {
    fn to(self) -> Result<To> {
        let one = |field: &str| {
            let detail = "Give kits, a recipient or a passphrase; one of them.";
            Err(Error::invalid(field, "export-to", detail))
        };
        match (self.kits.unwrap_or(false), self.recipient, self.passphrase) {
            (true, None, None) => Ok(To::Kits),
            (false, Some(text), None) => {
                let detail = "This is no public key. It begins with age1.";
                let refuse = |_| Error::invalid("recipient", "export-to", detail);
                text.trim().parse().map(To::Recipient).map_err(refuse)
            }
            (false, None, Some(passphrase)) => Ok(To::Passphrase(passphrase)),
            _ => one("kits"),
        }
    }
}

/// Let a job write the whole workspace into an encrypted archive that another box can import.
///
/// It holds everything: all apps, the audit log, and the people's names and addresses, but no
/// passwords and no tokens. The job's result says where it can be fetched for 24 hours, and the
/// fingerprint of the key that it is signed with.
#[utoipa::path(post, path = "/exports", tag = "workspaces",
    request_body = WorkspaceExportRequest, security(("session" = ["workspace.export"])),
    extensions(
        ("x-step-up" = json!(true)), ("x-makes-job" = json!(true)), ("x-heavy" = json!(true)),
        ("x-while-archived" = json!(true)),
    ),
    responses(
        (status = 202, body = JobResponse),
        (status = 409, description = "One is being made, or there is no kit."),
    ))]
async fn ask_for_workspace_export(
    ctx: Ctx,
    Json(body): Json<WorkspaceExportRequest>,
) -> Answer<JobResponse> {
    let asked = ops::ask_for_export(&ctx, body.to()?).await?;
    let value = shown(&ctx, asked.value).await?;
    Ok(accepted(Created { value, is_replay: asked.is_replay }))
}

/// Fetch the archive that a job wrote, within 24 hours.
#[utoipa::path(get, path = "/exports/{id}", tag = "workspaces",
    security(("session" = ["workspace.export"])),
    params(("id" = String, Path, description = "Id of the job")),
    extensions(("x-heavy" = json!(true)), ("x-sensitive-read" = json!(true))),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn fetch_workspace_export(ctx: Ctx, Path(id): Path<JobId>) -> Result<Response> {
    let ready = ops::open_export(&ctx, id).await?;
    let date = ready.taken_at.get(..10).unwrap_or_default();
    let name = format!("attachment; filename=\"workspace-{date}.tar.zst.age\"");
    let length = ready.size_bytes.to_string();
    let headers = [
        (header::CONTENT_TYPE, ARCHIVE),
        (header::CONTENT_DISPOSITION, name.as_str()),
        (header::CONTENT_LENGTH, length.as_str()),
    ];
    Ok((headers, of_file(ready.file)).into_response())
}

/// Somebody of the box that a workspace was brought from.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonElsewhereResponse {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    /// What they were there; null for those who had gone, and for programs.
    pub role: Option<String>,
}

impl std::convert::From<PersonElsewhere> for PersonElsewhereResponse {
    fn from(person: PersonElsewhere) -> Self {
        let PersonElsewhere { id, name, email, role } = person;
        Self { id: id.to_string(), name, email, role }
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleElsewhereQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List the people of the box that the workspace was brought from. They have no access here until
/// somebody invites them.
#[utoipa::path(get, path = "/people-elsewhere", tag = "workspaces", params(PeopleElsewhereQuery),
    security(("session" = ["people.manage"])),
    extensions(("x-sensitive-read" = json!(true))),
    responses((status = 200, body = Page<PersonElsewhereResponse>)))]
async fn list_people_elsewhere(
    ctx: Ctx,
    Query(query): Query<PeopleElsewhereQuery>,
) -> Answer<Page<PersonElsewhereResponse>> {
    let limit = page::limit(query.limit)?;
    let after = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let found = ops::people_elsewhere(&ctx, after, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    Ok(people(page.map(Into::into)))
}

/// How large what comes is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceUploadRequest {
    /// Bytes of the whole archive.
    size_bytes: u64,
}

/// An archive on its way to the box.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceUploadResponse {
    pub id: String,
    /// The next piece begins with this byte.
    pub received_bytes: u64,
    pub piece_size_bytes_max: usize,
    pub kept_until: String,
}

impl std::convert::From<Upload> for WorkspaceUploadResponse {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id.to_string(),
            received_bytes: upload.received_bytes,
            piece_size_bytes_max: PIECE_SIZE_BYTES_MAX,
            kept_until: upload.kept_until.to_string(),
        }
    }
}

/// Begin to send the archive of a workspace (operators). It is kept for 24 hours.
#[utoipa::path(post, path = "/workspaces/imports", tag = "workspaces",
    request_body = WorkspaceUploadRequest, security(("session" = ["box.operate"])),
    extensions(("x-step-up" = json!(true))),
    responses((status = 201, body = WorkspaceUploadResponse),
        (status = 409, description = "There is no room for it.")))]
async fn begin_workspace_upload(
    ctx: BoxCtx,
    Json(body): Json<WorkspaceUploadRequest>,
) -> Answer<WorkspaceUploadResponse> {
    if body.size_bytes > ARCHIVE_SIZE_BYTES_MAX {
        return Err(Error::TooLarge { limit_bytes: ARCHIVE_SIZE_BYTES_MAX });
    }
    Ok(created(ops::begin_upload(&ctx, body.size_bytes).await?))
}

/// See how much of an archive has arrived (operators).
#[utoipa::path(get, path = "/workspaces/imports/{id}", tag = "workspaces",
    security(("session" = ["box.operate"])), params(("id" = String, Path)),
    responses((status = 200, body = WorkspaceUploadResponse)))]
async fn get_workspace_upload(
    ctx: BoxCtx,
    Path(id): Path<UploadId>,
) -> Answer<WorkspaceUploadResponse> {
    Ok(ok(ops::find_upload(&ctx, id).await?.into()))
}

/// Throw away what was sent (operators).
#[utoipa::path(delete, path = "/workspaces/imports/{id}", tag = "workspaces",
    security(("session" = ["box.operate"])), params(("id" = String, Path)),
    responses((status = 204)))]
async fn discard_workspace_upload(ctx: BoxCtx, Path(id): Path<UploadId>) -> Result<NoContent> {
    ops::discard_upload(&ctx, id).await?;
    Ok(NoContent)
}

/// Where a piece begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PieceQuery {
    /// Bytes before it.
    offset: u64,
}

/// Send the next piece of an archive, at most 8 MiB (operators). A piece that was sent before is
/// taken once.
#[utoipa::path(post, path = "/workspaces/imports/{id}/pieces", tag = "workspaces",
    params(("id" = String, Path), PieceQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("session" = ["box.operate"])),
    extensions(("x-body-size-bytes-max" = json!(PIECE_SIZE_BYTES_MAX))),
    responses((status = 200, body = WorkspaceUploadResponse),
        (status = 409, description = "It does not begin where what is there ends.")))]
async fn send_workspace_piece(
    ctx: BoxCtx,
    Path(id): Path<UploadId>,
    Query(query): Query<PieceQuery>,
    request: Request,
) -> Answer<WorkspaceUploadResponse> {
    let piece = body_bytes(request).await?;
    Ok(ok(ops::take_piece(&ctx, id, query.offset, piece).await?.into()))
}

/// What is done with an archive that arrived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceImportRequest {
    /// `look` checks all of it, says what is in it and changes nothing; `import` makes a workspace
    /// of it.
    mode: String,
    /// The text of a recovery kit of the box that it is from, or a line that begins with
    /// AGE-SECRET-KEY-1. With a whole kit, its box must have signed the archive. Kept in memory
    /// for this job alone.
    #[schema(value_type = Option<String>)]
    identity: Option<Secret>,
    /// Instead of a key.
    #[schema(value_type = Option<String>)]
    passphrase: Option<Secret>,
    /// What the workspace is called here; as it was there when left out.
    name: Option<String>,
}

/// Look into an archive that arrived, or make a workspace of it (operators).
///
/// Everything is checked before: the signature, every hash, the schema, the database, the audit
/// log. The workspace gets an id and an audit log of its own, and the caller as its owner.
#[utoipa::path(post, path = "/workspaces/imports/{id}/start", tag = "workspaces",
    request_body = WorkspaceImportRequest, security(("session" = ["box.operate"])),
    params(("id" = String, Path)),
    extensions(
        ("x-step-up" = json!(true)), ("x-makes-job" = json!(true)), ("x-heavy" = json!(true)),
    ),
    responses((status = 202, body = JobResponse),
        (status = 409, description = "It is being read already.")))]
async fn import_workspace(
    ctx: BoxCtx,
    Path(id): Path<UploadId>,
    Json(body): Json<WorkspaceImportRequest>,
) -> Answer<JobResponse> {
    let wish = Wish {
        mode: Mode::named(&body.mode)?,
        from: From::Upload(id),
        opener: Opener::read(body.identity, body.passphrase)?,
        name: body.name,
    };
    let asked = ops::ask_for_import(&ctx, wish).await?;
    let value = shown_on_box(&ctx, asked.value).await?;
    Ok(accepted(Created { value, is_replay: asked.is_replay }))
}
