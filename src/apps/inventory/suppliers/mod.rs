//! Suppliers: who delivers.

pub mod ops;
pub mod rules;
mod store;
