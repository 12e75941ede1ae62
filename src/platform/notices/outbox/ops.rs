//! Putting into the outbox and looking after it.

use tracing::warn;

use super::rules::{
    CONTENT_BYTES_MAX, Channel, FAILED_KEPT, Outcome, Parcel, ParcelId, SENT_KEPT, State,
    TRIED_FOR, WAITING_MAX, after,
};
use super::store;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;
use crate::platform::notices::mail::rules::Mail;
use crate::platform::notices::rules::NoticeId;
use crate::platform::notices::webhooks::rules::Webhook;
use crate::platform::notices::{mail, webhooks};
use crate::platform::secrets::{Place, Purpose, Secrets};

/// Parcels looked at at once.
const LOOKED_AT_ONCE: usize = 200;
/// Audit kind.
pub const KIND: &str = "box.outbox";

/// A parcel that waits from now on.
fn parcel(scope: &BoxScope<'_>, channel: Channel, kind: &str, recipient: &str) -> Parcel {
    Parcel {
        id: scope.new_id(),
        channel,
        kind: kind.to_owned(),
        recipient: recipient.to_owned(),
        user: None,
        webhook: None,
        notice: None,
        content: None,
        state: State::Waiting,
        tries: 0,
        created_at: scope.now(),
        next_at: scope.now(),
        give_up_at: scope.now().plus(TRIED_FOR),
        last_error: None,
    }
}

fn queue_in(scope: &BoxScope<'_>, parcel: &Parcel) -> Result<()> {
    if store::count_waiting(scope)? >= WAITING_MAX {
        let kind = &parcel.kind;
        warn!("The outbox is full: {kind} is not sent");
        metrics::counter!("holdfast_notices_refused_total").increment(1);
        return Ok(());
    }
    store::insert(scope, parcel)
}

/// Queues a notice as a mail inside the caller's transaction.
pub(in crate::platform::notices) fn queue_notice_in(
    scope: &BoxScope<'_>,
    to: (UserId, &str),
    kind: &str,
    notice: NoticeId,
) -> Result<()> {
    let base = parcel(scope, Channel::Mail, kind, to.1);
    queue_in(scope, &Parcel { user: Some(to.0), notice: Some(notice), ..base })
}

/// A mail that somebody gets.
pub struct Letter<'a> {
    /// What it is, for the list.
    pub kind: &'a str,
    pub to: &'a str,
    /// When somebody of the box gets it.
    pub user: Option<UserId>,
    pub mail: &'a Mail,
    /// When it makes no sense any more; after some days in any case.
    pub good_until: Option<Moment>,
}

/// Queues a mail inside the caller's transaction. What it says is kept sealed.
pub fn queue_letter_in(
    scope: &BoxScope<'_>,
    platform: &Platform,
    letter: &Letter<'_>,
) -> Result<()> {
    let base = parcel(scope, Channel::Mail, letter.kind, letter.to);
    let plain = mail::ops::written(letter.mail)?;
    if plain.len() > CONTENT_BYTES_MAX {
        return Err(Error::internal("a mail is too long for the outbox"));
    }
    let place = place(&base.id);
    let content = platform.secrets.seal(Purpose::Notices, &place, plain.as_bytes())?;
    let give_up_at = letter.good_until.map_or(base.give_up_at, |at| at.min(base.give_up_at));
    let whole = Parcel { user: letter.user, content: Some(content), give_up_at, ..base };
    queue_in(scope, &whole)
}

fn place(id: &ParcelId) -> Place<'_> {
    Place { table: "outbox", column: "content", row: id.as_bytes() }
}

/// Seals contents anew that an older key sealed, at most so many; gives how many.
pub(in crate::platform) fn seal_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let mut count = 0;
    for (id, sealed) in store::sealed_otherwise(scope, &secrets.prefix(), most)? {
        if let Some(anew) = secrets.seal_anew(Purpose::Notices, &place(&id), &sealed)? {
            store::set_content(scope, id, &anew)?;
            count += 1;
        }
    }
    Ok(count)
}

/// What was queued with `queue_letter_in`.
pub(in crate::platform::notices) fn opened(platform: &Platform, parcel: &Parcel) -> Result<Mail> {
    let content = parcel.content.as_deref().unwrap_or_default();
    let plain = platform.secrets.unseal(Purpose::Notices, &place(&parcel.id), content)?;
    mail::ops::reread(&plain)
}

/// Queues a call of a receiver inside the caller's transaction.
pub(in crate::platform::notices) fn queue_call_in(
    scope: &BoxScope<'_>,
    webhook: &Webhook,
    kind: &str,
    body: String,
) -> Result<()> {
    let base = parcel(scope, Channel::Webhook, kind, &webhook.name);
    let content = Some(body.into_bytes());
    queue_in(scope, &Parcel { webhook: Some(webhook.id), content, ..base })
}

/// Parcels, newest first; what follows `before`.
pub async fn list(
    ctx: &BoxCtx,
    state: Option<State>,
    before: Option<ParcelId>,
    limit: usize,
) -> Result<Vec<Parcel>> {
    ctx.read(move |scope| store::list(scope, state, before, limit)).await
}

