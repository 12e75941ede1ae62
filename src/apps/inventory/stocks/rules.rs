//! What is where.

use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::{ItemName, PlaceName};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, code};

pub const CODES: &[Code] = &[code(
    "stock-differs",
    "The self-check found stock that is not the sum of its ledger.",
    "Keep a copy of the data, and report it: this is a fault of the box or of its disk.",
)];

/// Which stock to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct StockFilter {
    pub item: Option<ItemId>,
    pub place: Option<LocationId>,
    /// As it was at this moment; now when there is none.
    pub at: Option<Moment>,
    /// Only where there is less than nothing.
    pub is_below_zero: bool,
}

/// How much of an item is at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    pub key: StockKey,
    pub item: ItemName,
    pub place: PlaceName,
    pub qty: Qty,
}

/// Where a stock stands in a list: by the item's name, then by rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockKey {
    pub name_key: String,
    pub item_rid: i64,
    pub place_rid: i64,
}

impl StockKey {
    /// Before the first.
    pub fn start() -> Self {
        Self { name_key: String::new(), item_rid: 0, place_rid: 0 }
    }
}

/// Something that is not the sum of its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub item: Option<ItemId>,
    pub place: Option<LocationId>,
    /// `stock`, `on-hand`, `value`, `worth-of-nothing`, `transfer` or `search`.
    pub kind: &'static str,
    pub expected: String,
    pub found: String,
}

/// Differences told at once; one is reason enough to look closer.
pub const DIFFERENCES_MAX: usize = 100;
/// Entries of the ledger that one read of the self-check adds up, so that it stays far from the
/// deadline of reads on a slow disk. An item with more of them is read alone.
pub const ENTRIES_CHECKED_AT_ONCE: usize = 20_000;
/// Items in one such read.
pub const ITEMS_CHECKED_AT_ONCE: i64 = 5_000;

/// Items whose sums are compared in one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemRange {
    /// Their rows come behind this one,
    pub after: i64,
    /// and go as far as this one, which belongs to them.
    pub upto: i64,
    /// The last item there is.
    pub last: i64,
}

impl ItemRange {
    /// The items behind `after`, `full_at` being the one whose entries no longer fit into one
    /// read. The last range has no end, so nothing that lies behind the last item is overlooked.
    pub fn next(after: i64, last: i64, full_at: Option<i64>) -> Self {
        let upto = after.saturating_add(ITEMS_CHECKED_AT_ONCE);
        let upto = full_at.map_or(upto, |item| upto.min(item.saturating_sub(1)).max(after + 1));
        Self { after, upto: if upto >= last { i64::MAX } else { upto }, last }
    }

    pub fn is_last(self) -> bool {
        self.upto == i64::MAX
    }

    /// How far the self-check is behind this range.
    pub fn progress(self) -> Progress {
        let count = |item: i64| u64::try_from(item).unwrap_or(0);
        Progress { done: count(self.upto.min(self.last)), total: count(self.last) }
    }
}

/// How far the self-check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

/// What the self-check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Sums compared.
    pub checked: i64,
    pub differences: Vec<Difference>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other_without_a_gap_and_end() {
        for full_every in [None, Some(1), Some(7), Some(4_999), Some(9_000)] {
            let (last, mut after, mut ranges) = (23_456, 0, 0);
            loop {
                let full_at = full_every.map(|step| after + step).filter(|item| *item <= last);
                let range = ItemRange::next(after, last, full_at);
                assert_eq!(range.after, after);
                assert!(range.upto > after, "{range:?}");
                ranges += 1;
                if range.is_last() {
                    break;
                }
                assert!(range.upto - after <= ITEMS_CHECKED_AT_ONCE, "{range:?}");
                after = range.upto;
            }
            assert!(ranges >= 5, "{full_every:?}");
        }
    }

    #[test]
    fn an_item_that_fills_a_read_is_read_alone() {
        let range = ItemRange::next(41, 100, Some(42));
        assert_eq!((range.after, range.upto), (41, 42));
        assert!(ItemRange::next(0, 0, None).is_last());
        assert!(ItemRange::next(99, 100, Some(100)).is_last());
    }
}
