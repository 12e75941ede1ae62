//! The audit log: one chained entry per changed object, in the same transaction as the change.

pub mod api;
pub mod ops;
pub mod rules;
pub(in crate::platform) mod store;

pub use rules::Entry;
