//! The SQL of the history of updates, and of what the feed said.

use rusqlite::{OptionalExtension, Row, named_params};

use super::release::Severity;
use super::rules::{
    By, FeedState, Kind, Offer, Outcome, Reason, Stage, Update, UpdateId, Version, Who,
};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::id::ObjectId;

pub(super) fn insert(scope: &Unit<'_>, update: &Update) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO updates (id, kind, requested_by, requested_as, requested_at, from_seq,
                 from_version, to_seq, to_version, channel, severity, signers, outcome, finished_at)
             VALUES (:id, :kind, :by, :as, :at, :from_seq, :from_version, :to_seq, :to_version,
                 :channel, :severity, :signers, :outcome, :finished_at)",
        )?
        .execute(named_params! {
            ":id": update.id, ":kind": update.kind.name(), ":by": update.requested.id,
            ":as": update.requested.by.name(), ":at": update.requested_at,
            ":from_seq": number(update.from.seq), ":from_version": update.from.version,
            ":to_seq": number(update.to.seq), ":to_version": update.to.version,
            ":channel": update.channel, ":severity": update.severity.name(),
            ":signers": json(&update.signers)?, ":outcome": update.outcome.map(Outcome::name),
            ":finished_at": update.finished_at,
        })?;
    Ok(())
}

/// Writes what changes of an update while it goes on.
pub(super) fn save(scope: &Unit<'_>, update: &Update) -> Result<()> {
    let (confirmed, reason) = (update.confirmed, update.reason.as_ref());
    scope
        .prepare_cached(
            "UPDATE updates SET signers = :signers, plan = :plan, planned_at = :planned_at,
                 salt = :salt, confirmed_by = :confirmed_by, confirmed_as = :confirmed_as,
                 confirmed_at = :confirmed_at, digest = :digest, backup_id = :backup,
                 taken_back_by = :taken_back_by, taken_back_as = :taken_back_as,
                 outcome = :outcome, reason_code = :reason_code, reason = :reason,
                 finished_at = :finished_at
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": update.id, ":signers": json(&update.signers)?, ":plan": update.plan,
            ":planned_at": update.planned_at, ":salt": update.salt,
            ":confirmed_by": confirmed.and_then(|who| who.id),
            ":confirmed_as": confirmed.map(|who| who.by.name()),
            ":confirmed_at": update.confirmed_at, ":digest": update.digest,
            ":backup": update.backup,
            ":taken_back_by": update.taken_back.and_then(|who| who.id),
            ":taken_back_as": update.taken_back.map(|who| who.by.name()),
            ":outcome": update.outcome.map(Outcome::name),
            ":reason_code": reason.map(|reason| &reason.code),
            ":reason": reason.map(|reason| &reason.detail),
            ":finished_at": update.finished_at,
        })?;
    Ok(())
}

/// Forgets all but the newest `kept`.
pub(super) fn forget_old(scope: &Unit<'_>, kept: usize) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM updates WHERE outcome IS NOT NULL AND id NOT IN (
                 SELECT id FROM updates ORDER BY id DESC LIMIT :kept)",
        )?
        .execute(named_params! { ":kept": integer(kept) })?;
    Ok(())
}

