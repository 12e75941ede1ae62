//! The SQL of checkpoints and of the keys they are signed with.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::platform::audit::rules::checkpoints::{Checkpoint, PublicKey};
use crate::platform::clock::Moment;
use crate::platform::db::integer;
use crate::platform::error::Result;
use crate::platform::setup::rules::BoxId;

/// The checkpoints of one file's log.
#[derive(Clone, Copy)]
pub(in crate::platform) struct Checkpoints<'a>(pub(in crate::platform) &'a Connection);

impl Checkpoints<'_> {
    pub(in crate::platform::audit) fn insert(self, checkpoint: &Checkpoint) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO audit_checkpoints (size, at, root, public_key, signature)
                 VALUES (:size, :at, :root, :public_key, :signature)",
            )?
            .execute(named_params! {
                ":size": integer(checkpoint.size), ":at": checkpoint.at, ":root": checkpoint.root,
                ":public_key": checkpoint.public_key, ":signature": checkpoint.signature,
            })?;
        Ok(())
    }

    pub(in crate::platform::audit) fn newest(self) -> Result<Option<Checkpoint>> {
        Ok(self.before(u64::MAX, 1)?.pop())
    }

    pub(in crate::platform::audit) fn get(self, size: u64) -> Result<Option<Checkpoint>> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT size, at, root, public_key, signature FROM audit_checkpoints
                 WHERE size = :size",
            )?
            .query_row(named_params! { ":size": integer(size) }, checkpoint)
            .optional()?)
    }

    /// Newest first, of less than `size` entries.
    pub(in crate::platform::audit) fn before(
        self,
        size: u64,
        limit: usize,
    ) -> Result<Vec<Checkpoint>> {
        let mut statement = self.0.prepare_cached(
            "SELECT size, at, root, public_key, signature FROM audit_checkpoints
             WHERE size < :size ORDER BY size DESC LIMIT :limit",
        )?;
        let limit = integer(limit);
        let rows = statement
            .query_map(named_params! { ":size": integer(size), ":limit": limit }, checkpoint)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Of more than `from` and at most `to` entries, oldest first.
    pub(in crate::platform::audit) fn between(self, from: u64, to: u64) -> Result<Vec<Checkpoint>> {
        let mut statement = self.0.prepare_cached(
            "SELECT size, at, root, public_key, signature FROM audit_checkpoints
             WHERE size > :from AND size <= :to ORDER BY size",
        )?;
        let rows = statement
            .query_map(named_params! { ":from": integer(from), ":to": integer(to) }, checkpoint)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    Ok(Checkpoint {
        size: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
        at: row.get(1)?,
        root: row.get(2)?,
        public_key: row.get(3)?,
        signature: row.get(4)?,
    })
}

/// A key as it is kept.
pub(in crate::platform::audit) struct Kept {
    pub(in crate::platform::audit) public_key: PublicKey,
    pub(in crate::platform::audit) on_box: BoxId,
    pub(in crate::platform::audit) sealed_seed: Vec<u8>,
}

/// The box's keys, in its own file.
#[derive(Clone, Copy)]
pub(in crate::platform) struct Keys<'a>(pub(in crate::platform) &'a Connection);

impl Keys<'_> {
    pub(in crate::platform::audit) fn newest(self) -> Result<Option<Kept>> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT public_key, box_id, sealed_seed FROM audit_keys
                 ORDER BY created_at DESC, public_key LIMIT 1",
            )?
            .query_row([], |row| {
                Ok(Kept { public_key: row.get(0)?, on_box: row.get(1)?, sealed_seed: row.get(2)? })
            })
            .optional()?)
    }

    pub(in crate::platform::audit) fn insert(self, key: &Kept, now: Moment) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO audit_keys (public_key, box_id, sealed_seed, created_at)
                 VALUES (:public_key, :box_id, :sealed_seed, :now)",
            )?
            .execute(named_params! {
                ":public_key": key.public_key, ":box_id": key.on_box,
                ":sealed_seed": key.sealed_seed, ":now": now,
            })?;
        Ok(())
    }

    /// Public keys and what of them does not begin as the newest master key seals.
    pub(in crate::platform::audit) fn sealed_otherwise(
        self,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<(PublicKey, Vec<u8>)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT public_key, sealed_seed FROM audit_keys
             WHERE substr(sealed_seed, 1, length(:prefix)) <> :prefix LIMIT :limit",
        )?;
        let limit = integer(limit);
        let rows = statement
            .query_map(named_params! { ":prefix": prefix, ":limit": limit }, |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(in crate::platform::audit) fn seal(
        self,
        public_key: &PublicKey,
        sealed_seed: &[u8],
    ) -> Result<()> {
        self.0
            .prepare_cached(
                "UPDATE audit_keys SET sealed_seed = :sealed_seed WHERE public_key = :public_key",
            )?
            .execute(named_params! { ":sealed_seed": sealed_seed, ":public_key": public_key })?;
        Ok(())
    }

    /// The id of a box that was claimed before it had a key.
    pub(in crate::platform::audit) fn box_id(self) -> Result<Option<BoxId>> {
        Ok(self
            .0
            .prepare_cached("SELECT box_id FROM box_settings WHERE id = 1")?
            .query_row([], |row| row.get(0))
            .optional()?)
    }

    /// Every key that ever signed, with the box's id.
    pub(in crate::platform::audit) fn public(self) -> Result<Vec<(PublicKey, BoxId)>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT public_key, box_id FROM audit_keys ORDER BY created_at")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
