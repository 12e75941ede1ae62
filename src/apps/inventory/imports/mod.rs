//! Files in: CSV with a preview, then one transaction.

pub mod api;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
