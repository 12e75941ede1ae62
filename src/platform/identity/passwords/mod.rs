//! Passwords: how good one must be, and how it is kept.

pub mod api;

mod hashing;
mod phrases;
pub mod rules;

pub use hashing::{Lane, Meter, Passwords, Verdict};
