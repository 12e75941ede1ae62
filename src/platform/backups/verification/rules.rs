//! What is refused of looks at backups that lie somewhere.

use crate::platform::error::{Code, code};

pub const CODES: &[Code] = &[
    code(
        "drill-identity",
        "This is no key of a recovery kit.",
        "Send the whole kit, or its line that begins with AGE-SECRET-KEY-1.",
    ),
    code(
        "drill-wrong-kit",
        "The kit does not open this backup.",
        "It was made for other keys. Take the kit that was in use when the backup was made.",
    ),
    code(
        "drill-key-gone",
        "The box restarted before the drill began, so the key is gone.",
        "Begin the drill again. The key is kept in memory alone.",
    ),
    code(
        "backup-nowhere",
        "No copy of the backup lies at a target.",
        "Take another backup from the list.",
    ),
    code(
        "backup-not-reached",
        "A target does not hand out the backup now.",
        "Look at what it says and mend it, then try again.",
    ),
    code(
        "backup-late",
        "No backup was verified for longer than a day.",
        "Look at the newest backup and at the targets; run one by hand.",
    ),
    code(
        "target-away",
        "A target has not taken a backup for more than an hour.",
        "Look at what it says and mend it; the backup is sent by itself then.",
    ),
    code(
        "kit-unconfirmed",
        "Nobody has shown that they hold a recovery kit.",
        "Prove one: holdfast backup kit confirm --kit FILE, or in the browser.",
    ),
];

/// Bytes fetched back in one weekly look at old copies, half of them at most of packs.
pub const CHECKED_BYTES_MAX: u64 = 20_000_000_000;

/// How many of the first take no more bytes together than so many, one at least, and how many
/// bytes they take.
pub fn fitting(sizes: impl IntoIterator<Item = u64>, bytes_max: u64) -> (usize, u64) {
    let (mut count, mut bytes) = (0, 0_u64);
    for size in sizes {
        let with = bytes.saturating_add(size);
        if count > 0 && with > bytes_max {
            break;
        }
        (count, bytes) = (count + 1, with);
    }
    (count, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_looked_at_as_fit_and_one_at_least() {
        assert_eq!(fitting([], 10), (0, 0));
        assert_eq!(fitting([11, 1], 10), (1, 11));
        assert_eq!(fitting([4, 6, 1], 10), (2, 10));
        assert_eq!(fitting([4, 7, 1], 10), (1, 4));
        assert_eq!(fitting([4, u64::MAX], u64::MAX), (2, u64::MAX));
    }
}
