//! `holdfast config check|show|reference`.

use clap::Subcommand;
use serde_json::json;

use super::Common;
use super::output::{self, Answer, Failure};
use crate::config::{Config, ConfigError, SECTIONS, Value, reference};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Checks file, environment and flags without starting anything.
    Check,
    /// Prints every value in force as a configuration file.
    Show {
        /// Says beside each value where it comes from.
        #[arg(long)]
        origin: bool,
    },
    /// Prints the reference page of all settings as Markdown.
    Reference {
        /// Prints a configuration file instead, with every setting as a comment.
        #[arg(long)]
        file: bool,
    },
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    match verb {
        Verb::Check => check(common),
        Verb::Show { origin } => show(common, *origin),
        Verb::Reference { file: false } => output::print(&reference::page()),
        Verb::Reference { file: true } => output::print(&reference::file()),
    }
}

fn check(common: &Common) -> Answer {
    let sources = common.sources(Vec::new());
    let errors = Config::load(&sources).err().unwrap_or_default();
    if errors.iter().any(|error| error.is_missing_file) {
        return Err(errors.into());
    }
    if common.json {
        let list: Vec<_> = errors.iter().map(error_as_json).collect();
        output::print_json(&json!({ "ok": errors.is_empty(), "errors": list }))?;
    } else if errors.is_empty() {
        let file = sources.file.as_ref().map(|path| path.display().to_string());
        let read = file.unwrap_or_else(|| "no file, the defaults and the environment".to_owned());
        output::print(&format!("The configuration is right ({read}).\n"))?;
    } else {
        for error in &errors {
            output::complain(&error.to_string());
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::CheckFailed) }
}

fn error_as_json(error: &ConfigError) -> serde_json::Value {
    json!({ "key": error.key, "detail": error.detail, "origin": error.origin.to_string() })
}

fn show(common: &Common, origin: bool) -> Answer {
    let config = common.load(Vec::new())?;
    if common.json {
        let items: Vec<_> = config.effective.values().map(value_as_json).collect();
        return output::print_json(&json!({ "items": items }));
    }
    let blocks: Vec<String> = SECTIONS
        .iter()
        .map(|section| {
            let in_section = |value: &&Value| value.key.section == section.name;
            let values = config.effective.values().filter(in_section);
            let lines: String = values.map(|value| line(value, origin)).collect();
            format!("[{}]\n{lines}", section.name)
        })
        .collect();
    output::print(&blocks.join("\n"))
}

fn line(value: &Value, origin: bool) -> String {
    let name = value.key.name;
    let setting = match value.shown() {
        Some(shown) => format!("{name} = {shown}"),
        None => format!("# {name} is set and not shown"),
    };
    if origin { format!("{setting:<44}  # {}\n", value.origin) } else { format!("{setting}\n") }
}

fn value_as_json(value: &Value) -> serde_json::Value {
    let origin = value.origin.to_string();
    match value.to_json() {
        Some(plain) => json!({ "key": value.key.path(), "value": plain, "origin": origin }),
        None => json!({ "key": value.key.path(), "secret": true, "origin": origin }),
    }
}
