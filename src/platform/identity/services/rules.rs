//! What a service account may be: at most what its maker is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::platform::access::rules::{OPERATE, box_part};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code, collected};
use crate::platform::id::{Id, ObjectId};
use crate::platform::identity::Principal;
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::signing::rules::KEY_BYTES;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::rules::clean_name;

/// Accounts of one workspace, or of the box, at the same time.
const ACCOUNTS_MAX: i64 = 100;
/// Keys of one account at the same time.
const KEYS_MAX: usize = 10;
const PERMISSIONS_MAX: usize = 200;
const NETWORKS_MAX: usize = 50;
const CHANNELS_MAX: usize = 20;
const CHANNEL_LENGTH_MAX: usize = 32;
/// What somebody needs in a workspace to look after its accounts.
pub const MANAGE: &str = "people.manage";
/// What a secret begins with, so that leak scanners find it.
pub const SECRET_PREFIX: &str = "hfs_";

pub const CODES: &[Code] = &[
    code(
        "key-unreadable",
        "The public key is no Ed25519 key in a form that is understood.",
        "Send it as JWK, as PEM (BEGIN PUBLIC KEY) or as base64 of its 32 bytes.",
    ),
    code(
        "key-private",
        "A private key was sent where the public one belongs.",
        "Make a new pair, keep its private half to the program, and send the public one.",
    ),
    code("key-known", "The account has this key already.", "Use it, or make another pair."),
    code("too-many-keys", "The account has 10 keys already.", "Remove one that is not used."),
    code(
        "too-many-service-accounts",
        "There are 100 service accounts already.",
        "Delete one that is not used any more.",
    ),
    code(
        "network-bad",
        "An entry of the list of addresses cannot be read, or there are too many.",
        "Write up to 50 networks such as 192.0.2.0/24 or 2001:db8::/32.",
    ),
    code(
        "channel-bad",
        "A channel has another form, or there are too many.",
        "Write up to 20 names of small letters, digits and hyphens.",
    ),
    code(
        "not-a-person",
        "A service account has no account of a person: no profile, no sessions, no factors.",
        "Sign in as a person for this.",
    ),
];

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: ServiceId,
    pub name: String,
    /// None: the box's own.
    pub workspace: Option<WorkspaceId>,
    pub permissions: BTreeSet<String>,
    pub channels: Vec<String>,
    /// Where it may be used from; everywhere when empty.
    pub networks: Vec<IpNet>,
    pub has_secret: bool,
    pub family: FamilyId,
    /// A person, or another account.
    pub created_by: Option<ObjectId>,
    pub created_at: Moment,
    pub disabled_at: Option<Moment>,
    pub last_used_at: Option<Moment>,
    pub last_used_from: Option<String>,
}
pub type ServiceId = Id<Account>;

/// A registered key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub name: String,
    pub public_key: [u8; KEY_BYTES],
    pub created_at: Moment,
}
pub type KeyId = Id<Key>;

/// What is wished of an account; none is left as it is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub name: Option<String>,
    pub permissions: Option<Vec<String>>,
    pub channels: Option<Vec<String>>,
    pub allow_cidrs: Option<Vec<String>>,
    pub is_disabled: Option<bool>,
}

impl Wish {
    /// The account with what is wished, checked against what the caller may.
    pub fn apply(self, before: &Account, caller: &Principal, now: Moment) -> Result<Account> {
        let mut after = before.clone();
        let mut wrong = Vec::new();
        if let Some(name) = self.name {
            after.name = collected(clean_name("name", &name), &mut wrong)?.unwrap_or_default();
        }
        if let Some(wished) = self.permissions {
            let held = held(caller, before.workspace, wished);
            after.permissions = collected(held, &mut wrong)?.unwrap_or_default();
        }
        if let Some(channels) = self.channels {
            after.channels = collected(clean_channels(channels), &mut wrong)?.unwrap_or_default();
        }
        if let Some(cidrs) = self.allow_cidrs {
            after.networks = collected(networks(&cidrs), &mut wrong)?.unwrap_or_default();
        }
        match self.is_disabled {
            Some(true) => after.disabled_at = after.disabled_at.or(Some(now)),
            Some(false) => after.disabled_at = None,
            None => {}
        }
        if wrong.is_empty() { Ok(after) } else { Err(Error::Invalid(wrong)) }
    }

    /// Whether it takes away only.
    pub fn only_disables(&self) -> bool {
        self.is_disabled == Some(true)
            && self.name.is_none()
            && self.permissions.is_none()
            && self.channels.is_none()
            && self.allow_cidrs.is_none()
    }
}

/// Whether an account that is for these networks may be used from an address; for none: anywhere.
pub fn is_from(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    let is_in = |address| networks.iter().any(|one| one.contains(&address));
    networks.is_empty() || address.is_some_and(is_in)
}

/// Whether somebody may see the accounts of a workspace, or of the box.
pub fn may_see(caller: &Principal, workspace: Option<WorkspaceId>) -> bool {
    caller.is_operator || check_manager(caller, workspace).is_ok()
}

/// Whether somebody looks after the accounts of a workspace, or of the box. That is enough to take
/// away, also in an archived workspace.
pub fn check_manager(caller: &Principal, workspace: Option<WorkspaceId>) -> Result<()> {
    let Some(workspace) = workspace else {
        return if caller.is_operator { Ok(()) } else { Err(Error::Forbidden { needed: OPERATE }) };
    };
    let membership = caller.membership(workspace).ok_or(Error::NotFound)?;
    if !membership.grant.allows(MANAGE) {
        return Err(Error::Forbidden { needed: MANAGE });
    }
    Ok(())
}

