//! Naming receivers and calling them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::client::{Call, post};
use super::rules::{
    Draft, SECRET_BYTES, Target, WEBHOOKS_MAX, Webhook, WebhookId, secret_text, signature,
};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::UserId;
use crate::platform::notices::mail::rules::Last;
use crate::platform::notices::outbox::ops::queue_call_in;
use crate::platform::notices::outbox::rules::{Outcome, Parcel};
use crate::platform::notices::rules::{Telling, fill};
use crate::platform::secret::Secret;
use crate::platform::secrets::{Place, Purpose, Secrets};
use crate::platform::workspaces::{self, WorkspaceId};

/// Audit kind.
pub const KIND: &str = "box.webhook";
/// What tests are called where kinds are.
const TEST: &str = "test";
/// A call out of the outbox may take so long.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
/// Somebody waits for a test.
const TEST_TIME_MAX: Duration = Duration::from_secs(15);
/// What is said outside the box, where nobody's language is known.
const LANGUAGE: &str = "en";

fn place(id: &WebhookId) -> Place<'_> {
    Place { table: "webhooks", column: "secret", row: id.as_bytes() }
}

/// A receiver right after it was made.
pub struct Made {
    pub webhook: Webhook,
    pub secret: Secret,
}

/// Names a receiver. A repeated request gets another secret, since the first was lost.
pub async fn create(
    ctx: &BoxCtx,
    draft: Draft,
    workspace: Option<WorkspaceId>,
) -> Result<Created<Made>> {
    let platform = Arc::clone(&ctx.platform);
    let bytes = ctx.platform.random.bytes::<SECRET_BYTES>();
    let sealing = Arc::clone(&ctx.platform);
    let seal = move |id: WebhookId| sealing.secrets.seal(Purpose::Notices, &place(&id), &bytes);
    let again = seal.clone();
    let load = move |scope: &BoxScope<'_>, id: WebhookId| {
        let webhook = store::get(scope, id)?.ok_or(Error::NotFound)?;
        store::set_secret(scope, id, &again(id)?)?;
        scope.audit(entry("box.webhook.secret_changed", &webhook))?;
        Ok(Made { webhook, secret: secret_text(&bytes) })
    };
    ctx.create(load, move |scope| {
        if store::count(scope)? >= WEBHOOKS_MAX {
            let detail = format!("A box has at most {WEBHOOKS_MAX} receivers.");
            return Err(Error::conflict("webhooks-too-many", detail));
        }
        if let Some(workspace) = workspace {
            check_workspace(scope, workspace)?;
        }
        let blank = Webhook {
            id: scope.new_id(),
            name: String::new(),
            url: String::new(),
            kinds: Vec::new(),
            workspace,
            may_be_private: false,
            is_enabled: true,
            created_at: scope.now(),
            last: None,
        };
        let webhook = draft.apply(&blank, platform.notices.kinds())?;
        store::insert(scope, &webhook, &seal(webhook.id)?)?;
        scope.audit(entry("box.webhook.created", &webhook).set("url", host_of(&webhook)))?;
        Ok((webhook.id, Made { webhook, secret: secret_text(&bytes) }))
    })
    .await
}

fn check_workspace(scope: &BoxScope<'_>, workspace: WorkspaceId) -> Result<()> {
    match workspaces::ops::get_in(scope, workspace) {
        Err(Error::NotFound) => {
            let detail = "There is no such workspace.";
            Err(Error::invalid("workspace_id", "workspace-unknown", detail))
        }
        other => other.map(drop),
    }
}

fn entry(action: &'static str, webhook: &Webhook) -> Entry {
    Entry::new(action, KIND, webhook.id).set("name", &webhook.name)
}

/// What of an address the log may say: the rest can be as good as a password.
fn host_of(webhook: &Webhook) -> String {
    Target::read(&webhook.url).map(|target| target.host).unwrap_or_default()
}

/// All receivers, oldest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<Webhook>> {
    ctx.read(list_in).await
}

pub(in crate::platform) fn list_in(scope: &BoxScope<'_>) -> Result<Vec<Webhook>> {
    store::list(scope)
}

/// Changes a receiver.
pub async fn change(ctx: &BoxCtx, id: WebhookId, draft: Draft) -> Result<Webhook> {
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let before = store::get(scope, id)?.ok_or(Error::NotFound)?;
        let after = draft.apply(&before, platform.notices.kinds())?;
        if after != before {
            store::update(scope, &after)?;
            scope.audit(
                entry("box.webhook.changed", &after)
                    .changed("url", Some(host_of(&before)), Some(host_of(&after)))
                    .set("is_enabled", after.is_enabled.to_string())
                    .set("may_be_private", after.may_be_private.to_string()),
            )?;
        }
        Ok(after)
    })
    .await
}

