//! Bringing one workspace back while the box lives: in the place of what is there now, or beside
//! it under a new name.

pub mod api;
mod candidate;
mod fetching;
pub mod jobs;
mod kept;
pub mod ops;
pub mod rules;
mod store;
