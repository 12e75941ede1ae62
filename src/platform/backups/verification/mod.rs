//! Proving backups: that what lies at a target can be fetched back and opened, and holds what was
//! there when it was made.

pub mod api;
pub mod jobs;
pub mod ops;
pub(in crate::platform::backups) mod proving;
mod round;
pub mod rules;
