//! Bringing a whole box back on a bare machine.

pub mod finding;
pub mod ops;
mod store;
pub mod unpacking;