/// Has a parcel sent now, for some days anew when it was given up.
pub async fn retry(ctx: &BoxCtx, id: ParcelId) -> Result<Parcel> {
    let parcel = ctx
        .write(move |scope| {
            let parcel = store::get(scope, id)?.ok_or(Error::NotFound)?;
            if parcel.state == State::Sent {
                return Err(Error::conflict("outbox-sent", "It was sent already."));
            }
            let again = Parcel {
                state: State::Waiting,
                tries: 0,
                next_at: scope.now(),
                give_up_at: scope.now().plus(TRIED_FOR),
                ..parcel
            };
            store::update(scope, &again)?;
            scope.audit(Entry::new("outbox.retried", KIND, id).set("kind", &again.kind))?;
            Ok(again)
        })
        .await?;
    ctx.platform.sending.nudge();
    Ok(parcel)
}

/// Drops what ended long ago, at most so many at once.
pub fn drop_old_in(scope: &BoxScope<'_>, most: usize) -> Result<usize> {
    let sent = store::drop_ended(scope, State::Sent, scope.now().minus(SENT_KEPT), most)?;
    let left = most.saturating_sub(sent);
    let failed = store::drop_ended(scope, State::Failed, scope.now().minus(FAILED_KEPT), left)?;
    Ok(sent + failed)
}

/// Drops what waits and names somebody, whoever it is for; gives how many.
pub(in crate::platform) fn drop_naming_in(
    scope: &BoxScope<'_>,
    platform: &Platform,
    is_meant: impl Fn(&str) -> bool,
) -> Result<usize> {
    let mut meant = Vec::new();
    let mut after = None;
    loop {
        let some = store::with_content(scope, after, LOOKED_AT_ONCE)?;
        after = some.last().map(|last| last.id);
        let is_last = some.len() < LOOKED_AT_ONCE;
        for parcel in some {
            let text = match parcel.channel {
                Channel::Mail => mail::ops::written(&opened(platform, &parcel)?)?,
                Channel::Webhook => {
                    String::from_utf8_lossy(parcel.content.as_deref().unwrap_or_default())
                        .into_owned()
                }
            };
            if is_meant(&text) {
                meant.push(parcel.id);
            }
        }
        if is_last {
            break;
        }
    }
    for id in &meant {
        store::remove(scope, *id)?;
    }
    Ok(meant.len())
}

/// What is due on a channel.
pub(super) async fn due(ctx: &BoxCtx, channel: Channel, limit: usize) -> Result<Vec<Parcel>> {
    let horizon = ctx.now().plus(TRIED_FOR);
    ctx.read(move |scope| store::due(scope, channel, horizon, limit)).await
}

/// Whether a parcel still waits to be sent now: another hand may have been quicker.
pub(super) async fn is_due(ctx: &BoxCtx, seen: &Parcel) -> Result<bool> {
    let (id, tries) = (seen.id, seen.tries);
    let found = ctx.read(move |scope| store::get(scope, id)).await?;
    Ok(found.is_some_and(|now| now.state == State::Waiting && now.tries == tries))
}

/// When the next parcel is due.
pub(super) async fn next_at(ctx: &BoxCtx) -> Result<Option<Moment>> {
    ctx.read(|scope| store::next_at(scope)).await
}

/// Sends a parcel once, and says how that ended.
pub(super) async fn attempt(ctx: &BoxCtx, parcel: &Parcel) -> Outcome {
    if ctx.now() > parcel.give_up_at {
        return Outcome::Pointless("It could not be sent in time.".to_owned());
    }
    let sent = match parcel.channel {
        Channel::Mail => mail::ops::deliver(ctx, parcel).await,
        Channel::Webhook => webhooks::ops::deliver(ctx, parcel).await,
    };
    sent.unwrap_or_else(|error| {
        warn!(outbox.id = %parcel.id, "{} could not be sent: {error}", parcel.kind);
        Outcome::Failed("A fault of the box; see its log.".to_owned())
    })
}

/// Writes down how an attempt ended, for the parcel and for its channel.
pub(super) async fn settle(ctx: &BoxCtx, parcel: Parcel, outcome: Outcome) -> Result<Parcel> {
    let [chance] = ctx.platform.random.bytes::<1>();
    let name = if outcome.is_sent() { "sent" } else { "failed" };
    let channel = parcel.channel.name();
    metrics::counter!("holdfast_notice_deliveries_total", "channel" => channel, "outcome" => name)
        .increment(1);
    ctx.write(move |scope| {
        match parcel.webhook {
            Some(webhook) => webhooks::ops::note_in(scope, webhook, &outcome)?,
            None => mail::ops::note_in(scope, &outcome)?,
        };
        // It may be gone with its person, or was sent again by somebody meanwhile.
        let Some(now) = store::get(scope, parcel.id)? else { return Ok(parcel) };
        if now.state != State::Waiting {
            return Ok(now);
        }
        let settled = after(&now, &outcome, scope.now(), chance);
        store::update(scope, &settled)?;
        Ok(settled)
    })
    .await
}
