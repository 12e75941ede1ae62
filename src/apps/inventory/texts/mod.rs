//! Names, codes and notes: one spelling each.

pub mod rules;

pub use rules::TextFault;
