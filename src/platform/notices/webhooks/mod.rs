//! Signed calls of receivers that operators name (Standard Webhooks).

pub mod api;
mod client;
pub mod ops;
pub mod rules;
mod store;
