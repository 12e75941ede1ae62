//! Taking a log along when an older file, or a copy, takes the place of the one it was written in:
//! no entry is lost, and every checkpoint still verifies.

use std::collections::HashSet;

use crate::platform::audit::rules::checkpoints::{Checkpoint, Recorded};
use crate::platform::audit::rules::tree::Node;
use crate::platform::audit::rules::{Entry, Hash, LogId, NO_HASH};
use crate::platform::audit::store::checkpoints::Checkpoints;
use crate::platform::audit::store::tree::Tree;
use crate::platform::audit::store::{self, Whole, carrying, personal};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};
use crate::platform::workspaces::WorkspaceId;

use super::checkpoints::{LOG_KIND, RECORDED};
use super::tree::{append_in, root_in};

/// Whose triggers keep a log as it is.
pub(in crate::platform) const TABLES: &[&str] =
    &["audit_entries", "audit_nodes", "audit_checkpoints"];
/// Entries that are carried in one transaction.
const AT_ONCE: usize = 1_000;

/// Where a log ended that something was copied from.
#[derive(Debug, Clone, Copy)]
pub(in crate::platform) struct Source {
    pub(in crate::platform) log: LogId,
    pub(in crate::platform) entries: i64,
    pub(in crate::platform) head: Hash,
}

/// A part of a log on its way.
pub(in crate::platform) struct Part(Vec<Whole>);

impl Part {
    pub(in crate::platform) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The next entries of a log. It has to be the continuation of one that ends so.
pub(in crate::platform) fn part_after(file: &Snapshot, end: (i64, Hash)) -> Result<Part> {
    let (seq, head) = end;
    if seq > 0 && hash_at(file, seq)? != Some(head) {
        return Err(went_another_way());
    }
    Ok(Part(store::whole_after(file.connection(), seq, AT_ONCE)?))
}

fn hash_at(file: &Snapshot, seq: i64) -> Result<Option<Hash>> {
    let tree = Tree(file.connection());
    let number = u64::try_from(seq).unwrap_or(0);
    if tree.log_size()? < number {
        return Ok(None);
    }
    tree.hash(Node::leaf(number - 1)).map(Some)
}

fn went_another_way() -> Error {
    let detail = "The log of the workspace as it is now does not go on from the one in the backup. \
                  Restore it as a new workspace.";
    Error::conflict("restore-other-history", detail)
}

/// The number and the hash of the last entry.
pub(in crate::platform) fn end_in(unit: &Unit<'_>) -> Result<(i64, Hash)> {
    store::head(unit.connection())
}

/// Writes entries behind the log and gives its new end.
pub(in crate::platform) fn carry_in(unit: &Unit<'_>, part: Part) -> Result<(i64, Hash)> {
    let connection = unit.connection();
    let (mut seq, mut head) = store::head(connection)?;
    for (record, kept) in part.0 {
        if record.seq != seq + 1 || record.prev_hash != head {
            return Err(went_another_way());
        }
        store::insert(connection, &record)?;
        append_in(Tree(connection), record.seq, &head, &record.hash)?;
        if let Some((salt, values)) = kept {
            store::insert_personal(connection, record.seq, &salt, &values)?;
        }
        (seq, head) = (record.seq, record.hash);
    }
    Ok((seq, head))
}

/// What was signed of a log, and beside which entries personal values still stand.
pub(in crate::platform) struct Beside {
    checkpoints: Vec<Checkpoint>,
    personal: HashSet<i64>,
}

pub(in crate::platform) fn beside(file: &Snapshot) -> Result<Beside> {
    let checkpoints = Checkpoints(file.connection()).between(0, u64::MAX)?;
    Ok(Beside { checkpoints, personal: personal::all(file.connection())? })
}

/// Takes along what was signed since, and erases again what was erased since.
pub(in crate::platform) fn set_beside_in(unit: &Unit<'_>, beside: &Beside) -> Result<()> {
    let connection = unit.connection();
    let known = Checkpoints(connection).newest()?.map_or(0, |newest| newest.size);
    for checkpoint in beside.checkpoints.iter().filter(|one| one.size > known) {
        Checkpoints(connection).insert(checkpoint)?;
    }
    for seq in personal::all(connection)?.difference(&beside.personal) {
        personal::erase(connection, *seq)?;
    }
    Ok(())
}

/// Begins a log of its own in a copied file; the entries stay in the log they were written to.
pub(in crate::platform) fn begin_anew_in(
    Tree(file): Tree<'_>,
    log: LogId,
    now: Moment,
) -> Result<Source> {
    let (entries, head) = store::head(file)?;
    let source = Source { log: store::log_id(file)?, entries, head };
    carrying::begin_anew(file, log, now)?;
    Ok(source)
}

/// What the box's log says of a workspace's log that lost its end with its file: from now on it is
/// as long as this.
pub(in crate::platform) fn recorded_anew_in(
    unit: &Unit<'_>,
    workspace: WorkspaceId,
) -> Result<Entry> {
    let tree = Tree(unit.connection());
    let log = store::log_id(unit.connection())?;
    let size = tree.log_size()?;
    let root = if size == 0 { NO_HASH } else { root_in(tree, size)? };
    let recorded = Recorded { log, workspace, size, root };
    let entry = Entry::new(RECORDED, LOG_KIND, log);
    Ok(recorded.fields().into_iter().fold(entry, |entry, (name, to)| entry.set(name, to)))
}
