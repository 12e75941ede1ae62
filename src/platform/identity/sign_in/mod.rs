//! Signing in and out with e-mail address and password.

pub mod api;
mod attempts;
pub mod ops;
mod pending;
pub mod rules;
mod store;

pub use attempts::{SignIns, Target, count_failure};
pub use pending::{Pending, Pendings};
