//! Decisions about public certificates: for which names, when, and what becomes of a failure.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::tls::rules::{LeafFacts, Name, Validity};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The pause after a first failure; it doubles
pub const BACK_OFF_FIRST: Duration = MINUTE;
/// up to this.
pub const BACK_OFF_MAX: Duration = Duration::from_hours(6);
/// A longer wait than this is not taken from anybody's mouth.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(7 * 24);
/// How often an authority is asked when it would like a certificate to be renewed, unless it
/// says so itself.
pub const LOOK_EVERY: Duration = DAY;
const LOOK_SOONEST: Duration = HOUR;
/// Characters of what an authority says that are kept.
pub const DETAIL_LENGTH_MAX: usize = 500;
/// Names in one order; the authorities' own bound is 100.
pub const NAMES_MAX: usize = 50;

/// Domains that no public authority signs for, with everything below them.
const NEVER_PUBLIC: [&str; 12] = [
    "local",
    "lan",
    "home.arpa",
    "internal",
    "localhost",
    "test",
    "invalid",
    "example",
    "onion",
    "home",
    "corp",
    "arpa",
];

/// Why a name stays with the box's own root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// An IP address.
    Address,
    /// A single word.
    Short,
    /// Nobody can own it, such as `kitchen.local`.
    Reserved,
    /// Characters that no authority takes.
    Unusual,
}

impl Local {
    pub fn why(self) -> &'static str {
        match self {
            Self::Address => "Addresses stay with the box's own root.",
            Self::Short => "A name without a domain has no public certificate.",
            Self::Reserved => "Nobody can own a name of this kind, so no authority signs for it.",
            Self::Unusual => "Public authorities sign for letters, digits and hyphens only.",
        }
    }
}

/// Whether a public authority could sign for a name.
pub fn locality(name: &Name) -> Option<Local> {
    let Name::Domain(domain) = name else { return Some(Local::Address) };
    if !domain.contains('.') {
        return Some(Local::Short);
    }
    let is_below = |top: &&str| {
        domain.strip_suffix(*top).is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    if NEVER_PUBLIC.iter().any(is_below) {
        return Some(Local::Reserved);
    }
    domain.contains('_').then_some(Local::Unusual)
}

/// The names worth asking an authority for, each once, in the order in which people chose them.
pub fn public_names(chosen: &[Name]) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for name in chosen.iter().filter(|name| locality(name).is_none()) {
        if names.len() < NAMES_MAX && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// A name the authority would not sign for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub name: Name,
    pub reason: String,
    pub at: Moment,
    /// How often in a row.
    pub count: u32,
}

impl Refused {
    /// Authorities count failures by name and hour; so it is asked again after an hour, six
    /// hours, and then once a day.
    pub fn again_at(&self) -> Moment {
        self.at.plus(match self.count {
            0 | 1 => HOUR,
            2 => 6 * HOUR,
            _ => DAY,
        })
    }
}

/// The names to ask for now: all but those that were refused not long ago.
pub fn wanted_now(public: &[Name], refused: &[Refused], now: Moment) -> Vec<Name> {
    let is_out = |name: &Name| {
        refused.iter().any(|one| one.name == *name && one.at <= now && now < one.again_at())
    };
    public.iter().filter(|name| !is_out(name)).cloned().collect()
}

/// Notes which names were refused this time, and forgets those that were granted or are no
/// longer asked for.
pub fn note_refusals(
    before: &[Refused],
    public: &[Name],
    granted: &[Name],
    refused: Vec<(Name, String)>,
    now: Moment,
) -> Vec<Refused> {
    let count = |name: &Name| before.iter().find(|one| one.name == *name).map_or(0, |it| it.count);
    let fresh: Vec<Refused> = refused
        .into_iter()
        .map(|(name, reason)| Refused { count: count(&name) + 1, name, reason, at: now })
        .collect();
    let is_kept = |one: &&Refused| {
        public.contains(&one.name)
            && !granted.contains(&one.name)
            && !fresh.iter().any(|new| new.name == one.name)
    };
    let kept: Vec<Refused> = before.iter().filter(is_kept).cloned().collect();
    kept.into_iter().chain(fresh).collect()
}

/// Why a certificate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    First,
    Names,
    Ends,
}

impl Why {
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Names => "names",
            Self::Ends => "renewal",
        }
    }
}

/// Whether a certificate has to be asked for, and why. None when the one that is there does.
pub fn due(
    now: Moment,
    there: Option<&LeafFacts>,
    renewal_at: Moment,
    wanted: &[Name],
) -> Option<Why> {
    if wanted.is_empty() {
        return None;
    }
    let Some(facts) = there.filter(|facts| facts.validity.not_after > now) else {
        return Some(Why::First);
    };
    if wanted.iter().any(|name| !facts.names.contains(name)) {
        return Some(Why::Names);
    }
    (renewal_at <= now || now < facts.validity.not_before).then_some(Why::Ends)
}

/// When a certificate is renewed that its authority says nothing of: after two thirds of its
/// life, a little earlier by chance, so that boxes that began together do not come together.
pub fn renewal_at(validity: Validity, chance: u16) -> Moment {
    let life = validity.not_after.since(validity.not_before);
    let spread = life / 20;
    validity.not_before.plus(life * 2 / 3).minus(spread * u32::from(chance) / u32::from(u16::MAX))
}

