//! Which days are closed, and what that refuses.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::apps::inventory::movements::rules::EFFECTIVE_AT_MIN;
use crate::apps::inventory::periods::rules::last_moment;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};

pub const CODES: &[Code] = &[
    code(
        "lock-date",
        "The day up to which the books are to be closed cannot be read, lies before 2000, or is \
         not over yet.",
        "Use a day that is over, like 2026-03-31, or none to open all of them.",
    ),
    code(
        "locked-period",
        "The movement would take effect on a day that is closed.",
        "Enter it for a later day, or ask an admin to move the lock date back.",
    ),
];

/// The last day that is closed, and when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    pub day: Date,
    /// The last moment that is closed.
    pub until: Moment,
}

/// The workspace's lock; none when nothing is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptLock {
    pub lock: Option<Lock>,
    pub version: i64,
}

/// Reads the day to close the books at; none or nothing opens all of them. A day that is not over
/// would refuse what people are posting right now.
pub fn check(day: Option<&str>, zone: &TimeZone, now: Moment) -> Result<Option<Lock>> {
    let Some(text) = day.filter(|text| !text.is_empty()) else { return Ok(None) };
    let day: Date = text.parse().map_err(|_| wrong("Use a day like 2026-03-31."))?;
    let until = last_moment(day, zone).ok_or_else(|| wrong("There is no such day."))?;
    if until < EFFECTIVE_AT_MIN {
        return Err(wrong("Nothing is entered before the year 2000."));
    }
    if until >= now {
        return Err(wrong("This day is not over yet."));
    }
    Ok(Some(Lock { day, until }))
}

fn wrong(detail: &str) -> Error {
    Error::invalid("locked_until", "lock-date", detail)
}

/// Refuses what would take effect within the days that are closed.
pub fn check_open(lock: Option<Lock>, effective_at: Moment) -> Result<()> {
    let Some(lock) = lock.filter(|lock| effective_at <= lock.until) else { return Ok(()) };
    let detail = format!(
        "The books are closed up to and including {}. Enter it for a later day, or ask an admin to \
         move the lock date back.",
        lock.day
    );
    let refusal = Refusal::new("locked-period", &detail).with("locked_until", lock.day.to_string());
    Err(refusal.field("effective_at", "locked-period", detail).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str, zone: &str, now: &str) -> Result<Option<Lock>> {
        check(Some(text), &TimeZone::get(zone).unwrap(), now.parse().unwrap())
    }

    fn until(text: &str, zone: &str, now: &str) -> Moment {
        lock(text, zone, now).unwrap().unwrap().until
    }

    #[test]
    fn a_day_is_closed_to_its_last_millisecond_where_the_workspace_is() {
        let now = "2026-11-22T10:00:00Z";
        let berlin = |day| until(day, "Europe/Berlin", now).to_string();
        assert_eq!(berlin("2026-07-31"), "2026-07-31T21:59:59.999Z");
        // Clocks are set back on this day: it has 25 hours.
        assert_eq!(berlin("2026-10-25"), "2026-10-25T22:59:59.999Z");
        // And forward on this one: it has 23.
        assert_eq!(berlin("2026-03-29"), "2026-03-29T21:59:59.999Z");
        // Santiago has no midnight on the day after this one.
        let santiago = until("2026-09-05", "America/Santiago", now).to_string();
        assert_eq!(santiago, "2026-09-06T03:59:59.999Z");
    }

    #[test]
    fn a_day_that_is_not_over_is_never_closed() {
        assert!(lock("2026-11-22", "Europe/Berlin", "2026-11-22T22:59:59.999Z").is_err());
        assert!(lock("2026-11-22", "Europe/Berlin", "2026-11-22T23:00:00Z").is_ok());
        assert!(lock("2026-11-23", "Europe/Berlin", "2026-11-22T10:00:00Z").is_err());
        for bad in
            ["31.03.2026", "2026-02-30", "today", "1999-12-31", "9999-12-31", "-000001-01-01"]
        {
            assert!(lock(bad, "Europe/Berlin", "2026-11-22T10:00:00Z").is_err(), "{bad}");
        }
        assert!(lock("2000-01-01", "Europe/Berlin", "2026-11-22T10:00:00Z").is_ok());
        assert_eq!(lock("", "Europe/Berlin", "2026-11-22T10:00:00Z").unwrap(), None);
    }

    #[test]
    fn what_takes_effect_after_the_closed_day_is_taken() {
        let closed = lock("2026-03-31", "UTC", "2026-11-22T10:00:00Z").unwrap();
        let at = |text: &str| check_open(closed, text.parse().unwrap());
        assert!(at("2026-03-31T23:59:59.999Z").is_err());
        assert!(at("2001-01-01T00:00:00Z").is_err());
        assert!(at("2026-04-01T00:00:00Z").is_ok());
        assert!(check_open(None, "2001-01-01T00:00:00Z".parse().unwrap()).is_ok());
    }
}
