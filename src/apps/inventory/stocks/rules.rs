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

/// What the self-check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Sums compared.
    pub checked: i64,
    pub differences: Vec<Difference>,
}
