//! Workspaces: a tenant each, with a database file of its own.

pub mod api;
mod cut;
pub mod damage;
pub mod members;
pub mod ops;
mod quarantine;
mod registry;
mod replacing;
pub mod roles;
pub mod rules;
mod store;

pub(in crate::platform) use cut::Cut;
pub(in crate::platform) use quarantine::Marked;
pub use registry::{FOLDER, Workspaces};
pub(in crate::platform) use registry::{look_at, size_bytes_in};
pub(in crate::platform) use replacing::{
    Closed, Puts, beside_of, file_id_of, give_back_log, make_another,
};
pub use rules::{Standing, State, Workspace, WorkspaceId};
