//! Movements: the ledger, and the one place that posts to it.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
