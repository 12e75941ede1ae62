//! `holdfast logs`.

use std::fmt::Write;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::control::{self, LogWish};

/// How often a box is asked for what came since.
const ASKED_EVERY: Duration = Duration::from_secs(1);

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
    /// Goes on with what comes, until it is interrupted.
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
    };
    loop {
        let items = lines(common, &wish)?;
        let text: String = items.iter().map(|line| written(line, common.json)).collect();
        if !output::print_unless_gone(&text)? || !options.follow {
            return Ok(());
        }
        let newest = items.last().and_then(|line| line["number"].as_u64());
        wish.after = newest.or(wish.after).or(Some(0));
        wish.lines = usize::MAX;
        std::thread::sleep(ASKED_EVERY);
    }
}

fn lines(common: &Common, wish: &LogWish) -> Answer<Vec<Value>> {
    let Some(mut answer) = common.ask(&control::Verb::Logs(wish.clone()))? else {
        return Err(Failure::Failed(
            "The box does not run. What it said before is in the journal: journalctl -u holdfast"
                .to_owned(),
        ));
    };
    match answer["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Err(Failure::Failed("The running box seems to be of another version.".to_owned())),
    }
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
