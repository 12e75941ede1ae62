//! What a person has beside the password: an authenticator app, and codes on paper.

pub mod api;
mod codes;
pub mod ops;
pub mod rules;
pub(in crate::platform) mod sealing;
mod store;
pub mod totp;

pub use rules::Standing;
