//! The files of a box, looked at beside the process that owns them or while none does. For the
//! verbs of the command line that only report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::audit::ops::Verdict;
use super::audit::ops::checkpoints::{recorded_by, signers_in};
use super::audit::ops::verification::{Signers, verify_snapshot};
use super::audit::rules::checkpoints::Recorded;
use super::audit::rules::{LogId, Record};
use super::clock::{Clock, Moment};
use super::ctx::BoxScope;
use super::db::Snapshot;
use super::error::Result;
use super::id::Id;
use super::identity::{User, sessions, users};
use super::workspaces::rules::States;
use super::workspaces::{self, Workspace, WorkspaceId, look_at};

/// The box took a workspace away with its log.
const PURGED: [&str; 2] = ["workspace.purged", "workspace.wiped"];
/// Read at once while listing.
const PAGE: usize = 500;

/// A data folder that holds a box.
pub struct Offline {
    data: PathBuf,
    clock: Clock,
    system: Snapshot,
}

impl Offline {
    /// `Error::NotFound` when the folder holds no box.
    pub fn open(data: &Path, clock: Clock) -> Result<Self> {
        let system = Snapshot::open(&data.join("system.db"))?;
        Ok(Self { data: data.to_owned(), clock, system })
    }

    /// Reads the box's own file.
    pub fn on_box<T>(&self, work: impl FnOnce(&BoxScope<'_>) -> Result<T>) -> Result<T> {
        work(&BoxScope::looking_at(&self.system, &self.clock))
    }

    /// Every workspace, oldest first.
    pub fn workspaces(&self) -> Result<Vec<Workspace>> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map(|last: &Workspace| last.id);
            let page =
                self.on_box(|scope| workspaces::ops::list_in(scope, States::All, after, PAGE))?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Every person in the order they came, with when they were last here.
    pub fn people(&self) -> Result<Vec<(User, Option<Moment>)>> {
        let mut all: Vec<(User, Option<Moment>)> = Vec::new();
        loop {
            let after = all.last().map(|(user, _)| user.id);
            let page = self.on_box(|scope| {
                let users = users::ops::list_in(scope, after, PAGE)?;
                users
                    .into_iter()
                    .map(|user| with_last_seen(scope, user))
                    .collect::<Result<Vec<_>>>()
            })?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// What a workspace's file takes on the disk, with what waits beside it to be folded in.
    pub fn workspace_size_bytes(&self, id: WorkspaceId) -> Result<u64> {
        workspaces::size_bytes_in(&self.data.join(workspaces::FOLDER), id)
    }

    /// Recomputes the box's own log. Gives also what it says of the logs of workspaces.
    pub fn verify_box(&self) -> Result<(Verdict, Said)> {
        let mut said = Said::default();
        let verdict =
            verify_snapshot(&self.system, &self.signers()?, |_| Vec::new(), |one| said.hear(one))?;
        Ok((verdict, said))
    }

    /// Recomputes a workspace's log and compares it with what the box's log says of it.
    pub fn verify_workspace(&self, id: WorkspaceId, said: &Said) -> Result<Verdict> {
        let file = look_at(&self.data, id)?;
        let of_log = |log| said.of_logs.get(&log).map(Recorded::expected).into_iter().collect();
        verify_snapshot(&file, &self.signers()?, of_log, |_| {})
    }

    /// Who signs the audit logs of this box.
    fn signers(&self) -> Result<Signers> {
        self.on_box(|scope| signers_in(scope))
    }
}

/// What the box's log says of workspaces.
#[derive(Debug, Default)]
pub struct Said {
    /// The newest of each log.
    of_logs: BTreeMap<LogId, Recorded>,
    purged: BTreeSet<WorkspaceId>,
}

impl Said {
    fn hear(&mut self, record: &Record) {
        if let Some(recorded) = recorded_by(record) {
            self.of_logs.insert(recorded.log, recorded);
        } else if PURGED.contains(&record.action.as_str()) {
            self.purged.extend(record.object_id.map(Id::cast));
        }
    }

    /// Workspaces that had a log, are not among the known ones, and were not removed by the box.
    pub fn missing(&self, known: &[WorkspaceId]) -> Vec<WorkspaceId> {
        let had: BTreeSet<WorkspaceId> = self.of_logs.values().map(|one| one.workspace).collect();
        let is_missing = |id: &WorkspaceId| !known.contains(id) && !self.purged.contains(id);
        had.into_iter().filter(is_missing).collect()
    }
}

fn with_last_seen(scope: &BoxScope<'_>, user: User) -> Result<(User, Option<Moment>)> {
    let last_seen_at = sessions::ops::last_seen_in(scope, user.id)?;
    Ok((user, last_seen_at))
}
