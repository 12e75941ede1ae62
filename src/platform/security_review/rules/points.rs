//! The points of a review, one function each.

use std::time::Duration;

use super::{Copies, Face, Facts, Keys, NAMES_MAX, Person, Place, Point, Settings};
use crate::platform::clock::Moment;
use crate::platform::identity::signing::rules::SIGNS_FOR;

/// Accounts, tokens and programs that nobody used for so long are looked at.
pub(in crate::platform::security_review) const IDLE: Duration = Duration::from_hours(90 * 24);
/// A master key is changed as often.
const MASTER_KEY_AGE_MAX: Duration = Duration::from_hours(365 * 24);
/// Keys that sign tokens change by themselves; one that is older by this did not.
const SIGNING_KEY_SLACK: Duration = Duration::from_hours(7 * 24);
/// An own certificate with less left should have been replaced.
const CERTIFICATE_LEFT_MIN: Duration = Duration::from_hours(14 * 24);
/// A backup is verified every day.
const VERIFIED_WITHIN: Duration = Duration::from_hours(26);
const SESSION_IDLE_MIN_MAX: u64 = 24 * 60;
const SESSION_LIFE_DAYS_MAX: u64 = 90;

/// Goes through everything; the points stand in the order of the page.
pub fn points(facts: &Facts) -> Vec<Point> {
    vec![
        factors_needed(facts),
        factors_of_others(facts),
        operators(facts),
        idle_people(facts),
        help_asked(facts),
        registration(facts),
        tokens(facts),
        services(facts),
        secrets(&facts.settings),
        cors(&facts.settings),
        sessions(&facts.settings),
        limits(&facts.settings),
        proxies(&facts.settings),
        monitoring(&facts.settings),
        tls(&facts.face, facts.now),
        master_key(&facts.keys, facts.now),
        signing_key(&facts.keys, facts.now),
        backups(&facts.copies, facts.now),
        drill(&facts.copies),
        routes(facts),
    ]
}

/// The first of the names that are meant.
fn names<'a>(people: impl Iterator<Item = &'a Person>) -> Vec<String> {
    people.take(NAMES_MAX).map(|person| person.name.clone()).collect()
}

fn factors_needed(facts: &Facts) -> Point {
    const CODE: &str = "factors-needed";
    let without = || facts.people.iter().filter(|one| one.needs_factor && !one.has_factor);
    match without().count() {
        0 => Point::good(CODE, "Every operator, owner and admin has a second factor."),
        count => Point::bad(
            CODE,
            format!("Operators, owners or admins without a second factor: {count}."),
            "Ask them to set one up under Account, Second factor. After seven days they can do \
             nothing else.",
        )
        .about(names(without())),
    }
}

fn factors_of_others(facts: &Facts) -> Point {
    const CODE: &str = "factors-of-others";
    let without = || facts.people.iter().filter(|one| !one.needs_factor && !one.has_factor);
    match without().count() {
        0 => Point::good(CODE, "Everybody else has a second factor, too."),
        count => Point::look(
            CODE,
            format!("Other people who sign in with a password alone: {count}."),
            "A second factor protects them as well; ask those who see prices or change much.",
        )
        .about(names(without())),
    }
}

fn operators(facts: &Facts) -> Point {
    const CODE: &str = "operators";
    let those = || facts.people.iter().filter(|one| one.is_operator);
    let count = those().count();
    match count {
        0 => Point::bad(
            CODE,
            "Nobody who may sign in is an operator.",
            "Let somebody in again on the machine itself: holdfast user recover.",
        ),
        1 => Point::look(
            CODE,
            "There is one operator. When they are away, nobody can help.",
            "Make a second person operator, under Users.",
        ),
        2..=5 => Point::good(CODE, format!("There are {count} operators.")),
        _ => Point::look(
            CODE,
            format!("There are {count} operators, and each can run the whole box."),
            "Take the right from those who do not look after the box, under Users.",
        ),
    }
    .about(names(those()))
}

fn idle_people(facts: &Facts) -> Point {
    const CODE: &str = "idle-people";
    let idle = || facts.people.iter().filter(|one| facts.now.since(one.seen_at) > IDLE);
    match idle().count() {
        0 => Point::good(CODE, "Everybody who may sign in did so within 90 days."),
        count => Point::look(
            CODE,
            format!("People who may sign in and did not for 90 days: {count}."),
            "Disable the accounts of those who left, under Users.",
        )
        .about(names(idle())),
    }
}

fn help_asked(facts: &Facts) -> Point {
    const CODE: &str = "help-asked";
    match facts.help_asked {
        0 => Point::good(CODE, "Nobody waits to be let in without their second factor."),
        count => Point::look(
            CODE,
            format!("People who ask to be let in without their second factor: {count}."),
            "Speak with them before you answer, under Security of the box: it may be somebody \
             else.",
        ),
    }
}

fn registration(facts: &Facts) -> Point {
    const CODE: &str = "registration";
    match &facts.registration_open {
        None => Point::good(CODE, "People come by invitation only."),
        Some(domains) => Point::look(
            CODE,
            format!("Whoever has an address at {domains} may register."),
            "Close it under Users, Registration, unless everybody there should get in.",
        ),
    }
}

