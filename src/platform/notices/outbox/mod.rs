//! What has to leave the box: kept until the other side confirmed it, tried again with growing
//! pauses, given up after some days. Whoever queues something never waits for it.

pub mod api;
pub mod ops;
pub mod rules;
pub(super) mod runner;
mod state;
mod store;

pub use state::Sending;
