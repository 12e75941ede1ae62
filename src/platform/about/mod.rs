//! What runs here and what it is made of.

pub mod api;