/// The newest first; those begun before `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    before: Option<UpdateId>,
    limit: usize,
) -> Result<Vec<Update>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, kind, requested_by, requested_as, requested_at, from_seq, from_version,
             to_seq, to_version, channel, severity, signers, plan, planned_at, salt, confirmed_by,
             confirmed_as, confirmed_at, digest, backup_id, outcome, reason_code, reason,
             finished_at, taken_back_by, taken_back_as
         FROM updates WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit",
    )?;
    let bound = named_params! { ":before": before, ":limit": integer(limit) };
    let rows = statement.query_map(bound, |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

pub(super) fn get(scope: &Unit<'_>, id: UpdateId) -> Result<Option<Update>> {
    scope
        .prepare_cached(
            "SELECT id, kind, requested_by, requested_as, requested_at, from_seq, from_version,
                 to_seq, to_version, channel, severity, signers, plan, planned_at, salt,
                 confirmed_by, confirmed_as, confirmed_at, digest, backup_id, outcome,
                 reason_code, reason, finished_at, taken_back_by, taken_back_as
             FROM updates WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The update that brought the release of a number, the last one if there were more.
pub(super) fn brought(scope: &Unit<'_>, seq: u64) -> Result<Option<Update>> {
    let id: Option<UpdateId> = scope
        .prepare_cached(
            "SELECT id FROM updates
             WHERE to_seq = :seq AND to_seq > 0 AND kind = 'update' AND outcome = 'committed'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(named_params! { ":seq": number(seq) }, |row| row.get(0))
        .optional()?;
    id.map_or(Ok(None), |id| get(scope, id))
}

/// The one that has not ended.
pub(super) fn under_way(scope: &Unit<'_>) -> Result<Option<Update>> {
    let id: Option<UpdateId> = scope
        .prepare_cached("SELECT id FROM updates WHERE outcome IS NULL")?
        .query_row([], |row| row.get(0))
        .optional()?;
    id.map_or(Ok(None), |id| get(scope, id))
}

/// Notes that a part began. The same one twice in a row is one.
pub(super) fn enter(scope: &Unit<'_>, id: UpdateId, stage: &Stage) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO update_states (update_id, number, state, began_at)
             SELECT :id, (SELECT count(*) FROM update_states WHERE update_id = :id), :state, :at
             WHERE :state IS NOT (SELECT state FROM update_states WHERE update_id = :id
                                  ORDER BY number DESC LIMIT 1)",
        )?
        .execute(named_params! { ":id": id, ":state": stage.state, ":at": stage.began_at })?;
    Ok(())
}

/// How many ended, by the name of their outcome.
pub(super) fn count_by_outcome(scope: &Unit<'_>) -> Result<Vec<(String, u64)>> {
    let mut statement = scope.prepare_cached(
        "SELECT outcome, count(*) FROM updates WHERE outcome IS NOT NULL GROUP BY outcome",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, wide(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The parts of one, in their order.
pub(super) fn stages(scope: &Unit<'_>, id: UpdateId) -> Result<Vec<Stage>> {
    let mut statement = scope.prepare_cached(
        "SELECT state, began_at FROM update_states WHERE update_id = :id ORDER BY number",
    )?;
    let rows = statement.query_map(named_params! { ":id": id }, |row| {
        Ok(Stage { state: row.get(0)?, began_at: row.get(1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the feed said last; none: it was never asked.
pub(super) fn feed(scope: &Unit<'_>) -> Result<Option<FeedState>> {
    scope
        .prepare_cached(
            "SELECT checked_at, answered_at, failing_since, problem_code, problem, offered_seq,
                 offered_version, offered_severity, offered_size_bytes, released_at, notes,
                 offered_at, offered_bundled, offered_stale, expires_at, root_expires_at
             FROM update_feed WHERE id = 1",
        )?
        .query_row([], |row| Ok(read_feed(row)))
        .optional()?
        .transpose()
}

pub(super) fn save_feed(scope: &Unit<'_>, feed: &FeedState) -> Result<()> {
    let (offer, problem) = (feed.offer.as_ref(), feed.problem.as_ref());
    scope
        .prepare_cached(
            "INSERT INTO update_feed (id, checked_at, answered_at, failing_since, problem_code,
                 problem, offered_seq, offered_version, offered_severity, offered_size_bytes,
                 released_at, notes, offered_at, offered_bundled, offered_stale, expires_at,
                 root_expires_at)
             VALUES (1, :checked_at, :answered_at, :failing_since, :problem_code, :problem,
                 :seq, :version, :severity, :size, :released_at, :notes, :offered_at, :bundled,
                 :stale, :expires_at, :root_expires_at)
             ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at,
                 answered_at = excluded.answered_at, failing_since = excluded.failing_since,
                 problem_code = excluded.problem_code, problem = excluded.problem,
                 offered_seq = excluded.offered_seq, offered_version = excluded.offered_version,
                 offered_severity = excluded.offered_severity,
                 offered_size_bytes = excluded.offered_size_bytes,
                 released_at = excluded.released_at, notes = excluded.notes,
                 offered_at = excluded.offered_at,
                 offered_bundled = excluded.offered_bundled,
                 offered_stale = excluded.offered_stale, expires_at = excluded.expires_at,
                 root_expires_at = excluded.root_expires_at",
        )?
        .execute(named_params! {
            ":checked_at": feed.checked_at, ":answered_at": feed.answered_at,
            ":failing_since": feed.failing_since,
            ":problem_code": problem.map(|one| &one.code),
            ":problem": problem.map(|one| &one.detail),
            ":seq": offer.map(|one| number(one.to.seq)),
            ":version": offer.map(|one| &one.to.version),
            ":severity": offer.map(|one| one.severity.name()),
            ":size": offer.map(|one| number(one.size_bytes)),
            ":released_at": offer.map(|one| &one.released_at),
            ":notes": offer.map(|one| &one.notes), ":offered_at": offer.map(|one| one.offered_at),
            ":bundled": offer.is_some_and(|one| one.is_bundled),
            ":stale": offer.is_some_and(|one| one.is_stale),
            ":expires_at": feed.expires_at, ":root_expires_at": feed.root_expires_at,
        })?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Update> {
    let who = |by: Option<String>, id: Option<ObjectId>| -> Result<Option<Who>> {
        by.map(|by| Ok(Who { by: word(By::from_name(&by), &by)?, id })).transpose()
    };
    let (kind, severity): (String, String) = (row.get(1)?, row.get(10)?);
    let requested = who(row.get(3)?, row.get(2)?)?;
    let outcome: Option<String> = row.get(20)?;
    let reason = |code: Option<String>, detail: Option<String>| {
        code.map(|code| Reason { code, detail: detail.unwrap_or_default() })
    };
    Ok(Update {
        id: row.get(0)?,
        kind: word(Kind::from_name(&kind), &kind)?,
        requested: requested.ok_or_else(|| Error::internal("an update that nobody wanted"))?,
        requested_at: row.get(4)?,
        from: Version { seq: wide(row.get(5)?), version: row.get(6)? },
        to: Version { seq: wide(row.get(7)?), version: row.get(8)? },
        channel: row.get(9)?,
        severity: word(Severity::from_name(&severity), &severity)?,
        signers: serde_json::from_str(&row.get::<_, String>(11)?).map_err(Error::internal)?,
        plan: row.get(12)?,
        planned_at: row.get(13)?,
        salt: row.get(14)?,
        confirmed: who(row.get(16)?, row.get(15)?)?,
        confirmed_at: row.get(17)?,
        digest: row.get(18)?,
        backup: row.get(19)?,
        outcome: outcome.map(|text| word(Outcome::from_name(&text), &text)).transpose()?,
        reason: reason(row.get(21)?, row.get(22)?),
        finished_at: row.get(23)?,
        taken_back: who(row.get(25)?, row.get(24)?)?,
    })
}

fn read_feed(row: &Row<'_>) -> Result<FeedState> {
    let problem: Option<String> = row.get(3)?;
    let detail: Option<String> = row.get(4)?;
    let seq: Option<i64> = row.get(5)?;
    let offer = match seq {
        None => None,
        Some(seq) => {
            let severity: String = row.get(7)?;
            Some(Offer {
                to: Version { seq: wide(seq), version: row.get(6)? },
                severity: word(Severity::from_name(&severity), &severity)?,
                size_bytes: wide(row.get(8)?),
                released_at: row.get(9)?,
                notes: row.get(10)?,
                offered_at: row.get(11)?,
                is_bundled: row.get(12)?,
                is_stale: row.get(13)?,
            })
        }
    };
    Ok(FeedState {
        checked_at: row.get::<_, Moment>(0)?,
        answered_at: row.get(1)?,
        failing_since: row.get(2)?,
        problem: problem.map(|code| Reason { code, detail: detail.unwrap_or_default() }),
        offer,
        expires_at: row.get(14)?,
        root_expires_at: row.get(15)?,
    })
}

fn word<T>(found: Option<T>, text: &str) -> Result<T> {
    found.ok_or_else(|| Error::internal(format!("{text} is no word of updates")))
}

fn json<T: serde::Serialize>(values: &T) -> Result<String> {
    serde_json::to_string(values).map_err(Error::internal)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn wide(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}
