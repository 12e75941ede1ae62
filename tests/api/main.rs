//! The contract: every test speaks HTTP to a box of its own.
#![expect(unreachable_pub, reason = "the harness is a module of its only user")]

mod description;
mod events;
mod front;
mod hostile;
mod inventory;
mod monitoring;
mod passwords;
mod sessions;
mod setup;
mod sign_in;
mod support;
mod tokens;
mod workspaces;
