//! A made-up group of kitchens to try things out with: what it keeps, where, and half a year of
//! its ledger. Told by rules from a fixed seed, so every box tells the same story.

mod ops;
mod rules;
mod store;

pub use ops::SPEC;
pub use rules::CODES;
