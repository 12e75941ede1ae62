//! Reset links: how somebody who lost their password chooses a new one. Nobody else ever knows it.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
