//! What an invitation is, and who may accept it.

use std::time::Duration;

use crate::platform::access::rules::may_give;
use crate::platform::access::{AnyRole, Grant};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::identity::services::rules::ServiceId;
use crate::platform::workspaces::WorkspaceId;

/// An invitation can be accepted for so long.
pub const LIFE: Duration = Duration::from_hours(72);
/// Invitations of one workspace at the same time, expired ones included.
pub const INVITATIONS_MAX: i64 = 500;

pub const CODES: &[Code] = &[
    code(
        "invitation-unknown",
        "The link names no invitation: it was used, withdrawn, replaced by a newer one or not \
         copied as a whole, or the workspace is gone.",
        "If you accepted it before, sign in. Otherwise ask for a new one.",
    ),
    code(
        "invitation-expired",
        "The invitation is older than 72 hours.",
        "Ask whoever invited you for a new one.",
    ),
    code(
        "invitation-for-another",
        "The invitation is for another address than that of the person who is signed in.",
        "Sign out and open the link again, or ask for an invitation to your own address.",
    ),
    code(
        "invitation-sign-in",
        "Somebody on this box has the invited address already.",
        "Sign in with that address, then open the link again.",
    ),
    code(
        "invitation-lapsed",
        "Whoever made the invitation could not make it any more: they left the workspace, were \
         disabled, or may no longer give this role.",
        "Ask somebody who looks after the workspace for a new one.",
    ),
    code(
        "too-many-invitations",
        "The workspace has 500 invitations already.",
        "Withdraw some that nobody needs any more.",
    ),
];

/// An invitation that was not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub workspace: WorkspaceId,
    pub email: String,
    pub email_key: String,
    pub role: AnyRole,
    /// What people call the role.
    pub role_name: String,
    pub invited_by: Option<UserId>,
    /// The service account that made it, where no person did.
    pub by_service: Option<ServiceId>,
    pub created_at: Moment,
    pub expires_at: Moment,
}
pub type InvitationId = Id<Invitation>;

/// What somebody needs to invite.
const MAY_INVITE: &str = "people.manage";

/// Who made an invitation, as they stand by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inviter {
    /// What they may do in the workspace; none when they are not in it or cannot sign in.
    pub own: Option<Grant>,
    /// What the invitation's role holds.
    pub given: Grant,
}

/// What the link of an invitation is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fitness {
    Good,
    Expired,
    /// Whoever made it could not make it today.
    Lapsed,
}

/// Who holds a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder<'a> {
    Stranger {
        has_account: bool,
    },
    /// Somebody who is signed in, by what makes their address the same address.
    Person {
        email_key: &'a str,
    },
}

impl Invitation {
    pub fn is_expired(&self, now: Moment) -> bool {
        now >= self.expires_at
    }

    /// What its link is worth now.
    pub fn fitness(&self, now: Moment, inviter: &Inviter) -> Fitness {
        if self.is_expired(now) {
            return Fitness::Expired;
        }
        match self.check_inviter(inviter) {
            Ok(()) => Fitness::Good,
            Err(_) => Fitness::Lapsed,
        }
    }

    /// Whether it can still be accepted.
    pub fn check_fresh(&self, now: Moment) -> Result<()> {
        if !self.is_expired(now) {
            return Ok(());
        }
        let detail = "This invitation is older than 72 hours. Ask for a new one.";
        Err(Error::conflict("invitation-expired", detail))
    }

    /// Whether whoever made it could make it today.
    pub fn check_inviter(&self, inviter: &Inviter) -> Result<()> {
        let Inviter { own, given } = inviter;
        let may = |own: &Grant| own.allows(MAY_INVITE) && may_give(own, given).is_ok();
        let is_of_the_box = self.invited_by.is_none() && self.by_service.is_none();
        if is_of_the_box || own.as_ref().is_some_and(may) {
            return Ok(());
        }
        let detail = "Whoever invited you may not do so any more. Ask for a new invitation.";
        Err(Error::conflict("invitation-lapsed", detail))
    }

