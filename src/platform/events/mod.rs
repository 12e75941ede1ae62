//! Telling browsers that something changed: the tail of the audit log as an event stream.

pub mod api;
pub mod rules;
mod streams;

pub use streams::{StreamPermit, Streams};
