//! Elevated rights: what somebody who left their screen alone must not lose.

pub mod api;
pub mod ops;
