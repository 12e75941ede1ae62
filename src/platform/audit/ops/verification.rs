//! Verifying a log of a running box, and one in a file that nobody may be serving.

use std::collections::HashMap;

use super::checkpoints;
use crate::platform::audit::Log;
use crate::platform::audit::ops::tree::{nodes_in, size_in};
use crate::platform::audit::parallel::{Enough, in_order};
use crate::platform::audit::rules::checkpoints::{Checkpoint, PublicKey, origin};
use crate::platform::audit::rules::tree::Node;
use crate::platform::audit::rules::verification::{Expected, LogCheck, Verdict};
use crate::platform::audit::rules::{BadEntry, Computed, Entry, Hash, Kept, LogId, Record};
use crate::platform::audit::store::checkpoints::Checkpoints;
use crate::platform::audit::store::tree::Tree;
use crate::platform::audit::store::{self, Whole};
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx};
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};
use crate::platform::setup::rules::BoxId;
use crate::platform::{notices, workspaces};

/// The action of a verification; refused stands for a log that does not fit.
pub(in crate::platform::audit) const VERIFIED: &str = "audit.verified";
/// Entries read at once.
const BATCH: usize = 1_000;

/// A part of a log with what is kept beside it.
struct Batch {
    entries: Vec<Whole>,
    nodes: HashMap<Node, Hash>,
    /// About sizes within this part.
    checkpoints: Vec<Checkpoint>,
    /// How long the log was said to be, by a checkpoint or by its tree, before this was read:
    /// whoever reads on must find so many entries, also while others write.
    promised: u64,
}

/// A part with what its entries come to.
struct Worked {
    batch: Batch,
    computed: Vec<Computed>,
}

fn batch_in(tree: Tree<'_>, after: u64) -> Result<Batch> {
    let seq = i64::try_from(after).unwrap_or(i64::MAX);
    let promised = promised_in(tree)?;
    let entries = store::whole_after(tree.0, seq, BATCH)?;
    let last = entries.last().map_or(seq, |(record, _)| record.seq);
    let end = u64::try_from(last).unwrap_or(after);
    let nodes = nodes_in(tree, after, end)?;
    let checkpoints = Checkpoints(tree.0).between(after, end)?;
    Ok(Batch { entries, nodes, checkpoints, promised })
}

fn promised_in(tree: Tree<'_>) -> Result<u64> {
    let signed = checkpoints::newest_in(tree)?.map_or(0, |newest| newest.size);
    Ok(signed.max(size_in(tree)?))
}

fn work(log: LogId, batch: Batch) -> Worked {
    let compute = |(record, kept): &Whole| {
        let kept = kept
            .as_ref()
            .map(|(salt, values)| Kept { salt: *salt, values: serde_json::from_str(values).ok() });
        Computed::of(log, record, kept.as_ref())
    };
    let computed = batch.entries.iter().map(compute).collect();
    Worked { batch, computed }
}

/// Takes a part into the walk. The number of its last entry, none when it is empty.
fn take_in(check: &mut LogCheck, worked: &Worked) -> Result<Option<u64>, BadEntry> {
    let Worked { batch, computed } = worked;
    let mut checkpoints = batch.checkpoints.iter().peekable();
    for ((record, _), computed) in batch.entries.iter().zip(computed) {
        check.next(record, computed, |node| batch.nodes.get(&node).copied())?;
        while let Some(due) = checkpoints.next_if(|one| one.size == check.size()) {
            check.checkpoint(due)?;
        }
    }
    Ok(batch.entries.last().map(|_| check.size()))
}

/// Who signs the logs of this box.
#[derive(Debug, Clone)]
pub(in crate::platform) struct Signers {
    pub(in crate::platform) on_box: BoxId,
    pub(in crate::platform) keys: Vec<PublicKey>,
}

impl Signers {
    fn check(&self, log: LogId, expected: Vec<Expected>) -> LogCheck {
        LogCheck::new(log, origin(self.on_box, log), self.keys.clone(), expected)
    }
}

/// Recomputes the log of the caller's workspace. Each part is a read of its own, so that a long
/// log does not hold a snapshot open; entries are never changed, so that is sound.
pub async fn verify(ctx: &Ctx) -> Result<Verdict> {
    let signers = checkpoints::signers(ctx).await?;
    let log = ctx.read(|scope| store::log_id(scope.connection())).await?;
    let recorded = checkpoints::recorded(ctx, log).await?;
    let mut check = signers.check(log, recorded.into_iter().collect());
    let mut last = 0;
    loop {
        let part = ctx.read(move |scope| {
            let batch = batch_in(Tree(scope.connection()), last)?;
            Ok(work(log, batch))
        });
        let part = part.await?;
        match take_in(&mut check, &part) {
            Ok(Some(next)) => last = next,
            Ok(None) => return Ok(check.finish(Some(part.batch.promised))),
            Err(bad) => return Ok(check.verdict(Some(bad))),
        }
    }
}

