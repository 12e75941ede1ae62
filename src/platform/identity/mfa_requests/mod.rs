//! The way back of somebody who lost every factor: another person vouches for them.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
