//! One search over everything a person may see in a workspace. Each app says what of its own is
//! found and which permission it takes; here the answers become one list.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
