//! `holdfast workspace list`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::workspaces::Workspace;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the workspaces of the box, oldest first.
    List,
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    match verb {
        Verb::List => list(common),
    }
}

fn list(common: &Common) -> Answer {
    let workspaces = common.offline()?.workspaces().map_err(Failure::of)?;
    if common.json {
        let items: Vec<Value> = workspaces.iter().map(to_json).collect();
        return output::print_json(&json!({ "items": items, "next_cursor": null }));
    }
    let line = |one: &Workspace| format!("{}  {}\n", one.id, one.name);
    output::print(&workspaces.iter().map(line).collect::<String>())
}

fn to_json(workspace: &Workspace) -> Value {
    json!({
        "id": workspace.id.to_string(), "name": workspace.name, "currency": workspace.currency,
        "time_zone": workspace.time_zone, "locale": workspace.locale,
        "week_start": workspace.week_start, "version": workspace.version,
        "created_at": workspace.created_at.to_string(),
    })
}
