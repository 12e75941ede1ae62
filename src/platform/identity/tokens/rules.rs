//! What a personal token may be: at most what its owner may, and never for ever.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::identity::Principal;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::rules::clean_name;

/// Tokens of one person that can be used at the same time.
pub const TOKENS_MAX: usize = 50;
const LIFE_DAYS_MAX: i64 = 365;
/// Permissions named at most; there are fewer.
const PERMISSIONS_MAX: usize = 200;

pub const CODES: &[Code] = &[
    code("expiry-out-of-range", "A token lives 1 to 365 days.", "Choose a number of days."),
    code(
        "workspace-unknown",
        "You belong to no such workspace.",
        "Take the id of one of your workspaces.",
    ),
    code(
        "permission-not-held",
        "A token can only have permissions that you have there yourself.",
        "Leave it out, or ask an admin of the workspace for it.",
    ),
    code(
        "permissions-empty",
        "A token without any permission could do nothing.",
        "Name at least one permission, or leave the field out for all of yours.",
    ),
    code("too-many-tokens", "You have 50 tokens already.", "Revoke one that is not used any more."),
];

/// A wished token, as it was sent.
#[derive(Debug, Clone)]
pub struct Draft {
    pub name: String,
    pub expires_in_days: i64,
    pub workspace: Option<String>,
    pub permissions: Option<Vec<String>>,
}

/// A token that may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    pub name: String,
    pub life: Duration,
    pub workspace: Option<WorkspaceId>,
    pub permissions: Option<BTreeSet<String>>,
}

impl Draft {
    /// Checks a wish against what its owner may.
    pub fn check(self, owner: &Principal) -> Result<Allowed> {
        let name = clean_name("name", &self.name)?;
        let life = life(self.expires_in_days)?;
        let workspace = match &self.workspace {
            Some(text) => Some(known(owner, text)?),
            None => None,
        };
        let permissions = match self.permissions {
            Some(wished) => Some(held(owner, workspace, wished)?),
            None => None,
        };
        Ok(Allowed { name, life, workspace, permissions })
    }
}

/// How long a token of so many days lives.
pub fn life(days: i64) -> Result<Duration> {
    if !(1..=LIFE_DAYS_MAX).contains(&days) {
        let detail = format!("A token lives 1 to {LIFE_DAYS_MAX} days.");
        return Err(Error::invalid("expires_in_days", "expiry-out-of-range", detail));
    }
    Ok(Duration::from_hours(days.unsigned_abs() * 24))
}

/// Refuses one more token for somebody who has too many.
pub fn check_room(tokens: usize) -> Result<()> {
    if tokens < TOKENS_MAX {
        return Ok(());
    }
    let detail = format!("There are {TOKENS_MAX} tokens already. Revoke one first.");
    Err(Refusal::new("too-many-tokens", detail).into())
}

fn known(owner: &Principal, text: &str) -> Result<WorkspaceId> {
    let id = text.parse().ok().filter(|id| owner.membership(*id).is_some());
    id.ok_or_else(|| {
        let detail = "You belong to no such workspace.";
        Error::invalid("workspace_id", "workspace-unknown", detail)
    })
}

/// Every wished permission must be held in the workspace, or in any when none is named.
fn held(
    owner: &Principal,
    workspace: Option<WorkspaceId>,
    wished: Vec<String>,
) -> Result<BTreeSet<String>> {
    if wished.is_empty() {
        let detail = "Name at least one permission, or leave the field out.";
        return Err(Error::invalid("permissions", "permissions-empty", detail));
    }
    let there = |one: &WorkspaceId| workspace.is_none_or(|only| only == *one);
    let places: Vec<_> = owner.memberships.iter().filter(|one| there(&one.workspace)).collect();
    for (number, permission) in wished.iter().enumerate() {
        let is_held = places.iter().any(|place| place.grant.allows(permission));
        if !is_held || number >= PERMISSIONS_MAX {
            let detail = "A token can only have permissions that you have there yourself.";
            let field = format!("permissions[{number}]");
            return Err(Error::invalid(&field, "permission-not-held", detail));
        }
    }
    Ok(wished.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::rules::PERMISSIONS;
    use crate::platform::access::{Role, RoleTable};
    use crate::platform::ctx::Membership;
    use crate::platform::id::Id;
    use crate::platform::identity::factors::Standing;
    use crate::platform::identity::sessions::rules::Kind;

    const KITCHEN: WorkspaceId = Id::from_bytes([1; 16]);
    const OFFICE: WorkspaceId = Id::from_bytes([2; 16]);

    /// Admin in the kitchen, viewer in the office.
    fn owner() -> Principal {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let member = |workspace, role| Membership::new(workspace, role, table.grant(role));
        Principal {
            user: Id::from_bytes([3; 16]),
            name: "Ana".into(),
            family: Id::from_bytes([4; 16]),
            kind: Kind::Session,
            good_until: None,
            is_narrowed: false,
            is_operator: true,
            box_parts: Vec::new(),
            factors: Standing::default(),
            elevated_until: None,
            memberships: vec![member(KITCHEN, Role::Admin), member(OFFICE, Role::Viewer)],
            deleted: Vec::new(),
        }
    }

    fn draft(workspace: Option<WorkspaceId>, permissions: &[&str]) -> Draft {
        let permissions = permissions.iter().map(|one| (*one).to_owned()).collect();
        Draft {
            name: "Scale".to_owned(),
            expires_in_days: 90,
            workspace: workspace.map(|id| id.to_string()),
            permissions: Some(permissions),
        }
    }

    fn wrong(draft: Draft) -> (String, &'static str) {
        match draft.check(&owner()) {
            Err(Error::Invalid(fields)) => (fields[0].field.clone(), fields[0].code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_has_at_most_what_its_owner_has_there() {
        assert!(draft(Some(KITCHEN), &["audit.read"]).check(&owner()).is_ok());
        assert!(draft(None, &["audit.read", "workspace.read"]).check(&owner()).is_ok());

        let refused = wrong(draft(Some(OFFICE), &["workspace.read", "audit.read"]));
        assert_eq!(refused, ("permissions[1]".to_owned(), "permission-not-held"));
        let refused = wrong(draft(None, &["box.operate"]));
        assert_eq!(refused, ("permissions[0]".to_owned(), "permission-not-held"));
        assert_eq!(wrong(draft(None, &[])).1, "permissions-empty");
    }

    #[test]
    fn a_token_is_bound_to_a_workspace_of_its_owner() {
        let elsewhere = Draft { permissions: None, ..draft(Some(Id::from_bytes([9; 16])), &[]) };
        assert_eq!(wrong(elsewhere).1, "workspace-unknown");
    }

    #[test]
    fn a_token_ends_within_a_year() {
        for days in [0, -1, 366, i64::MAX, i64::MIN] {
            let wished = Draft { expires_in_days: days, ..draft(None, &["workspace.read"]) };
            assert_eq!(wrong(wished).1, "expiry-out-of-range", "{days}");
        }
    }
}
