//! The SQL of the outbox.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Channel, Parcel, ParcelId, State};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

pub(super) fn insert(scope: &Unit<'_>, parcel: &Parcel) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO outbox (id, channel, kind, recipient, user_id, webhook_id, notice_id,
                 content, state, tries, created_at, next_at, give_up_at)
             VALUES (:id, :channel, :kind, :recipient, :user, :webhook, :notice,
                 :content, :state, :tries, :created_at, :next_at, :give_up_at)",
        )?
        .execute(named_params! {
            ":id": parcel.id, ":channel": parcel.channel.name(), ":kind": parcel.kind,
            ":recipient": parcel.recipient, ":user": parcel.user, ":webhook": parcel.webhook,
            ":notice": parcel.notice, ":content": parcel.content,
            ":state": parcel.state.name(), ":tries": parcel.tries,
            ":created_at": parcel.created_at, ":next_at": parcel.next_at,
            ":give_up_at": parcel.give_up_at,
        })?;
    Ok(())
}

/// Writes how a parcel stands after an attempt, or before another one.
pub(super) fn update(scope: &Unit<'_>, parcel: &Parcel) -> Result<()> {
    let ended_at = (parcel.state != State::Waiting).then(|| scope.now());
    scope
        .prepare_cached(
            "UPDATE outbox SET content = :content, state = :state, tries = :tries,
                 next_at = :next_at, give_up_at = :give_up_at, ended_at = :ended_at,
                 last_error = :last_error
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": parcel.id, ":content": parcel.content, ":state": parcel.state.name(),
            ":tries": parcel.tries, ":next_at": parcel.next_at,
            ":give_up_at": parcel.give_up_at, ":ended_at": ended_at,
            ":last_error": parcel.last_error,
        })?;
    Ok(())
}

pub(super) fn get(scope: &Unit<'_>, id: ParcelId) -> Result<Option<Parcel>> {
    let found = scope
        .prepare_cached(
            "SELECT id, channel, kind, recipient, user_id, webhook_id, notice_id, content, state,
                 tries, created_at, next_at, give_up_at, last_error
             FROM outbox WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, kept)
        .optional()?;
    found.map(Kept::parcel).transpose()
}

/// What is due, longest waiting first. What would wait longer than `horizon` was put off by a
/// clock that went back since.
pub(super) fn due(
    scope: &Unit<'_>,
    channel: Channel,
    horizon: Moment,
    limit: usize,
) -> Result<Vec<Parcel>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, channel, kind, recipient, user_id, webhook_id, notice_id, content, state,
             tries, created_at, next_at, give_up_at, last_error
         FROM outbox
         WHERE state = 'waiting' AND (next_at <= :now OR next_at > :horizon)
             AND channel = :channel
         ORDER BY next_at, id LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":now": scope.now(), ":horizon": horizon, ":channel": channel.name(),
            ":limit": integer(limit),
        },
        kept,
    )?;
    rows.map(|row| row?.parcel()).collect()
}

/// Sealed contents that do not begin like this, at most so many.
pub(super) fn sealed_otherwise(
    scope: &Unit<'_>,
    prefix: &[u8],
    most: usize,
) -> Result<Vec<(ParcelId, Vec<u8>)>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, content FROM outbox
         WHERE channel = 'mail' AND content IS NOT NULL
             AND substr(content, 1, length(:prefix)) <> :prefix
         LIMIT :most",
    )?;
    let rows = statement
        .query_map(named_params! { ":prefix": prefix, ":most": integer(most) }, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Parcels that hold what is to be sent, in the order they were made; what follows `after`.
pub(super) fn with_content(
    scope: &Unit<'_>,
    after: Option<ParcelId>,
    limit: usize,
) -> Result<Vec<Parcel>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, channel, kind, recipient, user_id, webhook_id, notice_id, content, state,
             tries, created_at, next_at, give_up_at, last_error
         FROM outbox
         WHERE content IS NOT NULL AND (:after IS NULL OR id > :after)
         ORDER BY id LIMIT :limit",
    )?;
    let rows =
        statement.query_map(named_params! { ":after": after, ":limit": integer(limit) }, kept)?;
    rows.map(|row| row?.parcel()).collect()
}

pub(super) fn remove(scope: &Unit<'_>, id: ParcelId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM outbox WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

/// Keeps the same content in another form.
pub(super) fn set_content(scope: &Unit<'_>, id: ParcelId, content: &[u8]) -> Result<()> {
    scope
        .prepare_cached("UPDATE outbox SET content = :content WHERE id = :id")?
        .execute(named_params! { ":id": id, ":content": content })?;
    Ok(())
}

/// When the next parcel is due.
pub(super) fn next_at(scope: &Unit<'_>) -> Result<Option<Moment>> {
    Ok(scope
        .prepare_cached("SELECT min(next_at) FROM outbox WHERE state = 'waiting'")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn count_waiting(scope: &Unit<'_>) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT count(*) FROM outbox WHERE state = 'waiting'")?
        .query_row([], |row| row.get(0))?)
}

/// Parcels, newest first; what follows `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    state: Option<State>,
    before: Option<ParcelId>,
    limit: usize,
) -> Result<Vec<Parcel>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, channel, kind, recipient, user_id, webhook_id, notice_id, NULL, state,
             tries, created_at, next_at, give_up_at, last_error
         FROM outbox
         WHERE (:state IS NULL OR state = :state) AND (:before IS NULL OR id < :before)
         ORDER BY id DESC LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":state": state.map(State::name), ":before": before, ":limit": integer(limit),
        },
        kept,
    )?;
    rows.map(|row| row?.parcel()).collect()
}

/// Drops what ended before a moment, at most so many.
pub(super) fn drop_ended(
    scope: &Unit<'_>,
    state: State,
    before: Moment,
    most: usize,
) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM outbox WHERE id IN (
                 SELECT id FROM outbox WHERE state = :state AND ended_at < :before LIMIT :most)",
        )?
        .execute(named_params! {
            ":state": state.name(), ":before": before, ":most": integer(most),
        })?)
}

/// A row whose words are not read yet.
struct Kept {
    parcel: Parcel,
    channel: String,
    state: String,
}

impl Kept {
    fn parcel(self) -> Result<Parcel> {
        let unknown = || Error::internal("the outbox holds a word that nobody knows");
        let channel = Channel::from_name(&self.channel).ok_or_else(unknown)?;
        let state = State::from_name(&self.state).ok_or_else(unknown)?;
        Ok(Parcel { channel, state, ..self.parcel })
    }
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let parcel = Parcel {
        id: row.get(0)?,
        channel: Channel::Mail,
        kind: row.get(2)?,
        recipient: row.get(3)?,
        user: row.get(4)?,
        webhook: row.get(5)?,
        notice: row.get(6)?,
        content: row.get(7)?,
        state: State::Waiting,
        tries: row.get(9)?,
        created_at: row.get(10)?,
        next_at: row.get(11)?,
        give_up_at: row.get(12)?,
        last_error: row.get(13)?,
    };
    Ok(Kept { parcel, channel: row.get(1)?, state: row.get(8)? })
}
