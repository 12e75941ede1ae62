//! Where days begin and end, and runs of them. Days are those of the workspace's time zone: some
//! have 23 hours, some 25, and some no midnight.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};

/// Days of a period at most: three years and a little.
pub const DAYS_MAX: usize = 1_100;
/// Steps that a period is divided into at most.
pub const STEPS_MAX: usize = 400;
/// Days of a period that begins where nobody says otherwise.
const DAYS_USUAL: i32 = 30;
/// Up to so many days are told day by day where nobody says otherwise, and then by the week.
const BY_DAY_MAX: usize = 31;
const BY_WEEK_MAX: usize = 190;

pub const CODES: &[Code] = &[
    code(
        "report-range",
        "The period of a report ends before it begins, or has more days than a report covers.",
        "Use at most 1,100 days, the first one first.",
    ),
    code(
        "report-step",
        "A period cannot be divided by that, or has too many of those steps.",
        "Use day, week or month, and at most 400 of them.",
    ),
];

/// When a day begins; none outside of the times that can be told.
pub fn first_moment(day: Date, zone: &TimeZone) -> Option<Moment> {
    let zoned = day.to_zoned(zone.clone()).ok()?;
    Some(Moment(zoned.timestamp().as_millisecond()))
}

/// The last millisecond of a day; none outside of the times that can be told.
pub fn last_moment(day: Date, zone: &TimeZone) -> Option<Moment> {
    let next = first_moment(day.tomorrow().ok()?, zone)?;
    Some(Moment(next.0 - 1))
}

/// The days from one to another, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub from: Date,
    pub to: Date,
    /// The last moment before the first day, then that of each day.
    ends: Vec<Moment>,
}

impl Period {
    /// Reads a period: up to today when it has no end, and 30 days long when it has no beginning.
    /// Today counts as a day as far as it has come.
    pub fn read(
        from: Option<&str>,
        to: Option<&str>,
        zone: &TimeZone,
        now: Moment,
    ) -> Result<Self> {
        let today = today(zone, now)?;
        let to = day("to", to)?.unwrap_or(today);
        if to > today {
            return Err(Error::invalid("to", "report-day", "This day has not come yet."));
        }
        let usual = || to.checked_sub((DAYS_USUAL - 1).days()).unwrap_or(to);
        let from = day("from", from)?.unwrap_or_else(usual);
        let range = |detail: String| Error::invalid("from", "report-range", detail);
        if from > to {
            return Err(range("A period begins before it ends.".to_owned()));
        }
        let none = || Error::invalid("from", "report-day", "There is no such day.");
        let mut ends = vec![Moment(first_moment(from, zone).ok_or_else(none)?.0 - 1)];
        let mut day = from;
        while day <= to {
            if ends.len() > DAYS_MAX {
                return Err(range(format!("A report covers at most {DAYS_MAX} days.")));
            }
            ends.push(last_moment(day, zone).ok_or_else(none)?);
            day = day.tomorrow().map_err(|_| none())?;
        }
        Ok(Self { from, to, ends })
    }

    /// How many days there are: one at least.
    pub fn days(&self) -> usize {
        self.ends.len() - 1
    }

    /// The last moment before the period.
    pub fn before(&self) -> Moment {
        self.ends.first().copied().unwrap_or(Moment(0))
    }

    /// The last moment of the period.
    pub fn end(&self) -> Moment {
        self.ends.last().copied().unwrap_or(Moment(0))
    }

    /// The number of the day that a moment belongs to, from 0; none before the first day. What is
    /// behind the last one belongs to it.
    pub fn day_of(&self, moment: Moment) -> Option<usize> {
        let ended = self.ends.partition_point(|end| *end < moment);
        ended.min(self.days()).checked_sub(1)
    }

    /// Divides the days: weeks begin where the workspace has them begin (1 is Monday), months on
    /// their first day. The first and the last step may be shorter.
    pub fn steps(&self, step: Option<Step>, week_start: i64) -> Result<(Step, Vec<Range<usize>>)> {
        let step = step.unwrap_or_else(|| Step::fitting(self.days()));
        let mut steps: Vec<Range<usize>> = Vec::new();
        for (number, day) in self.from.series(1.day()).take(self.days()).enumerate() {
            match steps.last_mut().filter(|_| !step.begins_on(day, week_start)) {
                Some(last) => last.end = number + 1,
                None => steps.push(number..number + 1),
            }
        }
        if steps.len() > STEPS_MAX {
            let detail = format!("There would be {} steps; use longer ones.", steps.len());
            return Err(Error::invalid("step", "report-step", detail));
        }
        Ok((step, steps))
    }

    /// The day with a number from 0.
    pub fn day(&self, number: usize) -> Date {
        let days = i64::try_from(number).unwrap_or_default().days();
        self.from.checked_add(days).unwrap_or(self.to)
    }
}

fn today(zone: &TimeZone, now: Moment) -> Result<Date> {
    let now = jiff::Timestamp::from_millisecond(now.0).map_err(Error::internal)?;
    Ok(zone.to_datetime(now).date())
}

