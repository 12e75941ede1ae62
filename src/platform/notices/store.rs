//! The SQL of notices and of what people chose.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, named_params};

use super::rules::{Email, NEEDS, Notice, NoticeId, Params, Settings, TimeOfDay};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

/// Keeps a notice; its number is given by the file.
pub(super) fn insert(scope: &Unit<'_>, notice: &Notice) -> Result<()> {
    let params = serde_json::to_string(&notice.params).map_err(Error::internal)?;
    scope
        .prepare_cached(
            "INSERT INTO notices (id, user_id, workspace_id, kind, params, link, created_at)
             VALUES (:id, :user, :workspace, :kind, :params, :link, :now)",
        )?
        .execute(named_params! {
            ":id": notice.id, ":user": notice.user, ":workspace": notice.workspace,
            ":kind": notice.kind, ":params": params, ":link": notice.link,
            ":now": notice.created_at,
        })?;
    Ok(())
}

/// Whether anybody was told the same of a part of the box since a moment.
pub(super) fn is_told(scope: &Unit<'_>, kind: &str, part: &str, since: Moment) -> Result<bool> {
    let found = scope
        .prepare_cached(
            "SELECT 1 FROM notices WHERE created_at > :since AND kind = :kind
                 AND json_extract(params, '$.part') = :part LIMIT 1",
        )?
        .query_row(named_params! { ":since": since, ":kind": kind, ":part": part }, |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// A person's notices that need a permission: number, workspace and what is needed there.
pub(super) fn needing(
    scope: &Unit<'_>,
    user: UserId,
) -> Result<Vec<(i64, Option<WorkspaceId>, String)>> {
    let mut statement = scope.prepare_cached(
        "SELECT seq, workspace_id, params ->> :needs FROM notices
         WHERE user_id = :user AND params ->> :needs IS NOT NULL",
    )?;
    let rows = statement.query_map(named_params! { ":user": user, ":needs": NEEDS }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A person's notices but some, newest first; what follows `before`.
pub(super) fn list(
    scope: &Unit<'_>,
    user: UserId,
    but: &[i64],
    is_unread: bool,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Notice>> {
    let mut statement = scope.prepare_cached(
        "SELECT seq, id, user_id, workspace_id, kind, params, link, created_at, read_at
         FROM notices
         WHERE user_id = :user AND (:before IS NULL OR seq < :before)
             AND (NOT :is_unread OR read_at IS NULL)
             AND seq NOT IN (SELECT value FROM json_each(:but))
         ORDER BY seq DESC LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":user": user, ":is_unread": is_unread, ":before": before, ":limit": integer(limit),
            ":but": numbers(but)?,
        },
        kept,
    )?;
    rows.map(|row| row?.notice()).collect()
}

fn numbers(seqs: &[i64]) -> Result<String> {
    serde_json::to_string(seqs).map_err(Error::internal)
}

pub(super) fn get(scope: &Unit<'_>, id: NoticeId) -> Result<Option<Notice>> {
    let found = scope
        .prepare_cached(
            "SELECT seq, id, user_id, workspace_id, kind, params, link, created_at, read_at
             FROM notices WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, kept)
        .optional()?;
    found.map(Kept::notice).transpose()
}

/// People who want a daily summary, its hour, and when they got the last.
pub(super) fn digests(scope: &Unit<'_>) -> Result<Vec<(UserId, TimeOfDay, Moment)>> {
    let mut statement = scope.prepare_cached(
        "SELECT notice_settings.user_id, notice_settings.digest_at, notice_settings.digested_at
         FROM notice_settings JOIN users ON users.id = notice_settings.user_id
         WHERE notice_settings.email = 'digest' AND users.disabled_at IS NULL",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, UserId>(0)?, row.get::<_, u16>(1)?, row.get::<_, Moment>(2)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (user, minutes, at) = row?;
        found.extend(TimeOfDay::from_minutes(minutes).map(|time| (user, time, at)));
    }
    Ok(found)
}

pub(super) fn count_unread(scope: &Unit<'_>, user: UserId, but: &[i64]) -> Result<i64> {
    Ok(scope
        .prepare_cached(
            "SELECT count(*) FROM notices
             WHERE user_id = :user AND read_at IS NULL
                 AND seq NOT IN (SELECT value FROM json_each(:but))",
        )?
        .query_row(named_params! { ":user": user, ":but": numbers(but)? }, |row| row.get(0))?)
}

/// Notes that a notice was read; none when the person has no such notice, false when it was read
/// before.
pub(super) fn read(scope: &Unit<'_>, user: UserId, id: NoticeId) -> Result<Option<bool>> {
    let known: Option<bool> = scope
        .prepare_cached("SELECT read_at IS NULL FROM notices WHERE id = :id AND user_id = :user")?
        .query_row(named_params! { ":id": id, ":user": user }, |row| row.get(0))
        .optional()?;
    if known == Some(true) {
        scope
            .prepare_cached("UPDATE notices SET read_at = :now WHERE id = :id AND user_id = :user")?
            .execute(named_params! { ":id": id, ":user": user, ":now": scope.now() })?;
    }
    Ok(known)
}

/// Notes that all of a person's notices were read; gives how many were not.
pub(super) fn read_all(scope: &Unit<'_>, user: UserId) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "UPDATE notices SET read_at = :now WHERE user_id = :user AND read_at IS NULL",
        )?
        .execute(named_params! { ":user": user, ":now": scope.now() })?)
}

/// The newest notice that was there before a moment.
pub(super) fn newest_before(scope: &Unit<'_>, moment: Moment) -> Result<i64> {
    Ok(scope
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM notices WHERE created_at < :moment")?
        .query_row(named_params! { ":moment": moment }, |row| row.get(0))?)
}

/// What came after a number, in order.
pub(super) fn after(scope: &Unit<'_>, seq: i64, limit: usize) -> Result<Vec<Notice>> {
    let mut statement = scope.prepare_cached(
        "SELECT seq, id, user_id, workspace_id, kind, params, link, created_at, read_at
         FROM notices WHERE seq > :seq ORDER BY seq LIMIT :limit",
    )?;
    let rows =
        statement.query_map(named_params! { ":seq": seq, ":limit": integer(limit) }, kept)?;
    rows.map(|row| row?.notice()).collect()
}

/// Drops what was told before a moment, at most so many.
pub(super) fn drop_before(scope: &Unit<'_>, moment: Moment, most: usize) -> Result<usize> {
    Ok(scope
        .prepare_cached(
            "DELETE FROM notices WHERE seq IN (
                 SELECT seq FROM notices WHERE created_at < :moment
                 ORDER BY created_at LIMIT :most)",
        )?
        .execute(named_params! { ":moment": moment, ":most": integer(most) })?)
}

/// Drops what a person has beyond so many notices.
pub(super) fn drop_beyond(scope: &Unit<'_>, user: UserId, kept: usize) -> Result<()> {
    scope
        .prepare_cached(
            "DELETE FROM notices WHERE user_id = :user AND seq <= (
                 SELECT seq FROM notices WHERE user_id = :user
                 ORDER BY seq DESC LIMIT 1 OFFSET :kept)",
        )?
        .execute(named_params! { ":user": user, ":kept": integer(kept) })?;
    Ok(())
}

