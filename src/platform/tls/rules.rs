//! Decisions about certificates: which names, under which root, and until when.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::platform::clock::Moment;

const DAY: Duration = Duration::from_hours(24);

/// How long a root is good for: it is put into devices by hand, so rarely.
pub const ROOT_LIFETIME: Duration = Duration::from_hours(3653 * 24);
/// A successor is offered this long before the last root ends, so that people can take it in time.
pub const SUCCESSOR_LEAD: Duration = Duration::from_hours(365 * 24);
pub const LEAF_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// A leaf is renewed when no more than this is left of it.
pub const LEAF_RENEWED_LEFT: Duration = Duration::from_hours(10 * 24);
/// Certificates start a day early, for devices whose clock is behind.
pub const BACKDATED: Duration = DAY;
/// An own certificate that nobody replaced is trouble from here on.
pub const OWN_WARNED_LEFT: Duration = Duration::from_hours(14 * 24);
/// A clock before 2026-01-01 is wrong: the product is younger.
pub const CLOCK_PLAUSIBLE_FROM: Moment = Moment(1_767_225_600_000);

/// Names in one leaf at most; the rest is left out, names people chose come first.
pub const LEAF_NAMES_MAX: usize = 100;
/// Roots a box makes at most. Each asks every person to trust again, so more means a fault.
pub const ROOTS_MAX: usize = 8;
const DOMAIN_LENGTH_MAX: usize = 253;
const LABEL_LENGTH_MAX: usize = 63;

/// Domains every root may vouch for, with everything below them. None can be had in public DNS.
const LOCAL_DOMAINS: [&str; 5] = ["local", "lan", "home.arpa", "internal", "localhost"];
/// Networks every root may vouch for: private, carrier-grade, link-local and loop-back ranges.
const LOCAL_NETWORKS: [&str; 9] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];

/// A name people reach the box by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Lower case, without a final dot.
    Domain(String),
    Address(IpAddr),
}

impl Name {
    /// Reads a host as it stands in a URL or a config file; `None` when a certificate cannot
    /// carry it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        let domain = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let fits = domain.len() <= DOMAIN_LENGTH_MAX && domain.split('.').all(is_label);
        // A last label of digits alone reads as a broken address everywhere.
        let is_number = domain.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_ok());
        (fits && !is_number).then_some(Self::Domain(domain))
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty()
        && label.len() <= LABEL_LENGTH_MAX
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => f.write_str(domain),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What a root may vouch for; written into it as critical name constraints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Constraints {
    /// Each with everything below it.
    pub domains: Vec<String>,
    pub networks: Vec<IpNet>,
}

impl Constraints {
    /// The local ranges and these names.
    pub fn for_names(names: &[Name]) -> Self {
        let mut constraints = Self {
            domains: LOCAL_DOMAINS.map(str::to_owned).to_vec(),
            networks: LOCAL_NETWORKS.iter().filter_map(|text| text.parse().ok()).collect(),
        };
        for name in names {
            if constraints.cover(name) {
                continue;
            }
            match name {
                Name::Domain(domain) => constraints.domains.push(domain.clone()),
                Name::Address(address) => constraints.networks.push(IpNet::from(*address)),
            }
        }
        constraints
    }

    /// Whether `name` lies inside, as RFC 5280 §4.2.1.10 reads it.
    pub fn cover(&self, name: &Name) -> bool {
        match name {
            Name::Domain(domain) => self.domains.iter().any(|one| is_at_or_below(domain, one)),
            Name::Address(address) => self.networks.iter().any(|one| one.contains(address)),
        }
    }

    /// For people: the domains, then the networks.
    pub fn names(&self) -> Vec<String> {
        let networks = self.networks.iter().map(ToString::to_string);
        self.domains.iter().cloned().chain(networks).collect()
    }

    pub fn cover_all(&self, names: &[Name]) -> bool {
        names.iter().all(|name| self.cover(name))
    }
}

fn is_at_or_below(domain: &str, top: &str) -> bool {
    domain
        .strip_suffix(top)
        .is_some_and(|front| front.is_empty() || front.ends_with('.') || top.is_empty())
}

/// The names a leaf carries: each once, no more than the bound, in a steady order.
pub fn leaf_names(wanted: Vec<Name>) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for name in wanted {
        if names.len() < LEAF_NAMES_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort();
    names
}

/// When a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub not_before: Moment,
    pub not_after: Moment,
}

