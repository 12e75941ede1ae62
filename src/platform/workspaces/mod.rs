//! Workspaces: a tenant each, with a database file of its own.

pub mod api;
pub mod ops;
mod registry;
pub mod rules;
mod store;

pub(in crate::platform) use registry::look_at;
pub use registry::{FOLDER, Workspaces};
pub use rules::{Workspace, WorkspaceId};
