//! The SQL of the tree's nodes. Leaves are the entries' hashes.

use rusqlite::{Connection, OptionalExtension, named_params};

use crate::platform::audit::rules::Hash;
use crate::platform::audit::rules::tree::Node;
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};

/// The tree of one file's log.
#[derive(Clone, Copy)]
pub(in crate::platform) struct Tree<'a>(pub(in crate::platform) &'a Connection);

impl Tree<'_> {
    /// Entries in the log, covered by the tree or not.
    pub(in crate::platform) fn log_size(self) -> Result<u64> {
        let last: Option<i64> = self
            .0
            .prepare_cached("SELECT MAX(seq) FROM audit_entries")?
            .query_row([], |row| row.get(0))?;
        Ok(unsigned(last.unwrap_or(0)))
    }

    /// Entries whose nodes are all there; one more may be covered that completes none.
    pub(in crate::platform::audit) fn size(self) -> Result<u64> {
        let last: Option<i64> = self
            .0
            .prepare_cached("SELECT MAX(position) FROM audit_nodes WHERE level = 1")?
            .query_row([], |row| row.get(0))?;
        Ok(last.map_or(0, |position| (unsigned(position) + 1) * 2))
    }

    /// The hash of a complete subtree.
    pub(in crate::platform::audit) fn hash(self, node: Node) -> Result<Hash> {
        let found = match node.level {
            0 => self
                .0
                .prepare_cached("SELECT hash FROM audit_entries WHERE seq = :seq")?
                .query_row(named_params! { ":seq": integer(node.position) + 1 }, |row| row.get(0))
                .optional()?,
            level => self
                .0
                .prepare_cached(
                    "SELECT hash FROM audit_nodes WHERE level = :level AND position = :position",
                )?
                .query_row(
                    named_params! { ":level": level, ":position": integer(node.position) },
                    |row| row.get(0),
                )
                .optional()?,
        };
        found.ok_or_else(|| missing(node))
    }

    pub(in crate::platform::audit) fn insert(self, node: Node, hash: &Hash) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO audit_nodes (level, position, hash)
                 VALUES (:level, :position, :hash)",
            )?
            .execute(named_params! {
                ":level": node.level, ":position": integer(node.position), ":hash": hash,
            })?;
        Ok(())
    }

    /// Hashes of entries after `seq`, oldest first.
    pub(in crate::platform::audit) fn leaves_after(
        self,
        seq: u64,
        limit: u64,
    ) -> Result<Vec<Hash>> {
        let mut statement = self.0.prepare_cached(
            "SELECT hash FROM audit_entries WHERE seq > :seq ORDER BY seq LIMIT :limit",
        )?;
        let rows = statement
            .query_map(named_params! { ":seq": integer(seq), ":limit": integer(limit) }, |row| {
                row.get(0)
            })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Hashes of one level from `begin` to before `end`, in order, as far as they are there.
    pub(in crate::platform::audit) fn level(
        self,
        level: u8,
        begin: u64,
        end: u64,
    ) -> Result<Vec<(u64, Hash)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT position, hash FROM audit_nodes
             WHERE level = :level AND position >= :begin AND position < :end ORDER BY position",
        )?;
        let rows = statement.query_map(
            named_params! { ":level": level, ":begin": integer(begin), ":end": integer(end) },
            |row| Ok((unsigned(row.get(0)?), row.get(1)?)),
        )?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// A log whose tree has a hole is damaged; nothing may be said about it.
fn missing(node: Node) -> Error {
    let Node { level, position } = node;
    Error::internal(format!("the audit tree has no node {position} on level {level}"))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
