//! People and their credentials.

pub mod me;
pub mod passwords;
pub mod sessions;
pub mod sign_in;
pub mod tokens;
pub mod users;

pub use passwords::Passwords;
pub use sessions::{Credential, Principal, Resolved};
pub use sign_in::SignIns;
pub use users::rules::{User, UserId};

use super::app::Routes;
use super::error::Code;

/// The error codes of people and their credentials.
pub const CODES: &[&[Code]] = &[
    passwords::rules::CODES,
    sessions::rules::CODES,
    sign_in::rules::CODES,
    tokens::rules::CODES,
    users::rules::CODES,
];

/// The routes of people and their credentials.
pub fn routes() -> Routes {
    Routes::new()
        .merge(sign_in::api::routes())
        .merge(passwords::api::routes())
        .merge(me::api::routes())
        .merge(sessions::api::routes())
        .merge(tokens::api::routes())
}
