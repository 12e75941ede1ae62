//! The contract: every test speaks HTTP to a box of its own.
#![expect(unreachable_pub, reason = "the harness is a module of its only user")]

mod audit;
mod checkpoints;
mod columns;
mod credentials;
mod description;
mod errors;
mod events;
mod front;
mod fuzz;
mod hostile;
mod inventory;
mod invitations;
mod jobs;
mod keys;
mod limits;
mod members;
mod monitoring;
mod notices;
mod origins;
mod passwords;
mod programs;
mod reads;
mod registration;
mod requests;
mod resets;
mod samples;
mod second_factor;
mod secrecy;
mod sessions;
mod setup;
mod sign_in;
mod support;
mod tokens;
mod users;
mod workspaces;
