//! When the box is well, and who may see why not.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::host::Memory;
use crate::platform::clock::Moment;
use crate::platform::jobs::rules::LATE;
use crate::platform::secret::Secret;
use crate::platform::workspaces::damage::rules::Damaged;

/// Below this the disk is filling up and somebody should look.
pub const DISK_FREE_BYTES_WANTED: u64 = 1024 * 1024 * 1024;
/// Below this the next larger change may find no room.
pub const DISK_FREE_BYTES_NEEDED: u64 = 100 * 1024 * 1024;
/// How many times the wished length the write-ahead log may have before somebody should look.
const LOG_GROWTH_MAX: u64 = 16;
/// The async threads come back sooner, or they are held up.
pub const TURN_MAX: Duration = Duration::from_millis(500);

/// Above this the next larger piece of work may find no memory.
const MEMORY_PERCENT_MAX: u64 = 95;
/// Above this a queue is about to be full.
const QUEUE_PERCENT_MAX: usize = 80;
/// A jump of the clock is told for so long.
const CLOCK_JUMP_TOLD: Duration = Duration::from_hours(24);
/// A clock that goes back so far behind what was written is wrong.
const CLOCK_BEHIND_MAX: Duration = Duration::from_mins(10);
/// A box that did nothing for so long is rare; a clock that was set wrong is not.
const REST_MAX: Duration = Duration::from_hours(90 * 24);

/// What is odd about the clock when the box starts, beside the last entry it wrote.
pub fn clock_at_start(now: Moment, newest: Moment) -> Option<String> {
    if newest.since(now) > CLOCK_BEHIND_MAX {
        return Some(format!(
            "The clock says {now}, but this box wrote something at {newest}, which is later. Set \
             the clock: timedatectl set-ntp true"
        ));
    }
    let rest = now.since(newest);
    (rest > REST_MAX).then(|| {
        let days = rest.as_secs() / (24 * 60 * 60);
        format!(
            "The clock says {now}, {days} days after this box did something last. If it did not \
             rest so long, set the clock: timedatectl set-ntp true"
        )
    })
}

/// How well something is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok,
    /// It works, and somebody should look.
    Degraded,
    /// It does not work.
    Failing,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

/// How well one thing is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub status: Status,
    pub detail: Option<String>,
}

impl Finding {
    pub fn ok() -> Self {
        Self { status: Status::Ok, detail: None }
    }

    pub fn new(status: Status, detail: impl Into<String>) -> Self {
        Self { status, detail: Some(detail.into()) }
    }
}

/// One check of a health report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub finding: Finding,
    pub took: Duration,
}

/// The box is as well as its worst part.
pub fn overall(checks: &[Check]) -> Status {
    checks.iter().map(|check| check.finding.status).max().unwrap_or(Status::Ok)
}

/// Judges whether the box answers. `turn` is how long the async threads took to come back.
pub fn api(is_stopping: bool, turn: Duration) -> Finding {
    if is_stopping {
        return Finding::new(Status::Failing, "The box is stopping.");
    }
    if turn > TURN_MAX {
        let detail = format!("Work waited {} ms for its turn.", turn.as_millis());
        return Finding::new(Status::Degraded, detail);
    }
    Finding::ok()
}

/// Judges a database that could be read. `log_bytes` is the length of its write-ahead log.
pub fn database(is_refusing_writes: bool, log_bytes: u64, log_wished_bytes: u64) -> Finding {
    if is_refusing_writes {
        let detail = "The last change could not be kept; see the log of the box.";
        return Finding::new(Status::Failing, detail);
    }
    let detail = format!("The write-ahead log holds {}.", size(log_bytes));
    if log_bytes > log_wished_bytes.saturating_mul(LOG_GROWTH_MAX) {
        return Finding::new(Status::Degraded, detail);
    }
    Finding::new(Status::Ok, detail)
}

/// Judges the room left on the disk of the data.
pub fn disk(free_bytes: u64) -> Finding {
    let status = match free_bytes {
        ..DISK_FREE_BYTES_NEEDED => Status::Failing,
        DISK_FREE_BYTES_NEEDED..DISK_FREE_BYTES_WANTED => Status::Degraded,
        DISK_FREE_BYTES_WANTED.. => Status::Ok,
    };
    Finding::new(status, format!("{} free.", size(free_bytes)))
}

