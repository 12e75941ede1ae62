//! The keys the box signs access tokens of programs with, and what others check them by.

pub mod api;
pub mod jwt;
pub mod ops;
pub mod rules;
mod store;

pub use ops::{Keys, Signer};
