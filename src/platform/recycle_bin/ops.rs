//! Looking into the bin, deciding who takes out what, and emptying it.

use super::rules::{self, Deleted, Position, Stretch};
use crate::platform::app::RecycleSpec;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;

/// Objects forgotten in one transaction; the writer is free for others in between.
const FORGOTTEN_AT_ONCE_MAX: usize = 100;

/// Something in the bin, and whether the caller may take it out.
pub struct Listed {
    pub kind: &'static str,
    pub deleted: Deleted,
    pub can_restore: bool,
}

/// What was deleted, newest first, of the kinds the caller could delete; of one kind where it is
/// named.
pub async fn list(
    ctx: &Ctx,
    kind: Option<&str>,
    behind: Position,
    limit: usize,
) -> Result<Vec<Listed>> {
    if kind.is_some_and(|kind| !specs(ctx).any(|spec| spec.kind == kind)) {
        let detail = "Nothing of this kind can be deleted.";
        return Err(Error::invalid("kind", "recycle-kind-unknown", detail));
    }
    let is_wanted =
        |spec: &RecycleSpec| kind.is_none_or(|kind| spec.kind == kind) && ctx.may(spec.permission);
    let specs: Vec<RecycleSpec> = specs(ctx).filter(is_wanted).collect();
    let stretch = Stretch { behind, oldest: rules::oldest_kept(ctx.now()) };
    ctx.read(move |scope| {
        let mut lists = Vec::with_capacity(specs.len());
        for spec in &specs {
            lists.push((spec, (spec.list)(scope, stretch, limit)?));
        }
        let newest = rules::newest(lists, limit).into_iter();
        Ok(newest.map(|(spec, deleted)| listed(scope, spec, deleted)).collect())
    })
    .await
}

/// What the apps of the box can delete; an app that is switched off takes its permissions away.
fn specs(ctx: &Ctx) -> impl Iterator<Item = RecycleSpec> {
    ctx.platform.apps.iter().flat_map(|app| app.recycle_bin).copied()
}

fn listed(scope: &Scope<'_>, spec: &RecycleSpec, deleted: Deleted) -> Listed {
    let is_own = rules::is_own(deleted.deleted_by, scope.user());
    Listed { kind: spec.kind, can_restore: is_own || scope.may(spec.restore_any), deleted }
}

/// Refuses to restore what is past its days, and what somebody else deleted to who may only take
/// back their own.
pub fn check_restore_in(
    scope: &Scope<'_>,
    deleted_at: Moment,
    deleted_by: Option<UserId>,
    restore_any: &'static str,
) -> Result<()> {
    rules::check_time(deleted_at, scope.now())?;
    if rules::is_own(deleted_by, scope.user()) { Ok(()) } else { scope.need(restore_any) }
}

/// Forgets what is past its days and what nothing refers to; gives how much. For the nightly
/// clean-up, with a context of the box itself. What it does is done in small transactions, and
/// doing it again does no harm.
pub async fn empty(ctx: &Ctx) -> Result<usize> {
    let mut forgotten = 0;
    for spec in specs(ctx) {
        loop {
            let before = rules::oldest_kept(ctx.now());
            let forget =
                move |scope: &Scope<'_>| (spec.forget)(scope, before, FORGOTTEN_AT_ONCE_MAX);
            let count = ctx.write(forget).await?;
            forgotten += count;
            if count < FORGOTTEN_AT_ONCE_MAX || ctx.platform.tasks.is_stopping() {
                break;
            }
        }
    }
    Ok(forgotten)
}
