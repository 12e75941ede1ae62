//! What is in the bin, for how long, and who takes it out.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, code};
use crate::platform::id::ObjectId;
use crate::platform::identity::UserId;

/// Days within which what was deleted can be restored.
pub const KEPT_DAYS: u64 = 30;
const KEPT: Duration = Duration::from_hours(KEPT_DAYS * 24);

pub const CODES: &[Code] = &[
    code(
        "restore-too-late",
        "It was deleted more than 30 days ago and cannot be restored any more.",
        "Make it anew; its number is free.",
    ),
    code(
        "recycle-kind-unknown",
        "Nothing of this kind can be deleted.",
        "Use a kind as the list of what was deleted shows it.",
    ),
];

/// Something that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    pub id: ObjectId,
    /// What people call it.
    pub title: String,
    /// Its number or code.
    pub subtitle: String,
    pub deleted_at: Moment,
    pub deleted_by: Option<UserId>,
}

/// A place in the list, which goes from the newest deletion to the oldest: everything behind it is
/// older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub deleted_at: Moment,
    pub id: ObjectId,
}

impl Position {
    /// Before the newest.
    pub const NEWEST: Self =
        Self { deleted_at: Moment(i64::MAX), id: ObjectId::from_bytes([0xff; 16]) };

    pub fn of(deleted: &Deleted) -> Self {
        Self { deleted_at: deleted.deleted_at, id: deleted.id }
    }
}

/// A stretch of the list: behind a position, and not deleted before a moment.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub behind: Position,
    pub oldest: Moment,
}

/// What was deleted before this moment is past its days.
pub fn oldest_kept(now: Moment) -> Moment {
    now.minus(KEPT)
}

/// Until when something can be restored.
pub fn restorable_until(deleted_at: Moment) -> Moment {
    deleted_at.plus(KEPT)
}

/// Refuses what was deleted too long ago, whoever asks.
pub fn check_time(deleted_at: Moment, now: Moment) -> Result<(), Error> {
    if deleted_at >= oldest_kept(now) {
        return Ok(());
    }
    let detail = format!("It was deleted on {}, more than {KEPT_DAYS} days ago.", day(deleted_at));
    Err(Error::conflict("restore-too-late", detail))
}

/// Whether somebody takes back a deletion of their own.
pub fn is_own(deleted_by: Option<UserId>, user: Option<UserId>) -> bool {
    deleted_by.is_some() && deleted_by == user
}

/// The date of a moment, `2026-11-21`.
fn day(moment: Moment) -> String {
    moment.to_string().chars().take(10).collect()
}

/// The newest of several lists, each from newest to oldest, with what each is a list of.
pub fn newest<K: Copy>(lists: Vec<(K, Vec<Deleted>)>, limit: usize) -> Vec<(K, Deleted)> {
    let each =
        lists.into_iter().flat_map(|(kind, list)| list.into_iter().map(move |one| (kind, one)));
    let mut all: Vec<_> = each.collect();
    all.sort_by_key(|(_, one)| std::cmp::Reverse(Position::of(one)));
    all.truncate(limit);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::Id;

    const DAY: Duration = Duration::from_hours(24);
    const NOW: Moment = Moment(1_795_240_800_000);

    fn deleted(at: i64, id: u8) -> Deleted {
        Deleted {
            id: Id::from_bytes([id; 16]),
            title: String::new(),
            subtitle: String::new(),
            deleted_at: Moment(at),
            deleted_by: None,
        }
    }

    #[test]
    fn thirty_days_are_kept_and_not_a_moment_more() {
        let just = NOW.minus(30 * DAY);

        check_time(just, NOW).unwrap();
        assert_eq!(restorable_until(just), NOW);
        let refused = check_time(just.minus(Duration::from_millis(1)), NOW).unwrap_err();
        assert!(refused.to_string().contains("restore-too-late"), "{refused}");
    }

    #[test]
    fn a_clock_that_went_back_makes_nothing_too_late() {
        check_time(NOW.plus(DAY), NOW).unwrap();
    }

    #[test]
    fn the_box_itself_owns_no_deletion() {
        let somebody = Some(Id::from_bytes([1; 16]));
        assert!(is_own(somebody, somebody));
        assert!(!is_own(somebody, Some(Id::from_bytes([2; 16]))));
        assert!(!is_own(None, None));
    }

    #[test]
    fn lists_are_merged_from_the_newest_on() {
        let lists = vec![("a", vec![deleted(9, 1), deleted(5, 2)]), ("b", vec![deleted(5, 3)])];

        let merged: Vec<_> = newest(lists.clone(), 9).iter().map(|(kind, _)| *kind).collect();

        assert_eq!(merged, ["a", "b", "a"]);
        assert_eq!(newest(lists, 2).len(), 2);
    }
}
