//! How updates stand, and what was tried.

pub mod history;
pub mod status;
