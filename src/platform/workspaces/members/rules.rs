//! Who may change whose role. A workspace always has an owner who can sign in.

use crate::platform::access::rules::may_give;
use crate::platform::access::{AnyRole, Grant, Role};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::identity::UserId;

/// Workspaces that a refusal names.
const NAMED_MAX: usize = 10;
/// What an admin lacks to touch an owner.
const OWNERSHIP: &str = "workspace.transfer";

pub const CODES: &[Code] = &[
    code(
        "last-owner",
        "A workspace has at least one owner who can sign in, and this is the last one.",
        "Make somebody else an owner first, or hand the workspace over.",
    ),
    code(
        "already-member",
        "This person belongs to the workspace already.",
        "Change their role in the list of members.",
    ),
    code(
        "member-unknown",
        "Nobody of that id belongs to the workspace.",
        "Take somebody from the list of members, or invite them first.",
    ),
    code(
        "member-disabled",
        "This person was disabled and cannot sign in.",
        "Take somebody else, or let an operator enable them.",
    ),
];

/// Somebody who belongs to a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub name: String,
    pub email: String,
    pub role: AnyRole,
    /// What people call the role.
    pub role_name: String,
    pub version: i64,
    pub joined_at: Moment,
    pub last_seen_at: Option<Moment>,
    pub is_disabled: bool,
}

/// What somebody who changes something among the members may do by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giver {
    /// All that their role holds.
    pub held: Grant,
    /// What of it they may give away: as much as their token lets through.
    pub to_give: Grant,
}

/// Whether somebody may take away a role that holds `was`. Nobody touches people above them.
pub fn check_touch(giver: &Giver, was: &Grant) -> Result<()> {
    if was.allows(OWNERSHIP) && !giver.held.allows(OWNERSHIP) {
        return Err(Error::Forbidden { needed: OWNERSHIP });
    }
    giver.held.lacks(was).map_or(Ok(()), |needed| Err(Error::Forbidden { needed }))
}

/// Whether somebody may give a member whose role holds `was` one that holds `becomes`.
pub fn check_change(giver: &Giver, was: &Grant, becomes: &Grant) -> Result<()> {
    check_touch(giver, was)?;
    may_give(&giver.to_give, becomes)
}

/// Whether a role is that of an owner.
pub fn check_owner(role: AnyRole) -> Result<()> {
    if role == Role::Owner { Ok(()) } else { Err(Error::Forbidden { needed: OWNERSHIP }) }
}

/// Keeps the last owner. `others` counts the other owners who can sign in.
pub fn keep_owner(was: AnyRole, becomes: Option<AnyRole>, others: i64) -> Result<()> {
    let stays = becomes.is_some_and(|role| role == Role::Owner);
    if was != Role::Owner || stays || others > 0 {
        return Ok(());
    }
    let detail = "This is the workspace's last owner. Make somebody else an owner first.";
    Err(Error::conflict("last-owner", detail))
}

/// Refuses to disable somebody who is the last owner of the named workspaces.
pub fn keep_all_owned(left_alone: &[String]) -> Result<()> {
    if left_alone.is_empty() {
        return Ok(());
    }
    let mut named = left_alone.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more) = left_alone.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        named = format!("{named} and {more} more");
    }
    let detail = format!(
        "This person is the last owner of {named}. Make somebody else an owner there first."
    );
    Err(Error::Conflict(Refusal::new("last-owner", detail).with("workspaces", named)))
}

/// Whether a member can take the workspace over.
pub fn check_heir(heir: Option<&Member>) -> Result<()> {
    let detail = match heir {
        None => "Take another member of the workspace.",
        Some(member) if member.is_disabled => "This person was disabled and cannot sign in.",
        Some(_) => return Ok(()),
    };
    let code = if heir.is_none() { "member-unknown" } else { "member-disabled" };
    Err(Error::invalid("user_id", code, detail))
}

/// The answer to whoever is to become what they are already.
pub fn already_member() -> Error {
    let detail = "This person belongs to the workspace already.";
    Error::Conflict(Refusal::new("already-member", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::RoleTable;
    use crate::platform::access::rules::PERMISSIONS;
    use crate::platform::id::Id;

    #[test]
    fn nobody_touches_or_makes_people_above_them() {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let giver = |held: Grant| Giver { to_give: held.clone(), held };
        let check = |own, was, becomes| {
            let (was, becomes) = (table.grant(was), table.grant(becomes));
            check_change(&giver(table.grant(own)), &was, &becomes)
        };
        let needed_for_owners = |refused| match refused {
            Err(Error::Forbidden { needed }) => needed == OWNERSHIP,
            _ => false,
        };

        for becomes in [Role::Viewer, Role::Owner] {
            assert!(needed_for_owners(check(Role::Admin, Role::Owner, becomes)), "{becomes}");
        }
        assert!(check(Role::Admin, Role::Viewer, Role::Owner).is_err());
        assert!(check(Role::Admin, Role::Admin, Role::Viewer).is_ok());
        assert!(check(Role::Owner, Role::Owner, Role::Viewer).is_ok());
        assert!(check(Role::Manager, Role::Admin, Role::Viewer).is_err(), "from above");
        let narrowed = Giver { held: table.grant(Role::Owner), to_give: table.grant(Role::Viewer) };
        let may = |becomes| {
            check_change(&narrowed, &table.grant(Role::Admin), &table.grant(becomes)).is_ok()
        };
        assert!(may(Role::Viewer));
        assert!(!may(Role::Manager), "a token gives no more than it lets through");
    }

    #[test]
    fn the_last_owner_stays() {
        let keep = |was: Role, becomes: Option<Role>, others| {
            keep_owner(was.into(), becomes.map(Into::into), others).is_ok()
        };

        assert!(!keep(Role::Owner, None, 0));
        assert!(!keep(Role::Owner, Some(Role::Admin), 0));
        assert!(keep(Role::Owner, Some(Role::Owner), 0));
        assert!(keep(Role::Owner, None, 1));
        assert!(keep(Role::Admin, None, 0));
    }

    #[test]
    fn a_refusal_names_the_workspaces_that_would_be_left_alone() {
        let named = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("W{number}")).collect();
            match keep_all_owned(&names) {
                Ok(()) => String::new(),
                Err(Error::Conflict(refusal)) => refusal.detail,
                Err(other) => panic!("{other}"),
            }
        };

        assert_eq!(named(0), "");
        assert!(named(2).contains("of W0, W1. "), "{}", named(2));
        assert!(named(12).contains("W9 and 2 more. "), "{}", named(12));
    }

    #[test]
    fn only_somebody_who_can_sign_in_takes_over() {
        let member = Member {
            user: Id::from_bytes([1; 16]),
            name: "Ana".to_owned(),
            email: "ana@example.com".to_owned(),
            role: Role::Viewer.into(),
            role_name: "viewer".to_owned(),
            version: 1,
            joined_at: Moment(0),
            last_seen_at: None,
            is_disabled: false,
        };

        assert!(check_heir(Some(&member)).is_ok());
        assert!(check_heir(Some(&Member { is_disabled: true, ..member })).is_err());
        assert!(check_heir(None).is_err());
    }
}
