//! The report of how well the books agreed with what was counted.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
