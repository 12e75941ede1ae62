//! Who may change whose role. A workspace always has an owner who can sign in.

use crate::platform::access::Role;
use crate::platform::access::rules::may_give;
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
    pub role: Role,
    pub version: i64,
    pub joined_at: Moment,
    pub last_seen_at: Option<Moment>,
    pub is_disabled: bool,
}

/// Whether somebody with the role `own` may make a member with the role `was` into `becomes`.
/// `becomes` is none when the member is removed.
pub fn check_change(own: Role, was: Role, becomes: Option<Role>) -> Result<()> {
    if was == Role::Owner && own != Role::Owner {
        return Err(Error::Forbidden { needed: OWNERSHIP });
    }
    becomes.map_or(Ok(()), |role| may_give(own, role))
}

/// Keeps the last owner. `others` counts the other owners who can sign in.
pub fn keep_owner(was: Role, becomes: Option<Role>, others: i64) -> Result<()> {
    if was != Role::Owner || becomes == Some(Role::Owner) || others > 0 {
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
    use crate::platform::id::Id;

    #[test]
    fn admins_touch_nobody_above_them() {
        for becomes in [None, Some(Role::Viewer), Some(Role::Owner)] {
            let refused = check_change(Role::Admin, Role::Owner, becomes);
            assert!(matches!(refused, Err(Error::Forbidden { needed: OWNERSHIP })), "{becomes:?}");
        }
        assert!(check_change(Role::Admin, Role::Viewer, Some(Role::Owner)).is_err());
        assert!(check_change(Role::Admin, Role::Admin, Some(Role::Viewer)).is_ok());
        assert!(check_change(Role::Owner, Role::Owner, Some(Role::Viewer)).is_ok());
    }

    #[test]
    fn the_last_owner_stays() {
        assert!(keep_owner(Role::Owner, None, 0).is_err());
        assert!(keep_owner(Role::Owner, Some(Role::Admin), 0).is_err());
        assert!(keep_owner(Role::Owner, Some(Role::Owner), 0).is_ok());
        assert!(keep_owner(Role::Owner, None, 1).is_ok());
        assert!(keep_owner(Role::Admin, None, 0).is_ok());
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
            role: Role::Viewer,
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
