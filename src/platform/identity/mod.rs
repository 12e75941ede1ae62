//! People and their credentials.

pub mod sessions;
pub mod users;

pub use sessions::{Credential, Principal, Resolved};
pub use users::rules::{User, UserId};
