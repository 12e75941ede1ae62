//! What a role of a workspace's own may be: never more than its maker is.

use std::collections::BTreeSet;

use crate::platform::access::rules::{ALWAYS, above_own};
use crate::platform::access::{CustomRoleId, Grant, Role, RoleTable};
use crate::platform::error::{Code, Error, Refusal, Result, code, collected};
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::rules::clean_name;

/// Roles of one workspace besides the built-in ones.
pub const ROLES_MAX: usize = 50;
const DESCRIPTION_LENGTH_MAX: usize = 500;
const PERMISSIONS_MAX: usize = 200;

pub const CODES: &[Code] = &[
    code(
        "role-name-taken",
        "The workspace has a role of this name, built in or its own.",
        "Choose another name.",
    ),
    code(
        "role-in-use",
        "Somebody has the role, or is invited to it.",
        "Give them another role and withdraw the invitations first.",
    ),
    code(
        "too-many-roles",
        "The workspace has 50 roles of its own already.",
        "Delete one that nobody has.",
    ),
    code(
        "permission-unknown",
        "There is no such permission, or there are too many in the list.",
        "Take ids from the workspace's list of permissions.",
    ),
    code(
        "permission-of-owners",
        "What comes with owning the workspace is no part of any other role.",
        "Leave it out, or make somebody an owner.",
    ),
    code(
        "description-too-long",
        "The description has more than 500 characters.",
        "Say it in fewer words.",
    ),
];

/// A role that the people of a workspace made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    pub id: CustomRoleId,
    pub workspace: WorkspaceId,
    pub name: String,
    pub description: String,
    pub permissions: BTreeSet<String>,
    pub version: i64,
}

impl CustomRole {
    pub fn grant(&self, table: &RoleTable) -> Grant {
        table.grant_of(&self.permissions)
    }
}

/// What is wished of a role; none is left as it is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub name: Option<String>,
    pub description: Option<String>,
    pub permissions: Option<Vec<String>>,
}

impl Wish {
    /// The role with what is wished. `own` is what whoever wishes may give away, and `others` are
    /// the workspace's other roles.
    pub fn apply(
        self,
        before: &CustomRole,
        table: &RoleTable,
        own: &Grant,
        others: &[CustomRole],
    ) -> Result<CustomRole> {
        let (mut after, mut wrong) = (before.clone(), Vec::new());
        if let Some(name) = self.name {
            after.name = collected(own_name(&name, others), &mut wrong)?.unwrap_or_default();
        }
        if let Some(text) = self.description {
            after.description =
                collected(clean_description(&text), &mut wrong)?.unwrap_or_default();
        }
        if let Some(wished) = self.permissions {
            let permissions = permissions(&wished, table, own);
            after.permissions = collected(permissions, &mut wrong)?.unwrap_or_default();
        }
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        above_own("permissions", own, &after.grant(table))?;
        Ok(after)
    }
}

/// What makes a name the same name.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

fn own_name(text: &str, others: &[CustomRole]) -> Result<String> {
    let name = clean_name("name", text)?;
    let key = name_key(&name);
    let is_built_in = Role::ALL.iter().any(|role| role.name() == key);
    if is_built_in || others.iter().any(|one| name_key(&one.name) == key) {
        return Err(name_taken());
    }
    Ok(name)
}

pub fn name_taken() -> Error {
    let detail = "This workspace has a role of this name already.";
    Error::invalid("name", "role-name-taken", detail)
}

fn clean_description(text: &str) -> Result<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > DESCRIPTION_LENGTH_MAX {
        let detail = "A description has at most 500 characters.";
        return Err(Error::invalid("description", "description-too-long", detail));
    }
    if text.is_empty() { Ok(text) } else { clean_text(&text) }
}

/// Refuses what could not be seen or reads otherwise than it is written.
fn clean_text(text: &str) -> Result<String> {
    let words: Result<Vec<String>> =
        text.split(' ').map(|word| clean_name("description", word)).collect();
    Ok(words?.join(" "))
}

