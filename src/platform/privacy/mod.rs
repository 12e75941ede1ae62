//! What is held on a person: handed out to them, and erased.

pub mod api;
mod archive;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
