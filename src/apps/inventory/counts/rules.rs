//! What a count is, whom it waits for, and what may be done with it when.

pub mod codes;
pub mod evaluation;
pub mod hiding;
pub mod settling;
pub mod showing;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::costing::ItemCost;
use crate::apps::inventory::items::rules::{Faults, ItemId};
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::{ItemName, PlaceName, Totals};
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

pub use codes::CODES;

/// A session in which people count.
pub enum Count {}
pub type CountId = Id<Count>;
/// What of an item is to be counted at a place.
pub enum Line {}
pub type LineId = Id<Line>;
/// Something a device did; it names it itself, so that it can be sent again.
pub enum ClientOp {}
pub type ClientOpId = Id<ClientOp>;

pub const NAME_CHARS_MAX: usize = 200;
pub const REASON_CHARS_MAX: usize = 500;
/// Items that a scope may list.
pub const SCOPE_ITEMS_MAX: usize = 10_000;
/// Lines of one count.
pub const LINES_MAX: usize = 10_000;
/// Entries of one batch.
pub const BATCH_MAX: usize = 500;
/// Entries of one count.
pub const ENTRIES_MAX: i64 = 100_000;
/// Percent of the expected quantity that the threshold may be.
pub const PERCENT_MAX: i64 = 1_000;

/// Where a count stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountState {
    Open,
    Submitted,
    Applied,
    Canceled,
}

impl CountState {
    pub const ALL: [Self; 4] = [Self::Open, Self::Submitted, Self::Applied, Self::Canceled];

    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Submitted => "submitted",
            Self::Applied => "applied",
            Self::Canceled => "canceled",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a line's count comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineState {
    /// As expected, or not counted yet.
    Ok,
    Variance,
    /// Something was posted while it was counted, or two people disagree.
    Conflict,
    /// A second person is to count it, or it is to be counted anew.
    Recount,
    Approved,
    Rejected,
}

impl LineState {
    pub const ALL: [Self; 6] =
        [Self::Ok, Self::Variance, Self::Conflict, Self::Recount, Self::Approved, Self::Rejected];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Variance => "variance",
            Self::Conflict => "conflict",
            Self::Recount => "recount",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a manager has decided it for good.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected)
    }
}

/// How an entry counts: it replaces what the same person counted, or is more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Set,
    Add,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Add => "add",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Set, Self::Add].into_iter().find(|mode| mode.name() == name)
    }
}

/// What is to be counted: everything that all of it allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// Only at this place and below it.
    pub place: Option<LocationId>,
    pub category: Option<String>,
    pub items: Option<Vec<ItemId>>,
}

/// A new count, unchecked.
#[derive(Debug, Clone)]
pub struct CountInput {
    pub name: String,
    pub extent: Extent,
    pub is_blind: bool,
}

/// Checks a new count's own fields.
pub fn check(mut input: CountInput) -> Result<CountInput> {
    let mut faults = Faults::default();
    input.name = faults.text("name", texts::needed_line(&input.name, NAME_CHARS_MAX));
    let category = input.extent.category.as_deref();
    input.extent.category = faults.optional_line("scope.category", category, NAME_CHARS_MAX);
    if let Some(items) = &mut input.extent.items {
        if items.is_empty() || items.len() > SCOPE_ITEMS_MAX {
            let detail = format!("List 1 to {SCOPE_ITEMS_MAX} items, or none to count all.");
            faults.add("scope.item_ids", "count-items", detail);
        }
        let mut seen = HashSet::new();
        items.retain(|item| seen.insert(*item));
    }
    faults.none_or(input).map_err(Error::Invalid)
}

/// Checks why a count goes back to the counters.
pub fn check_reason(reason: &str) -> Result<String> {
    let mut faults = Faults::default();
    let reason = texts::many_lines(reason, REASON_CHARS_MAX);
    let reason = faults.text("reason", reason);
    if reason.is_empty() {
        return Err(Error::invalid("reason", "text-empty", "Say why it is to be counted again."));
    }
    faults.none_or(reason).map_err(Error::Invalid)
}

/// A place as the tree knows it: its row, its id and what it stands below.
pub type TreePlace = (i64, LocationId, Option<LocationId>);

/// The rows of a place and all places below it.
pub fn subtree(places: &[TreePlace], root: LocationId) -> HashSet<i64> {
    let parents: HashMap<LocationId, Option<LocationId>> =
        places.iter().map(|(_, id, parent)| (*id, *parent)).collect();
    let is_below = |mut id: LocationId| {
        // A tree has no cycles; the bound only keeps a damaged one from running for ever.
        for _ in 0..places.len() {
            if id == root {
                return true;
            }
            match parents.get(&id).copied().flatten() {
                Some(parent) => id = parent,
                None => return false,
            }
        }
        false
    };
    places.iter().filter(|(_, id, _)| is_below(*id)).map(|(rid, ..)| *rid).collect()
}

/// From which difference on a second person is to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Threshold {
    /// Of what was expected.
    pub percent: Option<i64>,
    /// What the difference is worth.
    pub value: Option<Money>,
}

impl Threshold {
    /// Whether a difference is large enough. `worth` is none where it cannot be told.
    pub fn is_exceeded(self, expected: Qty, variance: Qty, worth: Option<Money>) -> bool {
        let by_share = self.percent.is_some_and(|percent| {
            let off = i128::from(variance.thousandths()).abs() * 100;
            off > i128::from(percent) * i128::from(expected.thousandths()).abs()
        });
        let by_value = self.value.is_some_and(|value| {
            worth.is_none_or(|worth| {
                worth.ten_thousandths().unsigned_abs() > value.ten_thousandths().unsigned_abs()
            })
        });
        by_share || by_value
    }
}

