//! One round of comparing what lies at targets with what was written, byte by byte: packs, which
//! several backups share, and copies.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ops::{There, note_damaged, subject};
use super::proving;
use crate::platform::backups::archive::{Identity, PartEntry, Refused};
use crate::platform::backups::bases::{self, rules::BackupId};
use crate::platform::backups::packs;
use crate::platform::backups::targets::rules::TargetId;
use crate::platform::ctx::BoxScope;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;

pub(super) struct Round<'a> {
    work: &'a Work,
    /// All that lie somewhere.
    copies: Vec<There>,
    /// Those that turned out to be damaged.
    failed: BTreeSet<(BackupId, TargetId)>,
    done_bytes: u64,
    total_bytes: u64,
    packs: usize,
    checked: usize,
    damaged: Vec<String>,
    /// Targets with a pack that could not be looked at now, and why something could not.
    away: BTreeSet<TargetId>,
    unreached: Option<String>,
}

impl<'a> Round<'a> {
    pub(super) fn begin(work: &'a Work, copies: Vec<There>, total_bytes: u64) -> Self {
        Self {
            work,
            copies,
            failed: BTreeSet::new(),
            done_bytes: 0,
            total_bytes,
            packs: 0,
            checked: 0,
            damaged: Vec::new(),
            away: BTreeSet::new(),
            unreached: None,
        }
    }

    /// Compares a pack. A damaged one takes every backup at that target along that needs it.
    pub(super) async fn look_at_pack(&mut self, target: TargetId, pack: PartEntry) -> Result<()> {
        self.work.check()?;
        let beside = self.copies.iter().find(|one| one.target.id == target).cloned();
        let Some(beside) = beside.filter(|_| !self.away.contains(&target)) else {
            return Ok(());
        };
        // The key opens nothing: only bytes are compared.
        let subject = subject(self.work, &beside, Identity::generate()).await?;
        let outcome = proving::compare_pack(self.work, subject, pack.clone()).await?;
        self.done_bytes = self.done_bytes.saturating_add(pack.size_bytes);
        self.work.progress(self.done_bytes, self.total_bytes);
        let name = pack.name;
        match outcome {
            Ok(()) => {
                self.packs += 1;
                let note = move |scope: &BoxScope<'_>| packs::ops::checked_in(scope, &name, target);
                self.work.on_box().write(note).await
            }
            Err(Refused::Disk(detail) | Refused::Target(detail)) => {
                self.away.insert(target);
                self.unreached = Some(detail);
                Ok(())
            }
            Err(damage) => {
                let with = move |scope: &BoxScope<'_>| packs::ops::bases_with_in(scope, &name);
                let bases = self.work.on_box().read(with).await?;
                let is_hit =
                    |one: &&There| one.target.id == target && bases.contains(&one.backup.id);
                let hit: Vec<There> = self.copies.iter().filter(is_hit).cloned().collect();
                for one in hit {
                    self.is_damaged(one, &damage).await?;
                }
                Ok(())
            }
        }
    }

    /// Compares a copy without its packs.
    pub(super) async fn look_at_copy(&mut self, at: usize) -> Result<()> {
        self.work.check()?;
        let one = self.copies[at].clone();
        let is_known = self.failed.contains(&(one.backup.id, one.target.id));
        if is_known || self.away.contains(&one.target.id) {
            return Ok(());
        }
        let (counted, before, total) = (self.work.clone(), self.done_bytes, self.total_bytes);
        let progress = move |done: u64| counted.progress(before.saturating_add(done), total);
        let subject = subject(self.work, &one, Identity::generate()).await?;
        let outcome = proving::compare_bytes(self.work, subject, progress).await?;
        self.done_bytes = self.done_bytes.saturating_add(one.parts_bytes);
        match outcome {
            Ok(()) => {
                self.checked += 1;
                let copy = one.copy;
                self.work.on_box().write(move |scope| bases::ops::checked_in(scope, copy)).await
            }
            Err(Refused::Disk(detail) | Refused::Target(detail)) => {
                self.unreached = Some(detail);
                Ok(())
            }
            Err(damage) => self.is_damaged(one, &damage).await,
        }
    }

    /// What the job answers.
    pub(super) fn end(self) -> Result<Value> {
        let is_nothing = self.checked + self.packs == 0 && self.damaged.is_empty();
        if let Some(detail) = self.unreached.filter(|_| is_nothing) {
            return Err(Error::conflict("backup-not-reached", detail));
        }
        Ok(json!({ "checked": self.checked, "packs": self.packs, "damaged": self.damaged }))
    }

    async fn is_damaged(&mut self, one: There, damage: &Refused) -> Result<()> {
        if !self.failed.insert((one.backup.id, one.target.id)) {
            return Ok(());
        }
        self.damaged.push(format!("{}: {damage}", one.copy.target_name));
        note_damaged(self.work, one.copy, damage).await
    }
}
