//! Saved filters: what somebody looks for in the items list, kept for them alone.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
