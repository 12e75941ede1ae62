//! Lists: bounded pages with a cursor.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::error::{Error, Refusal, Result};
use crate::platform::secret::to_base64;

/// Rows of a page when nobody says otherwise.
pub const LIMIT_DEFAULT: usize = 50;
/// Rows of a page at most.
pub const LIMIT_MAX: usize = 200;
/// Rows counted for `total` at most.
pub const TOTAL_MAX: u64 = 10_000;
/// Characters in a cursor.
const CURSOR_LENGTH_MAX: usize = 2_000;

/// Checks a wished page length.
pub fn limit(wished: Option<i64>) -> Result<usize> {
    limit_within(wished, LIMIT_MAX)
}

/// The same where a page may be longer, since each costs as much as all of them.
pub fn limit_within(wished: Option<i64>, max: usize) -> Result<usize> {
    match wished {
        None => Ok(LIMIT_DEFAULT),
        Some(wished) => usize::try_from(wished)
            .ok()
            .filter(|limit| (1..=max).contains(limit))
            .ok_or_else(|| {
                let detail = format!("A page has 1 to {max} rows.");
                Error::invalid("limit", "limit-out-of-range", detail)
            }),
    }
}

/// To be in scope where the body of an answer is a [`Page`]: for a type with parameters `utoipa`
/// writes `String::from(name.as_ref())`, and leaves it to the compiler as what. That has several
/// answers once a crate in the tree has one of its own, as `typed-path` has below `tough`. This
/// one is found before the others, for it takes the name itself.
pub trait OneName {
    #[expect(clippy::wrong_self_convention, reason = "it is found first because it takes the name")]
    fn as_ref(self) -> Cow<'static, str>;
}

impl OneName for Cow<'static, str> {
    fn as_ref(self) -> Cow<'static, str> {
        self
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it as `cursor` to get the next page; null on the last.
    pub next_cursor: Option<String>,
    /// Rows in all, counted to 10,000, when `total=true` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// True when there are more than `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_is_more: Option<bool>,
}

impl<T> Page<T> {
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor, total: None, total_is_more: None }
    }

    /// A page of a list that is bounded and at hand as a whole, in ascending order of `key`, which
    /// no two rows share. The next page begins behind the last row's key, whatever became of it.
    pub fn of_all<K: Ord + Serialize + DeserializeOwned>(
        all: Vec<T>,
        limit: usize,
        cursor: Option<&str>,
        key: impl Fn(&T) -> K,
    ) -> Result<Self> {
        let after: Option<K> = read_cursor(cursor)?;
        let is_behind = |one: &T| after.as_ref().is_none_or(|after| key(one) > *after);
        let rest = all.into_iter().filter(is_behind).collect();
        Self::of_one_more(rest, limit, key)
    }

    /// A page of rows of which one more was looked up than it holds: that one says whether there
    /// is another page. `position` is what the next one begins behind.
    pub fn of_one_more<P: Serialize>(
        mut found: Vec<T>,
        limit: usize,
        position: impl FnOnce(&T) -> P,
    ) -> Result<Self> {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        let next = last.map(|last| self::cursor(&position(last))).transpose()?;
        Ok(Self::new(found, next))
    }

    /// The same page of other things.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
            total: self.total,
            total_is_more: self.total_is_more,
        }
    }

    /// Adds the total, of which `TOTAL_MAX + 1` were counted at most.
    #[must_use]
    pub fn total(mut self, counted: Option<u64>) -> Self {
        self.total = counted.map(|count| count.min(TOTAL_MAX));
        self.total_is_more = counted.map(|count| count > TOTAL_MAX);
        self
    }
}

/// Writes where the next page begins; opaque to the caller.
pub fn cursor(position: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(position).map_err(Error::internal)?;
    Ok(to_base64(&json))
}

/// Reads a cursor back.
pub fn read_cursor<T: for<'de> Deserialize<'de>>(cursor: Option<&str>) -> Result<Option<T>> {
    use base64::Engine;
    let Some(cursor) = cursor else { return Ok(None) };
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let bytes = Some(cursor).filter(|text| text.len() <= CURSOR_LENGTH_MAX);
    let bytes = bytes.and_then(|text| engine.decode(text).ok());
    let position = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    position.map(Some).ok_or_else(|| {
        let refusal =
            Refusal::new("cursor-bad", "This cursor is not one the box gave. Start anew.");
        Error::Malformed(refusal.field("cursor", "cursor-bad", "Not a cursor of this list."))
    })
}
