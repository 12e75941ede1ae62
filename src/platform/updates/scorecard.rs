//! How well updates go, against what is promised: pure arithmetic over the history.

use std::time::Duration;

use super::rules::{Kind, Outcome, Update};
use crate::platform::clock::Moment;

/// Of a hundred updates so many come through.
pub const SUCCESS_PERCENT_MIN: u8 = 99;
/// A whole update, from its wish to the switch, without the time a person thinks.
pub const UPDATE_MAX: Duration = Duration::from_mins(10);
/// Going back, from the decision to do so.
pub const ROLLBACK_MAX: Duration = Duration::from_mins(5);
/// What is counted.
pub const COUNTED: Duration = Duration::from_hours(365 * 24);
const DAYS_PER_MONTH: u64 = 30;

/// The figures of a year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scorecard {
    /// Updates that were confirmed and have ended.
    pub updates: u32,
    pub succeeded: u32,
    /// Updates that went back by themselves.
    pub rolled_back: u32,
    /// Rollbacks that somebody asked for.
    pub rollbacks: u32,
    /// None where there was none.
    pub success_percent: Option<u8>,
    pub longest_update: Option<Duration>,
    pub longest_rollback: Option<Duration>,
    /// Updates that came through in the last 30 days.
    pub last_month: u32,
    pub last_at: Option<Moment>,
}

impl Scorecard {
    /// Whether enough came through; a box that has not updated yet has missed nothing.
    pub fn is_success_met(&self) -> bool {
        self.success_percent.is_none_or(|percent| percent >= SUCCESS_PERCENT_MIN)
    }

    pub fn is_update_met(&self) -> bool {
        self.longest_update.is_none_or(|longest| longest < UPDATE_MAX)
    }

    pub fn is_rollback_met(&self) -> bool {
        self.longest_rollback.is_none_or(|longest| longest < ROLLBACK_MAX)
    }
}

/// An ended update and how long it took, without the time it was only watched: one that came
/// through from its wish to the switch, one that went back from the decision to do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub update: Update,
    pub took: Duration,
}

/// Adds up what ended within a year. Plans that nobody confirmed count for nothing.
pub fn score(runs: &[Run], now: Moment) -> Scorecard {
    let mut card = Scorecard::default();
    let month = now.minus(Duration::from_hours(DAYS_PER_MONTH * 24));
    for Run { update, took } in runs {
        let Some(finished_at) = update.finished_at.filter(|at| now.since(*at) <= COUNTED) else {
            continue;
        };
        if update.confirmed_at.is_none() {
            continue;
        }
        let is_done = update.outcome == Some(Outcome::Committed);
        card.last_at = card.last_at.max(Some(finished_at));
        if update.kind == Kind::Rollback {
            card.rollbacks += 1;
            card.longest_rollback = card.longest_rollback.max(Some(*took));
            continue;
        }
        card.updates += 1;
        card.succeeded += u32::from(is_done);
        if is_done {
            card.longest_update = card.longest_update.max(Some(*took));
            card.last_month += u32::from(finished_at >= month);
        }
        if update.outcome == Some(Outcome::RolledBack) {
            card.rolled_back += 1;
            card.longest_rollback = card.longest_rollback.max(Some(*took));
        }
    }
    card.success_percent = percent(card.succeeded, card.updates);
    card
}

/// Rounded down: 98.9 of a hundred are not 99.
fn percent(part: u32, whole: u32) -> Option<u8> {
    let percent = u64::from(part) * 100 / u64::from(Some(whole).filter(|one| *one > 0)?);
    u8::try_from(percent).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::updates::rules::tests::update;

    fn run(kind: Kind, outcome: Outcome, took_s: u64, days_ago: u64) -> Run {
        let finished_at = Some(now().minus(Duration::from_hours(days_ago * 24)));
        let update = Update {
            kind,
            outcome: Some(outcome),
            finished_at,
            confirmed_at: finished_at,
            ..update()
        };
        Run { update, took: Duration::from_secs(took_s) }
    }

    fn now() -> Moment {
        Moment(1_800_000_000_000)
    }

    #[test]
    fn a_box_that_never_updated_has_missed_nothing() {
        let card = score(&[], now());

        assert_eq!(card, Scorecard::default());
        assert!(card.is_success_met() && card.is_update_met() && card.is_rollback_met());
    }

    #[test]
    fn success_is_rounded_down_and_what_nobody_confirmed_counts_for_nothing() {
        let mut runs = vec![run(Kind::Update, Outcome::Committed, 30, 1); 98];
        runs.push(run(Kind::Update, Outcome::RolledBack, 12, 40));
        let mut plan = run(Kind::Update, Outcome::Discarded, 5, 1);
        plan.update.confirmed_at = None;
        runs.push(plan);

        let card = score(&runs, now());

        assert_eq!((card.updates, card.succeeded, card.rolled_back), (99, 98, 1));
        assert_eq!(card.success_percent, Some(98));
        assert!(!card.is_success_met());
        assert_eq!((card.last_month, card.longest_rollback), (98, Some(Duration::from_secs(12))));
    }

    #[test]
    fn the_longest_decides_and_a_year_is_remembered() {
        let runs = [
            run(Kind::Update, Outcome::Committed, 599, 1),
            run(Kind::Update, Outcome::Committed, 5_000, 366),
            run(Kind::Rollback, Outcome::Committed, 301, 2),
        ];

        let card = score(&runs, now());

        assert_eq!((card.updates, card.rollbacks), (1, 1));
        assert!(card.is_update_met());
        assert!(!card.is_rollback_met());
    }
}
