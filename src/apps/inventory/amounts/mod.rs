//! Exact amounts: quantities in thousandths, money in ten-thousandths.

pub mod rules;
mod store;

pub use rules::{AmountFault, Money, Qty};
