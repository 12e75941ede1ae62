//! The audit log: one chained entry per changed object, in the same transaction as the change. A
//! tree over the entries and signed checkpoints of it let anyone prove what is in a log.

pub mod api;
mod growth;
pub mod jobs;
pub mod ops;
mod parallel;
pub mod reads;
pub mod rules;
pub mod runner;
mod signer;
pub(in crate::platform) mod store;

pub use growth::Log;
pub(in crate::platform) use growth::{Growing, Growth};
pub use ops::checkpoints::Keeping;
pub use rules::Entry;
pub(in crate::platform) use signer::Signer;
