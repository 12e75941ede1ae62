//! What people do with places.

use super::rules::{self, KeptLocation, LocationDraft, LocationId, LocationInput, Shown};
use super::store::{self, Forgettable};
use crate::apps::inventory::RESTORE_ANY;
use crate::apps::inventory::items::rules::check_version;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::recycle_bin::ops::check_restore_in;
use crate::platform::recycle_bin::rules::{Deleted, Stretch};

/// Audit and event kind.
pub const KIND: &str = "inventory.location";

/// Places behind a code, by code.
pub async fn list(
    ctx: &Ctx,
    shown: Shown,
    after: (String, i64),
    limit: usize,
) -> Result<Vec<KeptLocation>> {
    ctx.read(move |scope| store::list(scope, shown, (&after.0, after.1), limit)).await
}

/// A place that is not deleted.
pub async fn get(ctx: &Ctx, id: LocationId) -> Result<KeptLocation> {
    ctx.read(move |scope| living(scope, id)).await
}

/// A place, deleted or not.
pub async fn get_any(ctx: &Ctx, id: LocationId) -> Result<KeptLocation> {
    ctx.read(move |scope| store::get(scope, id)).await
}

fn living(scope: &Scope<'_>, id: LocationId) -> Result<KeptLocation> {
    let location = store::get(scope, id)?;
    if location.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(location) }
}

pub async fn create(ctx: &Ctx, input: LocationInput) -> Result<Created<KeptLocation>> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.create(store::get, move |scope| {
        let id = create_in(scope, &draft)?;
        Ok((id, store::get(scope, id)?))
    })
    .await
}

/// Makes a place inside the caller's transaction.
pub fn create_in(scope: &Scope<'_>, draft: &LocationDraft) -> Result<LocationId> {
    rules::check_count(store::count(scope)?)?;
    if store::is_code_taken(scope, &draft.code_key(), None)? {
        return Err(rules::code_taken(&draft.code));
    }
    let parent = check_parent(scope, None, draft)?;
    let id = scope.new_id();
    store::insert(scope, id, draft, parent)?;
    let entry = Entry::new("inventory.location.created", KIND, id).version(1);
    scope.audit(describe(entry, None, draft))?;
    Ok(id)
}

pub async fn update(
    ctx: &Ctx,
    id: LocationId,
    version: i64,
    input: LocationInput,
) -> Result<KeptLocation> {
    let draft = rules::check(&input).map_err(Error::Invalid)?;
    ctx.write(move |scope| {
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        update_in(scope, &kept, &draft)?;
        store::get(scope, id)
    })
    .await
}

/// Writes a draft over a place inside the caller's transaction. False when it says what is kept.
pub fn update_in(scope: &Scope<'_>, kept: &KeptLocation, draft: &LocationDraft) -> Result<bool> {
    let before = kept.as_draft();
    if *draft == before {
        return Ok(false);
    }
    if store::is_code_taken(scope, &draft.code_key(), Some(kept.rid))? {
        return Err(rules::code_taken(&draft.code));
    }
    if kept.is_active && !draft.is_active {
        rules::check_unused(kept.stock_items > 0, false)?;
    }
    let parent = check_parent(scope, Some(kept.id), draft)?;
    store::update(scope, kept.rid, draft, parent)?;
    let entry = Entry::new("inventory.location.changed", KIND, kept.id).version(kept.version + 1);
    scope.audit(describe(entry, Some(&before), draft))?;
    Ok(true)
}

pub async fn delete(ctx: &Ctx, id: LocationId, version: i64) -> Result<()> {
    ctx.write(move |scope| {
        let kept = living(scope, id)?;
        check_version(kept.version, version)?;
        let has_places_below = store::has_places_below(scope, kept.rid)?;
        rules::check_unused(kept.stock_items > 0, has_places_below)?;
        store::delete(scope, kept.rid)?;
        let entry = Entry::new("inventory.location.deleted", KIND, id).version(kept.version + 1);
        scope.audit(entry.set("code", kept.code))?;
        Ok(())
    })
    .await
}

