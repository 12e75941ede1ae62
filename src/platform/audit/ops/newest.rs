//! A look at the end of a log, for whoever has no time for all of it.

use crate::platform::audit::rules::{Computed, Kept};
use crate::platform::audit::store::{self, head, log_id};
use crate::platform::clock::Moment;
use crate::platform::db::Snapshot;
use crate::platform::error::Result;

/// What the newest entries of a log say of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::platform) struct Newest {
    pub(in crate::platform) checked: u64,
    /// When the last entry was written.
    pub(in crate::platform) at: Option<Moment>,
    /// The first entry that does not fit, and why.
    pub(in crate::platform) bad: Option<(i64, &'static str)>,
}

/// Recomputes the newest entries of a file's log, at most so many. Blocks.
pub(in crate::platform) fn look_at_newest(file: &Snapshot, most: usize) -> Result<Newest> {
    let log = log_id(file.connection())?;
    let (last, _) = head(file.connection())?;
    let after = last.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX)).max(0);
    let entries = store::whole_after(file.connection(), after, most)?;
    let mut found = Newest { checked: 0, at: None, bad: None };
    let mut before = None;
    for (record, kept) in &entries {
        let kept = kept
            .as_ref()
            .map(|(salt, values)| Kept { salt: *salt, values: serde_json::from_str(values).ok() });
        let computed = Computed::of(log, record, kept.as_ref());
        let follows =
            before.is_none_or(|(seq, hash)| record.seq == seq + 1 && record.prev_hash == hash);
        let why = match (computed.hash == record.hash, computed.is_kept, follows) {
            (true, true, true) => None,
            (false, ..) => Some("it was altered"),
            (_, false, _) => Some("the personal values beside it were altered"),
            (_, _, false) => Some("an entry before it is missing or was exchanged"),
        };
        if let Some(why) = why {
            found.bad = Some((record.seq, why));
            return Ok(found);
        }
        before = Some((record.seq, record.hash));
        found.checked += 1;
        found.at = Some(record.at);
    }
    Ok(found)
}