fn tokens(facts: &Facts) -> Point {
    const CODE: &str = "tokens";
    let (all, idle) = (facts.programs.tokens, facts.programs.tokens_idle);
    if idle == 0 {
        return Point::good(
            CODE,
            format!("Tokens of people that work: {all}, all of them in use."),
        );
    }
    Point::look(
        CODE,
        format!("Tokens of people that work: {all}. Not used for 90 days: {idle}."),
        "Ask people to remove the tokens they do not need, under Account, Tokens.",
    )
}

fn services(facts: &Facts) -> Point {
    const CODE: &str = "services";
    let programs = &facts.programs;
    let (all, idle) = (programs.services, programs.services_idle);
    let anywhere = programs.services_from_anywhere;
    if idle == 0 && anywhere == 0 {
        return Point::good(CODE, format!("Service accounts that work: {all}."));
    }
    Point::look(
        CODE,
        format!(
            "Service accounts that work: {all}. From any address: {anywhere}. Not used for 90 \
             days: {idle}."
        ),
        "Give each the networks it comes from, and remove what nothing uses, under Programs of \
         the box.",
    )
}

fn secrets(settings: &Settings) -> Point {
    const CODE: &str = "secrets";
    let said = settings.secrets.iter().filter_map(|one| match &one.place {
        Place::Safe => None,
        Place::Environment => Some(format!("{} stands in the environment.", one.key)),
        Place::CommandLine => Some(format!("{} stands on the command line.", one.key)),
        Place::ReadableFile(path) => {
            Some(format!("{} stands in {path}, which everybody on this machine may read.", one.key))
        }
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        let count = settings.secrets.len();
        return Point::good(CODE, format!("Secrets in the settings: {count}, all out of sight."));
    }
    Point::bad(
        CODE,
        said.join(" "),
        "Keep secrets in the configuration file and let only root and the box read it: \
         chmod 0640, chgrp holdfast.",
    )
}

fn cors(settings: &Settings) -> Point {
    const CODE: &str = "cors";
    let origins = &settings.cors_origins;
    if origins.is_empty() {
        return Point::good(CODE, "No other web page may call this box from a browser.");
    }
    let said = format!("Web pages that may call this box from a browser: {}.", origins.join(", "));
    if origins.iter().any(|origin| origin.starts_with("http:")) {
        let remedy = "Take origins without TLS out of server.cors_origins: whoever is on the way \
                      can change such a page.";
        return Point::bad(CODE, said, remedy);
    }
    Point::look(CODE, said, "Keep in server.cors_origins only what you run yourselves.")
}

fn sessions(settings: &Settings) -> Point {
    const CODE: &str = "sessions";
    let (idle, life) = (settings.session_idle_min, settings.session_life_days);
    let said = format!(
        "Sessions end after {idle} minutes without a request, and after {life} days in any case. \
         Access tokens of programs hold for 15 minutes, those of service accounts at most 60."
    );
    if idle > SESSION_IDLE_MIN_MAX || life > SESSION_LIFE_DAYS_MAX {
        let remedy = "A device left behind stays signed in for long: lower sessions.idle_min and \
                      sessions.life_days.";
        return Point::look(CODE, said, remedy);
    }
    Point::good(CODE, said)
}

fn limits(settings: &Settings) -> Point {
    const CODE: &str = "limits";
    if settings.limits_raised.is_empty() {
        return Point::good(CODE, "No limit stands above what the box comes with.");
    }
    let raised = settings.limits_raised.join(", ");
    Point::look(
        CODE,
        format!("Limits above what the box comes with: {raised}."),
        "Take them back under [limits] unless somebody needs them.",
    )
}

fn proxies(settings: &Settings) -> Point {
    const CODE: &str = "proxies";
    if settings.proxies_wide.is_empty() {
        return Point::good(CODE, "Nobody but named proxies can claim another address.");
    }
    let wide = settings.proxies_wide.join(", ");
    Point::bad(
        CODE,
        format!("Whole networks may claim any address for themselves: {wide}."),
        "Name the addresses of your proxies alone in server.trusted_proxies; limits and logs go \
         by addresses.",
    )
}

fn monitoring(settings: &Settings) -> Point {
    const CODE: &str = "monitoring";
    if settings.monitoring_networks.is_empty() {
        return Point::good(CODE, "Only this machine sees figures without a sign-in.");
    }
    let networks = settings.monitoring_networks.join(", ");
    Point::look(
        CODE,
        format!("Networks that see figures of the box without a sign-in: {networks}."),
        "Use monitoring.token instead, or name single addresses in monitoring.allowed.",
    )
}

fn tls(face: &Face, now: Moment) -> Point {
    const CODE: &str = "tls";
    match face {
        Face::Unknown => Point::look(
            CODE,
            "The box does not run, so its certificate was not looked at.",
            "Start it and go through the review again.",
        ),
        Face::Proxy => Point::look(
            CODE,
            "A reverse proxy speaks TLS for this box; what it takes was not looked at.",
            "See to it that the proxy takes TLS 1.2 and 1.3 only and renews its certificate.",
        ),
        Face::Https { not_after, .. } if *not_after <= now => Point::bad(
            CODE,
            format!("The certificate ended on {not_after}; people learn to pass warnings."),
            "Put a new one in its place; holdfast doctor says how.",
        ),
        Face::Https { trouble: Some(trouble), .. } => {
            Point::look(CODE, trouble.clone(), "holdfast doctor says how to mend it.")
        }
        Face::Https { is_local: false, not_after, .. }
            if not_after.since(now) < CERTIFICATE_LEFT_MIN =>
        {
            let said = format!("TLS 1.2 and 1.3. The certificate ends on {not_after}.");
            Point::look(CODE, said, "Renew it.")
        }
        Face::Https { is_local, not_after, .. } => {
            let by = if *is_local { "the box's own root" } else { "an authority" };
            let said = format!("TLS 1.2 and 1.3, a certificate by {by} until {not_after}.");
            Point::good(CODE, said)
        }
    }
}

fn master_key(keys: &Keys, now: Moment) -> Point {
    const CODE: &str = "master-key";
    let since = keys.master_since;
    let place = if keys.is_credential { "systemd gives it" } else { "it lies in the data folder" };
    if keys.is_rotating {
        return Point::good(CODE, "The master key is being changed now.");
    }
    let said = format!("The master key is in use since {since}; {place}.");
    if now.since(since) > MASTER_KEY_AGE_MAX {
        return Point::look(CODE, said, "Change it: holdfast keys rotate.");
    }
    Point::good(CODE, said)
}

fn signing_key(keys: &Keys, now: Moment) -> Point {
    const CODE: &str = "signing-key";
    match keys.signing_since {
        None => Point::good(CODE, "No program has asked for an access token yet."),
        Some(since) if now.since(since) > SIGNS_FOR + SIGNING_KEY_SLACK => Point::look(
            CODE,
            format!("The key that signs access tokens is in use since {since}."),
            "It changes with the next token that is asked for; no program asked for one.",
        ),
        Some(since) => {
            let said = format!("The key that signs access tokens is in use since {since}.");
            Point::good(CODE, said)
        }
    }
}

fn backups(copies: &Copies, now: Moment) -> Point {
    const CODE: &str = "backups";
    if !copies.is_set_up {
        return Point::bad(
            CODE,
            "Nobody has set up backups. When this disk fails, everything is gone.",
            "Set them up under Backups.",
        );
    }
    match copies.verified_at {
        Some(at) if now.since(at) <= VERIFIED_WITHIN => {
            Point::good(CODE, format!("The last backup was verified at {at}."))
        }
        Some(at) => Point::bad(
            CODE,
            format!("The last backup was verified at {at}."),
            "Look under Backups, what keeps them.",
        ),
        None => {
            Point::bad(CODE, "No backup was ever verified.", "Look under Backups, what keeps them.")
        }
    }
}

fn drill(copies: &Copies) -> Point {
    const CODE: &str = "drill";
    const REMEDY: &str = "Open a backup with a recovery kit, under Backups, Drill.";
    if !copies.is_set_up {
        return Point::look(CODE, "There is no backup to try a recovery kit on.", REMEDY);
    }
    match copies.drilled_at {
        None => Point::bad(CODE, "Nobody ever opened a backup with a recovery kit.", REMEDY),
        Some(at) if copies.is_drill_due => {
            Point::look(CODE, format!("A backup was opened with a kit at {at}."), REMEDY)
        }
        Some(at) if !copies.is_kit_confirmed => {
            let said = format!(
                "A backup was opened with a kit at {at}, and nobody has shown that they hold one \
                 now."
            );
            Point::look(CODE, said, REMEDY)
        }
        Some(at) => Point::good(CODE, format!("A backup was opened with a kit at {at}.")),
    }
}

/// How many routes of a difference are named.
const ROUTES_NAMED: usize = 8;

fn routes(facts: &Facts) -> Point {
    const CODE: &str = "routes";
    let (now, before) = (&facts.routes, &facts.routes_before);
    let open = now.iter().filter(|line| line.ends_with(" public") || line.ends_with(" anybody"));
    let said = format!("Routes: {}. Open without a sign-in: {}.", now.len(), open.count());
    let Some(before) = before else { return Point::good(CODE, said) };
    let changed: Vec<&str> = now.symmetric_difference(before).map(String::as_str).collect();
    if changed.is_empty() {
        return Point::good(CODE, format!("{said} The same as at the last review."));
    }
    let named = changed.iter().take(ROUTES_NAMED).copied().collect::<Vec<_>>().join("; ");
    let more = if changed.len() > ROUTES_NAMED { " and more" } else { "" };
    let count = changed.len();
    Point::look(
        CODE,
        format!("{said} Lines that changed since the last review: {count}: {named}{more}."),
        "They came with an update; look through the table of who may do what.",
    )
}