/// Whether somebody may do more than take away. A token that may do less than its person, or a
/// service account, does not: it would outlive its own end or leave its networks by an account.
pub fn check_giver(caller: &Principal, workspace: Option<WorkspaceId>) -> Result<()> {
    caller.need_whole()?;
    check_manager(caller, workspace)?;
    let there = workspace.and_then(|id| caller.membership(id));
    there.map_or(Ok(()), |membership| membership.standing.check_change())
}

/// Whether somebody may do to an account what lets them act as it: they must hold all it may.
pub fn check_above(caller: &Principal, account: &Account, known: &[&'static str]) -> Result<()> {
    check_giver(caller, account.workspace)?;
    let lacks = |one: &&String| !holds(caller, account.workspace, one);
    let Some(lacked) = account.permissions.iter().find(lacks) else { return Ok(()) };
    let needed = known.iter().find(|one| *one == lacked).copied();
    Err(Error::Forbidden { needed: needed.unwrap_or(OPERATE) })
}

fn holds(caller: &Principal, workspace: Option<WorkspaceId>, permission: &str) -> bool {
    match workspace {
        None => caller.is_operator && (permission == OPERATE || box_part(permission).is_some()),
        Some(workspace) => {
            caller.membership(workspace).is_some_and(|one| one.grant.allows(permission))
        }
    }
}

fn held(
    caller: &Principal,
    workspace: Option<WorkspaceId>,
    wished: Vec<String>,
) -> Result<BTreeSet<String>> {
    if wished.is_empty() {
        let detail = "Name at least one permission.";
        return Err(Error::invalid("permissions", "permissions-empty", detail));
    }
    for (number, permission) in wished.iter().enumerate() {
        if number >= PERMISSIONS_MAX || !holds(caller, workspace, permission) {
            let detail = match workspace {
                None => {
                    "An account of the box can have box.operate and parts such as updates.check."
                }
                Some(_) => "An account can only have permissions that you have there yourself.",
            };
            let field = format!("permissions[{number}]");
            return Err(Error::invalid(&field, "permission-not-held", detail));
        }
    }
    Ok(wished.into_iter().collect())
}

fn networks(wished: &[String]) -> Result<Vec<IpNet>> {
    let mut networks = Vec::with_capacity(wished.len().min(NETWORKS_MAX));
    for (number, text) in wished.iter().enumerate() {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let Some(network) = network.ok().filter(|_| number < NETWORKS_MAX) else {
            let detail = "Write up to 50 networks such as 192.0.2.0/24 or 2001:db8::/32.";
            return Err(Error::invalid(&format!("allow_cidrs[{number}]"), "network-bad", detail));
        };
        networks.push(network.trunc());
    }
    networks.sort();
    networks.dedup();
    Ok(networks)
}

fn clean_channels(mut wished: Vec<String>) -> Result<Vec<String>> {
    let is_good = |text: &String| {
        let is_plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
        (1..=CHANNEL_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_plain)
    };
    let bad = wished.iter().enumerate().find(|(at, text)| *at >= CHANNELS_MAX || !is_good(text));
    if let Some((number, _)) = bad {
        let detail = "Write up to 20 names of small letters, digits and hyphens.";
        return Err(Error::invalid(&format!("channels[{number}]"), "channel-bad", detail));
    }
    wished.sort();
    wished.dedup();
    Ok(wished)
}

/// Refuses one more account where there are too many.
pub fn check_room(accounts: i64) -> Result<()> {
    if accounts < ACCOUNTS_MAX {
        return Ok(());
    }
    let detail = "There are 100 service accounts already. Delete one first.";
    Err(Refusal::new("too-many-service-accounts", detail).into())
}

/// Refuses one more key, or one that is there.
pub fn check_key(keys: &[Key], public_key: &[u8; KEY_BYTES]) -> Result<()> {
    if keys.iter().any(|one| one.public_key == *public_key) {
        let detail = "This account has this key already.";
        return Err(Error::invalid("public_key", "key-known", detail));
    }
    if keys.len() < KEYS_MAX {
        return Ok(());
    }
    Err(Refusal::new("too-many-keys", "This account has 10 keys already. Remove one.").into())
}

/// Refuses an account that asks for what only people have: a profile, sessions, factors. `route`
/// is a template.
pub fn check_person(caller: &Principal, route: &str) -> Result<()> {
    let of_people = ["/api/v1/me", "/api/v1/auth/me", "/api/v1/auth/step-up"];
    let is_of_people = of_people.iter().any(|start| {
        route.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if caller.kind != Kind::Service || !is_of_people {
        return Ok(());
    }
    let detail = "A service account has no account of a person.";
    Err(Error::Denied(Refusal::new("not-a-person", detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_in_its_own_form() {
        let given = ["192.0.2.77/24", "192.0.2.0/24", "2001:db8::1"].map(str::to_owned);

        let read = networks(&given).unwrap();

        let texts: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["192.0.2.0/24", "2001:db8::1/128"]);
        for bad in ["192.0.2.0/33", "kitchen", "", "192.0.2"] {
            assert!(networks(&[bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(networks(&vec!["192.0.2.1".to_owned(); NETWORKS_MAX + 1]).is_err());
    }

    #[test]
    fn a_channel_is_a_plain_word() {
        assert_eq!(clean_channels(vec!["stable".into(), "beta".into()]).unwrap().len(), 2);
        for bad in ["", "Stable", "a b", "ü"] {
            assert!(clean_channels(vec![bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(clean_channels(vec!["x".repeat(33)]).is_err());
    }
}
