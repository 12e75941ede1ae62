//! The newest lines of the log as a support bundle has them.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::rules::lines::{Known, clean};
use crate::platform::monitoring::lines::rules::{Kind, Line};
use crate::platform::monitoring::lines::shown;

/// Lines that leave the box at most, the newest ones.
pub(super) const LINES_MAX: usize = 1_000;
/// And how long they are together.
pub(super) const BYTES_MAX: usize = 256 * 1024;
/// Values that are the program's own words.
const OWN_FIELDS: [&str; 4] = ["route", "db.sql", "job.kind", "code"];

/// The newest of these lines, which stand with the newest first, as a text that begins with the
/// oldest.
pub(super) fn text_of(newest: &[Line], known: &Known) -> String {
    let mut room = BYTES_MAX;
    let mut taken = Vec::new();
    for line in newest.iter().take(LINES_MAX) {
        let text = known.without(line_of(line));
        if text.len() > room {
            break;
        }
        room -= text.len();
        taken.push(text);
    }
    taken.reverse();
    taken.concat()
}

fn line_of(line: &Line) -> String {
    let said = match line.kind {
        // What was asked for may be anything; its route is a value beside it.
        Kind::Request => line.message.split(' ').next().map(clean).unwrap_or_default(),
        Kind::Box => clean(&line.message),
    };
    let mut text = format!("{} {:<5} {said}", line.at, line.level.name());
    let mut add = |name: &str, value: &str| {
        // Writing to a text cannot fail.
        write!(text, " {name}={value}").unwrap_or_default();
    };
    if let Some(id) = &line.request_id {
        add("request_id", id);
    }
    if let Value::Object(fields) = shown::fields(line) {
        for (name, value) in without_empty(fields) {
            add(&name, &cleaned(&name, &value));
        }
    }
    text.push('\n');
    text
}

fn without_empty(fields: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    fields.into_iter().filter(|(_, value)| value.as_str() != Some(""))
}

fn cleaned(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if OWN_FIELDS.contains(&name) => text.clone(),
        Value::String(text) => clean(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::Moment;
    use crate::platform::monitoring::lines::rules::Level;

    fn line(kind: Kind, message: &str, fields: &str) -> Line {
        Line {
            number: 1,
            at: Moment(1_795_240_800_000),
            level: Level::Warn,
            kind,
            request_id: None,
            message: message.into(),
            fields: fields.into(),
        }
    }

    #[test]
    fn of_a_request_its_route_is_told_and_not_what_was_asked_for() {
        let fields = r#"{"route":"/api/v1/me","status":404,"code":"","who":"stranger"}"#;
        let one = line(Kind::Request, "GET /mira@example.com 404", fields);
        let text = text_of(&[one], &Known::default());
        let wanted =
            "2026-11-21T06:00:00.000Z warn  GET route=/api/v1/me status=404 who=stranger\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn the_newest_lines_stand_last_and_are_bounded() {
        let [old, new] = ["older", "newer"].map(|text| line(Kind::Box, text, "{}"));
        let text = text_of(&[new, old], &Known::default());
        assert!(text.ends_with("newer\n") && text.contains("older\n"), "{text}");
        let long = line(Kind::Box, &"word ".repeat(1_000), "{}");
        let many = vec![long; LINES_MAX * 2];
        let bytes = text_of(&many, &Known::default()).len();
        assert!((BYTES_MAX / 2..=BYTES_MAX).contains(&bytes), "{bytes}");
        let short = vec![line(Kind::Box, "x", "{}"); LINES_MAX * 2];
        assert_eq!(text_of(&short, &Known::default()).lines().count(), LINES_MAX);
    }
}
