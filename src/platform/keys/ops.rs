//! Changing the master key, step by step; each can be done again.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::identity::{factors, signing};
use crate::platform::jobs::ops::{UnderWay, Wanted, ask};
use crate::platform::jobs::{Job, JobId};
use crate::platform::secrets::{Secrets, Source};
use crate::platform::{audit, backups, notices, tasks, tls};

/// Audit kind.
const KIND: &str = "master_key";
/// The audit action of a change that is done.
pub(in crate::platform) const ROTATED: &str = "keys.rotated";
/// Fields sealed anew in one transaction.
const AT_ONCE: usize = 200;

/// Seals at most so many fields of a kind anew that an older key sealed; gives how many.
type Step = fn(&BoxScope<'_>, &Secrets, usize) -> Result<usize>;

/// Every kind of sealed field in the box's file. A test looks for one that is missing here.
const SEALED: &[(&str, Step)] = &[
    ("secrets of authenticator apps", factors::sealing::seal_secrets_anew_in),
    ("secrets that wait for their first code", factors::sealing::seal_waiting_anew_in),
    ("the key that signs tokens", signing::ops::seal_anew_in),
    ("backup codes", factors::sealing::seal_codes_anew_in),
    ("mail_settings.password", notices::mail::ops::seal_anew_in),
    ("webhooks.secret", notices::webhooks::ops::seal_anew_in),
    ("backup_targets.secret", backups::targets::ops::seal_anew_in),
    ("outbox.content", notices::outbox::ops::seal_anew_in),
    ("keys of the audit logs", audit::ops::checkpoints::seal_keys_anew_in),
];

/// The master key, without saying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyState {
    /// Tells it from others. 16 hexadecimal digits.
    pub id: String,
    pub source: Source,
    pub is_rotating: bool,
}

pub fn state(platform: &Platform) -> MasterKeyState {
    let secrets = &platform.secrets;
    MasterKeyState {
        id: secrets.key_id(),
        source: secrets.source(),
        is_rotating: secrets.is_rotating(),
    }
}

/// Has a new master key take the place of the one in use. Answers with the job that does it.
pub async fn rotate(ctx: &BoxCtx) -> Result<Job> {
    if ctx.platform.secrets.source() == Source::Credential && !ctx.platform.secrets.is_rotating() {
        ctx.platform.secrets.begin_rotation()?;
    }
    Ok(ask(ctx, wanted(), UnderWay::Join).await?.value)
}

fn wanted() -> Wanted {
    let input = Value::Null;
    Wanted { kind: super::jobs::ROTATE.kind, workspace: None, subject: String::new(), input }
}

/// Goes on where the last process stopped, or begins what a new credential asks for.
pub async fn resume(platform: &Arc<Platform>) -> Result<Option<JobId>> {
    if !platform.secrets.is_rotating() {
        return Ok(None);
    }
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    Ok(Some(ask(&ctx, wanted(), UnderWay::Join).await?.value.id))
}

/// Changes the key here and now, for a box that does not run.
pub async fn rotate_offline(ctx: &BoxCtx) -> Result<Value> {
    let secrets = Arc::clone(&ctx.platform.secrets);
    let begun = ctx.write(move |scope| begin_in(scope, &secrets)).await?;
    let count = seal_all_anew(ctx, || Ok(())).await?;
    let secrets = Arc::clone(&ctx.platform.secrets);
    ctx.write(move |scope| finish_in(scope, &secrets, &begun, count)).await
}

/// Makes the new key inside the caller's transaction. One that is being taken in already stays.
pub(super) fn begin_in(scope: &BoxScope<'_>, secrets: &Secrets) -> Result<Value> {
    let from = secrets.key_id();
    secrets.begin_rotation()?;
    let to = secrets.key_id();
    scope.audit(Entry::about("keys.rotation.begun", KIND).set("key", &to))?;
    Ok(json!({ "from": from, "to": to }))
}

/// Seals every field anew that an older key sealed; gives how many those were.
pub(super) async fn seal_all_anew(ctx: &BoxCtx, check: impl Fn() -> Result<()>) -> Result<usize> {
    let mut count = seal_files_anew(ctx).await?;
    for (_, step) in SEALED {
        loop {
            check()?;
            let secrets = Arc::clone(&ctx.platform.secrets);
            let some = ctx.write(move |scope| step(scope, &secrets, AT_ONCE)).await?;
            count += some;
            if some < AT_ONCE {
                break;
            }
        }
    }
    Ok(count)
}

async fn seal_files_anew(ctx: &BoxCtx) -> Result<usize> {
    let platform = Arc::clone(&ctx.platform);
    tasks::blocking(move || {
        let certificates = platform.reach.get().and_then(|reach| reach.certificates.clone());
        let directory = platform.config.data().join(tls::FOLDER);
        tls::seal_keys_anew(&directory, &platform.secrets, certificates.as_deref())
    })
    .await
}

/// Forgets the old key inside the caller's transaction, when nothing is left that it sealed.
pub(super) fn finish_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    begun: &Value,
    count: usize,
) -> Result<Value> {
    for (what, step) in SEALED {
        if step(scope, secrets, AT_ONCE)? > 0 {
            return Err(Error::internal(format!("{what} were sealed with the old key meanwhile")));
        }
    }
    secrets.finish_rotation()?;
    let key = begun["to"].as_str().unwrap_or_default();
    let fields = i64::try_from(count).unwrap_or(i64::MAX);
    scope.audit(Entry::about(ROTATED, KIND).set("key", key).set("fields", fields.to_string()))?;
    Ok(json!({ "key_id": key, "sealed_anew": fields }))
}