/// Judges the certificate that people get. `trouble` is what its keeper complains of.
pub fn certificate(trouble: Option<&str>, not_after: Moment, now: Moment) -> Finding {
    if not_after <= now {
        let detail = format!("The certificate ended on {}; browsers refuse it.", day(not_after));
        return Finding::new(Status::Failing, detail);
    }
    match trouble {
        Some(trouble) => Finding::new(Status::Degraded, trouble),
        None => Finding::new(Status::Ok, format!("It holds until {}.", day(not_after))),
    }
}

/// Judges what a box behind a proxy knows of its visitors.
pub fn proxy(is_proxy_named: bool) -> Finding {
    let detail = if is_proxy_named {
        "A reverse proxy in front holds the certificate."
    } else {
        "A reverse proxy in front holds the certificate. Its address is not among \
         server.trusted_proxies, so unless it forwards none, every visitor looks as if they sat \
         at this machine: name it there."
    };
    Finding::new(Status::Ok, detail)
}

/// The day of a moment in UTC, e.g. `2026-12-21`.
fn day(moment: Moment) -> String {
    moment.to_string().chars().take_while(|one| *one != 'T').collect()
}

/// Judges the work in the background. `failing` are scheduled jobs whose last run failed;
/// `due_since` is when the job that waits longest was due.
pub fn jobs(failing: &[(&str, i64)], due_since: Option<Moment>, now: Moment) -> Finding {
    if let Some((title, count)) = failing.first() {
        let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        let detail = format!("{title} failed {times} and was not done since; see the jobs.");
        return Finding::new(Status::Degraded, detail);
    }
    if due_since.is_some_and(|due_since| now.since(due_since) > LATE) {
        let detail = "A job waits for hours to begin; see the jobs.";
        return Finding::new(Status::Degraded, detail);
    }
    Finding::ok()
}

/// Judges backups. `trouble` is the worst that is wrong with them.
pub fn backups(is_set_up: bool, trouble: Option<&str>, verified_at: Option<Moment>) -> Finding {
    match (trouble, verified_at) {
        (Some(trouble), _) => Finding::new(Status::Degraded, trouble),
        (None, Some(at)) => Finding::new(Status::Ok, format!("The last was verified at {at}.")),
        (None, None) if is_set_up => Finding::new(Status::Ok, "The first is still to come."),
        (None, None) => Finding::new(Status::Ok, "Nobody has set them up."),
    }
}

/// Judges the files of workspaces by those that are known to be damaged.
pub fn workspaces(damaged: &[Damaged]) -> Finding {
    match damaged.first() {
        Some(first) => Finding::new(Status::Degraded, first.sentence()),
        None => Finding::ok(),
    }
}

/// Judges the files of workspaces that are open. `log_bytes` is the length of their write-ahead
/// logs together.
pub fn open_workspaces(open: usize, refusing: usize, log_bytes: u64) -> Finding {
    if refusing > 0 {
        let detail = format!("{refusing} of {open} open files could not keep their last change.");
        return Finding::new(Status::Failing, detail);
    }
    let log = size(log_bytes);
    let detail = match open {
        0 => "No file is open.".to_owned(),
        1 => format!("1 file is open; its write-ahead log holds {log}."),
        more => format!("{more} files are open; their write-ahead logs hold {log}."),
    };
    Finding::new(Status::Ok, detail)
}

/// Judges the memory that the box may use. None where the machine does not say.
pub fn memory(memory: Option<Memory>) -> Finding {
    let Some(Memory { used_bytes, limit_bytes, .. }) = memory else { return Finding::ok() };
    let is_scarce = used_bytes.saturating_mul(100) > limit_bytes.saturating_mul(MEMORY_PERCENT_MAX);
    let status = if is_scarce { Status::Degraded } else { Status::Ok };
    Finding::new(status, format!("{} of {} are in use.", size(used_bytes), size(limit_bytes)))
}

/// Judges the queues in front of the files by the fullest.
pub fn queue(waiting: usize, capacity: usize) -> Finding {
    let is_filling = waiting.saturating_mul(100) > capacity.saturating_mul(QUEUE_PERCENT_MAX);
    let status = if is_filling { Status::Degraded } else { Status::Ok };
    Finding::new(status, format!("{waiting} of {capacity} changes wait at most for one file."))
}

