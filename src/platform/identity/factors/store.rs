//! The SQL of second factors.

use rusqlite::{OptionalExtension, named_params};

use super::rules::{EnrolmentId, Standing};
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

pub(super) fn standing(scope: &Unit<'_>, user: UserId) -> Result<Standing> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM totp_secrets WHERE user_id = u.id),
                 EXISTS (SELECT 1 FROM passkeys WHERE user_id = u.id),
                 EXISTS (SELECT 1 FROM passkeys WHERE user_id = u.id AND stopped_at IS NULL),
                 (SELECT count(*) FROM backup_codes WHERE user_id = u.id AND used_at IS NULL),
                 (SELECT lost_at FROM factor_losses WHERE user_id = u.id),
                 CASE WHEN u.is_operator = 1 THEN coalesce(u.operator_since, u.created_at) END,
                 (SELECT min(coalesce(m.role_since, m.created_at))
                  FROM memberships AS m
                  JOIN workspaces AS w ON w.id = m.workspace_id AND w.deleted_at IS NULL
                  LEFT JOIN custom_roles AS r ON r.id = m.custom_role_id
                  WHERE m.user_id = u.id
                    AND (m.role IN ('owner', 'admin') OR r.needs_factor = 1))
             FROM users AS u WHERE u.id = :user",
        )?
        .query_row(named_params! { ":user": user }, |row| {
            let as_operator: Option<Moment> = row.get(5)?;
            let as_member: Option<Moment> = row.get(6)?;
            Ok(Standing {
                has_totp: row.get(0)?,
                has_passkey: row.get(1)?,
                has_usable_passkey: row.get(2)?,
                backup_codes_left: row.get(3)?,
                lost_at: row.get(4)?,
                needed_since: [as_operator, as_member].into_iter().flatten().min(),
            })
        })?)
}

/// The sealed secret of an app, and the newest step that was used.
pub(super) struct Kept {
    pub secret: Vec<u8>,
    pub last_step: i64,
    pub created_at: Moment,
}

pub(super) fn totp(scope: &Unit<'_>, user: UserId) -> Result<Option<Kept>> {
    Ok(scope
        .prepare_cached(
            "SELECT secret, last_step, created_at FROM totp_secrets WHERE user_id = :user",
        )?
        .query_row(named_params! { ":user": user }, |row| {
            Ok(Kept { secret: row.get(0)?, last_step: row.get(1)?, created_at: row.get(2)? })
        })
        .optional()?)
}

/// Keeps a confirmed secret; one from before goes.
pub(super) fn keep_totp(scope: &Unit<'_>, user: UserId, secret: &[u8], step: i64) -> Result<()> {
    remove_totp(scope, user)?;
    scope
        .prepare_cached(
            "INSERT INTO totp_secrets (user_id, secret, last_step, created_at)
             VALUES (:user, :secret, :step, :now)",
        )?
        .execute(named_params! {
            ":user": user, ":secret": secret, ":step": step, ":now": scope.now(),
        })?;
    Ok(())
}

/// Uses a step up; false when it or a newer one was used before.
pub(super) fn use_step(scope: &Unit<'_>, user: UserId, step: i64) -> Result<bool> {
    let changed = scope
        .prepare_cached(
            "UPDATE totp_secrets SET last_step = :step
             WHERE user_id = :user AND last_step < :step",
        )?
        .execute(named_params! { ":user": user, ":step": step })?;
    Ok(changed > 0)
}

