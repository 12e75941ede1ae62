//! Roles are named permission sets in one table that feeds the guard, the UI and the tests.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::Id;

pub const CODES: &[Code] = &[
    code(
        "role-above-own",
        "Nobody gives away, makes or changes a role that may do what they may not themselves.",
        "Choose another role or fewer permissions, or ask an owner of the workspace.",
    ),
    code(
        "role-unknown",
        "The workspace has no such role.",
        "Take the id of a role from the workspace's list of roles.",
    ),
];

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

/// A role that the people of a workspace made.
pub enum CustomRoleMark {}
pub type CustomRoleId = Id<CustomRoleMark>;

/// What a person is in a workspace: a built-in role, or one that the workspace made itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnyRole {
    BuiltIn(Role),
    Custom(CustomRoleId),
}

impl AnyRole {
    /// The built-in role that stands for it where no other is known.
    pub fn base(self) -> Role {
        match self {
            Self::BuiltIn(role) => role,
            Self::Custom(_) => Role::Viewer,
        }
    }

    pub fn custom(self) -> Option<CustomRoleId> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(id) => Some(id),
        }
    }

    /// Reads what is kept of a role.
    pub fn read(base: &str, custom: Option<CustomRoleId>) -> Result<Self> {
        if let Some(id) = custom {
            return Ok(Self::Custom(id));
        }
        let known = base.parse().map(Self::BuiltIn);
        known.map_err(|()| Error::internal(format!("unknown role {base}")))
    }

    /// Reads what somebody wrote.
    pub fn named(field: &str, text: &str) -> Result<Self> {
        let built_in = text.parse().map(Self::BuiltIn).ok();
        let custom = || text.parse().map(Self::Custom).ok();
        built_in.or_else(custom).ok_or_else(|| role_unknown(field))
    }
}

impl From<Role> for AnyRole {
    fn from(role: Role) -> Self {
        Self::BuiltIn(role)
    }
}

impl PartialEq<Role> for AnyRole {
    fn eq(&self, role: &Role) -> bool {
        *self == Self::BuiltIn(*role)
    }
}

impl fmt::Display for AnyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => role.fmt(f),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

/// A role and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRole {
    pub role: AnyRole,
    pub name: String,
}

/// The answer to a role that is none of the workspace's.
pub fn role_unknown(field: &str) -> Error {
    Error::invalid(field, "role-unknown", "The workspace has no such role.")
}

/// Whether somebody who holds `own` may give what a role holds: never more than that.
pub fn may_give(own: &Grant, given: &Grant) -> Result<()> {
    above_own("role", own, given)
}

/// Like `may_give` where the role is sent in another field.
pub fn above_own(field: &str, own: &Grant, given: &Grant) -> Result<()> {
    let Some(lacked) = own.lacks(given) else { return Ok(()) };
    let detail = format!("This role may do what you may not: {lacked}.");
    Err(Error::invalid(field, "role-above-own", detail))
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
/// What every role may: nobody belongs to a workspace without knowing it.
pub const ALWAYS: [&str; 2] = ["workspace.read", "events.read"];
/// Owners, admins and managers.
pub const MANAGERS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager];
/// Owners, admins, managers and counters.
pub const COUNTERS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager, Role::Counter];

/// A permission, what it lets somebody do, and the roles that have it.
#[derive(Debug, Clone, Copy)]
pub struct PermissionSpec {
    /// `area.verb`, e.g. `inventory.move`.
    pub id: &'static str,
    pub title: &'static str,
    pub roles: &'static [Role],
}

impl PermissionSpec {
    /// Whether it comes with owning the workspace: no role of its own may have it.
    pub fn is_for_owners(&self) -> bool {
        self.roles.iter().all(|role| *role == Role::Owner)
    }

    /// Whether whoever has it needs a second factor, as owners and admins do: of the built-in
    /// roles nobody else has it.
    pub fn needs_factor(&self) -> bool {
        self.roles.iter().all(|role| ADMINS.contains(role))
    }
}

/// Needed by every route that only operators may call. No role has it.
pub const OPERATE: &str = "box.operate";

/// Parts of running the box that a service account can be given without the rest. Whoever operates
/// the box as a person has all of them; a service account has only those it was given.
pub const BOX_PARTS: &[&str] =
    &["updates.check", "updates.apply", "updates.rollback", "updates.upload"];

/// The part of running the box with this id, as the program spells it.
pub fn box_part(id: &str) -> Option<&'static str> {
    BOX_PARTS.iter().find(|one| **one == id).copied()
}

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
    PermissionSpec {
        id: "workspace.export",
        title: "Take the whole workspace out, with its audit log, for another box",
        roles: OWNERS,
    },
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

    /// The first permission of another that this one has not.
    pub fn lacks(&self, other: &Self) -> Option<&'static str> {
        other.0.difference(&self.0).next().copied()
    }

    /// What both have.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        Self(Arc::new(self.0.intersection(&other.0).copied().collect()))
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

    /// Whether whoever has this needs a second factor.
    pub fn needs_factor(&self, grant: &Grant) -> bool {
        self.permissions.iter().any(|one| one.needs_factor() && grant.allows(one.id))
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
    fn nobody_gives_more_than_they_have() {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let may = |own: &Grant, role| may_give(own, &table.grant(role)).is_ok();
        let people_only = table.grant_of(&BTreeSet::from(["people.manage".to_owned()]));

        assert!(may(&table.grant(Role::Owner), Role::Owner));
        assert!(!may(&table.grant(Role::Admin), Role::Owner));
        assert!(may(&table.grant(Role::Admin), Role::Admin));
        assert!(!may(&people_only, Role::Viewer), "it may not see the workspace itself");
        assert!(may_give(&people_only, &people_only).is_ok());
    }

    #[test]
    fn what_owners_and_admins_alone_may_needs_a_second_factor() {
        let table = RoleTable::new(PERMISSIONS.to_vec());

        let needing = Role::ALL.into_iter().filter(|role| table.needs_factor(&table.grant(*role)));

        assert_eq!(needing.collect::<Vec<_>>(), ADMINS);
        let reader = table.grant_of(&BTreeSet::from(["audit.read".to_owned()]));
        assert!(table.needs_factor(&reader));
    }

    #[test]
    fn a_role_is_read_by_its_name_or_its_id() {
        let id = CustomRoleId::from_bytes([7; 16]);

        assert_eq!(AnyRole::named("role", "counter").unwrap(), Role::Counter);
        assert_eq!(AnyRole::named("role", &id.to_string()).unwrap(), AnyRole::Custom(id));
        assert!(AnyRole::named("role", "root").is_err());
        assert_eq!(AnyRole::read("viewer", Some(id)).unwrap(), AnyRole::Custom(id));
        assert!(AnyRole::read("root", None).is_err());
    }

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(()));
    }
}
