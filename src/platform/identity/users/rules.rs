//! What a person is.

use crate::platform::id::Id;

/// A person who can sign in.
pub enum User {}
pub type UserId = Id<User>;
