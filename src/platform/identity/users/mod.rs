//! The people of this box.

pub mod ops;
pub mod rules;
mod store;
