//! What the entries of a line come to.
//!
//! The difference is what was counted minus the balance **that the counter's device knew**, so that
//! what is posted afterwards stays posted. What was posted in between, or two people who set
//! different quantities, cannot be added up by a rule: it is a conflict, which a manager settles.

use super::{LineState, Mode, Threshold};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::identity::UserId;

/// An entry that counts: neither taken back nor one that takes another back.
#[derive(Debug, Clone, Copy)]
pub struct EntryFact {
    pub rid: i64,
    pub by: Option<UserId>,
    pub mode: Mode,
    pub qty: Qty,
    /// The ledger's last entry that the device knew, and the last one when the count came in.
    pub seen_seq: i64,
    pub received_seq: i64,
    pub counted_at: Moment,
}

/// A movement of what a line counts.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    pub seq: i64,
    pub posted_at: Moment,
    pub qty: Qty,
}

/// What the ledger says of what a line counts.
#[derive(Debug, Clone, Default)]
pub struct KeyLedger {
    /// Now.
    pub balance: Qty,
    /// Since the count was opened.
    pub moved: Vec<Moved>,
}

impl KeyLedger {
    /// The balance right after an entry of the ledger.
    pub fn balance_at(&self, seq: i64) -> Qty {
        let later = self.moved.iter().filter(|one| one.seq > seq);
        let back: i64 = later.map(|one| one.qty.thousandths()).sum();
        // Balances of the past were in range when they were posted.
        Qty::from_thousandths(self.balance.thousandths() - back).unwrap_or(self.balance)
    }
}

/// What a line's entries come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluated {
    pub expected: Qty,
    pub expected_seq: i64,
    /// None when nobody counted it (any more).
    pub counted: Option<Qty>,
    pub counters: i64,
    pub counted_by: Option<UserId>,
    pub counted_at: Option<Moment>,
    /// Something was posted while it was counted.
    pub is_moved: bool,
    /// Two people set different quantities.
    pub is_disputed: bool,
    /// Two people set the same quantity.
    pub is_confirmed: bool,
}

/// What one person's entries come to.
struct Tally {
    by: Option<UserId>,
    thousandths: i64,
    has_set: bool,
    /// What the person's device knew when it began.
    seen_seq: i64,
    last: usize,
}

/// Adds up a line's entries, in the order they came in.
pub fn evaluate(entries: &[EntryFact], ledger: &KeyLedger, start_seq: i64) -> Result<Evaluated> {
    let tallies = tallies(entries)?;
    let Some(newest) = tallies.iter().max_by_key(|tally| tally.last) else {
        return Ok(uncounted(ledger, start_seq));
    };
    let setters = || tallies.iter().filter(|tally| tally.has_set);
    let setter = setters().max_by_key(|tally| tally.last);
    let counts = || {
        let is_it = |tally: &&Tally| !tally.has_set || setter.is_some_and(|one| one.by == tally.by);
        tallies.iter().filter(is_it)
    };
    let sum: i64 = counts().map(|tally| tally.thousandths).sum();
    let counted = Qty::from_thousandths(sum).ok_or_else(too_large)?;
    let expected_seq = counts().map(|tally| tally.seen_seq).min().unwrap_or(start_seq);
    let expected = ledger.balance_at(expected_seq);
    counted.minus(expected).ok_or_else(too_large)?;
    let is_equal = |tally: &Tally| setter.is_some_and(|one| one.thousandths == tally.thousandths);
    let is_disputed = !setters().all(is_equal);
    Ok(Evaluated {
        expected,
        expected_seq,
        counted: Some(counted),
        counters: i64::try_from(tallies.len()).unwrap_or(i64::MAX),
        counted_by: newest.by,
        counted_at: entries.get(newest.last).map(|entry| entry.counted_at),
        is_moved: is_moved(entries, &tallies, ledger),
        is_disputed,
        is_confirmed: !is_disputed && setters().count() > 1,
    })
}

fn uncounted(ledger: &KeyLedger, start_seq: i64) -> Evaluated {
    Evaluated {
        expected: ledger.balance_at(start_seq),
        expected_seq: start_seq,
        counted: None,
        counters: 0,
        counted_by: None,
        counted_at: None,
        is_moved: false,
        is_disputed: false,
        is_confirmed: false,
    }
}