impl Validity {
    /// From a day ago until `lifetime` from now, in whole seconds as certificates have them.
    pub fn starting(now: Moment, lifetime: Duration) -> Self {
        let second = Moment(now.0.div_euclid(1000) * 1000);
        Self { not_before: second.minus(BACKDATED), not_after: second.plus(lifetime) }
    }

    pub fn holds(&self, now: Moment) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    pub fn left(&self, now: Moment) -> Duration {
        self.not_after.since(now)
    }
}

/// What there is to know about a root when one is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFacts {
    pub validity: Validity,
    pub constraints: Constraints,
}

impl RootFacts {
    fn can_sign(&self, now: Moment, names: &[Name]) -> bool {
        self.validity.holds(now)
            && self.validity.left(now) >= LEAF_LIFETIME
            && self.constraints.cover_all(names)
    }
}

/// The time to decide by. A box without a battery clock starts in the past and must not make
/// itself a new root for that: before [`CLOCK_PLAUSIBLE_FROM`] the time of the newest certificate
/// counts. A plausible clock is believed, also when certificates were made in its future.
pub fn steady_now(clock: Moment, made: impl IntoIterator<Item = Validity>) -> Moment {
    if clock >= CLOCK_PLAUSIBLE_FROM {
        return clock;
    }
    made.into_iter().map(|one| one.not_before.plus(BACKDATED)).fold(clock, Moment::max)
}

/// What to sign with which root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Index of the root.
    pub root: usize,
    pub names: Vec<Name>,
    /// Wanted names no root covers; only when the box may not make another root.
    pub left_out: Vec<Name>,
}

/// Plans the leaf: by the oldest root that covers all names, because most devices know it; else
/// by the newest, without the names it does not cover. `None` when no root can sign.
pub fn plan_leaf(now: Moment, roots: &[RootFacts], wanted: &[Name]) -> Option<Plan> {
    if let Some(root) = roots.iter().position(|root| root.can_sign(now, wanted)) {
        return Some(Plan { root, names: wanted.to_vec(), left_out: Vec::new() });
    }
    let root = roots.iter().rposition(|root| root.can_sign(now, &[]))?;
    let constraints = &roots.get(root)?.constraints;
    let (names, left_out) = wanted.iter().cloned().partition(|name| constraints.cover(name));
    Some(Plan { root, names, left_out })
}

/// Whether another root is needed: none covers the names, or the last that does ends within a year.
pub fn is_root_needed(now: Moment, roots: &[RootFacts], names: &[Name]) -> bool {
    !roots.iter().any(|root| root.can_sign(now, names) && root.validity.left(now) > SUCCESSOR_LEAD)
}

/// What there is to know about the leaf in use when its renewal is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafFacts {
    pub validity: Validity,
    pub names: Vec<Name>,
}

/// Why a leaf is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    NamesChanged,
    EndsSoon,
}

