//! `holdfast logs`.

use std::fmt::Write;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::control::{self, Asked, LogWish};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many lines are shown, the newest ones; at most 1000.
    #[arg(short = 'n', long, default_value_t = 50, value_name = "COUNT")]
    lines: usize,
    /// Leaves out what matters less: error, warn, info, debug or trace.
    #[arg(long)]
    level: Option<String>,
    /// Only the lines of one request.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Only lines with all of these words.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// Goes on with what comes, until it is interrupted or the box stops.
    #[arg(short, long)]
    follow: bool,
}

/// Asks the running box; one that does not run has no lines in memory.
pub(super) fn run(common: &Common, options: Options) -> Answer {
    let mut wish = LogWish {
        lines: options.lines,
        level: options.level,
        request: options.request,
        words: options.search,
        after: None,
        waits: false,
    };
    let mut told = lines(common, &wish)?.ok_or_else(|| Failure::Failed(NOT_THERE.to_owned()))?;
    loop {
        let text: String = told.items.iter().map(|line| written(line, common.json)).collect();
        if !output::print_unless_gone(&text)? || !options.follow {
            return Ok(());
        }
        wish = LogWish { lines: usize::MAX, after: Some(told.looked), waits: true, ..wish };
        let next = followed(common, &wish)?;
        if next.started_at == told.started_at {
            told = next;
        } else {
            output::note("The box was started again.");
            wish.after = Some(0);
            told = followed(common, &wish)?;
        }
    }
}

const NOT_THERE: &str =
    "The box does not run. What it said before is in the journal: journalctl -u holdfast";
const STOPPED: &str =
    "The box has stopped. What it said last is in the journal: journalctl -u holdfast";

/// What came since. The box holds its answer back until there is something, for some seconds at
/// most, so that nobody asks in between.
fn followed(common: &Common, wish: &LogWish) -> Answer<Told> {
    let config = common.load(Vec::new())?;
    let verb = control::Verb::Logs(wish.clone());
    for _ in 0..TRIES {
        let asked = control::try_to_ask(config.data(), &verb).map_err(Failure::of)?;
        match asked {
            Asked::Answered(control::Answer::Ok(value)) => return read(value),
            Asked::Answered(control::Answer::Error(fault)) => match fault.into() {
                Failure::Busy(_) => {}
                refused => return Err(refused),
            },
            Asked::Closed(_) => {}
            Asked::Nobody => break,
        }
    }
    Err(Failure::Failed(STOPPED.to_owned()))
}

/// A box that goes so often without an answer, or stops, is on its way to its end.
const TRIES: usize = 3;

/// Lines as the box tells them.
#[derive(Deserialize)]
struct Told {
    items: Vec<Value>,
    /// The number up to which there are no others.
    looked: u64,
    /// Numbers count from here.
    started_at: String,
}

/// None when no box runs.
fn lines(common: &Common, wish: &LogWish) -> Answer<Option<Told>> {
    common.ask(&control::Verb::Logs(wish.clone()))?.map(read).transpose()
}

/// One line of text, or of JSON.
fn written(line: &Value, as_json: bool) -> String {
    if as_json {
        return format!("{line}\n");
    }
    let word = |name: &str| line[name].as_str().unwrap_or_default();
    let level = word("level").to_uppercase();
    let mut text = format!("{} {level:<5} {}", word("at"), word("message"));
    let mut add = |name: &str, value: &str| {
        // Writing to a text cannot fail.
        write!(text, " {name}={value}").unwrap_or_default();
    };
    if let Some(id) = line["request_id"].as_str() {
        add("request_id", id);
    }
    for (name, value) in line["fields"].as_object().into_iter().flatten() {
        match value.as_str() {
            Some("") => {}
            Some(value) => add(name, value),
            None => add(name, &value.to_string()),
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::written;

    #[test]
    fn a_line_is_text_with_its_values_behind_it() {
        let line = json!({ "number": 3, "at": "2026-11-21T06:00:00.000Z", "level": "warn",
            "message": "Slow statement", "request_id": null, "fields": { "db.ms": 120, "x": "" } });
        let wanted = "2026-11-21T06:00:00.000Z WARN  Slow statement db.ms=120\n";
        assert_eq!(written(&line, false), wanted);
        assert_eq!(written(&line, true), format!("{line}\n"));
    }
}