fn tallies(entries: &[EntryFact]) -> Result<Vec<Tally>> {
    let mut tallies: Vec<Tally> = Vec::new();
    for (last, entry) in entries.iter().enumerate() {
        let (thousandths, seen_seq) = (entry.qty.thousandths(), entry.seen_seq);
        let fresh =
            Tally { by: entry.by, thousandths, has_set: entry.mode == Mode::Set, seen_seq, last };
        let known = tallies.iter_mut().find(|tally| tally.by == entry.by);
        match (known, entry.mode) {
            (None, _) => tallies.push(fresh),
            (Some(known), Mode::Set) => *known = fresh,
            (Some(known), Mode::Add) => {
                known.thousandths += thousandths;
                known.seen_seq = known.seen_seq.min(seen_seq);
                known.last = last;
            }
        }
    }
    if tallies.iter().any(|tally| tally.thousandths < 0) {
        return Err(below_zero());
    }
    Ok(tallies)
}

/// Whether something was posted after what a device knew and before it had counted.
fn is_moved(entries: &[EntryFact], tallies: &[Tally], ledger: &KeyLedger) -> bool {
    let seen_seq = tallies.iter().map(|tally| tally.seen_seq).min().unwrap_or_default();
    let ends = tallies.iter().filter_map(|tally| entries.get(tally.last));
    let received_seq = ends.clone().map(|entry| entry.received_seq).max().unwrap_or_default();
    let counted_at = ends.map(|entry| entry.counted_at).max().unwrap_or_default();
    ledger.moved.iter().any(|moved| {
        moved.seq > seen_seq && moved.seq <= received_seq && moved.posted_at <= counted_at
    })
}

impl Evaluated {
    /// Counted minus expected; none while it is not counted.
    pub fn variance(&self) -> Option<Qty> {
        self.counted?.minus(self.expected)
    }

    /// Where the line stands. `worth` is that of the difference, none where it cannot be told.
    pub fn state(&self, threshold: Threshold, worth: Option<Money>) -> LineState {
        let Some(variance) = self.variance() else { return LineState::Ok };
        if self.is_moved || self.is_disputed {
            return LineState::Conflict;
        }
        if variance.is_zero() {
            return LineState::Ok;
        }
        if !self.is_confirmed && threshold.is_exceeded(self.expected, variance, worth) {
            return LineState::Recount;
        }
        LineState::Variance
    }
}

/// What a device says of when it counted.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    pub seen_seq: i64,
    pub received_seq: i64,
    pub counted_at: Moment,
}

/// What is known of the ledger when an entry comes in.
#[derive(Debug, Clone, Copy)]
pub struct LedgerNow {
    pub start_seq: i64,
    pub last_seq: i64,
    pub now: Moment,
}

/// Checks the ledger's last entry that a device claims to know.
pub fn check_seen(seen_seq: Option<i64>, ledger: LedgerNow) -> Result<i64> {
    let seen_seq = seen_seq.unwrap_or(ledger.last_seq);
    if (ledger.start_seq..=ledger.last_seq).contains(&seen_seq) {
        return Ok(seen_seq);
    }
    let detail = "Send the ledger_seq that was read with the count, or leave it out.";
    Err(Error::invalid("seen_seq", "seen-seq-bad", detail))
}

/// When it was counted, as far as the device's clock can be believed: not later than now, and not
/// earlier than what the device already knew. A wrong clock means now, which can only find more
/// conflicts.
pub fn believed(counted_at: Option<Moment>, known_at: Moment, now: Moment) -> Moment {
    counted_at.filter(|at| (known_at..=now).contains(at)).unwrap_or(now)
}

/// Checks a quantity as it was entered. `balance` is what the device knew to be there; none for
/// who counts blind, to whom taking it would tell it.
pub fn check_qty(mode: Mode, qty: Qty, step: Qty, balance: Option<Qty>) -> Result<()> {
    if mode == Mode::Set && qty.is_negative() {
        let detail = "What was counted cannot be below zero.";
        return Err(Error::invalid("qty", "amount-negative", detail));
    }
    if mode == Mode::Add && qty.is_zero() {
        return Err(Error::invalid("qty", "amount-zero", "Add more or less than nothing."));
    }
    // What is left over may be of any size; that it is still there can be said.
    if qty.is_multiple_of(step) || balance == Some(qty) {
        return Ok(());
    }
    let detail = format!("The quantity must be a multiple of {step}.");
    Err(Error::invalid("qty", "qty-step", detail))
}

fn below_zero() -> Error {
    let detail = "That would be less than nothing. Take off no more than was counted.";
    Refusal::new("count-below-zero", detail).field("qty", "count-below-zero", detail).into()
}

fn too_large() -> Error {
    Error::invalid("qty", "amount-too-large", "That is more than can be kept.")
}