/// Judges how notices leave the box. `last` is the last try by mail: when, and why it failed.
pub fn notices(is_mail_on: bool, last: Option<(Moment, Option<&str>)>) -> Finding {
    match last {
        Some((at, Some(why))) => {
            Finding::new(Status::Degraded, format!("The last mail, at {at}, failed: {why}"))
        }
        Some((at, None)) => Finding::new(Status::Ok, format!("The last mail went out at {at}.")),
        None if is_mail_on => Finding::new(Status::Ok, "No mail was sent yet."),
        None => Finding::new(Status::Ok, "No mail server is set up."),
    }
}

/// Judges the clock by when it was last seen to jump.
pub fn clock(jumped_at: Option<Moment>, now: Moment) -> Finding {
    match jumped_at.filter(|at| now.since(*at) < CLOCK_JUMP_TOLD) {
        Some(at) => Finding::new(Status::Degraded, format!("It jumped at {at}; is it right now?")),
        None => Finding::ok(),
    }
}

/// Who asks for metrics or the details of health.
#[derive(Debug, Clone)]
pub struct Asker<'a> {
    pub is_operator: bool,
    /// None when the sender's own address is not known: a proxy that is not trusted stands
    /// between, and its address says nothing about the sender.
    pub address: Option<IpAddr>,
    /// What came as `Authorization: Bearer`.
    pub token: Option<&'a str>,
}

/// Operators, allowed addresses and whoever has the token see the inside.
pub fn may_look(asker: &Asker<'_>, allowed: &[IpNet], token: &Secret) -> bool {
    let from = asker.address.map(|address| address.to_canonical());
    let has_token = !token.is_empty() && asker.token.is_some_and(|sent| token.equals(sent));
    let is_near = from.is_some_and(|from| allowed.iter().any(|net| net.contains(&from)));
    asker.is_operator || has_token || is_near
}

