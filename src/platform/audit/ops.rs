//! Appending to a log, reading it, verifying it.

pub mod bundle;
pub(in crate::platform) mod carrying;
pub mod checkpoints;
pub mod export;
pub(in crate::platform) mod newest;
pub mod personal;
pub(in crate::platform) mod tree;
pub mod verification;

use std::collections::BTreeMap;

use self::checkpoints::newest_in;
use self::personal::{ADDRESS, USER_AGENT};
use self::verification::VERIFIED;
use super::rules::checkpoints::Checkpoint;
use super::rules::{Entry, Hash, LogId, NO_HASH, Outcome, Record, canonical_texts, commitment};
use super::store;
use super::store::tree::Tree;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::secret::to_hex;

pub(in crate::platform::audit) use self::verification::{look, look_box};
pub use self::verification::{verify, verify_and_note, verify_box, verify_box_and_note};
pub use super::rules::verification::Verdict;
pub use store::{Filter, Listed, Shown};

pub const CODES: &[Code] = &[
    code(
        "audit-filter-bad",
        "A filter of the audit log could not be read.",
        "Use ids as they are shown and times like 2026-11-21T14:00:00Z.",
    ),
    code(
        "audit-log-altered",
        "An audit log was altered from outside: an entry does not fit those around it.",
        "Compare it with the last backup and the checkpoints that left the box, and ask who had \
         access to its files.",
    ),
    code(
        "audit-bundle-unfit",
        "The exported audit log and the checkpoint do not belong together.",
        "Take the checkpoint and the export of the same log, unchanged as the box gave them.",
    ),
];

/// Appends an entry inside the caller's transaction and gives its number.
pub(in crate::platform) fn append_in(unit: &Unit<'_>, entry: Entry) -> Result<i64> {
    let connection = unit.connection();
    let (last, prev_hash) = store::head(connection)?;
    let log = store::log_id(connection)?;
    let (actor_kind, actor_id) = unit.audit_actor();
    let mut personal = entry.personal;
    if let Some(address) = unit.cause().address {
        personal.insert(ADDRESS, address.to_string());
    }
    if let Some(user_agent) = &unit.cause().user_agent {
        personal.insert(USER_AGENT, user_agent.to_string());
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
    tree::append_in(Tree(connection), record.seq, &prev_hash, &record.hash)?;
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
    /// What was signed last.
    pub checkpoint: Option<Checkpoint>,
}

fn state_in(unit: &Unit<'_>) -> Result<State> {
    let (size, head) = store::head(unit.connection())?;
    let first = store::after(unit.connection(), 0, 1)?.pop();
    let last = store::newest_of(unit.connection(), VERIFIED)?;
    Ok(State {
        checkpoint: newest_in(Tree(unit.connection()))?,
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

/// When the last entry of the box's log was written.
pub async fn newest_of_box(ctx: &BoxCtx) -> Result<Option<Moment>> {
    ctx.read(|scope| store::newest_at(scope.connection())).await
}

/// The number of the last entry of the box's log about the caller's workspace: who belongs to it.
pub async fn last_seq_people(ctx: &Ctx) -> Result<i64> {
    let object = ctx.workspace().cast();
    (**ctx).read(move |scope| store::last_about(scope.connection(), object)).await
}
