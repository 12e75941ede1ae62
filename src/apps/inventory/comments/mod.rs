//! Comments: what people say about items and orders, and whom they mention.

pub mod api;
pub mod jobs;
pub mod ops;
pub mod rules;
mod store;
