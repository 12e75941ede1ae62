//! When a presented value is good, when it is replaced, and when it proves a theft.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::ctx::Membership;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::identity::factors::Standing;
use crate::platform::workspaces::WorkspaceId;

/// A replaced value stays good for so long after its successor was presented first: requests of
/// parallel tabs are still on their way.
pub const GRACE: Duration = Duration::from_secs(30);
/// A successor is minted at most this often: parallel requests get one, not one each.
pub const MINT_PAUSE: Duration = Duration::from_secs(30);
/// Successors that were given out and never came back, kept for one value. A browser that loses
/// answers needs one or two; what forgets every cookie must not fill the table.
pub const SUCCESSORS_MAX: usize = 8;
/// How exactly `last_seen_at` is kept, at most.
pub const LAST_SEEN_STEP: Duration = Duration::from_mins(5);
/// Browser sessions of one person at the same time; the oldest makes room.
pub const SESSIONS_MAX: usize = 20;
/// Ended sessions and tokens are kept so long, so that a late copy of one is still recognised.
pub const ENDED_KEPT: Duration = Duration::from_hours(90 * 24);
/// How long somebody who proved who they are may do what needs that.
pub const ELEVATED_FOR: Duration = Duration::from_mins(10);
/// What personal tokens begin with, so that leak scanners find them.
pub const TOKEN_PREFIX: &str = "hfp_";

pub const CODES: &[Code] = &[
    code(
        "sign-in-needed",
        "Nobody is signed in, or the session has ended.",
        "Sign in again; nothing you typed is lost.",
    ),
    code(
        "session-ended",
        "A session value that had long been replaced was used again, so the session was ended \
         everywhere: somebody may have copied it.",
        "Sign in again. If this happens twice, change your password.",
    ),
    code(
        "token-narrowed",
        "A personal token that was narrowed to a workspace or to some permissions cannot change \
         its owner's account.",
        "Sign in, or use a token that was not narrowed.",
    ),
    code(
        "step-up-needed",
        "This needs a proof of who you are that is not older than ten minutes.",
        "Prove it once more: with a code of your second factor, or with the password if you have \
         none. Then repeat what you did.",
    ),
    code(
        "factor-needed",
        "Somebody with a second factor proves who they are with that, not with the password.",
        "Use a code of your authenticator app or a backup code.",
    ),
];

/// A sign-in or a personal token.
pub enum Family {}
pub type FamilyId = Id<Family>;

/// Somebody whose credential was checked.
#[derive(Debug, Clone)]
pub struct Principal {
    pub user: UserId,
    pub name: Arc<str>,
    pub family: FamilyId,
    pub kind: Kind,
    /// When the presented access token ends by itself.
    pub good_until: Option<Moment>,
    /// A token that may do less than its person.
    pub is_narrowed: bool,
    pub is_operator: bool,
    /// Parts of running the box that a service account was given.
    pub box_parts: Vec<&'static str>,
    /// What they have of a second factor, and by when they need one.
    pub factors: Standing,
    /// Up to when a browser session may do what needs a fresh factor.
    pub elevated_until: Option<Moment>,
    /// In workspaces that can be used, archived ones included.
    pub memberships: Vec<Membership>,
    /// In workspaces that were deleted and can still be restored.
    pub deleted: Vec<Membership>,
}

impl Principal {
    /// Whether a program shows a value that somebody made for it, without a sign-in.
    pub fn is_token(&self) -> bool {
        matches!(self.kind, Kind::Token | Kind::Service)
    }

    /// Refuses a narrowed token: it must not widen itself by way of the person's account.
    pub fn need_whole(&self) -> Result<()> {
        if !self.is_narrowed {
            return Ok(());
        }
        let detail = "This token may do only part of what its owner may. Sign in for this.";
        Err(Error::Denied(Refusal::new("token-narrowed", detail)))
    }

