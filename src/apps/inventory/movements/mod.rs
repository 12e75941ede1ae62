//! Movements: the ledger, and the one place that posts to it.

pub mod rules;

pub use rules::{Movement, MovementId, MovementType};
