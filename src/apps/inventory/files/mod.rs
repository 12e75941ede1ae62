//! Pictures and documents beside items and orders.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