    /// Whether the holder of the link is whom it was made for.
    pub fn check_holder(&self, holder: Holder<'_>) -> Result<()> {
        match holder {
            Holder::Stranger { has_account: false } => Ok(()),
            Holder::Stranger { has_account: true } => {
                let detail = "You have an account on this box. Sign in first, then accept.";
                Err(Error::SignInNeeded(Refusal::new("invitation-sign-in", detail)))
            }
            Holder::Person { email_key } if email_key == self.email_key => Ok(()),
            Holder::Person { .. } => {
                let detail = "This invitation is for another address than yours. Sign out first \
                              if it is meant for you.";
                Err(Error::conflict("invitation-for-another", detail))
            }
        }
    }
}

/// One answer for every link that names nothing: a stranger is not told which it was.
pub fn unknown() -> Error {
    let detail = "This link names no invitation. It may have been used before, withdrawn or \
                  replaced by a newer one, or a part of it is missing. If you accepted it before, \
                  sign in; otherwise ask for a new one.";
    Error::Denied(Refusal::new("invitation-unknown", detail))
}

/// Refuses one more invitation in a workspace that has too many.
pub fn check_room(waiting: i64) -> Result<()> {
    if waiting < INVITATIONS_MAX {
        return Ok(());
    }
    let detail = "This workspace has 500 invitations already. Withdraw some first.";
    Err(Error::conflict("too-many-invitations", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::rules::PERMISSIONS;
    use crate::platform::access::{Role, RoleTable};

    fn invitation() -> Invitation {
        Invitation {
            id: Id::from_bytes([1; 16]),
            workspace: Id::from_bytes([2; 16]),
            email: "Ana@example.com".to_owned(),
            email_key: "ana@example.com".to_owned(),
            role: Role::Counter.into(),
            role_name: "counter".to_owned(),
            invited_by: None,
            by_service: None,
            created_at: Moment(0),
            expires_at: Moment(0).plus(LIFE),
        }
    }

    #[test]
    fn an_invitation_is_good_for_three_days() {
        let until = Moment(0).plus(LIFE);

        assert!(invitation().check_fresh(until.minus(Duration::from_millis(1))).is_ok());
        assert!(invitation().check_fresh(until).is_err());
    }

    #[test]
    fn an_invitation_is_as_good_as_its_maker_is_today() {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let by_somebody = Invitation { invited_by: Some(Id::from_bytes([3; 16])), ..invitation() };
        let inviter = |own: Option<Role>, given| Inviter {
            own: own.map(|role| table.grant(role)),
            given: table.grant(given),
        };
        let stands = |own, given| by_somebody.check_inviter(&inviter(own, given)).is_ok();

        assert!(stands(Some(Role::Admin), Role::Admin));
        assert!(stands(Some(Role::Owner), Role::Owner));
        assert!(!stands(Some(Role::Admin), Role::Owner));
        assert!(!stands(Some(Role::Manager), Role::Viewer));
        assert!(!stands(None, Role::Viewer));
        // The box itself made it.
        assert!(invitation().check_inviter(&inviter(None, Role::Counter)).is_ok());
    }

    #[test]
    fn only_the_invited_address_accepts() {
        let code = |holder| match invitation().check_holder(holder) {
            Ok(()) => "",
            Err(Error::Conflict(refusal) | Error::SignInNeeded(refusal)) => refusal.code,
            Err(other) => panic!("{other}"),
        };

        assert_eq!(code(Holder::Stranger { has_account: false }), "");
        assert_eq!(code(Holder::Stranger { has_account: true }), "invitation-sign-in");
        assert_eq!(code(Holder::Person { email_key: "ana@example.com" }), "");
        let other = Holder::Person { email_key: "mira@example.com" };
        assert_eq!(code(other), "invitation-for-another");
    }
}
