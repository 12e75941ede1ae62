//! Who may do what: permissions, roles, and the one table that joins them.

pub mod api;
pub mod rules;

pub use rules::{AnyRole, CustomRoleId, Grant, NamedRole, PermissionSpec, Role, RoleTable};
