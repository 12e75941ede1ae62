//! Who may register, and what they get.

use std::net::IpAddr;
use std::time::Duration;

use crate::platform::access::rules::may_give;
use crate::platform::access::{Grant, Role};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::identity::users::rules::email_key;
use crate::platform::workspaces::WorkspaceId;

/// A link to confirm an address is good for so long.
pub const LIFE: Duration = Duration::from_hours(24);
/// Registrations that wait to be confirmed, and those of one network among them.
const WAITING_MAX: i64 = 1_000;
const WAITING_OF_NETWORK_MAX: i64 = 20;
/// How long somebody waits when too many wait to be confirmed.
const FULL_RETRY_S: u64 = 3_600;
/// An address gets no other link so soon: whoever types it again and again neither kills the link
/// that is on its way nor fills the mailbox.
const FRESH: Duration = Duration::from_hours(1);
/// Domains that may register.
const DOMAINS_MAX: usize = 50;
const DOMAIN_LENGTH_MAX: usize = 253;
/// Roles that an operator may give without belonging to the workspace.
const HARMLESS: [Role; 2] = [Role::Viewer, Role::Counter];
/// What somebody needs in a workspace to bring people into it.
const MAY_INVITE: &str = "people.manage";
/// Tries of one network: at once, and in a minute.
pub const TRIES_BURST: u64 = 5;
pub const TRIES_PER_MIN: u64 = 1;
pub const THROTTLED: &str = "registration-throttled";

pub const CODES: &[Code] = &[
    code(
        "registration-closed",
        "Nobody can register on this box.",
        "Ask an operator to invite you.",
    ),
    code(
        "registration-domain",
        "Addresses of this domain cannot register here.",
        "Use your address at work, or ask for an invitation.",
    ),
    code(
        "registration-unknown",
        "The link names no registration: it was used, is too old, was replaced by a newer one or \
         not copied as a whole.",
        "Sign in if you confirmed it before; otherwise register again.",
    ),
    code(
        "registration-role",
        "Only somebody who may invite people to the workspace lets registered people be more than \
         viewers or counters.",
        "Choose viewer or counter, or ask an owner or admin of the workspace.",
    ),
    code(
        "registration-settings",
        "Role and workspace are given together, and open registration names its domains.",
        "Fill in what is missing.",
    ),
    code("domain-bad", "This is no domain.", "Write it like example.com."),
    code(
        THROTTLED,
        "Too many people registered from this network, or wait to be confirmed.",
        "Wait as long as Retry-After says.",
    ),
];

/// What registered people become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub workspace: WorkspaceId,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    pub is_open: bool,
    /// In lower case.
    pub domains: Vec<String>,
    pub place: Option<Place>,
    /// Who chose the place, or opened registration with it.
    pub chosen_by: Option<UserId>,
}

impl Settings {
    /// Refuses everybody while it is closed.
    pub fn check_open(&self) -> Result<()> {
        if self.is_open {
            return Ok(());
        }
        let detail = "Nobody can register here. Ask an operator to invite you.";
        Err(Error::Denied(Refusal::new("registration-closed", detail)))
    }

    /// The place that somebody answers for who changes the settings from what they were: whoever
    /// opens registration, or lets others in, gives it as much as whoever chose it.
    pub fn place_to_answer_for(&self, before: &Self) -> Option<Place> {
        self.place.filter(|place| self.is_open || before.place != Some(*place))
    }

    /// Refuses addresses of other domains.
    pub fn check_email(&self, email: &str) -> Result<()> {
        let key = email_key(email);
        let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
        if self.domains.iter().any(|one| one == domain) {
            return Ok(());
        }
        let detail = "Addresses of this domain cannot register here.";
        Err(Error::invalid("email", "registration-domain", detail))
    }
}

/// What somebody wants of a value that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish<T> {
    /// It stays as it is.
    #[default]
    LeftOut,
    Set(Option<T>),
}

impl<T> Wish<T> {
    fn or(self, before: Option<T>) -> Option<T> {
        match self {
            Self::LeftOut => before,
            Self::Set(value) => value,
        }
    }
}

/// Settings as somebody typed them.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub is_open: Option<bool>,
    pub domains: Option<Vec<String>>,
    pub workspace: Wish<WorkspaceId>,
    pub role: Wish<Role>,
}

impl Change {
    pub fn apply(self, before: &Settings) -> Result<Settings> {
        let mut wrong = Vec::new();
        let mut after = before.clone();
        after.is_open = self.is_open.unwrap_or(after.is_open);
        if let Some(domains) = self.domains {
            after.domains = clean_domains(&domains, &mut wrong);
        }
        let workspace = self.workspace.or(before.place.map(|place| place.workspace));
        let role = self.role.or(before.place.map(|place| place.role));
        after.place = match (workspace, role) {
            (Some(workspace), Some(role)) => Some(Place { workspace, role }),
            (None, None) => None,
            (None, Some(_)) => missing("workspace_id", &mut wrong),
            (Some(_), None) => missing("role", &mut wrong),
        };
        if after.is_open && after.domains.is_empty() {
            missing("domains", &mut wrong);
        }
        if wrong.is_empty() { Ok(after) } else { Err(Error::Invalid(wrong)) }
    }
}

