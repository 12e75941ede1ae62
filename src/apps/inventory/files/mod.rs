//! Pictures and documents of items.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
