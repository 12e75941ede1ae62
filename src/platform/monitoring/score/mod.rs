//! One number for how stable the box is, with what it is made of.

mod ops;
pub mod rules;
mod uptime;

pub use ops::{Memory, current, look};
