//! Handing out and erasing the values about people beside a log. Entries, their hashes, the tree
//! and every checkpoint stay as they are.

use std::collections::BTreeMap;

use crate::platform::audit::store::{self, Filter, Shown, personal};
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::id::ObjectId;

/// The name of the value that says where a request came from.
pub const ADDRESS: &str = "address";
/// The name of the value that says with which program.
pub const USER_AGENT: &str = "user_agent";

/// Entries by or about somebody after a number, oldest first.
pub(in crate::platform) fn of_in(
    unit: &Unit<'_>,
    person: ObjectId,
    after: i64,
    limit: usize,
) -> Result<Vec<Shown>> {
    personal::of(unit.connection(), person, after, limit)
}

/// The values beside the newest entries about an object: names and what they say.
pub(in crate::platform) fn about_in(
    unit: &Unit<'_>,
    object: ObjectId,
    kind: &str,
    limit: usize,
) -> Result<Vec<(String, String)>> {
    let kind = Some(kind.to_owned());
    let filter = Filter { object: Some(object), kind, ..Filter::default() };
    let mut found = Vec::new();
    for shown in store::list(unit.connection(), &filter, limit)?.shown {
        let values = shown.personal_values.as_deref();
        let values: Option<BTreeMap<String, String>> =
            values.and_then(|values| serde_json::from_str(values).ok());
        found.extend(values.unwrap_or_default());
    }
    Ok(found)
}

/// Whether somebody did anything here, or anything was done about them.
pub(in crate::platform) fn knows_in(unit: &Unit<'_>, person: ObjectId) -> Result<bool> {
    personal::knows(unit.connection(), person)
}

/// The number of the last entry.
pub(in crate::platform) fn last_in(unit: &Unit<'_>) -> Result<i64> {
    Ok(store::head(unit.connection())?.0)
}

/// Looks at values after an entry; gives the entries that `is_meant` says so of, and where to go
/// on. `is_meant` gets the kind of who the entry is by, and the values. What cannot be read is
/// meant: nobody knows what it says.
pub(in crate::platform) fn look_in(
    unit: &Unit<'_>,
    after: i64,
    limit: usize,
    is_meant: impl Fn(&str, &BTreeMap<String, String>) -> bool,
) -> Result<(Vec<i64>, Option<i64>)> {
    let some = personal::after(unit.connection(), after, limit)?;
    let next = some.last().filter(|_| some.len() == limit).map(|(seq, ..)| *seq);
    let meant = some.into_iter().filter_map(|(seq, actor_kind, values)| {
        values.is_none_or(|values| is_meant(&actor_kind, &values)).then_some(seq)
    });
    Ok((meant.collect(), next))
}

/// Erases the values beside these entries; gives how many had any.
pub(in crate::platform) fn erase_in(unit: &Unit<'_>, entries: &[i64]) -> Result<usize> {
    let mut count = 0;
    for seq in entries {
        count += usize::from(personal::erase(unit.connection(), *seq)?);
    }
    Ok(count)
}
