//! Targets over HTTP, for operators.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use super::rules::{Place, Target, Tried};
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path};
use crate::http::page::Page;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_targets, create_target))
        .routes(routes!(remove_target))
        .routes(routes!(test_target))
}

/// Where a folder is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderSettings {
    /// The whole path, on the machine of the box, e.g. `/mnt/stick/backups`.
    path: String,
}

/// A place that backups are sent to.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetResponse {
    pub id: String,
    pub name: String,
    /// `folder`.
    pub kind: String,
    pub settings: FolderSettings,
    pub created_at: String,
    pub last: Option<TriedResponse>,
}

/// How the last try to reach a target ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedResponse {
    pub at: String,
    pub ok: bool,
    /// One sentence for a person.
    pub detail: String,
}

impl From<Tried> for TriedResponse {
    fn from(tried: Tried) -> Self {
        Self { at: tried.at.to_string(), ok: tried.is_ok, detail: tried.detail }
    }
}

impl From<Target> for TargetResponse {
    fn from(target: Target) -> Self {
        let kind = target.place.kind().to_owned();
        let Place::Folder { path } = target.place;
        Self {
            id: target.id.to_string(),
            name: target.name,
            kind,
            settings: FolderSettings { path: path.to_string_lossy().into_owned() },
            created_at: target.created_at.to_string(),
            last: target.last.map(Into::into),
        }
    }
}

/// A target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTargetRequest {
    name: String,
    /// `folder`.
    kind: String,
    settings: FolderSettings,
}

/// List where backups go (operators).
#[utoipa::path(get, path = "/backup-targets", tag = "backups",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<TargetResponse>)))]
async fn list_targets(ctx: BoxCtx) -> Answer<Page<TargetResponse>> {
    let all = ops::list(&ctx).await?;
    Ok(ok(Page::new(all.into_iter().map(Into::into).collect(), None)))
}

/// Name a place that backups go to (operators).
#[utoipa::path(post, path = "/backup-targets", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    responses(
        (status = 201, body = TargetResponse),
        (status = 409, description = "Backups go there already, or there are too many targets."),
    ))]
async fn create_target(
    ctx: BoxCtx,
    Json(body): Json<CreateTargetRequest>,
) -> Answer<TargetResponse> {
    if body.kind != "folder" {
        let detail = "Backups can go to: folder.";
        return Err(Error::invalid("kind", "target-kind", detail));
    }
    let place = Place::Folder { path: PathBuf::from(body.settings.path) };
    Ok(created(ops::create(&ctx, &body.name, place).await?))
}

/// Send no more backups to a target; what lies there stays (operators).
#[utoipa::path(delete, path = "/backup-targets/{id}", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove_target(ctx: BoxCtx, Path(id): Path<Id<Target>>) -> Result<NoContent> {
    ops::remove(&ctx, id).await?;
    Ok(NoContent)
}

/// Write, read, list and delete something small at a target right now (operators).
#[utoipa::path(post, path = "/backup-targets/{id}/test", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = TriedResponse)))]
async fn test_target(ctx: BoxCtx, Path(id): Path<Id<Target>>) -> Answer<TriedResponse> {
    Ok(ok(ops::test(&ctx, id).await?.into()))
}