/// False when there was none.
pub(super) fn remove_totp(scope: &Unit<'_>, user: UserId) -> Result<bool> {
    let changed = scope
        .prepare_cached("DELETE FROM totp_secrets WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(changed > 0)
}

/// A sealed secret that was shown and not confirmed.
pub(super) struct Begun {
    pub id: EnrolmentId,
    pub secret: Vec<u8>,
    pub created_at: Moment,
}

pub(super) fn begun(scope: &Unit<'_>, user: UserId) -> Result<Option<Begun>> {
    Ok(scope
        .prepare_cached("SELECT id, secret, created_at FROM totp_enrolments WHERE user_id = :user")?
        .query_row(named_params! { ":user": user }, |row| {
            Ok(Begun { id: row.get(0)?, secret: row.get(1)?, created_at: row.get(2)? })
        })
        .optional()?)
}

/// Keeps a shown secret; one from before goes.
pub(super) fn begin(scope: &Unit<'_>, id: EnrolmentId, user: UserId, secret: &[u8]) -> Result<()> {
    forget_begun(scope, user)?;
    scope
        .prepare_cached(
            "INSERT INTO totp_enrolments (id, user_id, secret, created_at)
             VALUES (:id, :user, :secret, :now)",
        )?
        .execute(named_params! {
            ":id": id, ":user": user, ":secret": secret, ":now": scope.now(),
        })?;
    Ok(())
}

pub(super) fn forget_begun(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM totp_enrolments WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// Drops secrets that nobody confirmed, and says how many.
pub(super) fn drop_begun(scope: &Unit<'_>, before: Moment) -> Result<usize> {
    Ok(scope
        .prepare_cached("DELETE FROM totp_enrolments WHERE created_at < :before")?
        .execute(named_params! { ":before": before })?)
}

/// What is kept of a backup code, and whether it was used.
pub(super) fn backup_code(
    scope: &Unit<'_>,
    user: UserId,
    number: i64,
) -> Result<Option<(Vec<u8>, bool)>> {
    Ok(scope
        .prepare_cached(
            "SELECT code_hash, used_at IS NOT NULL FROM backup_codes
             WHERE user_id = :user AND number = :number",
        )?
        .query_row(named_params! { ":user": user, ":number": number }, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?)
}

pub(super) fn keep_backup_code(
    scope: &Unit<'_>,
    user: UserId,
    number: i64,
    code_hash: &[u8],
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_codes (user_id, number, code_hash)
             VALUES (:user, :number, :code_hash)",
        )?
        .execute(named_params! { ":user": user, ":number": number, ":code_hash": code_hash })?;
    Ok(())
}

/// Uses a code up; false when it was used before.
pub(super) fn use_backup_code(scope: &Unit<'_>, user: UserId, number: i64) -> Result<bool> {
    let changed = scope
        .prepare_cached(
            "UPDATE backup_codes SET used_at = :now
             WHERE user_id = :user AND number = :number AND used_at IS NULL",
        )?
        .execute(named_params! { ":user": user, ":number": number, ":now": scope.now() })?;
    Ok(changed > 0)
}

pub(super) fn remove_backup_codes(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM backup_codes WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// Notes that a person lost their factors.
pub(super) fn note_loss(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO factor_losses (user_id, lost_at) VALUES (:user, :now)
             ON CONFLICT (user_id) DO UPDATE SET lost_at = excluded.lost_at",
        )?
        .execute(named_params! { ":user": user, ":now": scope.now() })?;
    Ok(())
}

/// Forgets that a person lost their factors: they have one again.
pub(super) fn forget_loss(scope: &Unit<'_>, user: UserId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM factor_losses WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// Secrets of apps that do not begin with `prefix`, at most so many.
pub(super) fn secrets_not_of(
    scope: &Unit<'_>,
    prefix: &[u8],
    most: usize,
) -> Result<Vec<(UserId, Vec<u8>)>> {
    let mut statement = scope.prepare_cached(
        "SELECT user_id, secret FROM totp_secrets
         WHERE substr(secret, 1, length(:prefix)) <> :prefix LIMIT :most",
    )?;
    let most = integer(most);
    let rows = statement.query_map(named_params! { ":prefix": prefix, ":most": most }, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn put_secret(scope: &Unit<'_>, user: UserId, secret: &[u8]) -> Result<()> {
    scope
        .prepare_cached("UPDATE totp_secrets SET secret = :secret WHERE user_id = :user")?
        .execute(named_params! { ":user": user, ":secret": secret })?;
    Ok(())
}

/// Secrets that wait and do not begin with `prefix`, at most so many.
pub(super) fn waiting_not_of(
    scope: &Unit<'_>,
    prefix: &[u8],
    most: usize,
) -> Result<Vec<(EnrolmentId, Vec<u8>)>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, secret FROM totp_enrolments
         WHERE substr(secret, 1, length(:prefix)) <> :prefix LIMIT :most",
    )?;
    let most = integer(most);
    let rows = statement.query_map(named_params! { ":prefix": prefix, ":most": most }, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn put_waiting(scope: &Unit<'_>, id: EnrolmentId, secret: &[u8]) -> Result<()> {
    scope
        .prepare_cached("UPDATE totp_enrolments SET secret = :secret WHERE id = :id")?
        .execute(named_params! { ":id": id, ":secret": secret })?;
    Ok(())
}

/// Backup codes that do not begin with `prefix`, at most so many.
pub(super) fn codes_not_of(
    scope: &Unit<'_>,
    prefix: &[u8],
    most: usize,
) -> Result<Vec<(UserId, i64, Vec<u8>)>> {
    let mut statement = scope.prepare_cached(
        "SELECT user_id, number, code_hash FROM backup_codes
         WHERE substr(code_hash, 1, length(:prefix)) <> :prefix LIMIT :most",
    )?;
    let most = integer(most);
    let rows = statement.query_map(named_params! { ":prefix": prefix, ":most": most }, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn put_code(
    scope: &Unit<'_>,
    user: UserId,
    number: i64,
    code_hash: &[u8],
) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_codes SET code_hash = :code_hash
             WHERE user_id = :user AND number = :number",
        )?
        .execute(named_params! { ":user": user, ":number": number, ":code_hash": code_hash })?;
    Ok(())
}
