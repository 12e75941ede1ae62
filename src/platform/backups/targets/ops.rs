//! Naming targets and trying them.

use super::remote::Remote;
use super::rules::{Place, TARGETS_MAX, Target, TargetId, Tried, check};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;

/// Audit kind.
pub const KIND: &str = "box.backup_target";
/// Characters of what is kept of a failure.
const DETAIL_LENGTH_MAX: usize = 1_000;

/// All targets, the oldest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<Target>> {
    ctx.read(list_in).await
}

pub(in crate::platform::backups) fn list_in(scope: &BoxScope<'_>) -> Result<Vec<Target>> {
    store::list(scope)
}

/// Names a target.
pub async fn create(ctx: &BoxCtx, name: &str, place: Place) -> Result<Created<Target>> {
    let (name, place) = check(name, place, ctx.platform.config.data())?;
    let load = |scope: &BoxScope<'_>, id| store::get(scope, id)?.ok_or(Error::NotFound);
    ctx.create(load, move |scope| {
        let known = store::list(scope)?;
        if known.len() >= TARGETS_MAX {
            let detail = format!("A box has at most {TARGETS_MAX} targets.");
            return Err(Error::conflict("targets-too-many", detail));
        }
        if let Some(same) = known.iter().find(|target| target.place == place) {
            let detail = format!("{} goes there already.", same.name);
            return Err(Error::conflict("target-known", detail));
        }
        let (id, created_at) = (scope.new_id(), scope.now());
        let target = Target { id, name, place, created_at, last: None };
        store::insert(scope, &target)?;
        scope.audit(entry("box.backup_target.created", &target))?;
        Ok((id, target))
    })
    .await
}

/// Sends no more backups there. What lies there stays.
pub async fn remove(ctx: &BoxCtx, id: TargetId) -> Result<()> {
    ctx.write(move |scope| {
        let target = store::get(scope, id)?.ok_or(Error::NotFound)?;
        store::remove(scope, id)?;
        scope.audit(entry("box.backup_target.removed", &target))?;
        Ok(())
    })
    .await
}

/// Writes, reads, lists and deletes something small there, and says how that went.
pub async fn test(ctx: &BoxCtx, id: TargetId) -> Result<Tried> {
    let target = ctx.read(move |scope| store::get(scope, id)?.ok_or(Error::NotFound)).await?;
    let name = format!("holdfast-test-{}", ctx.platform.random.uuid());
    let outcome = Remote::to(&target.place).test(&name).await.map_err(|fault| fault.detail);
    ctx.write(move |scope| {
        let tried = note_in(scope, id, outcome)?;
        let entry = entry("box.backup_target.tested", &target);
        scope.audit(entry.set("ok", tried.is_ok.to_string()))?;
        Ok(tried)
    })
    .await
}

/// Notes how a try to reach a target ended.
pub(in crate::platform::backups) fn note_in(
    scope: &BoxScope<'_>,
    id: TargetId,
    outcome: std::result::Result<(), String>,
) -> Result<Tried> {
    let (is_ok, detail) = match outcome {
        Ok(()) => (true, "It works.".to_owned()),
        Err(detail) => (false, detail.chars().take(DETAIL_LENGTH_MAX).collect()),
    };
    let tried = Tried { at: scope.now(), is_ok, detail };
    store::note(scope, id, &tried)?;
    Ok(tried)
}

fn entry(action: &'static str, target: &Target) -> Entry {
    Entry::new(action, KIND, target.id).set("name", &target.name).set("kind", target.place.kind())
}
