//! Whether somebody counts blind now, and what of the book is kept from them meanwhile.

use std::collections::HashSet;

use super::APPROVE;
use crate::apps::inventory::counts::rules::hiding::{self, Area, Hidden};
use crate::apps::inventory::counts::rules::{self, Extent};
use crate::apps::inventory::counts::store;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations;
use crate::apps::inventory::locations::rules::KeptLocation;
use crate::platform::access::Grant;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};

/// What lets somebody enter counts.
const COUNT: &str = "inventory.count";

/// What is hidden from the caller. Nothing is looked up for who sees all anyway.
pub async fn hidden(ctx: &Ctx) -> Result<Hidden> {
    if !only_counts(&ctx.membership.of_role) {
        return Ok(Hidden::default());
    }
    ctx.read(hidden_in).await
}

/// The same inside the caller's transaction.
///
/// Everybody who may count and does not decide counts may enter into any open one, so all that are
/// open and blind concern them. The role is asked and not the credential: a token that only reads
/// would otherwise tell its owner what they are not to know.
pub fn hidden_in(scope: &Scope<'_>) -> Result<Hidden> {
    if !scope.role_may(COUNT) || scope.role_may(APPROVE) {
        return Ok(Hidden::default());
    }
    let extents = store::open_blind(scope)?;
    let has_places = extents.iter().any(|extent| extent.place.is_some());
    let places = if has_places { locations::ops::all_in(scope)? } else { Vec::new() };
    let areas = extents.into_iter().map(|extent| area(scope, extent, &places));
    Ok(Hidden::new(areas.collect::<Result<_>>()?))
}

/// Whether a blind count is open.
pub fn is_blind_in(scope: &Scope<'_>) -> Result<bool> {
    Ok(!store::open_blind(scope)?.is_empty())
}

/// Whether somebody with this grant counts and does not decide counts: from them things are hidden.
pub fn only_counts(grant: &Grant) -> bool {
    grant.allows(COUNT) && !grant.allows(APPROVE)
}

fn area(scope: &Scope<'_>, extent: Extent, all: &[KeptLocation]) -> Result<Area> {
    let places = extent.place.map(|root| {
        let tree: Vec<_> = all.iter().map(|one| (one.rid, one.id, one.parent)).collect();
        let rids = rules::subtree(&tree, root);
        all.iter().filter(|one| rids.contains(&one.rid)).map(|one| one.id).collect()
    });
    let listed: Option<HashSet<ItemId>> = extent.items.map(|items| items.into_iter().collect());
    let items = match extent.category {
        None => listed,
        Some(category) => {
            let mut items = store::items_of(scope, &category)?;
            items.retain(|item| listed.as_ref().is_none_or(|listed| listed.contains(item)));
            Some(items)
        }
    };
    Ok(Area { items, places })
}

/// Takes the figures out of a refusal for whoever counts blind.
pub fn veiled(scope: &Scope<'_>, error: Error) -> Error {
    match hidden_in(scope) {
        Ok(hidden) if hidden.is_nothing() => error,
        Ok(_) => hiding::without_figures(error),
        Err(fault) => fault,
    }
}
