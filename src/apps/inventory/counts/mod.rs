//! Counts: sessions in which people write down what is there, and what a manager makes of it.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
