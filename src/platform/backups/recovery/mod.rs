//! Bringing a whole box back on a bare machine.

pub mod ops;
mod store;
