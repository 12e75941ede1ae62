//! Suppliers: who delivers, and what they call and ask for the items they bring.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