    /// Whether a browser session may do nothing but set up a second factor. Programs go on: they
    /// were let in by somebody who had what was needed then.
    pub fn must_enrol(&self, now: Moment) -> bool {
        !self.is_token() && self.factors.must_enrol(now)
    }

    /// Refuses a browser session whose last proof is too old.
    pub fn need_elevated(&self, now: Moment) -> Result<()> {
        if self.is_token() || self.elevated_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        Err(Error::StepUpNeeded { methods: self.factors.methods() })
    }

    /// Whether the caller may do this part of running the box.
    pub fn may_on_box(&self, part: &str) -> bool {
        let is_person = self.is_operator && self.kind != Kind::Service;
        is_person || self.box_parts.contains(&part)
    }

    pub fn membership(&self, workspace: WorkspaceId) -> Option<&Membership> {
        self.memberships.iter().find(|one| one.workspace == workspace)
    }
}

/// What somebody showed to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The cookie of a browser.
    Session,
    /// A personal token.
    Token,
    /// An access token of a program that a person signed in with.
    Program,
    /// An access token of a service account.
    Service,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Program => "program",
            Self::Service => "service",
        }
    }

    /// The kind of a family that the database holds.
    pub(super) fn of_family(name: &str) -> Self {
        match name {
            "token" => Self::Token,
            "program" => Self::Program,
            _ => Self::Session,
        }
    }
}

/// A session or token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: FamilyId,
    pub name: String,
    pub workspace: Option<WorkspaceId>,
    /// JSON list of what a token is narrowed to.
    pub permissions: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub last_seen_at: Moment,
}

/// What the database knows of a presented value and its family.
#[derive(Debug, Clone)]
pub struct Known {
    pub family: FamilyId,
    pub user: UserId,
    pub kind: Kind,
    pub serial: i64,
    pub minted_at: Moment,
    pub expires_at: Moment,
    pub last_seen_at: Moment,
    pub is_revoked: bool,
    pub presented_serial: i64,
    pub presented_at: Moment,
    /// The highest serial minted so far, and when.
    pub newest_serial: i64,
    pub newest_minted_at: Moment,
}

/// How long sessions live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    pub idle: Duration,
    pub rotate: Duration,
    /// From the sign-in on.
    pub life: Duration,
}

/// What to do with a presented value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Good, nothing to write.
    Use,
    /// Good; the value is presented for the first time and its predecessors die.
    Present,
    /// Good and old: give the browser a successor.
    Rotate,
    /// Good; note that it was seen.
    Touch,
    /// A replaced value came back too late: end the family.
    Reused,
    Ended,
}

/// Decides about a presented value at `now`.
pub fn decide(known: &Known, lifetimes: Lifetimes, now: Moment) -> Decision {
    let is_session = known.kind == Kind::Session;
    let is_idle = is_session && now.since(known.last_seen_at) > lifetimes.idle;
    if known.is_revoked || now >= known.expires_at || is_idle {
        return Decision::Ended;
    }
    if known.serial < known.presented_serial {
        let in_grace = now <= known.presented_at.plus(GRACE);
        return if in_grace { Decision::Use } else { Decision::Reused };
    }
    if known.serial > known.presented_serial {
        return Decision::Present;
    }
    let is_old = now.since(known.minted_at) > lifetimes.rotate;
    let minted_lately =
        known.newest_serial > known.serial && now.since(known.newest_minted_at) < MINT_PAUSE;
    if is_session && is_old && !minted_lately {
        return Decision::Rotate;
    }
    // A short idle time needs a finer step, or somebody busy would seem idle.
    let step = LAST_SEEN_STEP.min(lifetimes.idle / 10);
    if now.since(known.last_seen_at) > step { Decision::Touch } else { Decision::Use }
}

