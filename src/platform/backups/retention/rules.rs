//! Which backups are kept, and why. Backups are in the order of their numbers; their times only say
//! which day, week, month and year they stand for, so a clock that jumps makes none of them old.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::platform::backups::bases::rules::BackupId;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};

/// Of each kind so many are kept at most.
const KEPT_MAX: u32 = 1_000;
const DAY: Duration = Duration::from_hours(24);
/// A clock that is wrong by more than this keeps backups from being removed.
const JUMP_MAX: Duration = Duration::from_hours(1);
const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1_000;
const DAYS_PER_WEEK: i64 = 7;

pub const CODES: &[Code] = &[
    code(
        "retention-count",
        "So many backups cannot be kept.",
        "Write a number from 0 to 1000, and at least 1 for those that were verified.",
    ),
    code(
        "prune-paused",
        "No backup is removed for now: the clock of the box jumped, or a workspace is damaged.",
        "The detail says which. Old backups are removed again when that is over.",
    ),
];

/// How many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
    pub yearly: u32,
    /// So many that were verified are kept in any case.
    pub verified_min: u32,
}

impl Retention {
    pub fn check(self) -> Result<Self> {
        let fields = [
            ("daily", self.daily, 0),
            ("weekly", self.weekly, 0),
            ("monthly", self.monthly, 0),
            ("yearly", self.yearly, 0),
            ("verified_min", self.verified_min, 1),
        ];
        let wrong: Vec<FieldError> = fields
            .into_iter()
            .filter(|(_, count, min)| count < min || *count > KEPT_MAX)
            .map(|(name, _, min)| {
                let detail = format!("Write a number from {min} to {KEPT_MAX}.");
                FieldError::new(format!("retention.{name}"), "retention-count", detail)
            })
            .collect();
        if wrong.is_empty() { Ok(self) } else { Err(Error::Invalid(wrong)) }
    }
}

/// A backup that lies somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub id: BackupId,
    pub sequence: u64,
    pub taken_at: Moment,
    pub is_verified: bool,
}

/// Why a backup is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing newer was verified yet.
    Newest,
    Verified,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Why {
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Verified => "verified",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }
}

/// What becomes of each, the newest first; kept for no reason: it goes.
pub fn plan(backups: &[Kept], retention: Retention) -> Vec<(Kept, BTreeSet<Why>)> {
    let mut backups = backups.to_vec();
    backups.sort_by_key(|one| std::cmp::Reverse(one.sequence));
    let mut planned: Vec<(Kept, BTreeSet<Why>)> =
        backups.into_iter().map(|one| (one, BTreeSet::new())).collect();
    for (one, why) in &mut planned {
        why.insert(Why::Newest);
        if one.is_verified {
            break;
        }
    }
    let verified = planned.iter_mut().filter(|(one, _)| one.is_verified);
    for (_, why) in verified.take(count(retention.verified_min)) {
        why.insert(Why::Verified);
    }
    for (reason, most, period) in [
        (Why::Daily, retention.daily, day as fn(Moment) -> i64),
        (Why::Weekly, retention.weekly, week),
        (Why::Monthly, retention.monthly, month),
        (Why::Yearly, retention.yearly, year),
    ] {
        let mut seen = BTreeSet::new();
        // The newest verified one of a period stands for it; one that was not proved stands for
        // nothing.
        for (one, why) in planned.iter_mut().filter(|(one, _)| one.is_verified) {
            if seen.len() < count(most) && seen.insert(period(one.taken_at)) {
                why.insert(reason);
            }
        }
    }
    planned
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn day(at: Moment) -> i64 {
    at.0.div_euclid(MILLIS_PER_DAY)
}

/// Weeks begin on Monday; the first day of 1970 was a Thursday.
fn week(at: Moment) -> i64 {
    (day(at) + 3).div_euclid(DAYS_PER_WEEK)
}

fn month(at: Moment) -> i64 {
    let text = at.to_string();
    let number = |from: usize, to: usize| {
        text.get(from..to).and_then(|part| part.parse::<i64>().ok()).unwrap_or_default()
    };
    number(0, 4) * 12 + number(5, 7)
}

fn year(at: Moment) -> i64 {
    month(at).saturating_sub(1).div_euclid(12)
}

/// What the clock says, and what goes on steadily beside it whatever becomes of the clock.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub wall: Moment,
    /// Since whenever, the same for all readings.
    pub steady: Duration,
}