/// Recomputes the box's own log.
pub async fn verify_box(ctx: &BoxCtx) -> Result<Verdict> {
    let signers = checkpoints::signers(ctx).await?;
    let log = ctx.read(|scope| store::log_id(scope.connection())).await?;
    let mut check = signers.check(log, Vec::new());
    let mut last = 0;
    loop {
        let part = ctx.read(move |scope| {
            let batch = batch_in(Tree(scope.connection()), last)?;
            Ok(work(log, batch))
        });
        let part = part.await?;
        match take_in(&mut check, &part) {
            Ok(Some(next)) => last = next,
            Ok(None) => return Ok(check.finish(Some(part.batch.promised))),
            Err(bad) => return Ok(check.verdict(Some(bad))),
        }
    }
}

/// Recomputes the log of a file that nobody may be serving, and shows what fits. Blocks.
pub(in crate::platform) fn verify_snapshot(
    file: &Snapshot,
    signers: &Signers,
    expected: impl Fn(LogId) -> Vec<Expected>,
    mut see: impl FnMut(&Record),
) -> Result<Verdict> {
    let tree = Tree(file.connection());
    let log = store::log_id(tree.0)?;
    let mut check = signers.check(log, expected(log));
    let (mut last, mut promised, mut found) = (0, 0, None);
    let source = || {
        let batch = batch_in(tree, last)?;
        promised = batch.promised;
        // A gap would be found in the entries themselves.
        last += u64::try_from(batch.entries.len()).unwrap_or(0);
        Ok(Some(batch).filter(|batch| !batch.entries.is_empty()))
    };
    let sink = |worked: Worked| match take_in(&mut check, &worked) {
        Ok(_) => {
            for (record, _) in &worked.batch.entries {
                see(record);
            }
            Ok(Enough::No)
        }
        Err(bad) => {
            found = Some(bad);
            Ok(Enough::Yes)
        }
    };
    in_order(source, |batch| work(log, batch), sink)?;
    match found {
        Some(bad) => Ok(check.verdict(Some(bad))),
        None => Ok(check.finish(Some(promised))),
    }
}

/// Recomputes the log of the caller's workspace and notes in it that this was done. A workspace
/// that takes no changes at the moment is verified all the same.
pub async fn verify_and_note(ctx: &Ctx) -> Result<Verdict> {
    let verdict = look(ctx).await?;
    let entry = note(&verdict);
    noted(ctx.write(move |scope| scope.audit(entry)).await)?;
    Ok(verdict)
}

/// Recomputes the log of a workspace; operators are told when it does not fit.
pub(in crate::platform::audit) async fn look(ctx: &Ctx) -> Result<Verdict> {
    let verdict = verify(ctx).await?;
    ctx.platform.watching.note_chain(Log::Workspace(ctx.workspace()), verdict.bad.is_none());
    if let Some(bad) = verdict.bad.clone() {
        let workspace = ctx.workspace();
        let on_box: &BoxCtx = ctx;
        let told = on_box.write(move |scope| {
            let name = workspaces::ops::get_in(scope, workspace)?.name;
            tell(scope, &format!("audit log of {name}"), &bad)
        });
        told.await?;
    }
    Ok(verdict)
}

/// Recomputes the box's own log and notes in it that this was done.
pub async fn verify_box_and_note(ctx: &BoxCtx) -> Result<Verdict> {
    let verdict = look_box(ctx).await?;
    let entry = note(&verdict);
    noted(ctx.write(move |scope| scope.audit(entry)).await)?;
    Ok(verdict)
}

/// Recomputes the box's own log; operators are told when it does not fit.
pub(in crate::platform::audit) async fn look_box(ctx: &BoxCtx) -> Result<Verdict> {
    let verdict = verify_box(ctx).await?;
    ctx.platform.watching.note_chain(Log::Box, verdict.bad.is_none());
    if let Some(bad) = verdict.bad.clone() {
        ctx.write(move |scope| tell(scope, "audit log of the box", &bad)).await?;
    }
    Ok(verdict)
}

fn tell(scope: &BoxScope<'_>, part: &str, bad: &BadEntry) -> Result<()> {
    let detail = format!("It was altered; the first bad entry is {}.", bad.seq);
    notices::ops::box_trouble_in(scope, part, &detail).map(drop)
}

fn note(verdict: &Verdict) -> Entry {
    let entry = Entry::about(VERIFIED, "audit").set("checked", verdict.checked.to_string());
    match &verdict.bad {
        None => entry,
        Some(bad) => entry.set("first_bad_seq", bad.seq.to_string()).refused(),
    }
}

fn noted(written: Result<i64>) -> Result<()> {
    match written {
        Ok(_) | Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