fn day(field: &str, text: Option<&str>) -> Result<Option<Date>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |_| Error::invalid(field, "report-day", "Use a day like 2026-03-31.");
    text.parse().map(Some).map_err(wrong)
}

/// How a period is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Day,
    Week,
    Month,
}

impl Step {
    const ALL: [(&'static str, Self); 3] =
        [("day", Self::Day), ("week", Self::Week), ("month", Self::Month)];

    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|(one, _)| *one == name).map(|(_, step)| step);
        found.ok_or_else(|| Error::invalid("step", "report-step", "Use day, week or month."))
    }

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, step)| *step == self).map_or("", |(name, _)| name)
    }

    /// The one to tell so many days by where nobody says otherwise.
    fn fitting(days: usize) -> Self {
        if days <= BY_DAY_MAX {
            Self::Day
        } else if days <= BY_WEEK_MAX {
            Self::Week
        } else {
            Self::Month
        }
    }

    fn begins_on(self, day: Date, week_start: i64) -> bool {
        match self {
            Self::Day => true,
            Self::Week => weekday_number(day.weekday()) == week_start,
            Self::Month => day.day() == 1,
        }
    }
}

/// 1 is Monday.
fn weekday_number(day: Weekday) -> i64 {
    i64::from(day.to_monday_one_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str, now: &str) -> Result<Period> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Period::read(Some(from), Some(to), &zone, now.parse().unwrap())
    }

    const NOW: &str = "2026-11-22T10:00:00Z";

    #[test]
    fn a_period_has_the_days_from_the_first_to_the_last() {
        // Clocks are set back on the 25th: it has 25 hours.
        let days = period("2026-10-24", "2026-10-26", NOW).unwrap();
        assert_eq!(days.days(), 3);
        assert_eq!(days.before().to_string(), "2026-10-23T21:59:59.999Z");
        assert_eq!(days.end().to_string(), "2026-10-26T22:59:59.999Z");
        let of = |text: &str| days.day_of(text.parse().unwrap());
        assert_eq!(of("2026-10-23T21:59:59.999Z"), None);
        assert_eq!(of("2026-10-23T22:00:00Z"), Some(0));
        assert_eq!(of("2026-10-25T22:59:59.999Z"), Some(1));
        assert_eq!(of("2026-10-25T23:00:00Z"), Some(2));
        assert_eq!(days.day(2).to_string(), "2026-10-26");
    }

    #[test]
    fn a_period_without_bounds_is_the_thirty_days_up_to_today() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // Half past eleven in the evening in UTC is the next day there.
        let now = "2026-11-22T23:30:00Z".parse().unwrap();
        let days = Period::read(None, Some(""), &zone, now).unwrap();
        let told = [days.from.to_string(), days.to.to_string()];
        assert_eq!(told, ["2026-10-25", "2026-11-23"]);
        assert_eq!(days.days(), 30);
    }

    #[test]
    fn a_period_that_cannot_be_is_refused_with_its_field() {
        let field = |from: &str, to: &str| match period(from, to, NOW) {
            Err(Error::Invalid(fields)) => format!("{} {}", fields[0].field, fields[0].code),
            other => panic!("{other:?}"),
        };
        assert_eq!(field("2026-11-02", "2026-11-01"), "from report-range");
        assert_eq!(field("2026-11-02", "2026-11-23"), "to report-day");
        assert_eq!(field("2026-02-30", "2026-11-01"), "from report-day");
        assert_eq!(field("", "noon"), "to report-day");
        assert_eq!(field("2020-01-01", "2026-11-01"), "from report-range");
        assert_eq!(field("-009999-01-01", "2026-11-01"), "from report-day");
        assert_eq!(period("2023-11-19", "2026-11-22", NOW).unwrap().days(), 1_100);
        assert!(period("2023-11-18", "2026-11-22", NOW).is_err());
    }

    #[test]
    fn steps_begin_with_the_week_and_the_month_and_cover_every_day_once() {
        let days = period("2026-09-30", "2026-11-02", NOW).unwrap();
        let runs = |step, week_start| days.steps(Some(step), week_start).unwrap().1;
        assert_eq!(runs(Step::Month, 1), [0..1, 1..32, 32..34]);
        // The 30th of September is a Wednesday; Monday is the 5th of October, Sunday the 4th.
        assert_eq!(runs(Step::Week, 1)[..2], [0..5, 5..12]);
        assert_eq!(runs(Step::Week, 7)[..2], [0..4, 4..11]);
        assert_eq!(runs(Step::Day, 1).len(), 34);
        assert_eq!(days.steps(None, 1).unwrap().0, Step::Week);
        let long = period("2024-11-22", "2026-11-22", NOW).unwrap();
        assert_eq!(long.steps(None, 1).unwrap().0, Step::Month);
        assert!(long.steps(Some(Step::Day), 1).is_err());
    }
}
