//! Base backups: making them, sending them, proving them, and the list of them.

pub mod api;
mod fence;
pub mod jobs;
pub(in crate::platform::backups) mod leftovers;
mod making;
pub mod ops;
pub(in crate::platform::backups) mod returning;
pub(in crate::platform::backups) mod room;
pub mod rules;
pub(in crate::platform::backups) mod sending;
mod store;

pub(in crate::platform) use returning::settle;
