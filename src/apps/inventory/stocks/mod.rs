//! Stock: what is where, now or at a moment, and the check that it is the sum of its ledger.

pub mod api;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
