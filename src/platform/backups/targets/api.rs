//! Targets over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops;
use super::rules::{Step, Target, Tried};
use super::settings::Settings;
use super::signing_in::SignIn;
use super::written::TargetSettingsRequest;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{Json, Path};
use crate::http::page::{OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_targets, create_target))
        .routes(routes!(get_target, change_target, remove_target))
        .routes(routes!(test_target))
        .routes(routes!(sign_in_to_target, get_sign_in))
}

/// Where a target is. Each kind has its own: `folder` has `path`; `s3` has `endpoint, bucket,
/// region, access_key, prefix`; `sftp` has `host, port, user, host_key, path`; `webdav` has `url,
/// user, path`; `onedrive` has `client_id, folder`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetSettingsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

impl From<Settings> for TargetSettingsResponse {
    fn from(it: Settings) -> Self {
        Self {
            path: it.path,
            endpoint: it.endpoint,
            bucket: it.bucket,
            region: it.region,
            access_key: it.access_key,
            prefix: it.prefix,
            host: it.host,
            port: it.port,
            user: it.user,
            host_key: it.host_key,
            url: it.url,
            client_id: it.client_id,
            folder: it.folder,
        }
    }
}

/// A place that backups are sent to.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetResponse {
    pub id: String,
    pub name: String,
    /// `folder`, `s3`, `sftp`, `webdav` or `onedrive`.
    pub kind: String,
    pub settings: TargetSettingsResponse,
    /// Whether the box keeps a password or a key for it, sealed.
    pub has_secret: bool,
    pub created_at: String,
    pub last: Option<TriedResponse>,
    /// What the last test found: false where the target keeps what it has, so that nobody who
    /// takes the box over can delete backups. None before a test got so far.
    pub can_delete: Option<bool>,
}

/// How the last try to reach a target ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedResponse {
    pub at: String,
    pub ok: bool,
    /// One sentence for a person.
    pub detail: String,
    /// What a test did one after the other; empty when it was a backup.
    pub steps: Vec<StepResponse>,
}

/// One thing that a test of a target did.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepResponse {
    /// `write`, `read`, `list` or `delete`.
    pub step: String,
    pub ok: bool,
    pub detail: Option<String>,
}

/// How a test of a target went.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestResponse {
    pub at: String,
    pub ok: bool,
    /// One sentence for a person.
    pub detail: String,
    pub steps: Vec<StepResponse>,
    pub can_delete: Option<bool>,
    /// `sftp`: the key that the server shows, to be compared with what its operator says, and
    /// written into the settings.
    pub host_key: Option<String>,
}

impl From<Step> for StepResponse {
    fn from(step: Step) -> Self {
        Self { step: step.name.to_owned(), ok: step.is_ok, detail: step.detail }
    }
}

impl From<Tried> for TriedResponse {
    fn from(tried: Tried) -> Self {
        let steps = tried.steps.into_iter().map(Into::into).collect();
        Self { at: tried.at.to_string(), ok: tried.is_ok, detail: tried.detail, steps }
    }
}

impl From<Target> for TargetResponse {
    fn from(target: Target) -> Self {
        let kind = target.place.kind().to_owned();
        let can_delete = target.last.as_ref().and_then(|last| last.can_delete);
        Self {
            id: target.id.to_string(),
            name: target.name,
            kind,
            settings: Settings::of(&target.place).into(),
            has_secret: target.has_secret,
            created_at: target.created_at.to_string(),
            last: target.last.map(Into::into),
            can_delete,
        }
    }
}

/// A target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTargetRequest {
    name: String,
    /// `folder`, `s3`, `sftp`, `webdav` or `onedrive`.
    kind: String,
    settings: TargetSettingsRequest,
}

/// What is to be another; the rest stays, secrets too. Who points a target at another server or
/// user has to type its secret anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTargetRequest {
    name: Option<String>,
    settings: Option<TargetSettingsRequest>,
}

/// Type the code at the address, in any browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInCodeResponse {
    user_code: String,
    verification_uri: String,
    expires_at: String,
}

/// How a sign-in stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInStateResponse {
    /// `none`, `waiting`, `done` or `failed`.
    state: String,
    /// Why it failed.
    detail: Option<String>,
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
    Ok(created(ops::create(&ctx, &body.name, &body.kind, body.settings.into()).await?))
}

/// Get a target (operators).
#[utoipa::path(get, path = "/backup-targets/{id}", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = TargetResponse)))]
async fn get_target(ctx: BoxCtx, Path(id): Path<Id<Target>>) -> Answer<TargetResponse> {
    Ok(ok(ops::get(&ctx, id).await?.into()))
}

/// Change a target (operators).
#[utoipa::path(patch, path = "/backup-targets/{id}", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = TargetResponse),
        (status = 409, description = "Backups go there already."),
    ))]
async fn change_target(
    ctx: BoxCtx,
    Path(id): Path<Id<Target>>,
    Json(body): Json<ChangeTargetRequest>,
) -> Answer<TargetResponse> {
    let settings = body.settings.unwrap_or_default().into();
    Ok(ok(ops::change(&ctx, id, body.name, settings).await?.into()))
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
    params(("id" = String, Path)), responses((status = 200, body = TestResponse)))]
async fn test_target(ctx: BoxCtx, Path(id): Path<Id<Target>>) -> Answer<TestResponse> {
    let ops::Tested { tried, host_key } = ops::test(&ctx, id).await?;
    let can_delete = tried.can_delete;
    let TriedResponse { at, ok: is_ok, detail, steps } = tried.into();
    Ok(ok(TestResponse { at, ok: is_ok, detail, steps, can_delete, host_key }))
}

/// Begin a sign-in to OneDrive by a code that is typed in any browser (operators).
#[utoipa::path(post, path = "/backup-targets/{id}/sign-in", tag = "backups",
    security(("session" = ["box.operate"])), extensions(("x-step-up" = json!(true))),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = SignInCodeResponse),
        (status = 409, description = "It is no OneDrive target, or Microsoft refuses."),
    ))]
async fn sign_in_to_target(ctx: BoxCtx, Path(id): Path<Id<Target>>) -> Answer<SignInCodeResponse> {
    let code = ops::sign_in(&ctx, id).await?;
    let expires_at = ctx.now().plus(code.expires_in).to_string();
    let (user_code, verification_uri) = (code.typed, code.verification_uri);
    Ok(ok(SignInCodeResponse { user_code, verification_uri, expires_at }))
}

/// How the sign-in to OneDrive stands (operators).
#[utoipa::path(get, path = "/backup-targets/{id}/sign-in", tag = "backups",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)), responses((status = 200, body = SignInStateResponse)))]
async fn get_sign_in(ctx: BoxCtx, Path(id): Path<Id<Target>>) -> Answer<SignInStateResponse> {
    let (state, detail) = match ops::sign_in_state(&ctx, id).await? {
        SignIn::None => ("none", None),
        SignIn::Waiting => ("waiting", None),
        SignIn::Done => ("done", None),
        SignIn::Failed(detail) => ("failed", Some(detail)),
    };
    Ok(ok(SignInStateResponse { state: state.to_owned(), detail }))
}