/// Whether a leaf with `wanted` (from [`leaf_names`]) must replace this one now.
pub fn renewal_due(now: Moment, leaf: &LeafFacts, wanted: &[Name]) -> Option<Renewal> {
    if leaf.names != wanted {
        return Some(Renewal::NamesChanged);
    }
    let is_over = leaf.validity.left(now) <= LEAF_RENEWED_LEFT || !leaf.validity.holds(now);
    is_over.then_some(Renewal::EndsSoon)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_790_000_000_000);

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn root(made: Moment, names: &[&str]) -> RootFacts {
        let names: Vec<Name> = names.iter().map(|text| name(text)).collect();
        RootFacts {
            validity: Validity::starting(made, ROOT_LIFETIME),
            constraints: Constraints::for_names(&names),
        }
    }

    #[test]
    fn names_are_read_as_hosts_are_written() {
        assert_eq!(name("Box.LAN."), Name::Domain("box.lan".to_owned()));
        assert_eq!(name("[fd00::2]"), name("fd00::2"));
        assert_eq!(name("::ffff:10.0.0.1"), name("10.0.0.1"));
        let too_long = "a".repeat(64);
        for bad in ["", "a b", "-a.lan", "a..b", "1.2.3", "1.2.3.4.5", "*.lan", "käse", &too_long]
        {
            assert_eq!(Name::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn constraints_cover_local_names_and_ranges_and_nothing_public() {
        let constraints = Constraints::for_names(&[name("ops.example.com"), name("203.0.113.7")]);
        let inside = ["box.local", "local", "a.b.lan", "x.home.arpa", "db.internal", "localhost"];
        let addresses = ["10.1.2.3", "172.31.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.9"];
        let own = ["169.254.1.1", "fd12::1", "::1", "fe80::1", "ops.example.com", "203.0.113.7"];
        let below = ["a.ops.example.com"];
        for inside in inside.iter().chain(&addresses).chain(&own).chain(&below) {
            assert!(constraints.cover(&name(inside)), "{inside}");
        }
        let outside = ["example.com", "notlocal", "ops.example.com.evil", "8.8.8.8", "172.32.0.1"];
        for outside in outside.iter().chain(&["2001:db8::1", "203.0.113.8", "192.169.0.1"]) {
            assert!(!constraints.cover(&name(outside)), "{outside}");
        }
    }

    #[test]
    fn leaf_names_stand_once_in_steady_order_and_are_bounded() {
        let names = leaf_names(vec![name("b.lan"), name("10.0.0.1"), name("a.lan"), name("b.lan")]);
        assert_eq!(names, [name("a.lan"), name("b.lan"), name("10.0.0.1")]);

        let many = (0..500).map(|n| name(&format!("n{n}.lan"))).collect();
        assert_eq!(leaf_names(many).len(), LEAF_NAMES_MAX);
    }

    #[test]
    fn a_leaf_is_renewed_with_ten_days_left_and_at_once_for_other_names() {
        let names = vec![name("box.lan")];
        let leaf =
            LeafFacts { validity: Validity::starting(NOW, LEAF_LIFETIME), names: names.clone() };
        let last_quiet = NOW.plus(20 * DAY).minus(Duration::from_secs(1));

        assert_eq!(renewal_due(NOW, &leaf, &names), None);
        assert_eq!(renewal_due(last_quiet, &leaf, &names), None);
        assert_eq!(renewal_due(NOW.plus(20 * DAY), &leaf, &names), Some(Renewal::EndsSoon));
        assert_eq!(renewal_due(NOW.minus(2 * DAY), &leaf, &names), Some(Renewal::EndsSoon));
        let more = [name("box.lan"), name("10.0.0.1")];
        assert_eq!(renewal_due(NOW, &leaf, &more), Some(Renewal::NamesChanged));
    }

    #[test]
    fn the_oldest_root_that_covers_all_names_signs() {
        let roots = [root(NOW, &["a.example"]), root(NOW, &["a.example", "b.example"])];
        let by = |names: &[Name]| plan_leaf(NOW, &roots, names).unwrap();

        assert_eq!(by(&[name("x.lan"), name("a.example")]).root, 0);
        assert_eq!(by(&[name("b.example")]).root, 1);
        assert!(!is_root_needed(NOW, &roots, &[name("b.example")]));
        assert!(is_root_needed(NOW, &roots, &[name("c.example")]));
    }

    #[test]
    fn a_name_no_root_covers_is_left_out_rather_than_ending_all() {
        let roots = [root(NOW, &[]), root(NOW, &["a.example"])];
        let wanted = [name("a.example"), name("c.example"), name("x.lan")];

        let plan = plan_leaf(NOW, &roots, &wanted).unwrap();

        assert_eq!((plan.root, plan.names), (1, vec![name("a.example"), name("x.lan")]));
        assert_eq!(plan.left_out, [name("c.example")]);
        assert_eq!(plan_leaf(NOW, &[], &wanted), None);
    }

    #[test]
    fn a_successor_comes_a_year_early_and_the_old_root_signs_to_its_last_month() {
        let names = [name("box.lan")];
        let roots = [root(NOW, &[])];
        let end = NOW.plus(ROOT_LIFETIME);

        assert!(!is_root_needed(end.minus(366 * DAY), &roots, &names));
        assert!(is_root_needed(end.minus(300 * DAY), &roots, &names));
        assert_eq!(plan_leaf(end.minus(300 * DAY), &roots, &names).map(|plan| plan.root), Some(0));
        assert_eq!(plan_leaf(end.minus(29 * DAY), &roots, &names), None);
    }

    #[test]
    fn only_an_impossible_clock_is_not_believed() {
        let made = [Validity::starting(NOW, ROOT_LIFETIME)];

        assert_eq!(steady_now(Moment(0), made), NOW);
        assert_eq!(steady_now(NOW.minus(DAY), made), NOW.minus(DAY));
        assert_eq!(steady_now(NOW.plus(DAY), made), NOW.plus(DAY));
        assert_eq!(steady_now(Moment(5), []), Moment(5));
    }
}
