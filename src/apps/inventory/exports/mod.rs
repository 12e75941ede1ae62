//! Files out: the same tables that the import reads, and the ledger.

pub mod api;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
