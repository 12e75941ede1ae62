//! How it stands with backups as a whole, and what is wrong with that.

pub mod api;
pub mod ops;
pub mod rules;