/// What a person chose, or what holds for people who did not.
pub(super) fn settings(scope: &Unit<'_>, user: UserId) -> Result<Settings> {
    let found = scope
        .prepare_cached(
            "SELECT email, digest_at, digested_at FROM notice_settings WHERE user_id = :user",
        )?
        .query_row(named_params! { ":user": user }, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u16>(1)?, row.get::<_, Moment>(2)?))
        })
        .optional()?;
    let choices = choices(scope, user)?;
    let Some((email, digest_at, digested_at)) = found else {
        return Ok(Settings { choices, ..Settings::default() });
    };
    let email = Email::from_name(&email).ok_or_else(|| Error::internal("an unknown choice"))?;
    let digest_at = TimeOfDay::from_minutes(digest_at);
    let digest_at = digest_at.ok_or_else(|| Error::internal("no time of day"))?;
    Ok(Settings { email, digest_at, digested_at, choices })
}

fn choices(scope: &Unit<'_>, user: UserId) -> Result<BTreeMap<String, bool>> {
    let mut statement =
        scope.prepare_cached("SELECT kind, is_wanted FROM notice_choices WHERE user_id = :user")?;
    let rows = statement
        .query_map(named_params! { ":user": user }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn keep_settings(scope: &Unit<'_>, user: UserId, settings: &Settings) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO notice_settings (user_id, email, digest_at, digested_at)
             VALUES (:user, :email, :digest_at, :digested_at)
             ON CONFLICT (user_id) DO UPDATE SET email = excluded.email,
                 digest_at = excluded.digest_at, digested_at = excluded.digested_at",
        )?
        .execute(named_params! {
            ":user": user, ":email": settings.email.name(),
            ":digest_at": settings.digest_at.minutes(), ":digested_at": settings.digested_at,
        })?;
    let mut keep = scope.prepare_cached(
        "INSERT INTO notice_choices (user_id, kind, is_wanted) VALUES (:user, :kind, :is_wanted)
         ON CONFLICT (user_id, kind) DO UPDATE SET is_wanted = excluded.is_wanted",
    )?;
    for (kind, is_wanted) in &settings.choices {
        keep.execute(named_params! { ":user": user, ":kind": kind, ":is_wanted": is_wanted })?;
    }
    Ok(())
}

/// People who run the box and can sign in.
pub(super) fn operators(scope: &Unit<'_>) -> Result<Vec<UserId>> {
    let mut statement = scope
        .prepare_cached("SELECT id FROM users WHERE is_operator = 1 AND disabled_at IS NULL")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Owners and admins of a workspace who can sign in.
pub(super) fn admins(scope: &Unit<'_>, workspace: WorkspaceId) -> Result<Vec<UserId>> {
    let mut statement = scope.prepare_cached(
        "SELECT users.id FROM memberships JOIN users ON users.id = memberships.user_id
         WHERE memberships.workspace_id = :workspace AND memberships.role IN ('owner', 'admin')
             AND users.disabled_at IS NULL",
    )?;
    let rows = statement.query_map(named_params! { ":workspace": workspace }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Everybody of a workspace who can sign in.
pub(super) fn members(scope: &Unit<'_>, workspace: WorkspaceId) -> Result<Vec<UserId>> {
    let mut statement = scope.prepare_cached(
        "SELECT users.id FROM memberships JOIN users ON users.id = memberships.user_id
         WHERE memberships.workspace_id = :workspace AND users.disabled_at IS NULL",
    )?;
    let rows = statement.query_map(named_params! { ":workspace": workspace }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A row whose values are not read yet.
pub(super) struct Kept {
    notice: Notice,
    params: String,
}

impl Kept {
    pub(super) fn notice(self) -> Result<Notice> {
        let params: Params = serde_json::from_str(&self.params).map_err(Error::internal)?;
        Ok(Notice { params, ..self.notice })
    }
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let notice = Notice {
        seq: row.get(0)?,
        id: row.get(1)?,
        user: row.get(2)?,
        workspace: row.get(3)?,
        kind: row.get(4)?,
        params: Params::new(),
        link: row.get(6)?,
        created_at: row.get(7)?,
        read_at: row.get(8)?,
    };
    Ok(Kept { notice, params: row.get(5)? })
}