impl Reading {
    /// How the clock jumped since an earlier reading, in a sentence; none where it went on.
    pub fn jump_since(self, before: Self) -> Option<String> {
        let due = before.wall.plus(self.steady.saturating_sub(before.steady));
        let (ahead, behind) = (self.wall.since(due), due.since(self.wall));
        let (by, way) = if ahead > behind { (ahead, "ahead") } else { (behind, "back") };
        let minutes = by.as_secs() / 60;
        (by > JUMP_MAX).then(|| {
            format!(
                "The clock of the box went {way} by {} h {} min at once, to {}.",
                minutes / 60,
                minutes % 60,
                self.wall
            )
        })
    }
}

/// Why no backup is removed now: the clock jumped, or contradicts what lies there. It goes on when
/// a day went by in order. `jump` is what was seen of the last one.
pub fn paused(backups: &[Kept], jump: Option<&(Moment, String)>, now: Moment) -> Option<String> {
    if let Some((_, said)) = jump.filter(|(at, _)| now.since(*at) < DAY) {
        return Some(said.clone());
    }
    let mut backups = backups.to_vec();
    backups.sort_by_key(|one| one.sequence);
    if let Some(ahead) = backups.iter().find(|one| one.taken_at > now.plus(JUMP_MAX)) {
        let detail = format!(
            "The clock says {now}, and backup {} is of {}: it went back.",
            ahead.sequence, ahead.taken_at
        );
        return Some(detail);
    }
    let recent = backups.windows(2).find(|pair| {
        let [one, next] = pair else { return false };
        one.taken_at > next.taken_at.plus(JUMP_MAX) && now.since(next.taken_at) < DAY
    });
    recent.map(|pair| {
        format!(
            "Backup {} is of {} and the later backup {} of {}: the clock went back in between.",
            pair[0].sequence, pair[0].taken_at, pair[1].sequence, pair[1].taken_at
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::id::Id;

    const RETENTION: Retention =
        Retention { daily: 7, weekly: 4, monthly: 12, yearly: 2, verified_min: 3 };

    fn backup(sequence: u64, at: Moment, is_verified: bool) -> Kept {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&sequence.to_be_bytes());
        Kept { id: Id::from_bytes(id), sequence, taken_at: at, is_verified }
    }

    fn daily(days: u64) -> Vec<Kept> {
        let start: Moment = "2024-01-01T02:30:00Z".parse().unwrap();
        let at = |number: u64| start.plus(DAY * u32::try_from(number).unwrap());
        (0..days).map(|number| backup(number + 1, at(number), true)).collect()
    }

    fn kept(backups: &[Kept]) -> Vec<u64> {
        let planned = plan(backups, RETENTION).into_iter();
        planned.filter(|(_, why)| !why.is_empty()).map(|(one, _)| one.sequence).collect()
    }

    #[test]
    fn three_years_of_nights_leave_days_weeks_months_and_years() {
        let backups = daily(3 * 365);

        let kept = kept(&backups);

        // 7 days; 4 weeks of which this one and the last are among the days; 12 months of which
        // this one and maybe the last are there already; 2 years likewise.
        assert!((19..=25).contains(&kept.len()), "{kept:?}");
        assert_eq!(kept[..7], [1095, 1094, 1093, 1092, 1091, 1090, 1089]);
    }

    #[test]
    fn nothing_goes_before_a_newer_one_was_verified() {
        let mut backups = daily(40);
        for one in backups.iter_mut().skip(10) {
            one.is_verified = false;
        }

        let kept = kept(&backups);

        let unproved: Vec<u64> = (11..=40).rev().collect();
        assert_eq!(kept[..30], unproved);
        assert!(kept.contains(&10));
    }

    #[test]
    fn a_clock_that_went_back_keeps_everything_for_a_day() {
        let mut backups = daily(10);
        let last = backups[9].taken_at;
        let now = last.plus(Duration::from_mins(5));
        assert_eq!(paused(&backups, None, now), None);
        assert!(paused(&backups, None, last.minus(DAY)).is_some(), "behind the newest");
        backups[8].taken_at = last.plus(DAY);
        let later = last.plus(DAY);
        assert!(paused(&backups, None, later.minus(JUMP_MAX)).is_some(), "out of order");
        assert_eq!(paused(&backups, None, later.plus(JUMP_MAX)), None, "a day went by in order");
    }

    #[test]
    fn a_clock_that_jumped_keeps_everything_for_a_day() {
        let jump = (Moment(0).plus(DAY * 10), "It jumped.".to_owned());
        let paused = |now: Moment| paused(&[], Some(&jump), now);

        assert!(paused(jump.0).is_some());
        assert!(paused(jump.0.minus(DAY)).is_some(), "it went back again");
        assert!(paused(jump.0.plus(DAY).minus(JUMP_MAX)).is_some());
        assert_eq!(paused(jump.0.plus(DAY)), None);
    }

    #[test]
    fn a_jump_is_what_the_clock_makes_beside_what_goes_on_steadily() {
        let minute = Duration::from_mins(1);
        let before = Reading { wall: Moment(0).plus(DAY * 400), steady: Duration::ZERO };
        let after = |wall: Moment| {
            let steady = before.steady + minute;
            Reading { wall, steady }.jump_since(before)
        };

        assert_eq!(after(before.wall.plus(minute)), None);
        assert_eq!(after(before.wall.plus(JUMP_MAX)), None);
        assert_eq!(after(before.wall.minus(minute * 50)), None);
        let said = after(before.wall.plus(DAY * 3)).unwrap();
        assert!(said.contains("ahead by 71 h 59 min"), "{said}");
        let said = after(before.wall.minus(minute * 120)).unwrap();
        assert!(said.contains("back by 2 h 1 min"), "{said}");
    }

    #[test]
    fn counts_have_bounds() {
        assert_eq!(RETENTION.check().unwrap(), RETENTION);
        assert!(Retention { verified_min: 0, ..RETENTION }.check().is_err());
        assert!(Retention { daily: 1_001, ..RETENTION }.check().is_err());
    }

    proptest! {
        #[test]
        fn whatever_lies_there_the_last_verified_ones_stay(
            found in prop::collection::vec((0_i64..4_000_000_000_000, any::<bool>()), 0..60),
            counts in prop::array::uniform4(0_u32..9),
            verified_min in 1_u32..5,
        ) {
            let backups: Vec<Kept> = found
                .iter()
                .zip(1..)
                .map(|((at, is_verified), sequence)| backup(sequence, Moment(*at), *is_verified))
                .collect();
            let [daily, weekly, monthly, yearly] = counts;
            let retention = Retention { daily, weekly, monthly, yearly, verified_min };

            let planned = plan(&backups, retention);

            prop_assert_eq!(planned.len(), backups.len());
            let verified: Vec<_> = planned.iter().filter(|(one, _)| one.is_verified).collect();
            let wanted = verified.len().min(count(verified_min));
            prop_assert!(verified.iter().take(wanted).all(|(_, why)| !why.is_empty()));
            if let Some((newest, why)) = planned.first() {
                prop_assert!(!why.is_empty(), "the newest, {}, goes", newest.sequence);
            }
            // What goes has a newer one that was verified and stays.
            for (index, (one, why)) in planned.iter().enumerate() {
                let is_covered = planned[..index]
                    .iter()
                    .any(|(newer, why)| newer.is_verified && !why.is_empty());
                prop_assert!(!why.is_empty() || is_covered, "{} goes alone", one.sequence);
            }
        }
    }
}
