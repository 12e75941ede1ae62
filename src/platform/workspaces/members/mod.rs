//! Who belongs to a workspace, and as what.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
