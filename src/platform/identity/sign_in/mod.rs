//! Signing in and out with e-mail address and password.

pub mod api;
mod attempts;
pub mod ops;
mod pending;
pub mod rules;
mod store;

pub use attempts::{Reason, SignIns, Target, count_failure, count_refused_proof, counted};
pub use pending::{Pending, Pendings};
