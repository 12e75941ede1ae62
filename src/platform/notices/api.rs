//! Notices over HTTP: everybody's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{self, Notice, NoticeSpec, Settings};
use crate::http::answer::{Answer, NoContent, ok};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{self, Page};
use crate::platform::Platform;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_notices))
        .routes(routes!(read_notice))
        .routes(routes!(read_all_notices))
        .routes(routes!(get_notice_settings, change_notice_settings))
}

/// Something you were told.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeResponse {
    pub id: String,
    /// E.g. `security.password-changed`.
    pub kind: String,
    pub at: String,
    pub title: String,
    pub detail: String,
    /// A page of the web UI.
    pub link: Option<String>,
    pub read_at: Option<String>,
    pub workspace_id: Option<String>,
}

impl NoticeResponse {
    fn of(notice: Notice, platform: &Platform, language: &str) -> Self {
        let worded = notice.worded(platform.notices.kind(&notice.kind), language);
        Self {
            id: notice.id.to_string(),
            kind: notice.kind,
            at: notice.created_at.to_string(),
            title: worded.title,
            detail: worded.detail,
            link: notice.link,
            read_at: notice.read_at.map(|at| at.to_string()),
            workspace_id: notice.workspace.map(|id| id.to_string()),
        }
    }
}

/// A page of notices.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticesResponse {
    pub items: Vec<NoticeResponse>,
    pub next_cursor: Option<String>,
    /// How many of all are unread.
    pub unread: i64,
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticesQuery {
    /// Only those that were not read.
    unread: Option<bool>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// How notices reach somebody by mail.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Email {
    Off,
    Each,
    Digest,
}

impl From<rules::Email> for Email {
    fn from(email: rules::Email) -> Self {
        match email {
            rules::Email::Off => Self::Off,
            rules::Email::Each => Self::Each,
            rules::Email::Digest => Self::Digest,
        }
    }
}

impl From<Email> for rules::Email {
    fn from(email: Email) -> Self {
        match email {
            Email::Off => Self::Off,
            Email::Each => Self::Each,
            Email::Digest => Self::Digest,
        }
    }
}

/// What you chose. The bell shows everything in any case.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeSettingsResponse {
    pub email: Email,
    /// When the digest is mailed, in the box's time zone.
    pub digest_at: String,
    /// Whether each kind is mailed to you.
    pub kinds: BTreeMap<String, bool>,
    /// What each kind is called.
    pub titles: BTreeMap<String, String>,
    /// Kinds that do not wait for the digest.
    pub urgent: Vec<String>,
}

impl NoticeSettingsResponse {
    fn of((settings, language): (Settings, String), platform: &Platform) -> Self {
        let all = platform.notices.kinds();
        let each = |spec: &&NoticeSpec| (spec.kind.to_owned(), settings.wants(spec));
        let title =
            |spec: &&NoticeSpec| (spec.kind.to_owned(), spec.text(&language).label.to_owned());
        let urgent = all.iter().filter(|spec| spec.is_urgent);
        Self {
            email: settings.email.into(),
            digest_at: settings.digest_at.to_string(),
            kinds: all.iter().map(each).collect(),
            titles: all.iter().map(title).collect(),
            urgent: urgent.map(|spec| spec.kind.to_owned()).collect(),
        }
    }
}

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeNoticeSettingsRequest {
    email: Option<Email>,
    /// E.g. `07:30`.
    digest_at: Option<String>,
    /// By kind.
    #[serde(default)]
    kinds: BTreeMap<String, bool>,
}

/// List what you were told, newest first.
#[utoipa::path(get, path = "/me/notices", tag = "notices", params(NoticesQuery),
    security(("session" = [])), responses((status = 200, body = NoticesResponse)))]
async fn list_notices(ctx: BoxCtx, Query(query): Query<NoticesQuery>) -> Answer<NoticesResponse> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<i64>(query.cursor.as_deref())?;
    let bell = ops::list(&ctx, query.unread.unwrap_or(false), before, limit + 1).await?;
    let page = Page::of_one_more(bell.notices, limit, |last| last.seq)?;
    let worded = |notice| NoticeResponse::of(notice, &ctx.platform, &bell.language);
    let Page { items, next_cursor, .. } = page.map(worded);
    Ok(ok(NoticesResponse { items, next_cursor, unread: bell.unread }))
}

/// Note that you read a notice.
#[utoipa::path(post, path = "/me/notices/{id}/read", tag = "notices",
    security(("session" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
async fn read_notice(ctx: BoxCtx, Path(id): Path<Id<Notice>>) -> Result<NoContent> {
    ops::read(&ctx, id).await?;
    Ok(NoContent)
}

/// Note that you read all notices.
#[utoipa::path(post, path = "/me/notices/read", tag = "notices",
    security(("session" = [])), responses((status = 204)))]
async fn read_all_notices(ctx: BoxCtx) -> Result<NoContent> {
    ops::read_all(&ctx).await?;
    Ok(NoContent)
}

/// Show how notices reach you besides the bell.
#[utoipa::path(get, path = "/me/notice-settings", tag = "notices",
    security(("session" = [])), responses((status = 200, body = NoticeSettingsResponse)))]
async fn get_notice_settings(ctx: BoxCtx) -> Answer<NoticeSettingsResponse> {
    Ok(ok(NoticeSettingsResponse::of(ops::settings(&ctx).await?, &ctx.platform)))
}

/// Choose how notices reach you besides the bell.
#[utoipa::path(patch, path = "/me/notice-settings", tag = "notices",
    security(("session" = [])), responses((status = 200, body = NoticeSettingsResponse)))]
async fn change_notice_settings(
    ctx: BoxCtx,
    Json(body): Json<ChangeNoticeSettingsRequest>,
) -> Answer<NoticeSettingsResponse> {
    let change = rules::Change {
        email: body.email.map(Into::into),
        digest_at: body.digest_at,
        kinds: body.kinds,
    };
    let changed = ops::change_settings(&ctx, change).await?;
    Ok(ok(NoticeSettingsResponse::of(changed, &ctx.platform)))
}
