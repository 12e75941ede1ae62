//! Appending to a log, reading it, verifying it.

use std::collections::BTreeMap;

use super::rules::{
    BadEntry, ChainCheck, Entry, Hash, Kept, NO_HASH, Record, canonical_texts, commitment,
};
use super::store;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::db::Snapshot;
use crate::platform::error::{Code, Result, code};
use crate::platform::secret::to_hex;

pub use store::{Filter, Shown};

pub const CODES: &[Code] = &[code(
    "audit-filter-bad",
    "A filter of the audit log could not be read.",
    "Use ids as they are shown and times like 2026-11-21T14:00:00Z.",
)];

/// Entries read at once while verifying.
const VERIFY_BATCH: usize = 1_000;

/// Appends an entry inside the caller's transaction and gives its number.
pub(in crate::platform) fn append_in(unit: &Unit<'_>, entry: Entry) -> Result<i64> {
    let connection = unit.connection();
    let (last, prev_hash) = store::head(connection)?;
    let log = store::log_id(connection)?;
    let (actor_kind, actor_id) = unit.audit_actor();
    let mut personal = entry.personal;
    if let Some(address) = unit.cause().address {
        personal.insert("address", address.to_string());
    }
    if let Some(user_agent) = &unit.cause().user_agent {
        personal.insert("user_agent", user_agent.to_string());
    }
    let salt = unit.random().bytes();
    let mut record = Record {
        seq: last + 1,
        at: unit.now(),
        actor_kind: actor_kind.to_owned(),
        actor_id,
        action: entry.action.to_owned(),
        object_kind: entry.object_kind.to_owned(),
        object_id: entry.object_id,
        object_version: entry.object_version,
        outcome: entry.outcome.name().to_owned(),
        request_id: unit.cause().request_id.as_deref().map(str::to_owned),
        changes: entry.changes.canonical(),
        personal: commitments(&salt, &personal),
        prev_hash,
        hash: NO_HASH,
    };
    record.hash = record.leaf_hash(log);
    store::insert(connection, &record)?;
    if !personal.is_empty() {
        let values = canonical_texts(personal.iter().map(|(name, value)| (*name, value.as_str())));
        store::insert_personal(connection, record.seq, &salt, &values)?;
    }
    Ok(record.seq)
}

fn commitments(salt: &[u8; 32], personal: &BTreeMap<&'static str, String>) -> String {
    let hashes: Vec<_> = personal
        .iter()
        .map(|(name, value)| (*name, to_hex(&commitment(salt, name, value))))
        .collect();
    canonical_texts(hashes.iter().map(|(name, hash)| (*name, hash.as_str())))
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub checked: u64,
    pub head: Hash,
    pub bad: Option<BadEntry>,
}

/// Entries of the caller's workspace, newest first.
pub async fn list(ctx: &Ctx, filter: Filter, limit: usize) -> Result<Vec<Shown>> {
    ctx.read(move |scope| store::list(scope.connection(), &filter, limit)).await
}

/// Entries of the box's own log, newest first.
pub async fn list_box(ctx: &BoxCtx, filter: Filter, limit: usize) -> Result<Vec<Shown>> {
    ctx.read(move |scope| store::list(scope.connection(), &filter, limit)).await
}

/// Entries after `seq`, oldest first; what the event stream tells.
pub async fn tail(ctx: &Ctx, seq: i64, limit: usize) -> Result<Vec<Record>> {
    ctx.read(move |scope| store::after(scope.connection(), seq, limit)).await
}

pub async fn tail_box(ctx: &BoxCtx, seq: i64, limit: usize) -> Result<Vec<Record>> {
    ctx.read(move |scope| store::after(scope.connection(), seq, limit)).await
}

/// The number of the last entry.
pub async fn last_seq(ctx: &Ctx) -> Result<i64> {
    ctx.read(|scope| Ok(store::head(scope.connection())?.0)).await
}

pub async fn last_seq_box(ctx: &BoxCtx) -> Result<i64> {
    ctx.read(|scope| Ok(store::head(scope.connection())?.0)).await
}

/// Recomputes the chain of the caller's workspace. Each batch is a read of its own, so that a
/// long log does not hold a snapshot open; entries are never changed, so that is sound.
pub async fn verify(ctx: &Ctx) -> Result<Verdict> {
    let log = ctx.read(|scope| store::log_id(scope.connection())).await?;
    let mut check = ChainCheck::new(log);
    let mut last = 0;
    loop {
        let batch = ctx
            .read(move |scope| store::whole_after(scope.connection(), last, VERIFY_BATCH))
            .await?;
        match take_in(&mut check, &batch) {
            Progress::More(seq) => last = seq,
            Progress::Done(verdict) => return Ok(verdict),
        }
    }
}

/// Recomputes the chain of the box's own log.
pub async fn verify_box(ctx: &BoxCtx) -> Result<Verdict> {
    let log = ctx.read(|scope| store::log_id(scope.connection())).await?;
    let mut check = ChainCheck::new(log);
    let mut last = 0;
    loop {
        let batch = ctx
            .read(move |scope| store::whole_after(scope.connection(), last, VERIFY_BATCH))
            .await?;
        match take_in(&mut check, &batch) {
            Progress::More(seq) => last = seq,
            Progress::Done(verdict) => return Ok(verdict),
        }
    }
}

/// Recomputes the chain of a file that nobody may be serving. Blocks.
pub(in crate::platform) fn verify_snapshot(file: &Snapshot) -> Result<Verdict> {
    let connection = file.connection();
    let mut check = ChainCheck::new(store::log_id(connection)?);
    let mut last = 0;
    loop {
        let batch = store::whole_after(connection, last, VERIFY_BATCH)?;
        match take_in(&mut check, &batch) {
            Progress::More(seq) => last = seq,
            Progress::Done(verdict) => return Ok(verdict),
        }
    }
}

enum Progress {
    More(i64),
    Done(Verdict),
}

fn take_in(check: &mut ChainCheck, batch: &[store::Whole]) -> Progress {
    for (record, kept) in batch {
        let kept = kept
            .as_ref()
            .map(|(salt, values)| Kept { salt: *salt, values: serde_json::from_str(values).ok() });
        if let Err(bad) = check.next(record, kept.as_ref()) {
            let verdict = Verdict { checked: check.checked, head: check.head, bad: Some(bad) };
            return Progress::Done(verdict);
        }
    }
    match batch.last() {
        Some((last, _)) => Progress::More(last.seq),
        None => Progress::Done(Verdict { checked: check.checked, head: check.head, bad: None }),
    }
}
