//! Signing checkpoints and reading them.

mod proofs;

pub use proofs::{between, between_box, list, list_box, prove, prove_box, sign_box_now, sign_now};

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tracing::info;

use crate::platform::audit::ops::tree::root_in;
use crate::platform::audit::ops::verification::Signers;
use crate::platform::audit::rules::checkpoints::{
    Checkpoint, Recorded, Statement, origin, to_base64,
};
use crate::platform::audit::rules::verification::Expected;
use crate::platform::audit::rules::{Entry, LogId, Record};
use crate::platform::audit::signer::seal_anew_in;
use crate::platform::audit::store::checkpoints::{Checkpoints, Keys};
use crate::platform::audit::store::tree::Tree;
use crate::platform::audit::store::{self, Filter};
use crate::platform::audit::{Growing, Growth, Log, Signer};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope, Unit};
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::secrets::Secrets;
use crate::platform::setup::rules::BoxId;
use crate::platform::workspaces::{WorkspaceId, damage};

/// Somebody asked for a checkpoint.
const SIGNED: &str = "audit.checkpoint.signed";
/// The box's log names a workspace's checkpoint.
pub(in crate::platform::audit) const RECORDED: &str = "audit.checkpoint.recorded";
/// Audit kind of a log.
pub const LOG_KIND: &str = "audit.log";

pub const CODES: &[Code] = &[
    code(
        "audit-not-signed",
        "The log has no signed checkpoint that covers this entry yet.",
        "Ask for a checkpoint now, or wait a minute: logs that grew are signed by themselves.",
    ),
    code(
        "checkpoint-unknown",
        "The log has no signed checkpoint of this size.",
        "Take a size from the list of checkpoints.",
    ),
    code(
        "audit-range",
        "The two sizes do not name a part of the log.",
        "Use sizes from 1 to the number of entries, the smaller one first.",
    ),
];

/// What the box keeps in memory about its logs.
pub struct Keeping {
    key: Arc<Signer>,
    growth: Arc<Growth>,
    recorded_at: Mutex<Moment>,
}

impl Keeping {
    pub(in crate::platform) fn new(key: Signer, growth: &Arc<Growth>, now: Moment) -> Self {
        Self { key: Arc::new(key), growth: Arc::clone(growth), recorded_at: Mutex::new(now) }
    }

    /// Signs in the name of the box.
    pub(in crate::platform) fn signer(&self) -> &Signer {
        &self.key
    }

    pub(in crate::platform::audit) fn key(&self) -> Arc<Signer> {
        Arc::clone(&self.key)
    }

    /// The box's id, also before somebody claimed it.
    pub fn box_id(&self) -> BoxId {
        self.key.on_box()
    }

    pub(in crate::platform::audit) fn growth(&self) -> &Growth {
        &self.growth
    }

    /// What entries of a log are counted on.
    pub(in crate::platform) fn growing(&self, log: Log) -> Growing {
        Growing { growth: Arc::clone(&self.growth), log }
    }

    /// Whether the last recording is so long ago.
    pub(in crate::platform::audit) fn is_recording_due(
        &self,
        now: Moment,
        every: std::time::Duration,
    ) -> bool {
        now.since(*self.recorded_at.lock().unwrap_or_else(PoisonError::into_inner)) >= every
    }
}

/// A checkpoint with the name of its log.
#[derive(Debug, Clone)]
pub struct Signed {
    pub origin: String,
    pub checkpoint: Checkpoint,
}

impl Signed {
    pub fn note(&self) -> String {
        self.checkpoint.note(&self.origin)
    }

    /// Tells the journal, which leaves the box on many machines. What it says is enough to write
    /// the note anew.
    pub(in crate::platform::audit) fn tell(&self) {
        let Self { origin, checkpoint } = self;
        let (size, root) = (checkpoint.size, to_base64(&checkpoint.root));
        info!(
            audit.origin = %origin, audit.size = size, audit.root = %root,
            audit.signature = %checkpoint.signed_with(origin),
            "Audit checkpoint: {size} entries of {origin} have the root {root}"
        );
    }
}

/// Which log a file holds.
fn log_in(tree: Tree<'_>) -> Result<LogId> {
    store::log_id(tree.0)
}

/// Signs how the log stands, unless that was said before.
pub(in crate::platform::audit) fn sign_in(
    tree: Tree<'_>,
    key: &Signer,
    now: Moment,
) -> Result<Option<Signed>> {
    let size = tree.log_size()?;
    let newest = Checkpoints(tree.0).newest()?;
    if size == 0 || newest.is_some_and(|newest| newest.size >= size) {
        return Ok(None);
    }
    let origin = origin(key.on_box(), log_in(tree)?);
    let root = root_in(tree, size)?;
    let statement = Statement { origin, size, root };
    let signature = key.sign(&statement.text())?;
    let public_key = key.public_key();
    let checkpoint = Checkpoint { size, at: now, root, public_key, signature };
    Checkpoints(tree.0).insert(&checkpoint)?;
    Ok(Some(Signed { origin: statement.origin, checkpoint }))
}

/// Who signs the logs of this box.
pub(in crate::platform::audit) async fn signers(ctx: &BoxCtx) -> Result<Signers> {
    let on_box = ctx.platform.audit.box_id();
    let keys = ctx.read(|scope| Keys(scope.connection()).public()).await?;
    Ok(Signers { on_box, keys: keys.into_iter().map(|(key, _)| key).collect() })
}

/// Who signs the logs of a box whose file is looked at.
pub(in crate::platform) fn signers_in(unit: &Unit<'_>) -> Result<Signers> {
    let keys = Keys(unit.connection()).public()?;
    let Some((_, on_box)) = keys.last() else {
        return Err(Error::internal("the box has no key for its audit logs"));
    };
    Ok(Signers { on_box: *on_box, keys: keys.iter().map(|(key, _)| *key).collect() })
}

