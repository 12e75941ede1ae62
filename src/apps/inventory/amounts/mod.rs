//! Exact amounts: quantities in thousandths, money in ten-thousandths.

pub mod rules;

pub use rules::{AmountFault, Money, Qty};
