//! The report of what stock is worth, now or at a day that is over.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
