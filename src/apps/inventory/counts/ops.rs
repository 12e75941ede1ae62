//! Counting: opening a count, entering what is there, handing it in, deciding it.

mod approving;
mod entering;
mod hiding;
mod reading;

use std::collections::HashSet;

use super::rules::{
    self, CountId, CountInput, CountState, Extent, KeptCount, LINES_MAX, Settings, Threshold,
};
use super::store::{self, LineKey, NewLine};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items::rules::{ItemId, check_version};
use crate::apps::inventory::locations;
use crate::apps::inventory::movements::rules as movements;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;

pub use approving::{Approval, approve};
pub use entering::{EntryInput, Outcome, Taken, enter};
pub use hiding::{hidden, hidden_in, is_blind_in, only_counts, veiled};
pub use reading::{Detail, LineOrder, ListedLine, ListedLines, entries, get, lines, list, worth};

/// Audit and event kind.
pub const KIND: &str = "inventory.count";
/// What lets somebody decide counts, and see what a blind one expects.
pub const APPROVE: &str = "inventory.approve";
/// What lets somebody learn what anything is worth.
const PRICES: &str = "inventory.prices";

/// Opens a count of what is in stock within its extent.
pub async fn create(ctx: &Ctx, input: CountInput) -> Result<Created<Detail>> {
    let input = rules::check(input)?;
    ctx.create(reading::detail_in, move |scope| {
        let id = create_in(scope, &input)?;
        Ok((id, reading::detail_in(scope, id)?))
    })
    .await
}

fn create_in(scope: &Scope<'_>, input: &CountInput) -> Result<CountId> {
    let within = Within::read(scope, &input.extent)?;
    let start_seq = store::ledger_seq(scope)?;
    let keys = within.lines(scope, &input.extent)?;
    rules::check_size(keys.len())?;
    let id = scope.new_id();
    let rid = store::insert(scope, id, input, start_seq)?;
    for (key, expected) in &keys {
        let line =
            NewLine { id: scope.new_id(), key: *key, expected: *expected, expected_seq: start_seq };
        store::insert_line(scope, rid, &line)?;
    }
    store::touch(scope, rid, 0)?;
    let entry = Entry::new("inventory.count.opened", KIND, id)
        .version(2)
        .set("name", input.name.clone())
        .set("blind", input.is_blind.to_string())
        .set("lines", keys.len().to_string());
    scope.audit(entry)?;
    Ok(id)
}

/// What a count is about.
struct Within {
    /// None for all places.
    places: Option<HashSet<i64>>,
    /// The row of the place that was named.
    root: Option<i64>,
    category: Option<String>,
    items: Option<HashSet<ItemId>>,
}

impl Within {
    fn read(scope: &Scope<'_>, extent: &Extent) -> Result<Self> {
        let (mut places, mut root) = (None, None);
        if let Some(place) = extent.place {
            let all = locations::ops::all_in(scope)?;
            let tree: Vec<_> = all.iter().map(|one| (one.rid, one.id, one.parent)).collect();
            // Of a place that was deleted meanwhile nothing is left to count.
            root = all.iter().find(|one| one.id == place).map(|one| one.rid);
            places = Some(rules::subtree(&tree, place));
        }
        let items = extent.items.as_ref().map(|items| items.iter().copied().collect());
        Ok(Self { places, root, category: extent.category.clone(), items })
    }

    /// Refuses what this count is not about.
    fn check(&self, item: ItemId, category: Option<&str>, place: i64) -> Result<()> {
        if self.places.as_ref().is_some_and(|places| !places.contains(&place)) {
            let detail = "This place is not part of the count.";
            return Err(Error::invalid("location_id", "count-out-of-scope", detail));
        }
        let is_listed = self.items.as_ref().is_none_or(|items| items.contains(&item));
        let is_of_kind = self.category.is_none() || self.category.as_deref() == category;
        if is_listed && is_of_kind {
            return Ok(());
        }
        let detail = "This item is not part of the count.";
        Err(Error::invalid("item_id", "count-out-of-scope", detail))
    }

