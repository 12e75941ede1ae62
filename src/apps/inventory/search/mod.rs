//! Search as you type.

pub mod rules;
