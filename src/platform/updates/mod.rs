//! Signed updates that can be undone: what a release is, the metadata that vouches for it, who
//! publishes it, and the supervisor that starts it, watches it and goes back.

pub mod link;
pub mod metadata;
pub mod release;
pub mod supervisor;

use crate::platform::error::Code;

/// The codes of everything here.
pub const CODES: &[&[Code]] = &[metadata::codes::CODES];
