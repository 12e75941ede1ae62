//! Which movements a list shows, and the balance that runs along an item's history.

use super::{KeptMovement, MovementType};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::platform::clock::Moment;

/// Which movements to list. Moments are inclusive.
#[derive(Debug, Clone, Copy)]
pub struct Journal {
    pub item: Option<ItemId>,
    pub place: Option<LocationId>,
    pub kind: Option<MovementType>,
    pub from: Moment,
    pub to: Moment,
}

impl Journal {
    /// All movements.
    pub const ALL: Self =
        Self { item: None, place: None, kind: None, from: Moment(i64::MIN), to: Moment(i64::MAX) };

    /// Where reading begins: behind a page, but not later than `to`.
    pub fn start(&self, behind: Option<JournalPosition>) -> JournalPosition {
        let newest = JournalPosition { effective_at: self.to, seq: i64::MAX };
        behind.map_or(newest, |behind| behind.min(newest))
    }
}

/// A place in the ledger by time: everything before it is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalPosition {
    pub effective_at: Moment,
    pub seq: i64,
}

impl JournalPosition {
    pub fn of(movement: &KeptMovement) -> Self {
        Self { effective_at: movement.effective_at, seq: movement.seq }
    }
}

/// The balances after each of some movements, newest first, given the balance after the first.
pub fn running_balances(after_first: Qty, newest_first: &[KeptMovement]) -> Vec<Qty> {
    let mut after = after_first.thousandths();
    let balances = newest_first.iter().map(|movement| {
        let balance = after;
        after -= movement.qty.thousandths();
        // Balances of the past were in range when they were posted.
        Qty::from_thousandths(balance).unwrap_or_default()
    });
    balances.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_behind_the_one_before_and_not_after_the_end() {
        let at = |effective_at, seq| JournalPosition { effective_at: Moment(effective_at), seq };
        let journal = Journal { to: Moment(100), ..Journal::ALL };

        assert_eq!(journal.start(None), at(100, i64::MAX));
        assert_eq!(journal.start(Some(at(90, 5))), at(90, 5));
        assert_eq!(journal.start(Some(at(200, 5))), at(100, i64::MAX));
    }
}
