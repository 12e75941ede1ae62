//! The mail server's settings, and sending through it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rules::{Draft, Last, Mail, Server};
use super::store;
use super::texts::{MailText, Texts, params, texts};
use super::transport::{Outgoing, send};
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::identity::users::rules::clean_email;
use crate::platform::identity::{UserId, users};
use crate::platform::notices;
use crate::platform::notices::outbox::ops::{Letter, opened, queue_letter_in};
use crate::platform::notices::outbox::rules::{Outcome, Parcel};
use crate::platform::notices::rules::{NoticeId, Params};
use crate::platform::secret::Secret;
use crate::platform::secrets::{Place, Purpose, Secrets};
use crate::platform::setup::ops::box_name_in;

/// Audit kind.
pub const KIND: &str = "box.notify";
/// A mail in the outbox may take so long.
const SEND_TIME_MAX: Duration = Duration::from_mins(1);
/// Somebody waits for a test.
const TEST_TIME_MAX: Duration = Duration::from_secs(20);
/// Where the password stands.
const PLACE: Place<'_> = Place { table: "mail_settings", column: "password", row: b"1" };

/// A mail as it is sealed.
#[derive(Serialize, Deserialize)]
struct Written {
    subject: String,
    paragraphs: Vec<String>,
    action: Option<(String, String)>,
    footer: Option<String>,
}

/// Writes a mail down.
pub(in crate::platform::notices) fn written(mail: &Mail) -> Result<String> {
    let Mail { subject, paragraphs, action, footer } = mail.clone();
    serde_json::to_string(&Written { subject, paragraphs, action, footer }).map_err(Error::internal)
}

/// Reads what was written down.
pub(in crate::platform::notices) fn reread(bytes: &[u8]) -> Result<Mail> {
    let written: Written = serde_json::from_slice(bytes).map_err(Error::internal)?;
    let Written { subject, paragraphs, action, footer } = written;
    Ok(Mail { subject, paragraphs, action, footer })
}

/// Whether mail leaves the box.
pub fn is_on_in(scope: &BoxScope<'_>) -> Result<bool> {
    store::is_on(scope)
}

/// Seals the password anew when an older key sealed it; gives whether it did, as a number.
pub(in crate::platform) fn seal_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    _: usize,
) -> Result<usize> {
    let Some(sealed) = store::get(scope)?.and_then(|kept| kept.password) else { return Ok(0) };
    let Some(anew) = secrets.seal_anew(Purpose::Notices, &PLACE, &sealed)? else { return Ok(0) };
    store::set_password(scope, &anew)?;
    Ok(1)
}

/// The settings as operators see them.
#[derive(Debug, Clone)]
pub struct Shown {
    pub server: Server,
    pub has_password: bool,
    pub last: Option<Last>,
}

fn shown_in(scope: &BoxScope<'_>) -> Result<Option<Shown>> {
    let shown = |kept: store::Kept| Shown {
        server: kept.server,
        has_password: kept.password.is_some(),
        last: kept.last,
    };
    Ok(store::get(scope)?.map(shown))
}

/// Whether the sender or the account of the mail server is somebody's.
pub(in crate::platform) fn is_named_in(
    scope: &BoxScope<'_>,
    is_meant: impl Fn(&str) -> bool,
) -> Result<bool> {
    let server = store::get(scope)?.map(|kept| kept.server);
    Ok(server.is_some_and(|server| {
        is_meant(&server.sender) || server.user.as_deref().is_some_and(is_meant)
    }))
}

/// The mail server by host and port, when there is one, with the last attempt.
pub(in crate::platform) fn tried_in(
    scope: &BoxScope<'_>,
) -> Result<Option<(String, Option<Last>)>> {
    let address = |server: &Server| format!("{}:{}", server.host, server.port);
    Ok(store::get(scope)?.map(|kept| (address(&kept.server), kept.last)))
}

/// The mail server, when there is one.
pub async fn settings(ctx: &BoxCtx) -> Result<Option<Shown>> {
    ctx.read(shown_in).await
}

/// Sets the mail server, or none.
pub async fn set(ctx: &BoxCtx, draft: Option<Draft>) -> Result<Option<Shown>> {
    let platform = Arc::clone(&ctx.platform);
    let shown = ctx
        .write(move |scope| {
            let before = store::get(scope)?;
            let Some(draft) = draft else {
                if before.is_some() {
                    store::remove(scope)?;
                    scope.audit(Entry::about("box.mail.switched_off", KIND))?;
                }
                return Ok(None);
            };
            let server = draft.check(before.as_ref().map(|kept| &kept.server))?;
            let password = match (&server.user, &draft.password) {
                (None, _) => None,
                (Some(_), Some(password)) => {
                    let plain = password.reveal().as_bytes();
                    Some(platform.secrets.seal(Purpose::Notices, &PLACE, plain)?)
                }
                (Some(_), None) => before.and_then(|kept| kept.password),
            };
            store::put(scope, &server, password.as_deref())?;
            scope.audit(
                Entry::about("box.mail.set", KIND)
                    .set("host", &server.host)
                    .set("port", server.port.to_string())
                    .set("security", server.security.name())
                    .personal("from", &server.sender),
            )?;
            shown_in(scope)
        })
        .await?;
    ctx.platform.sending.nudge();
    Ok(shown)
}

