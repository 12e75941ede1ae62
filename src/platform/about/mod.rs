//! What runs here and what it is made of.

pub mod api;

pub use api::time_of_build;
