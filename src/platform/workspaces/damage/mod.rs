//! Workspaces whose files are damaged: marked, read as far as they can be, and never written to
//! until a restore brings them back.

pub mod jobs;
pub mod ops;
pub mod rules;
pub(in crate::platform) mod store;
