//! First run: who holds the one-time link becomes the first operator.

pub mod api;
pub mod ops;
pub mod rules;
mod store;

pub use ops::SetUp;
