//! What counts as the same request.

use std::time::Duration;

use crate::platform::error::{Code, Refusal, Result, code};
use crate::platform::id::ObjectId;

/// A key is remembered for so long.
pub const KEPT: Duration = Duration::from_hours(24);
/// Characters in a key.
pub const KEY_LENGTH_MAX: usize = 128;

pub const CODES: &[Code] = &[
    code(
        "idempotency-mismatch",
        "The same Idempotency-Key was used before with another body.",
        "Use a new key for a new request.",
    ),
    code(
        "idempotency-key-bad",
        "The Idempotency-Key is empty, longer than 128 characters or not plain ASCII.",
        "Send a random UUID.",
    ),
];

/// What the sender said to make a request repeatable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub key: String,
    pub path: String,
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
}

/// An object made by a request, now or when it was sent first.
#[derive(Debug, Clone)]
pub struct Created<T> {
    pub value: T,
    pub is_replay: bool,
}

impl<T> Created<T> {
    /// The same made thing, seen as something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Created<U> {
        Created { value: change(self.value), is_replay: self.is_replay }
    }
}

/// A remembered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub body_hash: [u8; 32],
    pub object_id: ObjectId,
}

/// Gives the object of the first request, or refuses when this one says something else.
pub fn replayed(once: &Once, remembered: &Remembered) -> Result<ObjectId> {
    if once.body_hash == remembered.body_hash {
        return Ok(remembered.object_id);
    }
    let detail = "This Idempotency-Key was used before with another body. Use a new key.";
    Err(Refusal::new("idempotency-mismatch", detail).into())
}