fn permissions(wished: &[String], table: &RoleTable, own: &Grant) -> Result<BTreeSet<String>> {
    if wished.is_empty() {
        let detail = "Name at least one permission.";
        return Err(Error::invalid("permissions", "permissions-empty", detail));
    }
    for (number, id) in wished.iter().enumerate() {
        let field = format!("permissions[{number}]");
        let spec = table.permissions().iter().find(|one| one.id == id.as_str());
        let Some(spec) = spec.filter(|_| number < PERMISSIONS_MAX) else {
            let detail = "There is no such permission.";
            return Err(Error::invalid(&field, "permission-unknown", detail));
        };
        if spec.is_for_owners() {
            let detail = "Only owners have this: make somebody an owner instead.";
            return Err(Error::invalid(&field, "permission-of-owners", detail));
        }
        if !own.allows(spec.id) {
            let detail = format!("You may not do this yourself: {}.", spec.id);
            return Err(Error::invalid(&field, "role-above-own", detail));
        }
    }
    Ok(ALWAYS.into_iter().map(str::to_owned).chain(wished.iter().cloned()).collect())
}

/// Refuses one more role where there are too many.
pub fn check_room(roles: usize) -> Result<()> {
    if roles < ROLES_MAX {
        return Ok(());
    }
    let detail = "This workspace has 50 roles of its own already. Delete one first.";
    Err(Refusal::new("too-many-roles", detail).into())
}

/// Whether a role may go: nobody has it, and nobody is invited to it.
pub fn check_unused(members: i64, invitations: i64) -> Result<()> {
    if members == 0 && invitations == 0 {
        return Ok(());
    }
    let detail = format!(
        "Members with this role: {members}; invitations to it: {invitations}. Give them another \
         role and withdraw the invitations first."
    );
    Err(Error::conflict("role-in-use", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::rules::PERMISSIONS;
    use crate::platform::id::Id;

    fn blank() -> CustomRole {
        CustomRole {
            id: Id::from_bytes([1; 16]),
            workspace: Id::from_bytes([2; 16]),
            name: String::new(),
            description: String::new(),
            permissions: BTreeSet::new(),
            version: 1,
        }
    }

    fn wish(name: &str, permissions: &[&str]) -> Wish {
        let permissions = permissions.iter().map(|one| (*one).to_owned()).collect();
        Wish { name: Some(name.to_owned()), description: None, permissions: Some(permissions) }
    }

    fn code(outcome: Result<CustomRole>) -> &'static str {
        match outcome {
            Ok(_) => "",
            Err(Error::Invalid(fields)) => fields[0].code,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_role_holds_what_its_maker_holds_and_what_everybody_does() {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let admin = table.grant(Role::Admin);
        let apply = |wish: Wish, own: &Grant| wish.apply(&blank(), &table, own, &[]);

        let made = apply(wish("Auditor", &["audit.read"]), &admin).unwrap();

        assert_eq!(
            made.permissions.iter().map(String::as_str).collect::<Vec<_>>(),
            ["audit.read", "events.read", "workspace.read"]
        );
        let manager = table.grant(Role::Manager);
        assert_eq!(code(apply(wish("A", &["audit.read"]), &manager)), "role-above-own");
        assert_eq!(code(apply(wish("A", &["workspace.delete"]), &admin)), "permission-of-owners");
        assert_eq!(code(apply(wish("A", &["box.operate"]), &admin)), "permission-unknown");
        assert_eq!(code(apply(wish("A", &[]), &admin)), "permissions-empty");
    }

    #[test]
    fn whoever_may_less_than_a_role_does_not_even_rename_it() {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let before =
            CustomRole { permissions: BTreeSet::from(["audit.read".to_owned()]), ..blank() };
        let renamed = Wish { name: Some("Other".to_owned()), ..Wish::default() };

        let by = |role| renamed.clone().apply(&before, &table, &table.grant(role), &[]);

        assert_eq!(code(by(Role::Manager)), "role-above-own");
        assert_eq!(code(by(Role::Admin)), "");
    }

    #[test]
    fn a_name_is_taken_once_whatever_its_case() {
        let other = CustomRole { name: "Night Shift".to_owned(), ..blank() };

        let others = [other];
        for taken in ["night shift", "NIGHT  SHIFT", "Owner", "viewer"] {
            assert!(own_name(taken, &others).is_err(), "{taken}");
        }
        assert_eq!(own_name(" Day  shift ", &others).unwrap(), "Day shift");
    }

    #[test]
    fn only_an_unused_role_goes() {
        assert!(check_unused(0, 0).is_ok());
        assert!(check_unused(1, 0).is_err());
        assert!(check_unused(0, 1).is_err());
        assert!(check_room(ROLES_MAX - 1).is_ok());
        assert!(check_room(ROLES_MAX).is_err());
    }
}
