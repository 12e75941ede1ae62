//! What is remembered of wrong tries, in memory and bounded: a restart forgives them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rules::{Failures, REPORT_EVERY};
use crate::config::Limits;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::id::ObjectId;
use crate::platform::throttle::Buckets;

/// Accounts and networks remembered at once.
const REMEMBERED_MAX: usize = 50_000;
/// Passwords estimated for one network: at once, and in a minute.
const ESTIMATES_BURST: u64 = 120;
const ESTIMATES_PER_MIN: u64 = 240;
const SIGN_IN_THROTTLED: &str = "sign-in-throttled";

/// Whose tries are counted together: an account, as seen from one known device or from all
/// unknown ones. So a stranger's tries do not delay the owner's own browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// SHA-256 of what names the account, so that unknown ones are treated alike.
    pub account: [u8; 32],
    /// SHA-256 of the device's cookie, when the account knows the device.
    pub device: Option<[u8; 32]>,
}

/// Why somebody was not let in, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Password,
    SecondFactor,
    /// A personal token that is unknown, revoked or has ended.
    Token,
    /// Another credential of a program.
    Program,
    /// A one-time link.
    Link,
    /// It was not looked at: too many wrong ones came before.
    Throttled,
}

impl Reason {
    pub const ALL: [Self; 6] = [
        Self::Password,
        Self::SecondFactor,
        Self::Token,
        Self::Program,
        Self::Link,
        Self::Throttled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SecondFactor => "second-factor",
            Self::Token => "token",
            Self::Program => "program",
            Self::Link => "link",
            Self::Throttled => "throttled",
        }
    }
}

/// Counts a refused try to sign in.
pub fn count_failure(reason: Reason) {
    metrics::counter!("holdfast_sign_in_failures_total", "reason" => reason.name()).increment(1);
}

/// Counts a try to sign in that has to wait, and gives the outcome on.
pub fn counted<T>(outcome: Result<T>) -> Result<T> {
    if let Err(Error::Throttled { .. }) = &outcome {
        count_failure(Reason::Throttled);
    }
    outcome
}

/// Counts a refused proof of somebody who is signed in already.
pub fn count_refused_proof() {
    metrics::counter!("holdfast_step_up_failures_total").increment(1);
}

/// The memory of tries.
pub struct SignIns {
    networks: Buckets<IpAddr>,
    /// Those of programs, apart: nobody guesses what they hold.
    programs: Buckets<IpAddr>,
    accounts: Mutex<HashMap<Target, Failures>>,
    refused: Mutex<HashMap<Refused, Window>>,
    pub estimates: Buckets<IpAddr>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Moment,
    address: IpAddr,
    unreported: u64,
}

/// What somebody tried, and why it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tried {
    SignIn,
    /// The credential of a program.
    Program(&'static str),
    /// A one-time link.
    Link(&'static str),
}

/// Refusals that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refused {
    pub network: IpAddr,
    pub tried: Tried,
    /// The account it was about.
    pub about: Option<ObjectId>,
}

/// Refused sign-ins that belong into the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub what: Refused,
    pub address: IpAddr,
    pub count: u64,
}

impl Tried {
    fn reason(self) -> Reason {
        match self {
            Self::SignIn => Reason::Password,
            Self::Program(_) => Reason::Program,
            Self::Link(_) => Reason::Link,
        }
    }
}

impl SignIns {
    pub fn new(limits: &Limits) -> Self {
        let (burst, per_min) = (limits.sign_in_failures_burst, limits.sign_in_failures_per_min);
        Self {
            networks: Buckets::new(burst, per_min, SIGN_IN_THROTTLED),
            programs: Buckets::new(burst, per_min, SIGN_IN_THROTTLED),
            accounts: Mutex::default(),
            refused: Mutex::default(),
            estimates: Buckets::new(ESTIMATES_BURST, ESTIMATES_PER_MIN, "too-many-requests"),
        }
    }

