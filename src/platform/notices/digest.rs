//! Once a day, at the hour a person chose: what they were told since the last time, in one mail.

use std::sync::Arc;

use super::mail::ops::{footer, is_on_in};
use super::mail::rules::Mail;
use super::mail::texts::{params, texts};
use super::ops::untold_in;
use super::outbox::ops::{Letter, queue_letter_in};
use super::rules::{Settings, TimeOfDay};
use super::store;
use crate::platform::Platform;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::Result;
use crate::platform::identity::{User, UserId, users};
use crate::platform::setup::ops::box_name_in;

/// What the list calls it.
const KIND: &str = "digest";
/// Notices in one digest; the bell has the rest.
const LINES_MAX: usize = 50;

/// Queues the digests whose hour has come. Gives how many.
pub(super) async fn queue_due(platform: &Arc<Platform>) -> Result<usize> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let now = ctx.now();
    let all = ctx.read(|scope| if is_on_in(scope)? { store::digests(scope) } else { Ok(vec![]) });
    let zone = platform.config.notices.time_zone.clone().unwrap_or(jiff::tz::TimeZone::UTC);
    let is_due = |one: &(UserId, TimeOfDay, Moment)| {
        latest(one.1, &zone, now).is_some_and(|latest| one.2 < latest)
    };
    let due: Vec<UserId> = all.await?.into_iter().filter(is_due).map(|one| one.0).collect();
    let mut queued = 0;
    for user in due {
        let platform = Arc::clone(platform);
        queued += usize::from(ctx.write(move |scope| queue(scope, &platform, user)).await?);
    }
    Ok(queued)
}

/// The last time it was this hour.
fn latest(at: TimeOfDay, zone: &jiff::tz::TimeZone, now: Moment) -> Option<Moment> {
    let here = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(zone.clone());
    let (hour, minute) = (i8::try_from(at.hour()).ok()?, i8::try_from(at.minute()).ok()?);
    let of = |day: jiff::civil::Date| {
        let at = day.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
        Some(Moment(at.timestamp().as_millisecond()))
    };
    let today = of(here.date())?;
    if today <= now { Some(today) } else { of(here.date().yesterday().ok()?) }
}

fn queue(scope: &BoxScope<'_>, platform: &Platform, user: UserId) -> Result<bool> {
    let settings = store::settings(scope, user)?;
    let person = users::ops::get_in(scope, user)?;
    let paragraphs = lines(scope, platform, &person, &settings)?;
    let after = Settings { digested_at: scope.now(), ..settings };
    store::keep_settings(scope, user, &after)?;
    if paragraphs.is_empty() {
        return Ok(false);
    }
    let (name, count) = (box_name_in(scope)?, paragraphs.len().to_string());
    let values = params([("box", name.as_str()), ("count", count.as_str())]);
    let text = texts(&person.language).digest;
    let mut mail = text.mail(&values, Some(platform.origin()));
    mail.paragraphs.extend(paragraphs);
    let mail = Mail { footer: Some(footer(scope, platform, &person.language)?), ..mail };
    let letter =
        Letter { kind: KIND, to: &person.email, user: Some(user), mail: &mail, good_until: None };
    queue_letter_in(scope, platform, &letter)?;
    Ok(true)
}

/// What the person was told and has not read, oldest first.
fn lines(
    scope: &BoxScope<'_>,
    platform: &Platform,
    person: &User,
    settings: &Settings,
) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let untold = untold_in(scope, platform, person.id)?;
    for notice in store::list(scope, person.id, &untold, true, None, LINES_MAX)? {
        let spec = platform.notices.kind(&notice.kind);
        let was_mailed = spec.is_none_or(|spec| spec.is_urgent || !settings.wants(spec));
        if notice.created_at < settings.digested_at || was_mailed {
            continue;
        }
        let worded = notice.worded(spec, &person.language);
        lines.push(format!("{}\n{}", worded.title, worded.detail));
    }
    lines.reverse();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_is_the_one_of_the_zone_also_when_clocks_change() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let at = TimeOfDay::read("07:30").unwrap();
        let latest = |now: &str| latest(at, &zone, now.parse().unwrap()).unwrap().to_string();

        assert_eq!(latest("2026-10-24T06:00:00Z"), "2026-10-24T05:30:00.000Z");
        assert_eq!(latest("2026-10-25T06:00:00Z"), "2026-10-24T05:30:00.000Z");
        assert_eq!(latest("2026-10-25T06:30:00Z"), "2026-10-25T06:30:00.000Z");
    }
}
