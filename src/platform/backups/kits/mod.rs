//! The public halves of recovery kits: whom backups are encrypted to.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
