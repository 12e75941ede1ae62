//! Items: what is kept.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
