//! What a database file holds, whichever it is: a backup says it of itself, and what was brought
//! back is compared with it.

pub mod ops;
pub mod rules;
mod store;
