//! How much a workspace holds.

pub mod ops;
mod store;
