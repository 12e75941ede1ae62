//! What the one search finds of this app. Every look is bounded, and none reads a price.

use std::collections::HashSet;

use super::rules::{self, Query};
use super::store::{self, Remark};
use crate::platform::ctx::Scope;
use crate::platform::error::Result;
use crate::platform::search::rules::{Fit, Hit, Typed};

/// Places, suppliers and the newest orders that are looked at.
const NAMES_MAX: usize = 2_000;
/// The newest remarks that are looked at for a beginning no index knows.
const REMARKS_LOOKED_AT_MAX: usize = 500;
/// Longer remarks are cut in a title.
const TITLE_CHARS_MAX: usize = 120;

/// Items: exact codes and numbers first, then names.
pub fn items_in(scope: &Scope<'_>, typed: &Typed, limit: usize) -> Result<Vec<Hit>> {
    let Some(query) = rules::read(typed.text()) else { return Ok(Vec::new()) };
    let query = told_in(scope, query);
    let found = store::items(scope, &query, limit)?.into_iter().map(|item| {
        let is_whole = typed.fit(&[&item.number, &item.name]) == Some(Fit::Exact);
        let fit = if is_whole { Fit::Exact } else { item.fit };
        Hit { id: item.id.cast(), title: item.name, subtitle: item.number, parent: None, fit }
    });
    Ok(best(found.collect(), limit))
}

/// The query as far as the caller may learn what it finds.
pub fn told_in(scope: &Scope<'_>, query: Query) -> Query {
    if scope.may("inventory.prices") { query } else { query.without_suppliers() }
}

/// Places, by code and name.
pub fn locations_in(scope: &Scope<'_>, typed: &Typed, limit: usize) -> Result<Vec<Hit>> {
    let found = store::locations(scope, NAMES_MAX)?.into_iter().filter_map(|(id, code, name)| {
        let fit = typed.fit(&[&code, &name])?;
        Some(Hit { id: id.cast(), title: name, subtitle: code, parent: None, fit })
    });
    Ok(best(found.collect(), limit))
}

/// Suppliers, by name.
pub fn suppliers_in(scope: &Scope<'_>, typed: &Typed, limit: usize) -> Result<Vec<Hit>> {
    let found = store::suppliers(scope, NAMES_MAX)?.into_iter().filter_map(|(id, name, email)| {
        let fit = typed.fit(&[&name, &email])?;
        Some(Hit { id: id.cast(), title: name, subtitle: email, parent: None, fit })
    });
    Ok(best(found.collect(), limit))
}

/// Orders, by number and supplier, newest first among those that fit as well.
pub fn orders_in(scope: &Scope<'_>, typed: &Typed, limit: usize) -> Result<Vec<Hit>> {
    let found = store::orders(scope, NAMES_MAX)?.into_iter().filter_map(|(id, number, name)| {
        let fit = typed.fit(&[&number, &name])?;
        Some(Hit { id: id.cast(), title: number, subtitle: name, parent: None, fit })
    });
    Ok(best(found.collect(), limit))
}

/// Movements by what was written beside them, newest first.
///
/// Whole words come out of the index in that order at once, and so do beginnings of up to three
/// letters. A longer beginning takes all its words together first, so it is tried last: what
/// many movements have is found among the newest before.
pub fn movements_in(scope: &Scope<'_>, typed: &Typed, limit: usize) -> Result<Vec<Hit>> {
    let Some(words) = rules::remark_words(typed.text()) else { return Ok(Vec::new()) };
    let remarks =
        if scope.may("inventory.prices") { store::remarks } else { store::remarks_beside_orders };
    // Two rows may be the legs of one transfer.
    let rows_max = limit.saturating_mul(2);
    let whole = hits(typed, remarks(scope, &words.whole, rows_max)?);
    if whole.len() >= limit {
        return Ok(best(whole, limit));
    }
    let mut newest = remarks(scope, &words.short, REMARKS_LOOKED_AT_MAX)?;
    let is_all = newest.len() < REMARKS_LOOKED_AT_MAX;
    newest.retain(|one| {
        matches!(typed.fit(&[&one.reference, &one.note]), Some(Fit::Exact | Fit::Word))
    });
    let newest = hits(typed, newest);
    if newest.len() >= limit || (is_all && !newest.is_empty()) {
        return Ok(best(newest, limit));
    }
    Ok(best(hits(typed, remarks(scope, &words.begins, rows_max)?), limit))
}

fn hits(typed: &Typed, remarks: Vec<Remark>) -> Vec<Hit> {
    let mut transfers = HashSet::new();
    // Both legs of a transfer say the same; one of them is shown.
    let is_new = |one: &Remark| one.transfer.is_none_or(|transfer| transfers.insert(transfer));
    let hit = |one: Remark| {
        let is_whole = typed.fit(&[&one.reference]) == Some(Fit::Exact);
        let text = if one.reference.is_empty() { &one.note } else { &one.reference };
        Hit {
            id: one.id.cast(),
            title: text.chars().take(TITLE_CHARS_MAX).collect(),
            subtitle: format!("{} {}", one.item_number, one.item_name),
            parent: Some(one.item.cast()),
            fit: if is_whole { Fit::Exact } else { Fit::Word },
        }
    };
    remarks.into_iter().filter(is_new).map(hit).collect()
}

/// Best first; what fits as well stays in its order.
fn best(mut hits: Vec<Hit>, limit: usize) -> Vec<Hit> {
    hits.sort_by_key(|hit| hit.fit);
    hits.truncate(limit);
    hits
}
