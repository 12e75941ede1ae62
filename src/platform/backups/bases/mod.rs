//! Base backups: one cut over the whole box, encrypted, and sent to every target.

pub mod api;
pub mod jobs;
mod making;
pub mod ops;
pub mod rules;
mod store;
