//! `holdfast workspace list|create`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::control::{self, Made, NewWorkspace};
use crate::platform::error::Result;
use crate::platform::offline::Offline;
use crate::platform::workspaces::ops::count_members_in;
use crate::platform::workspaces::{State, Workspace};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the workspaces of the box, oldest first.
    List,
    /// Makes a workspace and prints its id.
    Create {
        /// What it is called.
        #[arg(long)]
        name: String,
        /// E-mail address or id of the person who owns it.
        #[arg(long, value_name = "PERSON")]
        owner: String,
        /// IANA name; UTC when left out.
        #[arg(long)]
        time_zone: Option<String>,
        /// Three letters; EUR when left out.
        #[arg(long)]
        currency: Option<String>,
        /// Language tag; en-GB when left out.
        #[arg(long)]
        locale: Option<String>,
    },
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    match verb {
        Verb::List => list(common),
        Verb::Create { name, owner, time_zone, currency, locale } => {
            create(common, NewWorkspace { name, owner, time_zone, currency, locale })
        }
    }
}

fn create(common: &Common, new: NewWorkspace) -> Answer {
    // A folder without a box is told apart from a box without the person.
    drop(common.offline()?);
    let owner = new.owner.clone();
    let made = common.perform(control::Verb::CreateWorkspace(new)).map_err(|failure| {
        let Failure::NotFound(_) = failure else { return failure };
        Failure::NotFound(format!("Nobody on this box has the address or id {owner}."))
    })?;
    let made: Made = read(made)?;
    if common.json {
        return output::print_json(&json!({ "workspace": made }));
    }
    output::print(&format!("{}\n", made.id))
}

/// A workspace and what is told of it.
struct Row {
    workspace: Workspace,
    members: i64,
    size_bytes: u64,
}

fn list(common: &Common) -> Answer {
    let offline = common.offline()?;
    let workspaces = offline.workspaces().map_err(Failure::of)?;
    let rows = workspaces.into_iter().map(|workspace| row(&offline, workspace));
    let rows = rows.collect::<Result<Vec<Row>>>().map_err(Failure::of)?;
    if common.json {
        let items: Vec<Value> = rows.iter().map(Row::to_json).collect();
        return output::print_json(&json!({ "items": items, "next_cursor": null }));
    }
    output::print(&rows.iter().map(Row::line).collect::<String>())
}

fn row(offline: &Offline, workspace: Workspace) -> Result<Row> {
    let id = workspace.id;
    let members = offline.on_box(|scope| count_members_in(scope, id))?;
    Ok(Row { workspace, members, size_bytes: offline.workspace_size_bytes(id)? })
}

impl Row {
    fn line(&self) -> String {
        let Workspace { id, name, created_at, .. } = &self.workspace;
        let kibibytes = self.size_bytes.div_ceil(1024);
        let members = self.members;
        let state = match self.workspace.state() {
            State::Active => String::new(),
            other => format!(", {}", other.name()),
        };
        format!("{id}  {name}  members: {members}, {kibibytes} KiB, made {created_at}{state}\n")
    }

    fn to_json(&self) -> Value {
        let workspace = &self.workspace;
        json!({
            "id": workspace.id.to_string(), "name": workspace.name,
            "currency": workspace.currency, "time_zone": workspace.time_zone,
            "locale": workspace.locale, "week_start": workspace.week_start,
            "state": workspace.state().name(), "is_sample": workspace.is_sample,
            "version": workspace.version, "created_at": workspace.created_at.to_string(),
            "members": self.members, "size_bytes": self.size_bytes,
        })
    }
}
