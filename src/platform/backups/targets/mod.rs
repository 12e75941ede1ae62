//! Where backups go.

pub mod api;
mod faults;
mod folder;
pub(in crate::platform) mod http;
mod onedrive;
pub mod ops;
mod remote;
pub mod rules;
mod s3;
pub mod settings;
mod sftp;
mod signing_in;
pub mod source;
mod store;
mod taking;
#[cfg(test)]
mod tests;
mod webdav;
mod written;

pub use faults::{Fault, Why};
pub use onedrive::{Endpoints, Microsoft};
pub use remote::{Listed, Remote, Test};
pub use signing_in::{SignIn, SignIns};
pub use written::TargetSettingsRequest;
