//! Personal tokens: how programs act for somebody.

pub mod api;
pub mod ops;
pub mod rules;
