//! Items: what is kept.

pub mod rules;
