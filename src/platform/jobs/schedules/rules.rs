//! What a schedule may be.

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::jobs::rules::Cron;

/// Characters of an expression.
const CRON_LENGTH_MAX: usize = 100;
/// Fields of an expression.
const FIELDS: usize = 5;

pub const CODES: &[Code] = &[code(
    "job-cron",
    "This is no schedule.",
    "Write five fields as cron has them: minute, hour, day of the month, month, day of the week.",
)];

/// What somebody decided about a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// None: as the program brings it.
    pub cron: Option<String>,
    pub is_on: bool,
    /// What was due before is not made up for.
    pub changed_at: Moment,
}

/// Reads an expression that somebody wrote, and makes sure that its time will come.
pub fn check(cron: &str, now: Moment) -> Result<(String, Cron)> {
    let wrong = |detail: &str| Err(Error::invalid("cron", "job-cron", detail));
    let text = cron.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.len() > CRON_LENGTH_MAX || text.split(' ').count() != FIELDS {
        return wrong("Write five fields: minute, hour, day of the month, month, day of the week.");
    }
    let Ok(cron) = text.parse::<Cron>() else {
        return wrong("This is no schedule as cron writes it, e.g. 30 2 * * *.");
    };
    if cron.next(now).is_none() {
        return wrong("There is no such time.");
    }
    Ok((text, cron))
}

/// Settles a minute that may be one of several (`30~50`), so that not all boxes begin at once.
pub fn settled(cron: &str, seed: u64) -> String {
    let Some((minute, rest)) = cron.split_once(' ') else { return cron.to_owned() };
    let bounds = minute.split_once('~').and_then(|(from, to)| {
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        (from <= to).then_some((from, to))
    });
    match bounds {
        Some((from, to)) => format!("{} {rest}", from + seed % (to - from + 1)),
        None => cron.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_settled_once_for_each_box() {
        assert_eq!(settled("30~50 2 * * *", 0), "30 2 * * *");
        assert_eq!(settled("30~50 2 * * *", 41), "50 2 * * *");
        assert_eq!(settled("45 1 * * *", 7), "45 1 * * *");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let now = Moment(0);
        for wrong in ["", "* * * *", "61 2 * * *", "0 0 31 2 *", "0 0 0 0 0 0", "@daily"] {
            assert!(check(wrong, now).is_err(), "{wrong}");
        }
        assert_eq!(check(" 5  4 * * 1 ", now).unwrap().0, "5 4 * * 1");
    }
}
