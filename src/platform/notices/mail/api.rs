//! The mail server's settings over HTTP, for operators.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Shown};
use super::rules::{self, Draft, Last};
use crate::http::answer::{Answer, ok};
use crate::http::extract::Json;
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::secret::Secret;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_notify, change_notify)).routes(routes!(test_notify))
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first byte on.
    Tls,
    /// TLS before anything is said; a server that does not offer it gets no mail.
    Starttls,
    None,
}

impl From<MailSecurity> for rules::Security {
    fn from(security: MailSecurity) -> Self {
        match security {
            MailSecurity::Tls => Self::Tls,
            MailSecurity::Starttls => Self::StartTls,
            MailSecurity::None => Self::None,
        }
    }
}

impl From<rules::Security> for MailSecurity {
    fn from(security: rules::Security) -> Self {
        match security {
            rules::Security::Tls => Self::Tls,
            rules::Security::StartTls => Self::Starttls,
            rules::Security::None => Self::None,
        }
    }
}

/// How the last attempt on a channel ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastAttemptResponse {
    pub at: String,
    pub ok: bool,
    /// What the other side said, or why it could not be reached.
    pub detail: Option<String>,
}

impl From<Last> for LastAttemptResponse {
    fn from(last: Last) -> Self {
        Self { at: last.at.to_string(), ok: last.is_ok, detail: last.detail }
    }
}

/// The mail server.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmtpResponse {
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    pub user: Option<String>,
    pub has_password: bool,
    /// What mails are from.
    pub from: String,
    pub last: Option<LastAttemptResponse>,
}

/// How notices leave the box.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotifyResponse {
    /// Null while no mail leaves the box.
    pub smtp: Option<SmtpResponse>,
}

impl From<Option<Shown>> for NotifyResponse {
    fn from(shown: Option<Shown>) -> Self {
        let smtp = shown.map(|shown| SmtpResponse {
            host: shown.server.host,
            port: shown.server.port,
            security: shown.server.security.into(),
            user: shown.server.user,
            has_password: shown.has_password,
            from: shown.server.sender,
            last: shown.last.map(Into::into),
        });
        Self { smtp }
    }
}

/// A mail server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpRequest {
    host: String,
    port: i64,
    security: MailSecurity,
    user: Option<String>,
    /// Never shown again. Left out, the kept one stays, as long as it goes to the same server.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    /// E.g. `Kitchen box <box@example.com>`.
    from: String,
}

/// What to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeNotifyRequest {
    /// Null for no mail; left out, it stays as it is.
    #[serde(default, deserialize_with = "chosen")]
    #[schema(value_type = Option<SmtpRequest>)]
    smtp: Choice,
}

/// Tells null from what was left out.
#[derive(Debug, Default)]
enum Choice {
    #[default]
    LeftOut,
    Set(Option<SmtpRequest>),
}

fn chosen<'de, D: Deserializer<'de>>(reader: D) -> Result<Choice, D::Error> {
    Option::deserialize(reader).map(Choice::Set)
}

/// Where to send a test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestNotifyRequest {
    to: String,
}

/// Show how notices leave the box (operators).
#[utoipa::path(get, path = "/box/notify", tag = "notices",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = NotifyResponse)))]
async fn get_notify(ctx: BoxCtx) -> Answer<NotifyResponse> {
    Ok(ok(ops::settings(&ctx).await?.into()))
}

/// Set the mail server, or none (operators).
#[utoipa::path(patch, path = "/box/notify", tag = "notices",
    security(("session" = ["box.operate"])),
    responses((status = 200, body = NotifyResponse)))]
async fn change_notify(
    ctx: BoxCtx,
    Json(body): Json<ChangeNotifyRequest>,
) -> Answer<NotifyResponse> {
    let Choice::Set(smtp) = body.smtp else {
        return Ok(ok(ops::settings(&ctx).await?.into()));
    };
    let draft = smtp.map(|smtp| Draft {
        host: smtp.host,
        port: smtp.port,
        security: smtp.security.into(),
        user: smtp.user,
        password: smtp.password,
        sender: smtp.from,
    });
    Ok(ok(ops::set(&ctx, draft).await?.into()))
}

/// Send a test mail right now and say how that ended (operators).
#[utoipa::path(post, path = "/box/notify/test", tag = "notices",
    security(("session" = ["box.operate"])),
    responses(
        (status = 200, body = LastAttemptResponse),
        (status = 409, description = "No mail server is set."),
    ))]
async fn test_notify(
    ctx: BoxCtx,
    Json(body): Json<TestNotifyRequest>,
) -> Answer<LastAttemptResponse> {
    Ok(ok(ops::test(&ctx, &body.to).await?.into()))
}
