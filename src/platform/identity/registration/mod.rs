//! Registration: closed, or open to addresses of some domains that their people confirm.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
