//! The signed-in person's own account.

pub mod api;
pub mod ops;
