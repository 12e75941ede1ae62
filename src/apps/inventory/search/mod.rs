//! Search as you type: what a list of items finds, and what the one search finds of this app.

pub mod ops;
pub mod rules;
mod store;
