//! Where backups go.

pub mod api;
mod folder;
pub mod ops;
mod remote;
pub mod rules;
mod store;

pub use remote::{Fault, Listed, Remote, Why};
