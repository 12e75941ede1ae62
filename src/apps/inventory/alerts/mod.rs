//! Alerts: what fell below its minimum, since when, and what brings it back.

pub mod api;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