/// The box's id, from its file alone.
pub(in crate::platform) fn box_id_in(unit: &Unit<'_>) -> Result<BoxId> {
    Ok(signers_in(unit)?.on_box)
}

/// Seals the signing keys anew that an older master key sealed, at most so many.
pub(in crate::platform) fn seal_keys_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    seal_anew_in(Keys(scope.connection()), secrets, most)
}

/// What the box's log says of a workspace's log.
pub(in crate::platform::audit) async fn recorded(
    ctx: &BoxCtx,
    log: LogId,
) -> Result<Option<Expected>> {
    ctx.read(move |scope| Ok(recorded_in(scope, log)?.map(|one| one.expected()))).await
}

fn recorded_in(unit: &Unit<'_>, log: LogId) -> Result<Option<Recorded>> {
    let action = Some(RECORDED.to_owned());
    let filter = Filter { object: Some(log.cast()), action, ..Filter::default() };
    let newest = store::list(unit.connection(), &filter, 1)?.shown.pop();
    Ok(newest.and_then(|newest| recorded_by(&newest.record)))
}

/// What an entry of the box's log says of a workspace's log, if it is such an entry.
pub(in crate::platform) fn recorded_by(record: &Record) -> Option<Recorded> {
    if record.action != RECORDED {
        return None;
    }
    let fields: Value = serde_json::from_str(&record.changes).ok()?;
    let field = |name: &str| fields[name]["to"].as_str().map(str::to_owned);
    Recorded::read(record.object_id?.cast(), field)
}

/// Signs the box's log, if it grew.
pub(in crate::platform::audit) async fn sign_box(ctx: &BoxCtx) -> Result<Option<Signed>> {
    let key = Arc::clone(&ctx.platform.audit.key);
    let signed = ctx.write(move |scope| sign_in(Tree(scope.connection()), &key, scope.now()));
    let signed = signed.await?;
    signed.iter().for_each(Signed::tell);
    Ok(signed)
}

/// Signs a workspace's log, if it grew, and remembers its newest checkpoint for the box's log.
pub(in crate::platform::audit) async fn sign_workspace(
    ctx: &BoxCtx,
    workspace: WorkspaceId,
) -> Result<Option<Signed>> {
    let (key, now) = (Arc::clone(&ctx.platform.audit.key), ctx.now());
    let file = damage::ops::open(ctx, workspace).await?;
    let signed = file.write(move |connection| {
        let tree = Tree(connection);
        let signed = sign_in(tree, &key, now)?;
        Ok((signed, log_in(tree)?, Checkpoints(connection).newest()?))
    });
    let signed = damage::ops::settled(ctx, workspace, &file, signed.await).await;
    let (signed, log, newest) = signed?;
    signed.iter().for_each(Signed::tell);
    if let Some(Checkpoint { size, root, .. }) = newest {
        ctx.platform.audit.growth.remember(Recorded { log, workspace, size, root });
    }
    Ok(signed)
}

/// What was signed last of a log.
pub(in crate::platform::audit) fn newest_in(tree: Tree<'_>) -> Result<Option<Checkpoint>> {
    Checkpoints(tree.0).newest()
}

/// How the log of an opened file stands.
pub(in crate::platform) struct Found {
    /// It grew and nobody signed that.
    pub is_unsigned: bool,
    /// What was signed last: perhaps right before a crash, so that the box's log does not name it.
    pub newest: Option<Recorded>,
}

pub(in crate::platform) fn found_in(tree: Tree<'_>, workspace: WorkspaceId) -> Result<Found> {
    let newest = Checkpoints(tree.0).newest()?;
    let is_unsigned = tree.log_size()? > newest.as_ref().map_or(0, |newest| newest.size);
    let Some(Checkpoint { size, root, .. }) = newest else {
        return Ok(Found { is_unsigned, newest: None });
    };
    let newest = Some(Recorded { log: log_in(tree)?, workspace, size, root });
    Ok(Found { is_unsigned, newest })
}

/// Writes into the box's log how the logs of workspaces stand that changed. Whoever takes a
/// workspace's log away, or puts an older one in its place, has to alter the box's log too.
pub(in crate::platform::audit) async fn record(ctx: &BoxCtx) -> Result<usize> {
    let audit = &ctx.platform.audit;
    let mut remembered = audit.growth.take_unrecorded();
    remembered.sort_unstable_by_key(|one| one.workspace);
    match record_all(ctx, remembered.clone()).await {
        Ok(written) => {
            *audit.recorded_at.lock().unwrap_or_else(PoisonError::into_inner) = ctx.now();
            Ok(written)
        }
        Err(error) => {
            for one in remembered {
                audit.growth.remember(one);
            }
            Err(error)
        }
    }
}

/// Most of what is remembered because a file was opened is named already.
async fn record_all(ctx: &BoxCtx, remembered: Vec<Recorded>) -> Result<usize> {
    let missing = ctx.read(move |scope| {
        let mut missing = Vec::new();
        for one in remembered {
            if recorded_in(scope, one.log)?.is_none_or(|newest| newest.size < one.size) {
                missing.push(one);
            }
        }
        Ok(missing)
    });
    let missing = missing.await?;
    if missing.is_empty() {
        return Ok(0);
    }
    ctx.write(move |scope| {
        for one in &missing {
            let entry = Entry::new(RECORDED, LOG_KIND, one.log);
            scope.audit(
                one.fields().into_iter().fold(entry, |entry, (name, to)| entry.set(name, to)),
            )?;
        }
        Ok(missing.len())
    })
    .await
}
