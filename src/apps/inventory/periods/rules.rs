//! Where days begin and end. Days are those of the workspace's time zone: some have 23 hours, some
//! 25, and some no midnight.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::platform::clock::Moment;

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
