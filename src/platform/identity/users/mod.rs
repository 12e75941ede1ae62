//! The people of this box.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
