//! Locations: where things are kept, as a tree.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