    /// Lets a try begin, counted as a wrong one until `succeeded` says otherwise: many at the
    /// same time count as many. What a neighbour tries does not delay a known device.
    pub fn begin(&self, network: Option<IpAddr>, target: Target, now: Moment) -> Result<()> {
        let mut accounts = lock(&self.accounts);
        let failures = accounts.get(&target).copied();
        let wait = failures.map_or(Duration::ZERO, |failures| failures.wait(now));
        if !wait.is_zero() {
            return Err(throttled(wait));
        }
        if let Some(network) = network.filter(|_| target.device.is_none()) {
            self.networks.take(network, now)?;
        }
        if accounts.len() >= REMEMBERED_MAX && failures.is_none() {
            accounts.retain(|_, one| !one.wait(now).is_zero());
            if accounts.len() >= REMEMBERED_MAX {
                accounts.clear();
            }
        }
        let before = failures.unwrap_or(Failures { count: 0, last_at: now });
        accounts.insert(target, before.and_one(now));
        Ok(())
    }

    /// Forgets the tries before a right one.
    pub fn succeeded(&self, network: Option<IpAddr>, target: Target, now: Moment) {
        lock(&self.accounts).remove(&target);
        self.put_back(network, target, now);
    }

    /// Forgets the wrong tries at an account from unknown devices.
    pub fn forget(&self, target: Target) {
        lock(&self.accounts).remove(&target);
    }

    /// Takes back a try that was not looked at.
    pub fn undone(&self, network: Option<IpAddr>, target: Target, now: Moment) {
        if let Some(failures) = lock(&self.accounts).get_mut(&target) {
            failures.count = failures.count.saturating_sub(1);
        }
        self.put_back(network, target, now);
    }

    /// Counts a wrong credential of a program, which nobody can guess: it costs only the network
    /// it came from, and there programs alone.
    pub fn program_failed(&self, network: Option<IpAddr>, now: Moment) -> Result<()> {
        network.map_or(Ok(()), |network| self.programs.take(network, now))
    }

    /// Refuses programs of a network that sent too many wrong credentials.
    pub fn check_programs(&self, network: Option<IpAddr>, now: Moment) -> Result<()> {
        network.map_or(Ok(()), |network| self.programs.check(network, now))
    }

    /// Notes a refusal and gives what is to be reported by now: the first of a kind and a network
    /// at once, the rest as a number when its hour is over.
    pub fn refused(&self, what: Refused, address: IpAddr, now: Moment) -> Vec<Report> {
        count_failure(what.tried.reason());
        let mut refused = lock(&self.refused);
        let mut reports = take_ended(&mut refused, now);
        if let Some(window) = refused.get_mut(&what) {
            window.unreported += 1;
            window.address = address;
        } else if refused.len() < REMEMBERED_MAX {
            refused.insert(what, Window { since: now, address, unreported: 0 });
            reports.push(Report { what, address, count: 1 });
        } else {
            metrics::counter!("holdfast_refusals_not_audited_total").increment(1);
        }
        reports
    }

    /// What is to be reported because its hour is over.
    pub fn ended(&self, now: Moment) -> Vec<Report> {
        take_ended(&mut lock(&self.refused), now)
    }

    /// Everything not yet reported, for the end of the process.
    pub fn all(&self) -> Vec<Report> {
        let windows = std::mem::take(&mut *lock(&self.refused));
        windows.into_iter().filter_map(report).collect()
    }

    fn put_back(&self, network: Option<IpAddr>, target: Target, now: Moment) {
        if let Some(network) = network.filter(|_| target.device.is_none()) {
            self.networks.put_back(network, now);
        }
    }
}

/// Stands for requests whose address nobody knows.
pub(super) const NOWHERE: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

fn take_ended(refused: &mut HashMap<Refused, Window>, now: Moment) -> Vec<Report> {
    let ended = refused.extract_if(|_, window| now.since(window.since) >= REPORT_EVERY);
    ended.filter_map(report).collect()
}

fn report((what, window): (Refused, Window)) -> Option<Report> {
    let report = Report { what, address: window.address, count: window.unreported };
    (window.unreported > 0).then_some(report)
}

fn throttled(wait: Duration) -> Error {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Error::Throttled {
        code: SIGN_IN_THROTTLED,
        retry_after_s: millis.div_ceil(1_000).max(1),
        limit: None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
