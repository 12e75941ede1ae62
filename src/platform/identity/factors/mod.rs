//! What a person has beside the password: an authenticator app, and codes on paper.

pub mod ops;
pub mod rules;
mod store;

pub use rules::Standing;
