//! What people do with the filters they saved. Whose they are is asked of every one of them: the
//! filter of somebody else is not there.

use super::rules::{self, KeptSavedFilter, SavedFilterDraft, SavedFilterId, SavedFilterInput};
use super::store;
use crate::apps::inventory::items::rules::check_version;
use crate::apps::inventory::locations;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::UserId;

/// Audit and event kind. What a filter is called and looks for is nobody else's business, so no
/// entry says it.
pub const KIND: &str = "inventory.saved-filter";

/// The caller, or the program that calls.
fn own(ctx: &Ctx) -> Result<UserId> {
    Ok(ctx.principal()?.user)
}

/// The caller's filters by name.
pub async fn list(ctx: &Ctx) -> Result<Vec<KeptSavedFilter>> {
    let person = own(ctx)?;
    ctx.read(move |scope| store::list(scope, person)).await
}

/// A filter of the caller's.
pub async fn get(ctx: &Ctx, id: SavedFilterId) -> Result<KeptSavedFilter> {
    let person = own(ctx)?;
    ctx.read(move |scope| store::get(scope, person, id)).await
}

pub async fn create(ctx: &Ctx, input: SavedFilterInput) -> Result<Created<KeptSavedFilter>> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    let person = own(ctx)?;
    let load = move |scope: &Scope<'_>, id| store::get(scope, person, id);
    ctx.create(load, move |scope| {
        rules::check_count(store::count(scope, person)?)?;
        check_name(scope, person, &draft, None)?;
        check_location(scope, &draft, None)?;
        let id = scope.new_id();
        store::insert(scope, person, id, &draft)?;
        scope.audit(Entry::new("inventory.saved-filter.created", KIND, id).version(1))?;
        Ok((id, store::get(scope, person, id)?))
    })
    .await
}

pub async fn update(
    ctx: &Ctx,
    id: SavedFilterId,
    version: i64,
    input: SavedFilterInput,
) -> Result<KeptSavedFilter> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    let person = own(ctx)?;
    ctx.write(move |scope| {
        let kept = store::get(scope, person, id)?;
        check_version(kept.version, version)?;
        if draft == kept.draft {
            return Ok(kept);
        }
        check_name(scope, person, &draft, Some(kept.rid))?;
        check_location(scope, &draft, Some(&kept.draft))?;
        store::update(scope, person, id, &draft)?;
        let entry = Entry::new("inventory.saved-filter.changed", KIND, id);
        scope.audit(entry.version(kept.version + 1))?;
        store::get(scope, person, id)
    })
    .await
}

pub async fn delete(ctx: &Ctx, id: SavedFilterId, version: i64) -> Result<()> {
    let person = own(ctx)?;
    ctx.write(move |scope| {
        let kept = store::get(scope, person, id)?;
        check_version(kept.version, version)?;
        store::delete(scope, person, id)?;
        let entry = Entry::new("inventory.saved-filter.deleted", KIND, id);
        scope.audit(entry.version(kept.version + 1))?;
        Ok(())
    })
    .await
}

fn check_name(
    scope: &Scope<'_>,
    person: UserId,
    draft: &SavedFilterDraft,
    own: Option<i64>,
) -> Result<()> {
    match store::rid_by_name(scope, person, &draft.name_key())? {
        Some(rid) if Some(rid) != own => Err(rules::name_taken(&draft.name)),
        _ => Ok(()),
    }
}

/// Refuses a place that never was. One that is deleted by now stays in a filter that names it, so
/// that the filter can be renamed, and brought back when it was deleted by mistake.
fn check_location(
    scope: &Scope<'_>,
    draft: &SavedFilterDraft,
    before: Option<&SavedFilterDraft>,
) -> Result<()> {
    let Some(id) = draft.location else { return Ok(()) };
    if before.is_some_and(|before| before.location == draft.location) {
        return Ok(());
    }
    match locations::ops::any_in(scope, id) {
        Err(Error::NotFound) => Err(rules::location_unknown()),
        outcome => outcome.map(drop),
    }
}
