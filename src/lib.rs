//! Holdfast: a small team's operations on a box it owns. Modules in reading order.

pub mod wiring;

pub mod cli;
pub mod config;

pub mod apps;
#[cfg(feature = "fixture")]
pub mod fixture;
pub mod http;
pub mod platform;