fn missing(field: &str, wrong: &mut Vec<FieldError>) -> Option<Place> {
    wrong.push(FieldError::new(field, "registration-settings", "This is needed, too."));
    None
}

fn clean_domains(domains: &[String], wrong: &mut Vec<FieldError>) -> Vec<String> {
    let mut clean: Vec<String> = domains.iter().map(|one| email_key(one)).collect();
    clean.sort_unstable();
    clean.dedup();
    let is_domain = |domain: &String| {
        let is_plain = |one: char| one.is_alphanumeric() || matches!(one, '-' | '.');
        let has_parts = domain.split('.').all(|part| !part.is_empty());
        domain.len() <= DOMAIN_LENGTH_MAX && has_parts && domain.chars().all(is_plain)
    };
    if clean.len() > DOMAINS_MAX || !clean.iter().all(is_domain) {
        wrong.push(FieldError::new("domains", "domain-bad", "Write domains like example.com."));
    }
    clean
}

/// Whether somebody who may do this in the workspace, or does not belong to it, may let registered
/// people be that.
pub fn check_role(own: Option<&Grant>, role: Role, given: &Grant) -> Result<()> {
    if HARMLESS.contains(&role) {
        return Ok(());
    }
    if let Some(own) = own.filter(|own| own.allows(MAY_INVITE)) {
        return may_give(own, given);
    }
    let detail = "Only somebody who may invite people to the workspace chooses this role.";
    Err(Error::invalid("role", "registration-role", detail))
}

/// Somebody who has not confirmed their address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub id: RegistrationId,
    pub name: String,
    pub email: String,
    /// Where somebody registered from.
    pub network: Option<IpAddr>,
    pub created_at: Moment,
    pub expires_at: Moment,
}
pub type RegistrationId = Id<Registration>;

impl Registration {
    /// Whether somebody who registers once more changes nothing: the link is on its way, or the
    /// box mails none and an operator gives it out.
    pub fn stays(&self, now: Moment, is_mailed: bool) -> bool {
        let is_fresh = now < self.expires_at.minus(LIFE).plus(FRESH);
        now < self.expires_at && (is_fresh || !is_mailed)
    }
}

/// Refuses one more who waits, where too many do: in all, or from one network.
pub fn check_room(in_all: i64, of_network: i64) -> Result<()> {
    if in_all < WAITING_MAX && of_network < WAITING_OF_NETWORK_MAX {
        return Ok(());
    }
    Err(Error::Throttled { code: THROTTLED, retry_after_s: FULL_RETRY_S, limit: None })
}

/// One answer for every link that names nothing.
pub fn unknown() -> Error {
    let detail = "This link names no registration. It may have been used before, be too old or \
                  be replaced by a newer one. Sign in, or register again.";
    Error::Denied(Refusal::new("registration-unknown", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::RoleTable;
    use crate::platform::access::rules::PERMISSIONS;

    fn open() -> Settings {
        Settings { is_open: true, domains: vec!["example.com".to_owned()], ..Settings::default() }
    }

    #[test]
    fn only_the_whole_domain_counts_whatever_its_case() {
        assert!(open().check_email("Mira@EXAMPLE.com").is_ok());
        for bad in ["mira@sub.example.com", "mira@example.com.evil.org", "mira@evilexample.com"] {
            assert!(open().check_email(bad).is_err(), "{bad}");
        }
        assert!(Settings::default().check_open().is_err());
    }

    #[test]
    fn open_registration_names_domains_and_a_role_its_workspace() {
        let change = Change {
            is_open: Some(true),
            role: Wish::Set(Some(Role::Viewer)),
            ..Change::default()
        };
        let Err(Error::Invalid(wrong)) = change.apply(&Settings::default()) else { panic!() };
        let fields: Vec<_> = wrong.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["workspace_id", "domains"]);
    }

    #[test]
    fn nobody_opens_more_than_they_could_give() {
        let table = RoleTable::new(PERMISSIONS.to_vec());
        let check = |own: Option<Role>, role| {
            let own = own.map(|own| table.grant(own));
            check_role(own.as_ref(), role, &table.grant(role)).is_ok()
        };
        assert!(check(None, Role::Counter));
        assert!(!check(None, Role::Manager));
        assert!(!check(Some(Role::Manager), Role::Member));
        assert!(check(Some(Role::Admin), Role::Manager));
        assert!(!check(Some(Role::Admin), Role::Owner));
    }
}
