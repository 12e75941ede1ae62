//! The master key and its change: everything the box keeps sealed is sealed anew with a new key.

pub mod api;
pub mod jobs;
pub mod ops;
