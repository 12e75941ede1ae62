//! Mail: how it leaves the box, what stands in it.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
pub mod texts;
mod transport;
