//! The review of the box's security: what the settings, keys, people and routes say about it,
//! gone through by somebody once a month and kept.

pub mod api;
pub mod ops;
pub mod report;
pub mod rules;
mod store;
