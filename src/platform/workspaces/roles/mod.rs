//! Roles that the people of a workspace make themselves, from the same permissions as the
//! built-in ones.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
