//! The SQL of packs.

use std::collections::HashMap;

use rusqlite::named_params;

use super::packing::{Key, Known, Packed};
use super::rules::Standing;
use crate::platform::backups::archive::PartEntry;
use crate::platform::backups::bases::rules::BackupId;
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::blobs::BlobHash;
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::db::integer;
use crate::platform::error::Result;

/// The blobs that lie, proved, at every target in packs for just these recipients.
pub(super) fn known(scope: &Unit<'_>, recipients: &str) -> Result<Known> {
    let mut statement = scope.prepare_cached(
        "SELECT b.workspace_id, b.sha256, p.name, p.size_bytes, p.sha256
         FROM backup_packs AS p JOIN backup_pack_blobs AS b ON b.pack = p.name
         WHERE p.recipients = :recipients AND NOT EXISTS (
             SELECT 1 FROM backup_targets AS t WHERE NOT EXISTS (
                 SELECT 1 FROM backup_pack_copies AS c
                 WHERE c.pack = p.name AND c.target_id = t.id AND c.state = 'there'))",
    )?;
    let mut rows = statement.query(named_params! { ":recipients": recipients })?;
    let mut known = Known { blobs: HashMap::new(), packs: HashMap::new() };
    while let Some(row) = rows.next()? {
        let key: Key = (row.get(0)?, BlobHash(row.get(1)?));
        let (name, size): (String, i64) = (row.get(2)?, row.get(3)?);
        if !known.packs.contains_key(&name) {
            let size_bytes = u64::try_from(size).unwrap_or_default();
            let pack = PartEntry { name: name.clone(), size_bytes, sha256: row.get(4)? };
            known.packs.insert(name.clone(), pack);
        }
        known.blobs.insert(key, name);
    }
    Ok(known)
}

/// Notes new packs. What a try that was cut off noted of packs with the same names is forgotten.
pub(super) fn begin_made(scope: &Unit<'_>, packs: &[PartEntry], recipients: &str) -> Result<()> {
    for pack in packs {
        forget_pack(scope, &pack.name)?;
        note_pack(scope, pack, recipients)?;
    }
    Ok(())
}

/// Notes some of what lies in new packs.
pub(super) fn note_made(scope: &Unit<'_>, made: &[(String, Key)]) -> Result<()> {
    for (pack, (workspace, hash)) in made {
        scope
            .prepare_cached(
                "INSERT INTO backup_pack_blobs (pack, workspace_id, sha256)
                 VALUES (:pack, :workspace, :hash)",
            )?
            .execute(named_params! { ":pack": pack, ":workspace": workspace, ":hash": hash.0 })?;
    }
    Ok(())
}

/// Notes all packs that a base needs.
pub(super) fn note(scope: &Unit<'_>, backup: BackupId, packed: &Packed) -> Result<()> {
    packed.needed.iter().try_for_each(|pack| note_use(scope, backup, pack, &packed.recipients))
}

fn note_pack(scope: &Unit<'_>, pack: &PartEntry, recipients: &str) -> Result<()> {
    let size = integer(pack.size_bytes);
    scope
        .prepare_cached(
            "INSERT INTO backup_packs (name, size_bytes, sha256, recipients, made_at)
             VALUES (:name, :size, :sha256, :recipients, :now) ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! {
            ":name": pack.name, ":size": size, ":sha256": pack.sha256,
            ":recipients": recipients, ":now": scope.now(),
        })?;
    Ok(())
}

/// Notes that a base needs a pack, which may be new to the catalogue.
pub(super) fn note_use(
    scope: &Unit<'_>,
    backup: BackupId,
    pack: &PartEntry,
    recipients: &str,
) -> Result<()> {
    note_pack(scope, pack, recipients)?;
    scope
        .prepare_cached(
            "INSERT INTO backup_pack_uses (backup_id, pack) VALUES (:backup, :pack)
             ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! { ":backup": backup, ":pack": pack.name })?;
    Ok(())
}

/// Notes how all packs of a base stand at a target.
pub(super) fn put_copies(
    scope: &Unit<'_>,
    backup: BackupId,
    target: TargetId,
    standing: Standing,
) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_pack_copies (pack, target_id, state)
             SELECT pack, :target, :state FROM backup_pack_uses WHERE backup_id = :backup
             ON CONFLICT (pack, target_id) DO UPDATE SET state = excluded.state
                 WHERE excluded.state <> 'there'",
        )?
        .execute(named_params! {
            ":backup": backup, ":target": target, ":state": standing.name(),
        })?;
    Ok(())
}

