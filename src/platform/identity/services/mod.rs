//! Service accounts: programs that act for nobody but themselves.

pub mod api;
pub mod keys;
pub mod ops;
pub mod rules;
mod store;