/// The moment at which a family that nobody uses any more will have ended.
pub fn good_until(known: &Known, lifetimes: Lifetimes) -> Moment {
    match known.kind {
        Kind::Token | Kind::Program | Kind::Service => known.expires_at,
        Kind::Session => {
            let idle = lifetimes.idle + Duration::from_millis(1);
            known.expires_at.min(known.last_seen_at.plus(idle))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn known() -> Known {
        Known {
            family: Id::from_bytes([1; 16]),
            user: Id::from_bytes([2; 16]),
            kind: Kind::Session,
            serial: 1,
            minted_at: Moment(0),
            expires_at: Moment(0).plus(30 * 24 * 60 * MINUTE),
            last_seen_at: Moment(0),
            is_revoked: false,
            presented_serial: 1,
            presented_at: Moment(0),
            newest_serial: 1,
            newest_minted_at: Moment(0),
        }
    }

    const LIFETIMES: Lifetimes =
        Lifetimes { idle: Duration::from_hours(8), rotate: Duration::from_mins(15), life: LIFE };
    const LIFE: Duration = Duration::from_hours(30 * 24);

    fn at(minutes: u32, known: &Known) -> Decision {
        decide(known, LIFETIMES, Moment(0).plus(minutes * MINUTE))
    }

    #[test]
    fn a_young_value_is_used_and_an_old_one_replaced() {
        assert_eq!(at(1, &known()), Decision::Use);
        assert_eq!(at(6, &known()), Decision::Touch);
        assert_eq!(at(16, &known()), Decision::Rotate);
    }

    #[test]
    fn parallel_tabs_get_one_successor() {
        let minted =
            Known { newest_serial: 2, newest_minted_at: Moment(0).plus(16 * MINUTE), ..known() };

        assert_eq!(at(16, &minted), Decision::Touch);
    }

    #[test]
    fn a_lost_answer_signs_nobody_out() {
        let lost =
            Known { newest_serial: 2, newest_minted_at: Moment(0).plus(16 * MINUTE), ..known() };

        assert_eq!(at(60, &lost), Decision::Rotate);
    }

    #[test]
    fn a_replaced_value_is_good_for_half_a_minute_and_then_proves_a_theft() {
        let replaced = Known {
            presented_serial: 2,
            presented_at: Moment(0).plus(16 * MINUTE),
            newest_serial: 2,
            ..known()
        };

        assert_eq!(at(16, &replaced), Decision::Use);
        assert_eq!(at(17, &replaced), Decision::Reused);
    }

    #[test]
    fn a_session_ends_by_idling_age_and_revocation() {
        assert_eq!(at(481, &known()), Decision::Ended);
        assert_eq!(at(1, &Known { expires_at: Moment(0), ..known() }), Decision::Ended);
        assert_eq!(at(1, &Known { is_revoked: true, ..known() }), Decision::Ended);
    }

    #[test]
    fn who_is_busy_is_never_idle_however_short_the_idle_time() {
        let lifetimes = Lifetimes { idle: 5 * MINUTE, ..LIFETIMES };
        let mut session = known();

        for second in 0..14 * 60 {
            let now = Moment(0).plus(Duration::from_secs(second));
            match decide(&session, lifetimes, now) {
                Decision::Use => {}
                Decision::Touch => session.last_seen_at = now,
                other => panic!("{other:?} after {second} s"),
            }
        }
    }

    #[test]
    fn a_family_is_good_until_it_is_decided_to_have_ended() {
        let token = Known { kind: Kind::Token, ..known() };
        let old = Known { expires_at: Moment(0).plus(MINUTE), ..known() };

        for family in [known(), token, old] {
            let until = good_until(&family, LIFETIMES);
            let just_before = until.minus(Duration::from_millis(1));
            assert_ne!(decide(&family, LIFETIMES, just_before), Decision::Ended);
            assert_eq!(decide(&family, LIFETIMES, until), Decision::Ended);
        }
    }

    #[test]
    fn a_personal_token_neither_idles_nor_rotates() {
        let token = Known { kind: Kind::Token, ..known() };

        assert_eq!(at(20_000, &token), Decision::Touch);
    }
}
