//! Roles are named permission sets in one table that feeds the guard, the UI and the tests.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::platform::error::{Code, Error, Result, code};

pub const CODES: &[Code] = &[code(
    "role-above-own",
    "Nobody gives away a role that is above their own.",
    "Choose another role, or ask an owner of the workspace.",
)];

/// What a person is in a workspace, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Owner,
    Admin,
    Manager,
    Counter,
    Analyst,
    Member,
    Viewer,
}

impl Role {
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Counter,
        Self::Analyst,
        Self::Member,
        Self::Viewer,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Counter => "counter",
            Self::Analyst => "analyst",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }
}

/// Whether somebody with the role `own` may give `role`. Only owners make owners.
pub fn may_give(own: Role, role: Role) -> Result<()> {
    if role != Role::Owner || own == Role::Owner {
        return Ok(());
    }
    Err(Error::invalid("role", "role-above-own", "Only an owner makes somebody an owner."))
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(())
    }
}

/// Everybody in the workspace.
pub const EVERYBODY: &[Role] = &Role::ALL;
/// Owners alone.
pub const OWNERS: &[Role] = &[Role::Owner];
/// Owners and admins.
pub const ADMINS: &[Role] = &[Role::Owner, Role::Admin];
/// Owners, admins and managers.
pub const MANAGERS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager];

/// A permission, what it lets somebody do, and the roles that have it.
#[derive(Debug, Clone, Copy)]
pub struct PermissionSpec {
    /// `area.verb`, e.g. `inventory.move`.
    pub id: &'static str,
    pub title: &'static str,
    pub roles: &'static [Role],
}

/// Needed by every route that only operators may call. No role has it.
pub const OPERATE: &str = "box.operate";

/// The platform's own permissions; every app adds its own.
pub const PERMISSIONS: &[PermissionSpec] = &[
    PermissionSpec {
        id: "workspace.read",
        title: "See the workspace's name and settings",
        roles: EVERYBODY,
    },
    PermissionSpec {
        id: "workspace.settings",
        title: "Change the workspace's settings",
        roles: ADMINS,
    },
    PermissionSpec { id: "recycle.read", title: "See what was deleted", roles: MANAGERS },
    PermissionSpec { id: "people.read", title: "See who belongs to it", roles: MANAGERS },
    PermissionSpec {
        id: "people.manage",
        title: "Invite people, change their roles, remove them",
        roles: ADMINS,
    },
    PermissionSpec {
        id: "workspace.transfer",
        title: "Hand the workspace over to another owner",
        roles: OWNERS,
    },
    PermissionSpec { id: "workspace.delete", title: "Delete the workspace", roles: OWNERS },
    PermissionSpec { id: "jobs.read", title: "See jobs and how they ended", roles: MANAGERS },
    PermissionSpec { id: "jobs.run", title: "Start, cancel and retry jobs", roles: ADMINS },
    PermissionSpec { id: "audit.read", title: "Read and verify the audit log", roles: ADMINS },
    PermissionSpec { id: "events.read", title: "Be told when something changes", roles: EVERYBODY },
];

/// What somebody may do in one workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant(Arc<BTreeSet<&'static str>>);

impl Grant {
    pub fn allows(&self, permission: &str) -> bool {
        self.0.contains(permission)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    /// What is left when only `permissions` are let through.
    #[must_use]
    pub fn narrowed(&self, permissions: &BTreeSet<String>) -> Self {
        Self(Arc::new(self.0.iter().copied().filter(|one| permissions.contains(*one)).collect()))
    }

    /// What is left where an app is switched off.
    #[must_use]
    pub fn without(&self, app: &str) -> Self {
        let is_of_it = |one: &str| one.split('.').next() == Some(app);
        Self(Arc::new(self.0.iter().copied().filter(|one| !is_of_it(one)).collect()))
    }
}

/// Role × permission, made once at start.
#[derive(Debug, Clone)]
pub struct RoleTable {
    permissions: Vec<PermissionSpec>,
    grants: Vec<(Role, Grant)>,
}

impl RoleTable {
    pub fn new(permissions: Vec<PermissionSpec>) -> Self {
        let grant = |role: Role| {
            let allowed = permissions.iter().filter(|one| one.roles.contains(&role));
            (role, Grant(Arc::new(allowed.map(|one| one.id).collect())))
        };
        let grants = Role::ALL.into_iter().map(grant).collect();
        Self { permissions, grants }
    }

    pub fn grant(&self, role: Role) -> Grant {
        self.grants
            .iter()
            .find(|(one, _)| *one == role)
            .map(|(_, grant)| grant.clone())
            .unwrap_or_default()
    }

    /// A grant of these permissions, as far as there are such.
    pub fn grant_of(&self, permissions: &BTreeSet<String>) -> Grant {
        let known = self.permissions.iter().map(|one| one.id);
        Grant(Arc::new(known.filter(|one| permissions.contains(*one)).collect()))
    }

    pub fn permissions(&self) -> &[PermissionSpec] {
        &self.permissions
    }

    /// The permission with this id, as the program spells it.
    pub fn permission(&self, id: &str) -> Option<&'static str> {
        self.permissions.iter().map(|one| one.id).find(|one| *one == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_exactly_the_permissions_that_name_it() {
        let table = RoleTable::new(PERMISSIONS.to_vec());

        assert!(table.grant(Role::Admin).allows("audit.read"));
        assert!(!table.grant(Role::Manager).allows("audit.read"));
        assert!(table.grant(Role::Viewer).allows("workspace.read"));
        assert!(!table.grant(Role::Owner).allows(OPERATE));
    }

    #[test]
    fn only_owners_make_owners() {
        assert!(may_give(Role::Owner, Role::Owner).is_ok());
        assert!(may_give(Role::Admin, Role::Owner).is_err());
        assert!(may_give(Role::Admin, Role::Admin).is_ok());
    }

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(()));
    }
}
