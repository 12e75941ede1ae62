//! Workspaces: a tenant each, with a database file of its own.

pub mod api;
mod cut;
pub mod members;
pub mod ops;
mod registry;
pub mod roles;
pub mod rules;
mod store;

pub use registry::{FOLDER, Workspaces};
pub(in crate::platform) use registry::{look_at, size_bytes_in};
pub use rules::{Standing, State, Workspace, WorkspaceId};
