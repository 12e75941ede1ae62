//! People and their credentials.

pub mod factors;
pub mod invitations;
pub mod links;
pub mod me;
pub mod mfa_requests;
pub mod passkeys;
pub mod passwords;
pub mod programs;
pub mod registration;
pub mod resets;
pub mod services;
pub mod sessions;
pub mod sign_in;
pub mod signing;
pub mod step_up;
pub mod tokens;
pub mod users;

pub use links::Links;
pub use passwords::Passwords;
pub use sessions::{Credential, Principal, Resolved};
pub use sign_in::SignIns;
pub use users::rules::{User, UserId};

use super::app::Routes;
use super::error::Code;

/// The error codes of people and their credentials.
pub const CODES: &[&[Code]] = &[
    factors::rules::CODES,
    invitations::rules::CODES,
    links::CODES,
    mfa_requests::rules::CODES,
    passkeys::rules::CODES,
    passwords::rules::CODES,
    programs::rules::CODES,
    registration::rules::CODES,
    resets::rules::CODES,
    services::rules::CODES,
    sessions::rules::CODES,
    sign_in::rules::CODES,
    tokens::rules::CODES,
    users::rules::CODES,
];

/// The routes of people below a workspace.
pub fn workspace_routes() -> Routes {
    invitations::api::workspace_routes()
}

/// The routes of people and their credentials.
pub fn routes() -> Routes {
    Routes::new()
        .merge(sign_in::api::routes())
        .merge(step_up::api::routes())
        .merge(factors::api::routes())
        .merge(passkeys::api::routes())
        .merge(mfa_requests::api::routes())
        .merge(invitations::api::routes())
        .merge(registration::api::routes())
        .merge(users::api::routes())
        .merge(resets::api::routes())
        .merge(passwords::api::routes())
        .merge(me::api::routes())
        .merge(sessions::api::routes())
        .merge(tokens::api::routes())
        .merge(programs::api::routes())
        .merge(services::api::routes())
}

/// The routes outside `/api`.
pub fn box_routes() -> Routes {
    signing::api::box_routes()
}
