//! Locations: where things are kept, as a tree.

pub mod rules;
