//! The day up to which the books are closed.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
