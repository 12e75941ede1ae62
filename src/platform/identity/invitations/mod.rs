//! Invitations: how somebody comes into a workspace without a mail server.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