/// The workspace's settings for counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub threshold: Threshold,
    pub version: i64,
}

/// Checks a new threshold; what is left out is not asked for.
pub fn check_threshold(percent: Option<i64>, value: Option<&str>) -> Result<Threshold> {
    let mut faults = Faults::default();
    if percent.is_some_and(|percent| !(1..=PERCENT_MAX).contains(&percent)) {
        let detail = format!("Use a whole number from 1 to {PERCENT_MAX}, or none.");
        faults.add("second_count_percent", "count-percent", detail);
    }
    let value = value.filter(|text| !text.is_empty());
    let value = faults.amount("second_count_value", value, Money::parse_price);
    if value == Some(Money::ZERO) {
        faults.add("second_count_value", "amount-zero", "Use more than zero, or none.".to_owned());
    }
    faults.none_or(Threshold { percent, value }).map_err(Error::Invalid)
}

/// A count as it is kept.
#[derive(Debug, Clone)]
pub struct KeptCount {
    pub rid: i64,
    pub id: CountId,
    pub version: i64,
    pub name: String,
    pub extent: Extent,
    pub is_blind: bool,
    pub state: CountState,
    /// The ledger's last entry when it was opened.
    pub start_seq: i64,
    pub entries: i64,
    pub lines: i64,
    pub counted_lines: i64,
    pub created_at: Moment,
    pub created_by: Option<UserId>,
    pub updated_at: Moment,
    pub submitted: Option<Deed>,
    pub approved: Option<Deed>,
    pub rejected: Option<Deed>,
    pub reject_reason: String,
}

/// When something was done and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    pub at: Moment,
    pub by: Option<UserId>,
}

/// A line as it is kept, with the names of what it counts.
#[derive(Debug, Clone)]
pub struct KeptLine {
    pub rid: i64,
    pub id: LineId,
    pub item: ItemName,
    pub item_rid: i64,
    pub qty_step: Qty,
    pub cost: ItemCost,
    pub totals: Totals,
    pub place: PlaceName,
    pub place_rid: i64,
    /// By what lines are ordered.
    pub place_key: String,
    pub item_key: String,
    pub expected: Qty,
    pub expected_seq: i64,
    pub counted: Option<Qty>,
    pub state: LineState,
    pub entries_after: i64,
    /// Whether whoever asks counted some of it; only looked up for what is to be counted again.
    pub is_mine: bool,
    pub counters: i64,
    pub counted_by: Option<UserId>,
    pub counted_at: Option<Moment>,
    pub is_moved: bool,
    pub is_disputed: bool,
    pub decision: Option<settling::Decision>,
    /// What approving it posted.
    pub posted: Option<(Qty, Money)>,
}

impl KeptLine {
    /// Counted minus what the counter's ledger said; none while it is not counted.
    pub fn variance(&self) -> Option<Qty> {
        self.counted?.minus(self.expected)
    }
}

/// An entry as it is told.
#[derive(Debug, Clone)]
pub struct ListedEntry {
    pub rid: i64,
    pub op: ClientOpId,
    pub item: ItemName,
    pub place: PlaceName,
    pub mode: Mode,
    pub qty: Qty,
    pub seen_seq: Option<i64>,
    pub counted_at: Moment,
    pub received_at: Moment,
    pub by: Option<UserId>,
    /// It takes another entry back, and was taken back itself.
    pub undoes: Option<ClientOpId>,
    pub is_undone: bool,
}

/// Which entries to list: those of a person, of an item, at a place.
#[derive(Debug, Clone, Copy, Default)]
pub struct EntryFilter {
    pub by: Option<UserId>,
    pub item: Option<ItemId>,
    pub place: Option<LocationId>,
}

/// Which lines to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct LineFilter {
    pub place: Option<LocationId>,
    pub item: Option<ItemId>,
    pub state: Option<LineState>,
}

/// Refuses entries where nobody counts.
pub fn check_open(state: CountState) -> Result<()> {
    if state == CountState::Open {
        return Ok(());
    }
    let detail = format!("This count is {}. Nothing is entered any more.", state.name());
    Err(Error::conflict("count-not-open", detail))
}

/// Refuses to decide what was not handed in.
pub fn check_submitted(state: CountState) -> Result<()> {
    if state == CountState::Submitted {
        return Ok(());
    }
    let detail = format!("This count is {}; only what is submitted is decided.", state.name());
    Err(Error::conflict("count-not-submitted", detail))
}

/// Refuses to hand in nothing.
pub fn check_counted(counted_lines: i64) -> Result<()> {
    if counted_lines > 0 {
        return Ok(());
    }
    Err(Refusal::new("count-empty", "Nothing is counted yet.").into())
}

/// Refuses a count of more than can be reviewed at once.
pub fn check_size(lines: usize) -> Result<()> {
    if lines <= LINES_MAX {
        return Ok(());
    }
    let detail = format!("A count has at most {LINES_MAX} lines. Choose a smaller part.");
    Err(Refusal::new("count-too-large", detail).into())
}

/// Whoever counted alone all that is still to be decided does not approve it, as long as somebody
/// else could.
pub fn check_approver(is_sole_counter: bool, approvers: i64) -> Result<()> {
    if !is_sole_counter || approvers < 2 {
        return Ok(());
    }
    let detail = "You counted all of it yourself. Let another manager look at it.";
    Err(Refusal::new("count-own", detail).into())
}
