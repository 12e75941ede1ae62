//! What operators decide about schedules: when, and whether at all.

pub mod api;
pub mod ops;
pub mod rules;
pub(in crate::platform) mod store;
