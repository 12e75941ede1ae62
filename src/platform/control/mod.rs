//! What the command line asks of the running box: one line of JSON there, one line back, over a
//! unix socket in the data folder. Only root and the box's own user are heard.

mod backups;
mod client;
mod jobs;
mod listener;
mod logs;
pub mod ops;
mod people;
mod protocol;
mod restores;
mod security;
mod socket;
mod targets;
mod tenants;
#[cfg(test)]
mod tests;
mod updates;

pub use backups::{BackupList, BackupPlan, BackupRow, Challenge, KitMade};
pub use client::{Asked, ask, try_to_ask};
pub use jobs::Running;
pub use listener::{start, start_on};
pub use ops::{KeyRotation, SetupLink, Status, perform};
pub use people::{Person, PersonLink, PersonToken, PersonWork};
pub use protocol::{
    Answer, BackupVerb, DoctorVerb, ExportWish, Fault, HandedOver, Hidden, ImportWish, LogWish,
    NewWorkspace, RestoreFrom, RestoreWish, TargetVerb, UserVerb, Verb,
};
pub use security::SecurityLook;
pub use targets::{TargetRow, TargetStep, TargetTest};
pub use tenants::Made;
pub use updates::{UpdateHistory, UpdateVerb};

/// In the data folder.
pub const SOCKET: &str = "control.sock";
