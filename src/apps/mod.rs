//! The apps a team works with. Each is plain data; this list is the only place that names them.

pub mod inventory;

use crate::platform::app::AppSpec;

/// Every app, in the order of migrations and menus.
pub const ALL: &[AppSpec] = &[
    inventory::SPEC,
    #[cfg(feature = "fixture")]
    crate::fixture::SPEC,
];
