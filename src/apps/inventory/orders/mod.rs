//! Purchase orders: what is ordered from suppliers, and what of it arrived.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