    /// What is to be counted: what is in stock, and listed items at the place that was named.
    fn lines(&self, scope: &Scope<'_>, extent: &Extent) -> Result<Vec<(LineKey, Qty)>> {
        if extent.place.is_some() && self.root.is_none() {
            return Err(movements::place_unknown("scope.location_id"));
        }
        let items = extent.items.as_deref().map(|items| rids(scope, items)).transpose()?;
        let places: Option<Vec<i64>> =
            self.places.as_ref().map(|rids| rids.iter().copied().collect());
        let (category, places) = (extent.category.as_deref(), places.as_deref());
        let found = store::stocked(scope, category, places, items.as_deref(), LINES_MAX + 1)?;
        let mut lines: Vec<(LineKey, Qty)> =
            found.into_iter().map(|(item, place, qty)| ((item, place), qty)).collect();
        if let (Some(root), Some(items), None) = (self.root, items, category) {
            let stocked: HashSet<i64> = lines.iter().map(|((item, _), _)| *item).collect();
            let missing = items.into_iter().filter(|item| !stocked.contains(item));
            lines.extend(missing.map(|item| ((item, root), Qty::ZERO)));
        }
        Ok(lines)
    }
}

fn rids(scope: &Scope<'_>, items: &[ItemId]) -> Result<Vec<i64>> {
    store::item_rids(scope, items)?.map_err(|position| {
        let field = format!("scope.item_ids[{position}]");
        Error::invalid(&field, "unknown-item", "There is no such item, or it is deleted.")
    })
}

/// Hands a count in to be decided. Handing it in again changes nothing.
pub async fn submit(ctx: &Ctx, id: CountId) -> Result<Detail> {
    ctx.write(move |scope| {
        let count = store::get(scope, id)?;
        if count.state != CountState::Submitted {
            rules::check_open(count.state)?;
            rules::check_counted(count.counted_lines)?;
            store::enter(scope, count.rid, CountState::Submitted)?;
            let entry = changed("inventory.count.submitted", &count);
            scope.audit(entry.set("counted_lines", count.counted_lines.to_string()))?;
        }
        reading::detail_in(scope, id)
    })
    .await
}

/// Gives a submitted count back to the counters.
pub async fn reject(ctx: &Ctx, id: CountId, reason: &str) -> Result<Detail> {
    let reason = rules::check_reason(reason)?;
    ctx.write(move |scope| {
        let count = store::get(scope, id)?;
        rules::check_submitted(count.state)?;
        store::reject(scope, count.rid, &reason)?;
        scope.audit(changed("inventory.count.rejected", &count).personal("reason", reason))?;
        reading::detail_in(scope, id)
    })
    .await
}

/// Ends a count without posting anything more. Canceling it again changes nothing.
pub async fn cancel(ctx: &Ctx, id: CountId) -> Result<Detail> {
    ctx.write(move |scope| {
        let count = store::get(scope, id)?;
        if count.state == CountState::Applied {
            let detail = "This count is applied; its movements can be taken back one by one.";
            return Err(Error::conflict("count-not-open", detail));
        }
        if count.state != CountState::Canceled {
            store::enter(scope, count.rid, CountState::Canceled)?;
            scope.audit(changed("inventory.count.canceled", &count))?;
        }
        reading::detail_in(scope, id)
    })
    .await
}

/// The workspace's settings for counts.
pub async fn settings(ctx: &Ctx) -> Result<Settings> {
    ctx.read(store::settings).await
}

/// Says from which difference on a second person is to count. Counts that are open take it for
/// what is entered from then on.
pub async fn change_settings(ctx: &Ctx, version: i64, threshold: Threshold) -> Result<Settings> {
    ctx.write(move |scope| {
        let kept = store::settings(scope)?;
        check_version(kept.version, version)?;
        store::change_settings(scope, threshold)?;
        let percent = |one: Threshold| one.percent.map(|percent| percent.to_string());
        let value = |one: Threshold| one.value.map(|value| value.to_string());
        let was = kept.threshold;
        let entry = Entry::about("inventory.count.settings-changed", KIND)
            .version(kept.version + 1)
            .changed("second_count_percent", percent(was), percent(threshold))
            .changed("second_count_value", value(was), value(threshold));
        scope.audit(entry)?;
        store::settings(scope)
    })
    .await
}

fn changed(action: &'static str, count: &KeptCount) -> Entry {
    Entry::new(action, KIND, count.id).version(count.version + 1).set("name", count.name.clone())
}