/// Packs of a base that no other base at a target needs.
pub(super) fn unneeded(
    scope: &Unit<'_>,
    backup: BackupId,
    target: TargetId,
) -> Result<Vec<String>> {
    let mut statement = scope.prepare_cached(
        "SELECT u.pack FROM backup_pack_uses AS u WHERE u.backup_id = :backup AND NOT EXISTS (
             SELECT 1 FROM backup_pack_uses AS o
             JOIN backup_copies AS c ON c.backup_id = o.backup_id AND c.target_id = :target
             WHERE o.pack = u.pack AND o.backup_id <> :backup
               AND c.state IN ('there', 'waiting'))",
    )?;
    let rows = statement
        .query_map(named_params! { ":backup": backup, ":target": target }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The packs that bases at targets need, those first that were not looked at for the longest; of
/// one base or of all.
pub(super) fn to_check(
    scope: &Unit<'_>,
    of: Option<BackupId>,
) -> Result<Vec<(TargetId, PartEntry)>> {
    let mut statement = scope.prepare_cached(
        "SELECT c.target_id, p.name, p.size_bytes, p.sha256
         FROM backup_copies AS c
         JOIN backup_pack_uses AS u ON u.backup_id = c.backup_id
         JOIN backup_packs AS p ON p.name = u.pack
         LEFT JOIN backup_pack_copies AS s ON s.pack = p.name AND s.target_id = c.target_id
         WHERE c.state = 'there' AND (:backup IS NULL OR c.backup_id = :backup)
         GROUP BY c.target_id, p.name
         ORDER BY COALESCE(s.checked_at, p.made_at), c.target_id, p.name",
    )?;
    let rows = statement.query_map(named_params! { ":backup": of }, |row| {
        let size_bytes = u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
        Ok((row.get(0)?, PartEntry { name: row.get(1)?, size_bytes, sha256: row.get(3)? }))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that a pack is what was written. One that was never proved is not relied on for that.
pub(super) fn checked(scope: &Unit<'_>, pack: &str, target: TargetId) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_pack_copies (pack, target_id, state, checked_at)
             VALUES (:pack, :target, 'doubtful', :now)
             ON CONFLICT (pack, target_id) DO UPDATE SET checked_at = excluded.checked_at",
        )?
        .execute(named_params! { ":pack": pack, ":target": target, ":now": scope.now() })?;
    Ok(())
}

/// The bases that need a pack.
pub(super) fn bases_with(scope: &Unit<'_>, pack: &str) -> Result<Vec<BackupId>> {
    let mut statement =
        scope.prepare_cached("SELECT backup_id FROM backup_pack_uses WHERE pack = :pack")?;
    let rows = statement.query_map(named_params! { ":pack": pack }, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Bytes of the packs of a base whose names begin so.
pub(super) fn bytes_of(scope: &Unit<'_>, backup: BackupId, prefix: &str) -> Result<u64> {
    let bytes: i64 = scope
        .prepare_cached(
            "SELECT COALESCE(SUM(p.size_bytes), 0) FROM backup_pack_uses AS u
             JOIN backup_packs AS p ON p.name = u.pack
             WHERE u.backup_id = :backup AND substr(p.name, 1, length(:prefix)) = :prefix",
        )?
        .query_row(named_params! { ":backup": backup, ":prefix": prefix }, |row| row.get(0))?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// Notes that packs lie at a target no more, or are about to be removed.
pub(super) fn gone(scope: &Unit<'_>, packs: &[String], target: TargetId) -> Result<()> {
    for pack in packs {
        scope
            .prepare_cached(
                "UPDATE backup_pack_copies SET state = 'gone'
                 WHERE pack = :pack AND target_id = :target",
            )?
            .execute(named_params! { ":pack": pack, ":target": target })?;
    }
    Ok(())
}

/// Forgets what some bases needed that lie nowhere any more. Gives how many bases.
pub(super) fn forget_uses(scope: &Unit<'_>) -> Result<usize> {
    let mut statement = scope.prepare_cached(
        "SELECT id FROM backups AS b
         WHERE state <> 'running'
           AND EXISTS (SELECT 1 FROM backup_pack_uses AS u WHERE u.backup_id = b.id)
           AND NOT EXISTS (
             SELECT 1 FROM backup_copies AS c
             WHERE c.backup_id = b.id AND (c.state IN ('waiting', 'there')
                 OR (c.state = 'failed' AND c.swept_at IS NULL)))
         LIMIT 10",
    )?;
    let rows = statement.query_map([], |row| row.get::<_, BackupId>(0))?;
    let gone: Vec<BackupId> = rows.collect::<rusqlite::Result<_>>()?;
    for backup in &gone {
        scope
            .prepare_cached("DELETE FROM backup_pack_uses WHERE backup_id = :backup")?
            .execute(named_params! { ":backup": backup })?;
    }
    Ok(gone.len())
}

/// Forgets some packs that no base needs and that were made before a moment. Gives how many.
pub(super) fn forget_packs(scope: &Unit<'_>, before: Moment) -> Result<usize> {
    let mut statement = scope.prepare_cached(
        "SELECT name FROM backup_packs AS p
         WHERE made_at < :before
           AND NOT EXISTS (SELECT 1 FROM backup_pack_uses AS u WHERE u.pack = p.name)
         LIMIT 5",
    )?;
    let rows = statement.query_map(named_params! { ":before": before }, |row| row.get(0))?;
    let gone: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    gone.iter().try_for_each(|pack| forget_pack(scope, pack))?;
    Ok(gone.len())
}

fn forget_pack(scope: &Unit<'_>, pack: &str) -> Result<()> {
    for sql in [
        "DELETE FROM backup_pack_blobs WHERE pack = :pack",
        "DELETE FROM backup_pack_copies WHERE pack = :pack",
        "DELETE FROM backup_packs WHERE name = :pack",
    ] {
        scope.prepare_cached(sql)?.execute(named_params! { ":pack": pack })?;
    }
    Ok(())
}
