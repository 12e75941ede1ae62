//! Noticing that items run low, and listing them.

use serde::{Deserialize, Serialize};

use super::jobs::{DIGEST, DIGEST_EVERY};
use super::rules::{Change, LowItem, NAMES_MAX, change, shortened};
use super::store;
use crate::apps::inventory::counts;
use crate::apps::inventory::orders::ops::{Needs, Restock, restock_in};
use crate::platform::audit::Entry;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::Result;

/// Audit and event kind; the id is the item's.
pub const KIND: &str = "inventory.low-stock";

/// Looks at an item's minimum when all of the transaction is posted: between the legs of a transfer
/// and between the lines of a count nothing is low yet. An item is looked at once, however many of
/// the transaction's movements are its own.
pub fn look_at_end(scope: &Scope<'_>, item_rid: i64) {
    scope.at_end(KIND, look, item_rid);
}

fn look(scope: &Scope<'_>, item_rid: i64) -> Result<()> {
    let Some(looked) = store::look(scope, item_rid)? else { return Ok(()) };
    match change(looked.standing) {
        None => Ok(()),
        Some(Change::Settle) => store::settle(scope, item_rid),
        Some(Change::Raise) => {
            store::raise(scope, item_rid)?;
            let entry = Entry::new("inventory.low-stock.raised", KIND, looked.id)
                .set("item_number", looked.item_number)
                .set("on_hand", looked.standing.on_hand.to_string())
                .set("min_qty", looked.standing.min.unwrap_or_default().to_string());
            scope.audit(entry)?;
            scope.wish_job(DIGEST.kind, DIGEST_EVERY);
            Ok(())
        }
    }
}

/// What ran low and was not told yet.
#[derive(Debug, Serialize, Deserialize)]
pub struct Untold {
    /// The first of their names.
    pub names: Vec<String>,
    pub count: usize,
    /// A blind count is open, so it is kept from those who may be counting.
    #[serde(default = "kept")]
    pub is_kept_from_counters: bool,
}

/// Where the release before noted what is to be told, nothing says whether somebody counts blind.
fn kept() -> bool {
    true
}

/// Notes that what is low is told now, and gives what was not told before. What came back to its
/// minimum meanwhile is not among it.
pub fn take_untold_in(scope: &Scope<'_>) -> Result<Untold> {
    let names = store::take_untold(scope)?;
    let count = names.len();
    let names = names.into_iter().take(NAMES_MAX).map(|name| shortened(&name));
    let is_kept_from_counters = counts::ops::is_blind_in(scope)?;
    Ok(Untold { names: names.collect(), count, is_kept_from_counters })
}

/// A low item and what brings it back.
pub struct Low {
    pub item: LowItem,
    /// None for whoever does not see orders.
    pub restock: Option<Restock>,
}

/// A page of low items.
pub struct Listed {
    /// One more than was asked for when there is another page.
    pub items: Vec<Low>,
    /// Counted to the bound that was asked for.
    pub total: Option<u64>,
}

/// Low items behind a name and a row, by name. Refused for those who count blind.
pub async fn list(
    ctx: &Ctx,
    after: (String, i64),
    limit: usize,
    count_max: Option<u64>,
) -> Result<Listed> {
    ctx.read(move |scope| {
        counts::ops::hidden_in(scope)?.check_told()?;
        let found = store::list(scope, (&after.0, after.1), limit)?;
        let items = found.into_iter().map(|item| with_restock(scope, item));
        let items = items.collect::<Result<_>>()?;
        let total = count_max.map(|max| store::count(scope, max)).transpose()?;
        Ok(Listed { items, total })
    })
    .await
}

/// Low items behind a row, by when they were made, for a file.
pub fn by_row_in(scope: &Scope<'_>, after: i64, limit: usize) -> Result<Vec<Low>> {
    let found = store::list_by_row(scope, after, limit)?;
    found.into_iter().map(|item| with_restock(scope, item)).collect()
}

fn with_restock(scope: &Scope<'_>, item: LowItem) -> Result<Low> {
    if !scope.may("inventory.prices") {
        return Ok(Low { item, restock: None });
    }
    let LowItem { rid, on_hand, min, max, step, .. } = item;
    let restock = restock_in(scope, &Needs { item_rid: rid, on_hand, min, max, step })?;
    Ok(Low { item, restock: Some(restock) })
}
