//! Appending to a log, reading it, verifying it.

use std::collections::BTreeMap;

use super::rules::{
    BadEntry, ChainCheck, Entry, Hash, Kept, LogId, NO_HASH, Outcome, Record, canonical_texts,
    commitment,
};
use super::store;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::db::Snapshot;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::secret::to_hex;

pub use store::{Filter, Listed, Shown};

pub const CODES: &[Code] = &[code(
    "audit-filter-bad",
    "A filter of the audit log could not be read.",
    "Use ids as they are shown and times like 2026-11-21T14:00:00Z.",
)];

/// The action of a verification; refused stands for a broken chain.
const VERIFIED: &str = "audit.verified";
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
    Ok(page(ctx, filter, limit).await?.shown)
}

/// As `list`, with where to go on.
pub async fn page(ctx: &Ctx, filter: Filter, limit: usize) -> Result<Listed> {
    ctx.read(move |scope| store::list(scope.connection(), &filter, limit)).await
}

/// Entries of the box's log about the caller's workspace: who joined, left, was invited or got
/// another role, newest first.
pub async fn page_people(ctx: &Ctx, filter: Filter, limit: usize) -> Result<Listed> {
    let object = Some(ctx.workspace().cast());
    if filter.object.is_some() && filter.object != object {
        return Ok(Listed { shown: Vec::new(), next: None });
    }
    page_box(ctx, Filter { object, ..filter }, limit).await
}

/// Entries of the box's own log, newest first.
pub async fn list_box(ctx: &BoxCtx, filter: Filter, limit: usize) -> Result<Vec<Shown>> {
    Ok(page_box(ctx, filter, limit).await?.shown)
}

/// As `list_box`, with where to go on.
pub async fn page_box(ctx: &BoxCtx, filter: Filter, limit: usize) -> Result<Listed> {
    ctx.read(move |scope| store::list(scope.connection(), &filter, limit)).await
}

/// An entry with the text its hash is made of.
pub struct Raw {
    pub shown: Shown,
    pub log: LogId,
    pub canonical: String,
}

fn raw_in(unit: &Unit<'_>, seq: i64) -> Result<Raw> {
    let shown = store::get(unit.connection(), seq)?;
    let log = store::log_id(unit.connection())?;
    Ok(Raw { canonical: shown.record.leaf(log), log, shown })
}

/// An entry of the caller's workspace as it was hashed.
pub async fn raw(ctx: &Ctx, seq: i64) -> Result<Raw> {
    ctx.read(move |scope| raw_in(scope, seq)).await
}

/// An entry of the box's log about the caller's workspace as it was hashed.
pub async fn raw_people(ctx: &Ctx, seq: i64) -> Result<Raw> {
    let raw = raw_box(ctx, seq).await?;
    let is_of_it = raw.shown.record.object_id == Some(ctx.workspace().cast());
    if is_of_it { Ok(raw) } else { Err(Error::NotFound) }
}

/// An entry of the box's own log as it was hashed.
pub async fn raw_box(ctx: &BoxCtx, seq: i64) -> Result<Raw> {
    ctx.read(move |scope| raw_in(scope, seq)).await
}

/// How a log stands.
pub struct State {
    pub size: i64,
    pub head: Hash,
    pub first_at: Option<Moment>,
    /// When it was verified last, and whether it was unbroken.
    pub verified: Option<(Moment, bool)>,
}

fn state_in(unit: &Unit<'_>) -> Result<State> {
    let (size, head) = store::head(unit.connection())?;
    let first = store::after(unit.connection(), 0, 1)?.pop();
    let last = store::newest_of(unit.connection(), VERIFIED)?;
    Ok(State {
        size,
        head,
        first_at: first.map(|entry| entry.at),
        verified: last.map(|entry| (entry.at, entry.outcome == Outcome::Ok.name())),
    })
}

pub async fn state(ctx: &Ctx) -> Result<State> {
    ctx.read(|scope| state_in(scope)).await
}

pub async fn state_box(ctx: &BoxCtx) -> Result<State> {
    ctx.read(|scope| state_in(scope)).await
}

/// Recomputes the chain of the caller's workspace and notes in it that this was done. A workspace
/// that takes no changes at the moment is verified all the same.
pub async fn verify_and_note(ctx: &Ctx) -> Result<Verdict> {
    let verdict = verify(ctx).await?;
    let entry = note(&verdict);
    noted(ctx.write(move |scope| scope.audit(entry)).await)?;
    Ok(verdict)
}

/// Recomputes the chain of the box's own log and notes in it that this was done.
pub async fn verify_box_and_note(ctx: &BoxCtx) -> Result<Verdict> {
    let verdict = verify_box(ctx).await?;
    let entry = note(&verdict);
    noted(ctx.write(move |scope| scope.audit(entry)).await)?;
    Ok(verdict)
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

/// The number of the last entry of the box's log about the caller's workspace: who belongs to it.
pub async fn last_seq_people(ctx: &Ctx) -> Result<i64> {
    let object = ctx.workspace().cast();
    (**ctx).read(move |scope| store::last_about(scope.connection(), object)).await
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
