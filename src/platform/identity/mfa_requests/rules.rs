//! Who vouches for whom, and for how long that holds.

use std::time::Duration;

use crate::platform::access::Grant;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::{Principal, UserId};
use crate::platform::workspaces::WorkspaceId;

/// A request waits so long for somebody to look at it.
pub const WAIT_LIFE: Duration = Duration::from_hours(7 * 24);
/// An approval is good for so long, and once.
pub const APPROVAL_LIFE: Duration = Duration::from_hours(24);
/// Who looks after the people of a workspace.
const PERMISSION: &str = "people.manage";

pub const CODES: &[Code] = &[
    code(
        "own-request",
        "Nobody vouches for themselves.",
        "Ask an operator, or an admin of a workspace you belong to.",
    ),
    code("request-decided", "Somebody decided about this request already.", "Load the list again."),
];

/// Somebody asks for a way in without a factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: RequestId,
    pub user: UserId,
    pub address: Option<String>,
    pub asked_at: Moment,
    pub approved_at: Option<Moment>,
}
pub type RequestId = Id<Request>;

impl Request {
    /// Whether somebody may still decide about it.
    pub fn is_waiting(&self, now: Moment) -> bool {
        self.approved_at.is_none() && now.since(self.asked_at) < WAIT_LIFE
    }

    /// Whether the next sign-in needs no factor.
    pub fn is_approved(&self, now: Moment) -> bool {
        self.approved_at.is_some_and(|at| now.since(at) < APPROVAL_LIFE)
    }
}

/// What a person may do, for whoever vouches for them.
#[derive(Debug, Clone)]
pub struct Person {
    pub is_operator: bool,
    /// Where they belong, with all that their role there holds.
    pub grants: Vec<(WorkspaceId, Grant)>,
}

/// Whether somebody may hear of a person's request and vouch for them: whoever looks after the
/// people of a workspace and holds all there that the person holds. Operators vouch for everybody,
/// and nobody else for them.
pub fn may_vouch(caller: &Principal, person: &Person) -> bool {
    let is_above = |(workspace, _): &(WorkspaceId, Grant)| {
        let own = caller.membership(*workspace).filter(|own| own.grant.allows(PERMISSION));
        own.is_some_and(|own| looks_after(&own.whole, *workspace, person))
    };
    caller.is_operator || person.grants.iter().any(is_above)
}

/// Whether whoever holds `own` in a workspace looks after a person's account there.
pub fn looks_after(own: &Grant, workspace: WorkspaceId, person: &Person) -> bool {
    let is_below = |(of, grant): &(WorkspaceId, Grant)| {
        *of == workspace && own.allows(PERMISSION) && own.lacks(grant).is_none()
    };
    !person.is_operator && person.grants.iter().any(is_below)
}

/// Refuses somebody who decides about their own request.
pub fn check_other(caller: &Principal, request: &Request) -> Result<()> {
    if caller.user != request.user {
        return Ok(());
    }
    let detail = "Nobody vouches for themselves. Ask somebody else.";
    Err(Error::Denied(Refusal::new("own-request", detail)))
}

/// The answer to whoever comes too late.
pub fn decided() -> Error {
    Error::conflict("request-decided", "Somebody decided about this request already.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(approved_at: Option<Moment>) -> Request {
        Request {
            id: Id::from_bytes([1; 16]),
            user: Id::from_bytes([2; 16]),
            address: None,
            asked_at: Moment(0),
            approved_at,
        }
    }

    #[test]
    fn an_approval_is_good_for_a_day() {
        let approved = request(Some(Moment(0)));

        assert!(approved.is_approved(Moment(0).plus(Duration::from_hours(23))));
        assert!(!approved.is_approved(Moment(0).plus(APPROVAL_LIFE)));
        assert!(!request(None).is_approved(Moment(0)));
    }

    #[test]
    fn a_request_waits_for_a_week_and_for_one_decision() {
        assert!(request(None).is_waiting(Moment(0)));
        assert!(!request(None).is_waiting(Moment(0).plus(WAIT_LIFE)));
        assert!(!request(Some(Moment(0))).is_waiting(Moment(0)));
    }
}
