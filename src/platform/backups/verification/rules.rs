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

/// Bytes fetched back in one weekly look at old copies.
pub const CHECKED_BYTES_MAX: u64 = 20_000_000_000;