/// A moment by chance inside the window in which an authority would like a renewal. None when
/// the window makes no sense.
pub fn moment_in(start: Moment, end: Moment, chance: u16) -> Option<Moment> {
    if end <= start {
        return None;
    }
    let length = end.since(start);
    Some(start.plus(Duration::from_millis(
        u64::try_from(length.as_millis()).ok()? / u64::from(u16::MAX) * u64::from(chance),
    )))
}

/// When to look at the authority's wish again.
pub fn look_at(now: Moment, asked_for: Option<Duration>) -> Moment {
    now.plus(asked_for.unwrap_or(LOOK_EVERY).clamp(LOOK_SOONEST, LOOK_EVERY))
}

/// The pause after so many failures in a row, a tenth longer at most by chance.
pub fn back_off(failures: u32, chance: u16) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
    let pause = BACK_OFF_FIRST.saturating_mul(factor).min(BACK_OFF_MAX);
    pause + pause / 10 * u32::from(chance) / u32::from(u16::MAX)
}

/// When to try again after a failure: what the authority asks for counts when it is longer.
pub fn again_at(now: Moment, failures: u32, retry_after: Option<Duration>, chance: u16) -> Moment {
    let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
    now.plus(back_off(failures, chance).max(asked))
}

/// How much of a certificate's life may be left before people are told: at first, and at last.
/// What is renewed by itself has to have had its chance before.
pub fn told_left(validity: Validity, is_renewed: bool) -> [(u8, Duration); 2] {
    let [first, last] = [14 * DAY, 3 * DAY];
    if !is_renewed {
        return [(14, first), (3, last)];
    }
    let life = validity.not_after.since(validity.not_before);
    [(14, first.min(life / 4)), (3, last.min(life / 10))]
}

/// What of that is due to be told. The last takes the first's place.
pub fn to_tell(validity: Validity, is_renewed: bool, now: Moment) -> Option<u8> {
    let left = validity.left(now);
    let [first, last] = told_left(validity, is_renewed);
    [last, first].into_iter().find(|(_, within)| left <= *within).map(|(days, _)| days)
}

/// What somebody can do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing: the box tries again by itself.
    Wait,
    /// See whether the authority can be reached from here.
    Reach,
    /// Open the ports 80 and 443 under this name.
    Ports,
    /// Mend the records of this name.
    Records,
    /// Let the authority sign, by a CAA record.
    Permission,
    /// Take the name out of the settings.
    Name,
    /// Read the terms and agree to them.
    Terms,
    /// Set what binds the account.
    Binding,
    /// Set another mail address.
    Contact,
}

/// What authorities refuse with, by the last word of its type; what it means; what mends it.
const MEANINGS: [(&[&str], &str, Remedy); 12] = [
    (&["rateLimited"], "The authority allows no more for now.", Remedy::Wait),
    (
        &["connection", "tls"],
        "The authority could not reach the box under this name. Check that ports 80 and 443 lead \
         to it.",
        Remedy::Ports,
    ),
    (&["dns"], "The authority found no address for this name. Check its records.", Remedy::Records),
    (
        &["caa"],
        "A CAA record of the domain forbids this authority to sign for the name.",
        Remedy::Permission,
    ),
    (
        &["unauthorized", "incorrectResponse"],
        "The authority reached something else than this box under the name. Check its records and \
         what else answers there.",
        Remedy::Records,
    ),
    (
        &["rejectedIdentifier", "unsupportedIdentifier"],
        "The authority does not sign for this name.",
        Remedy::Name,
    ),
    (
        &["userActionRequired"],
        "The authority has new terms that somebody must agree to.",
        Remedy::Terms,
    ),
    (
        &["externalAccountRequired"],
        "The authority wants tls.acme_binding_id and tls.acme_binding_key.",
        Remedy::Binding,
    ),
    (
        &["invalidContact", "unsupportedContact"],
        "The authority does not take the mail address in tls.acme_contact.",
        Remedy::Contact,
    ),
    (
        &["accountDoesNotExist"],
        "The authority does not know the box's account any more.",
        Remedy::Wait,
    ),
    (&["badNonce"], "The authority did not keep up with the box's requests.", Remedy::Wait),
    (&["serverInternal"], "The authority has trouble of its own.", Remedy::Wait),
];
const REFUSED: &str = "The authority refused.";
/// In front of why nobody answered.
pub(super) const UNREACHED: &str = "The authority cannot be reached.";

/// What an authority's refusal means, by the last word of its type.
pub fn said(kind: &str, detail: &str) -> String {
    let detail: String =
        detail.chars().filter(|one| !one.is_control()).take(DETAIL_LENGTH_MAX).collect();
    let last = kind.rsplit(':').next().unwrap_or_default();
    let found = MEANINGS.iter().find(|(kinds, ..)| kinds.contains(&last));
    let meaning = found.map_or(REFUSED, |(_, meaning, _)| meaning);
    if detail.is_empty() { meaning.to_owned() } else { format!("{meaning} It says: {detail}") }
}

/// What mends a failure, by what was [`said`] of it and kept. None when nobody can tell.
pub fn remedy(kept: &str) -> Option<Remedy> {
    if kept.contains(UNREACHED) {
        return Some(Remedy::Reach);
    }
    MEANINGS.iter().find(|(_, meaning, _)| kept.contains(meaning)).map(|(.., remedy)| *remedy)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
