//! The report of what was used over a period, and how often stock was turned over.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
