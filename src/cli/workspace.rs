//! `holdfast workspace list|create|export|import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use super::workspace_moving as moving;
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
    /// Writes a whole workspace into an encrypted file that another box can import.
    Export(Export),
    /// Makes a workspace of such a file. All of it is checked before anything is changed.
    Import(Import),
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Id of the workspace, as `workspace list` shows it.
    #[arg(value_name = "ID")]
    pub(super) workspace: String,
    /// The file, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Public key of whoever is to open it; without this, the recovery kits of this box.
    #[arg(long, value_name = "AGE1", conflicts_with = "passphrase_file")]
    pub(super) to: Option<String>,
    /// File with a passphrase that opens it instead of a key.
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The archive. The running box reads it.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// File of the recovery kit, or of a key, that opens it. It goes to the running box for this
    /// import alone. The box of a whole kit must have signed the archive.
    #[arg(
        long,
        visible_alias = "identity",
        value_name = "FILE",
        required_unless_present = "passphrase_file",
        conflicts_with = "passphrase_file"
    )]
    pub(super) kit: Option<PathBuf>,
    /// File with the passphrase that opens it.
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// What the workspace is called here; as it was there when left out.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Checks all of it, says what is in it and who signed it, and changes nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    match verb {
        Verb::List => list(common),
        Verb::Create { name, owner, time_zone, currency, locale } => {
            create(common, NewWorkspace { name, owner, time_zone, currency, locale })
        }
        Verb::Export(options) => moving::export(common, options),
        Verb::Import(options) => moving::import(common, options),
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