/// Writes a size for people: `12.3 GB`.
fn size(bytes: u64) -> String {
    const STEP: u64 = 1000;
    let units = [(STEP.pow(4), "TB"), (STEP.pow(3), "GB"), (STEP.pow(2), "MB"), (STEP, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Moment = Moment(1_000);

    #[test]
    fn the_box_is_as_well_as_its_worst_part() {
        let check = |status| Check {
            name: "any",
            finding: Finding { status, detail: None },
            took: Duration::ZERO,
        };
        assert_eq!(overall(&[]), Status::Ok);
        assert_eq!(overall(&[check(Status::Ok), check(Status::Degraded)]), Status::Degraded);
        assert_eq!(overall(&[check(Status::Failing), check(Status::Degraded)]), Status::Failing);
    }

    #[test]
    fn a_filling_disk_warns_before_it_fails() {
        let status = |bytes| disk(bytes).status;
        assert_eq!(status(DISK_FREE_BYTES_WANTED), Status::Ok);
        assert_eq!(status(DISK_FREE_BYTES_WANTED - 1), Status::Degraded);
        assert_eq!(status(DISK_FREE_BYTES_NEEDED), Status::Degraded);
        assert_eq!(status(DISK_FREE_BYTES_NEEDED - 1), Status::Failing);
        assert_eq!(disk(12_345_000_000).detail.as_deref(), Some("12.3 GB free."));
    }

    #[test]
    fn a_log_that_is_never_folded_is_told() {
        assert_eq!(database(false, 4_000_000, 4_000_000).status, Status::Ok);
        assert_eq!(database(false, 65_000_000, 4_000_000).status, Status::Degraded);
        assert_eq!(database(true, 0, 4_000_000).status, Status::Failing);
    }

    #[test]
    fn what_runs_out_is_told_before_it_is_gone() {
        let used = |used_bytes| Memory { used_bytes, limit_bytes: 1_000_000, is_limited: true };
        assert_eq!(memory(None).status, Status::Ok);
        assert_eq!(memory(Some(used(950_000))).status, Status::Ok);
        assert_eq!(memory(Some(used(950_001))).status, Status::Degraded);
        assert_eq!(queue(80, 100).status, Status::Ok);
        assert_eq!(queue(81, 100).status, Status::Degraded);
        assert_eq!(open_workspaces(3, 0, 0).status, Status::Ok);
        let said = |open| open_workspaces(open, 0, 2_000).detail.unwrap();
        assert_eq!(said(0), "No file is open.");
        assert_eq!(said(1), "1 file is open; its write-ahead log holds 2.0 kB.");
        assert_eq!(said(2), "2 files are open; their write-ahead logs hold 2.0 kB.");
        assert_eq!(open_workspaces(3, 1, 0).status, Status::Failing);
    }

    #[test]
    fn a_mail_that_failed_and_a_clock_that_jumped_degrade_the_box() {
        assert_eq!(notices(false, None).status, Status::Ok);
        assert_eq!(notices(true, Some((LATER, None))).status, Status::Ok);
        assert_eq!(notices(true, Some((LATER, Some("refused")))).status, Status::Degraded);
        let day = Duration::from_hours(24);
        assert_eq!(clock(None, LATER).status, Status::Ok);
        assert_eq!(clock(Some(LATER), LATER.plus(day / 2)).status, Status::Degraded);
        assert_eq!(clock(Some(LATER), LATER.plus(day)).status, Status::Ok);
    }

    #[test]
    fn a_failing_or_late_job_degrades_the_box() {
        let now = Moment(0).plus(LATE * 2);
        assert_eq!(jobs(&[], None, now).status, Status::Ok);
        assert_eq!(jobs(&[], Some(now), now).status, Status::Ok);
        assert_eq!(jobs(&[], Some(Moment(0)), now).status, Status::Degraded);
        let failed = |count| jobs(&[("Clean-up", count)], None, now);
        assert_eq!(failed(1).status, Status::Degraded);
        let said = |count| failed(count).detail.unwrap();
        assert_eq!(said(1), "Clean-up failed once and was not done since; see the jobs.");
        assert_eq!(said(2), "Clean-up failed 2 times and was not done since; see the jobs.");
    }

    #[test]
    fn a_certificate_that_ended_fails_whatever_its_keeper_says() {
        assert_eq!(certificate(None, LATER, Moment(0)).status, Status::Ok);
        assert_eq!(certificate(Some("It ends soon."), LATER, Moment(0)).status, Status::Degraded);
        assert_eq!(certificate(None, LATER, LATER).status, Status::Failing);
    }

    #[test]
    fn a_box_that_stops_or_is_held_up_is_not_well() {
        assert_eq!(api(false, TURN_MAX).status, Status::Ok);
        assert_eq!(api(false, TURN_MAX * 2).status, Status::Degraded);
        assert_eq!(api(true, Duration::ZERO).status, Status::Failing);
    }

    #[test]
    fn operators_near_addresses_and_the_token_open_the_inside() {
        let allowed = ["127.0.0.0/8".parse().unwrap()];
        let token = Secret::new("a-long-monitoring-token");
        let stranger = Asker { is_operator: false, address: None, token: None };
        let near = |address: &str| Asker { address: address.parse().ok(), ..stranger.clone() };
        let with = |token| Asker { token: Some(token), ..stranger.clone() };

        assert!(!may_look(&stranger, &allowed, &token));
        assert!(may_look(&Asker { is_operator: true, ..stranger.clone() }, &allowed, &token));
        assert!(may_look(&near("127.0.0.1"), &allowed, &token));
        assert!(may_look(&near("::ffff:127.0.0.1"), &allowed, &token));
        assert!(!may_look(&near("192.0.2.1"), &allowed, &token));
        assert!(may_look(&with("a-long-monitoring-token"), &allowed, &token));
        assert!(!may_look(&with("a-long-monitoring-toke"), &allowed, &token));
    }

    #[test]
    fn without_a_token_in_the_settings_an_empty_one_opens_nothing() {
        let asker = Asker { is_operator: false, address: None, token: Some("") };
        assert!(!may_look(&asker, &[], &Secret::default()));
    }

    #[test]
    fn a_clock_a_year_off_is_told_and_a_few_minutes_are_not() {
        const DAY: Duration = Duration::from_hours(24);
        let now = Moment(1_800_000_000_000);
        let said = |newest| clock_at_start(now, newest);

        assert!(said(now.plus(DAY * 365)).is_some_and(|said| said.contains("which is later")));
        assert!(said(now.minus(DAY * 365)).is_some_and(|said| said.contains("365 days")));
        for fine in [now, now.plus(Duration::from_mins(5)), now.minus(DAY * 60)] {
            assert_eq!(said(fine), None);
        }
    }
}
