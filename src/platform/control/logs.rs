//! The newest lines of the log for the command line.

use serde_json::{Value, json};

use super::protocol::LogWish;
use crate::platform::error::Result;
use crate::platform::monitoring::lines::{newest, rules, shown};

/// Lines at once at most.
const LINES_MAX: usize = 1_000;

/// The newest last, as a terminal shows them.
pub(super) fn perform(wish: &LogWish) -> Result<Value> {
    let wanted = rules::Wish {
        words: rules::Wish::words_of(wish.words.as_deref().unwrap_or_default()),
        level: wish.level.as_deref().map(rules::Level::read).transpose()?,
        request_id: wish.request.clone(),
        after: wish.after,
        ..rules::Wish::default()
    };
    let mut found = newest(&wanted, wish.lines.min(LINES_MAX));
    found.reverse();
    let items: Vec<Value> = found.iter().map(shown::line).collect();
    Ok(json!({ "items": items }))
}
