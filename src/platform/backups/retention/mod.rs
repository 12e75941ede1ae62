//! How long backups are kept.

pub mod api;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