/// Sends a mail right now, to see whether that works. Gives how it ended.
pub async fn test(ctx: &BoxCtx, to: &str) -> Result<Last> {
    let to = clean_email("to", to)?;
    let user = ctx.principal()?.user;
    let (language, name) = ctx
        .write(move |scope| {
            if !store::is_on(scope)? {
                return Err(Error::conflict("mail-off", "No mail server is set."));
            }
            scope.audit(Entry::about("box.mail.tested", KIND))?;
            Ok((users::ops::get_in(scope, user)?.language, box_name_in(scope)?))
        })
        .await?;
    let values = params([("box", name.as_str())]);
    let mail = texts(&language).test.mail(&values, Some(ctx.platform.origin()));
    let id = ctx.platform.random.uuid().to_string();
    let outcome = post(ctx, &to, &mail, id, TEST_TIME_MAX).await?;
    ctx.write(move |scope| note_in(scope, &outcome)).await
}

/// Notes how an attempt ended.
pub(in crate::platform::notices) fn note_in(
    scope: &BoxScope<'_>,
    outcome: &Outcome,
) -> Result<Last> {
    let last = Last { at: scope.now(), is_ok: outcome.is_sent(), detail: outcome.detail() };
    // What nobody waits for any more says nothing of the server.
    if !matches!(outcome, Outcome::Pointless(_)) {
        store::note(scope, &last)?;
    }
    Ok(last)
}

async fn post(
    ctx: &BoxCtx,
    to: &str,
    mail: &Mail,
    message_id: String,
    time_max: Duration,
) -> Result<Outcome> {
    let platform = &ctx.platform;
    let Some(kept) = ctx.read(|scope| store::get(scope)).await? else {
        return Ok(Outcome::Failed("No mail server is set.".to_owned()));
    };
    let password = match &kept.password {
        Some(sealed) => {
            let plain = platform.secrets.unseal(Purpose::Notices, &PLACE, sealed)?;
            Some(Secret::new(String::from_utf8_lossy(&plain)))
        }
        None => None,
    };
    let roots = platform.notices.roots(&platform.config).await?;
    let outgoing = Outgoing {
        server: &kept.server,
        password,
        to,
        mail,
        message_id,
        at: ctx.now(),
        settings_url: settings_url(platform),
        roots: &roots,
        time_max,
    };
    Ok(match send(&outgoing).await {
        Ok(()) => Outcome::Sent,
        Err(why) => Outcome::Failed(why),
    })
}

fn settings_url(platform: &Platform) -> String {
    format!("{}/account", platform.origin())
}

/// Sends what waits in the outbox.
pub(in crate::platform::notices) async fn deliver(
    ctx: &BoxCtx,
    parcel: &Parcel,
) -> Result<Outcome> {
    let (to, mail) = match (parcel.notice, parcel.user) {
        (Some(notice), Some(user)) => match notice_mail(ctx, notice, user).await? {
            Some(found) => found,
            None => return Ok(Outcome::Pointless("The person cannot sign in.".to_owned())),
        },
        _ => (parcel.recipient.clone(), opened(&ctx.platform, parcel)?),
    };
    post(ctx, &to, &mail, parcel.id.to_string(), SEND_TIME_MAX).await
}

/// A notice as a mail in its person's language; none when nobody waits for it.
async fn notice_mail(
    ctx: &BoxCtx,
    notice: NoticeId,
    user: UserId,
) -> Result<Option<(String, Mail)>> {
    let platform = Arc::clone(&ctx.platform);
    ctx.read(move |scope| {
        let person = users::ops::get_in(scope, user)?;
        let Some(notice) = notices::ops::get_in(scope, notice)? else { return Ok(None) };
        let untold = notices::ops::untold_in(scope, &platform, user)?;
        if person.disabled_at.is_some() || untold.contains(&notice.seq) {
            return Ok(None);
        }
        let worded = notice.worded(platform.notices.kind(&notice.kind), &person.language);
        let words = texts(&person.language);
        let page = notice.link.as_deref().unwrap_or("/");
        let mail = Mail {
            subject: worded.title.clone(),
            paragraphs: vec![worded.title, worded.detail],
            action: Some((words.open.to_owned(), format!("{}{page}", platform.origin()))),
            footer: Some(footer(scope, &platform, &person.language)?),
        };
        Ok(Some((person.email, mail)))
    })
    .await
}

/// A mail whose point is a link.
pub struct LinkMail<'a> {
    /// What it is, for the list.
    pub kind: &'a str,
    pub text: fn(&Texts) -> MailText,
    pub to: &'a str,
    /// When somebody of the box gets it: it is in their language then.
    pub user: Option<UserId>,
    pub values: Params,
    pub url: &'a str,
    /// When the link ends.
    pub good_until: Moment,
}

/// Queues a mail with a link inside the caller's transaction, where mail leaves the box. Whoever
/// made the link sees it in any case.
pub fn queue_link_in(scope: &BoxScope<'_>, platform: &Platform, link: &LinkMail<'_>) -> Result<()> {
    if !is_on_in(scope)? {
        return Ok(());
    }
    let language = match link.user.or(scope.user()) {
        Some(user) => users::ops::get_in(scope, user)?.language,
        None => String::new(),
    };
    let mut values = link.values.clone();
    values.insert("box".to_owned(), box_name_in(scope)?);
    let mail = (link.text)(texts(&language)).mail(&values, Some(link.url.to_owned()));
    let letter = Letter {
        kind: link.kind,
        to: link.to,
        user: link.user,
        mail: &mail,
        good_until: Some(link.good_until),
    };
    queue_letter_in(scope, platform, &letter)
}

/// The small print of mails to people of the box.
pub fn footer(scope: &BoxScope<'_>, platform: &Platform, language: &str) -> Result<String> {
    let (name, settings) = (box_name_in(scope)?, settings_url(platform));
    let values = params([("box", name.as_str()), ("settings", settings.as_str())]);
    Ok(notices::rules::fill(texts(language).footer, &values))
}