/// Removes a receiver and what waits for it.
pub async fn remove(ctx: &BoxCtx, id: WebhookId) -> Result<()> {
    ctx.write(move |scope| {
        let webhook = store::get(scope, id)?.ok_or(Error::NotFound)?;
        store::remove(scope, id)?;
        scope.audit(entry("box.webhook.removed", &webhook))?;
        Ok(())
    })
    .await
}

/// Calls a receiver right now, to see whether that works. Gives how it ended.
pub async fn test(ctx: &BoxCtx, id: WebhookId) -> Result<Last> {
    let body = body_of(TEST, ctx.now(), &json!({ "title": "A test from Holdfast." }));
    ctx.write(move |scope| {
        let webhook = store::get(scope, id)?.ok_or(Error::NotFound)?;
        scope.audit(entry("box.webhook.tested", &webhook))?;
        Ok(())
    })
    .await?;
    let message = ctx.platform.random.uuid().to_string();
    let outcome = call(ctx, id, message, body.into_bytes(), TEST_TIME_MAX).await?;
    ctx.write(move |scope| note_in(scope, id, &outcome)).await
}

fn body_of(kind: &str, at: Moment, data: &serde_json::Value) -> String {
    json!({ "type": kind, "timestamp": at.to_string(), "data": data }).to_string()
}

/// Seals secrets anew that an older key sealed; gives how many. There are few in all.
pub(in crate::platform) fn seal_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let mut count = 0;
    for webhook in store::list(scope)? {
        let Some(sealed) = store::secret(scope, webhook.id)? else { continue };
        let anew = secrets.seal_anew(Purpose::Notices, &place(&webhook.id), &sealed)?;
        if let Some(anew) = anew.filter(|_| count < most) {
            store::set_secret(scope, webhook.id, &anew)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Queues calls of all who want to hear of it, inside the caller's transaction.
pub(in crate::platform::notices) fn announce_in(
    scope: &BoxScope<'_>,
    to: &[UserId],
    telling: &Telling,
) -> Result<()> {
    let kind = telling.spec.kind;
    for webhook in store::list(scope)?.iter().filter(|one| one.wants(kind, telling.workspace)) {
        let text = telling.spec.text(LANGUAGE);
        let data = json!({
            "title": fill(text.title, &telling.params),
            "detail": fill(text.detail, &telling.params),
            "workspace_id": telling.workspace.map(|id| id.to_string()),
            "user_ids": to.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "link": telling.link,
        });
        queue_call_in(scope, webhook, kind, body_of(kind, scope.now(), &data))?;
    }
    Ok(())
}

/// Notes how a call ended.
pub(in crate::platform::notices) fn note_in(
    scope: &BoxScope<'_>,
    id: WebhookId,
    outcome: &Outcome,
) -> Result<Last> {
    let last = Last { at: scope.now(), is_ok: outcome.is_sent(), detail: outcome.detail() };
    if !matches!(outcome, Outcome::Pointless(_)) {
        store::note(scope, id, &last)?;
    }
    Ok(last)
}

/// Calls the receiver of what waits in the outbox.
pub(in crate::platform::notices) async fn deliver(
    ctx: &BoxCtx,
    parcel: &Parcel,
) -> Result<Outcome> {
    let Some(webhook) = parcel.webhook else {
        return Ok(Outcome::Pointless("It has no receiver.".to_owned()));
    };
    let found = ctx.read(move |scope| store::get(scope, webhook)).await?;
    if found.is_none_or(|found| !found.is_enabled) {
        return Ok(Outcome::Pointless("The receiver was switched off.".to_owned()));
    }
    let body = parcel.content.clone().unwrap_or_default();
    call(ctx, webhook, parcel.id.to_string(), body, CALL_TIME_MAX).await
}

async fn call(
    ctx: &BoxCtx,
    id: WebhookId,
    message: String,
    body: Vec<u8>,
    time_max: Duration,
) -> Result<Outcome> {
    let platform = &ctx.platform;
    let kept = ctx.read(move |scope| Ok((store::get(scope, id)?, store::secret(scope, id)?)));
    let (Some(webhook), Some(sealed)) = kept.await? else {
        return Ok(Outcome::Pointless("The receiver was removed.".to_owned()));
    };
    let secret = platform.secrets.unseal(Purpose::Notices, &place(&id), &sealed)?;
    let Some(target) = Target::read(&webhook.url) else {
        return Ok(Outcome::Failed("The address cannot be called.".to_owned()));
    };
    let timestamp_s = ctx.now().0.div_euclid(1_000);
    let roots = platform.notices.roots(&platform.config).await?;
    let made = Call {
        target: &target,
        may_be_private: webhook.may_be_private,
        signature: signature(&secret, &message, timestamp_s, &body),
        id: message,
        timestamp_s,
        body,
        tls: roots.client(),
        time_max,
    };
    Ok(match post(made).await {
        Ok(()) => Outcome::Sent,
        Err(why) => Outcome::Failed(why),
    })
}