pub async fn restore(ctx: &Ctx, id: LocationId) -> Result<KeptLocation> {
    ctx.write(move |scope| {
        let kept = store::get(scope, id)?;
        let Some(deleted_at) = kept.deleted_at else { return Ok(kept) };
        check_restore_in(scope, deleted_at, kept.deleted_by, RESTORE_ANY)?;
        check_still_fits(scope, &kept)?;
        store::restore(scope, kept.rid)?;
        let entry = Entry::new("inventory.location.restored", KIND, id).version(kept.version + 1);
        scope.audit(entry.set("code", kept.code))?;
        store::get(scope, id)
    })
    .await
}

/// Refuses to bring back a place whose code another one has by now, or whose own place is gone.
fn check_still_fits(scope: &Scope<'_>, kept: &KeptLocation) -> Result<()> {
    rules::check_count(store::count(scope)?).map_err(Error::into_conflict)?;
    let draft = kept.as_draft();
    if let Some(owner) = store::by_code(scope, &draft.code_key())? {
        return Err(rules::code_taken_meanwhile(&owner));
    }
    if let Some(parent) = draft.parent {
        let parent = store::get(scope, parent)?;
        if parent.deleted_at.is_some() {
            return Err(rules::parent_deleted(&parent));
        }
    }
    check_parent(scope, Some(kept.id), &draft).map_err(Error::into_conflict)?;
    Ok(())
}

/// Places in the recycle bin.
pub fn deleted_in(scope: &Scope<'_>, stretch: Stretch, limit: usize) -> Result<Vec<Deleted>> {
    store::deleted(scope, stretch, limit)
}

/// Removes places that were deleted before a moment and that nothing ever happened at.
pub fn forget_in(scope: &Scope<'_>, before: Moment, limit: usize) -> Result<usize> {
    let forgotten = store::forgettable(scope, before, limit)?;
    for Forgettable { rid, id, version, code } in &forgotten {
        store::forget(scope, *rid)?;
        let entry = Entry::new("inventory.location.forgotten", KIND, *id).version(*version);
        scope.audit(entry.set("code", code))?;
    }
    Ok(forgotten.len())
}

/// The place with this code, for other resources of the app.
pub fn by_code_in(scope: &Scope<'_>, key: &str) -> Result<Option<KeptLocation>> {
    store::by_code(scope, key)
}

/// A place, deleted or not, for other resources of the app.
pub fn any_in(scope: &Scope<'_>, id: LocationId) -> Result<KeptLocation> {
    store::get(scope, id)
}

/// The row of a place that is not deleted, for other resources of the app.
pub fn row_in(scope: &Scope<'_>, id: LocationId) -> Result<Option<i64>> {
    store::rid(scope, id)
}

/// All places that are not deleted, for other resources of the app.
pub fn all_in(scope: &Scope<'_>) -> Result<Vec<KeptLocation>> {
    store::list(scope, Shown::Living, ("", 0), rules::LOCATIONS_MAX)
}

/// Checks where a place is to stand and gives the row of what it stands below.
fn check_parent(
    scope: &Scope<'_>,
    place: Option<LocationId>,
    draft: &LocationDraft,
) -> Result<Option<i64>> {
    let Some(parent) = draft.parent else { return Ok(None) };
    let rid = store::rid(scope, parent)?.ok_or_else(rules::parent_unknown)?;
    rules::check_parent(place, Some(parent), &store::parents(scope)?)?;
    Ok(Some(rid))
}

fn describe(mut entry: Entry, before: Option<&LocationDraft>, after: &LocationDraft) -> Entry {
    let fields: [(&'static str, Field); 5] = [
        ("code", |place| Some(place.code.clone())),
        ("name", |place| Some(place.name.clone())),
        ("temp_zone", |place| place.temp_zone.map(|zone| zone.name().to_owned())),
        ("parent_id", |place| place.parent.map(|parent| parent.to_string())),
        ("active", |place| Some(place.is_active.to_string())),
    ];
    for (name, field) in fields {
        entry = entry.changed(name, before.and_then(field), field(after));
    }
    entry
}

type Field = fn(&LocationDraft) -> Option<String>;
