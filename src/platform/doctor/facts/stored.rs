//! What the box's own file says of the box.

use std::path::{Path, PathBuf};

use super::super::rules::standing::{MailServer, Tried};
use super::super::store;
use crate::platform::SYSTEM_SET;
use crate::platform::audit::ops::newest::{Newest, look_at_newest};
use crate::platform::backups::standing::ops::standing_in;
use crate::platform::backups::standing::rules::Trouble;
use crate::platform::backups::targets;
use crate::platform::backups::targets::rules::Place;
use crate::platform::clock::{Clock, Moment};
use crate::platform::ctx::BoxScope;
use crate::platform::db::Snapshot;
use crate::platform::error::Result;
use crate::platform::notices::{mail, webhooks};
use crate::platform::{errors, jobs, updates};

/// Entries of the audit log that are recomputed.
const ENTRIES_LOOKED_AT: usize = 2_000;

/// What the checks need of it.
#[derive(Debug, Clone)]
pub(in crate::platform::doctor) struct Stored {
    /// Since when the box has an owner.
    pub(in crate::platform::doctor) owned_since: Option<Moment>,
    pub(in crate::platform::doctor) jobs_failed: u64,
    pub(in crate::platform::doctor) errors_open: u64,
    pub(in crate::platform::doctor) mail: Option<MailServer>,
    pub(in crate::platform::doctor) receivers: Vec<Tried>,
    pub(in crate::platform::doctor) receivers_on: usize,
    pub(in crate::platform::doctor) kits: usize,
    pub(in crate::platform::doctor) is_kit_confirmed: bool,
    pub(in crate::platform::doctor) targets: Vec<Tried>,
    pub(in crate::platform::doctor) targets_count: usize,
    /// Targets that are folders of this machine.
    pub(in crate::platform::doctor) folders: Vec<(String, PathBuf)>,
    pub(in crate::platform::doctor) last_verified_at: Option<Moment>,
    pub(in crate::platform::doctor) is_drill_due: bool,
    pub(in crate::platform::doctor) trouble: Vec<Trouble>,
    /// The newest migration that this release does not know.
    pub(in crate::platform::doctor) newer: Option<String>,
    pub(in crate::platform::doctor) audit: Newest,
    /// When what the feed of updates said runs out, and its root.
    pub(in crate::platform::doctor) trust_ends: Option<(Moment, Moment)>,
}

impl Stored {
    /// Where a backup can be brought back from without an address.
    pub(in crate::platform::doctor) fn first_folder(&self) -> Option<String> {
        self.folders.first().map(|(_, path)| path.display().to_string())
    }

    /// Sentences about trouble of one code.
    pub(in crate::platform::doctor) fn trouble_of(&self, code: &str) -> Vec<String> {
        let of_code = self.trouble.iter().filter(|one| one.code == code);
        of_code.map(|one| one.detail.clone()).collect()
    }
}

/// Reads it beside the process that owns the file. Blocks.
pub(in crate::platform::doctor) fn read(data: &Path, clock: &Clock) -> Result<Stored> {
    let file = Snapshot::open(&data.join("system.db"))?;
    let scope = BoxScope::looking_at(&file, clock);
    let standing = standing_in(&scope)?;
    let (now, all) = (clock.now(), targets::ops::list_in(&scope)?);
    let mail = mail::ops::tried_in(&scope)?;
    let receivers = webhooks::ops::list_in(&scope)?;
    let on: Vec<_> = receivers.into_iter().filter(|one| one.is_enabled).collect();
    let folder = |target: &targets::rules::Target| match &target.place {
        Place::Folder { path } => Some((target.name.clone(), path.clone())),
        _ => None,
    };
    let tried = |target: &targets::rules::Target| {
        let last = target.last.as_ref()?;
        let (name, detail) = (target.name.clone(), last.detail.clone());
        Some(Tried { name, is_ok: last.is_ok, detail })
    };
    Ok(Stored {
        owned_since: store::owned_since(&scope)?,
        jobs_failed: u64::try_from(jobs::ops::figures_in(&scope)?.failed).unwrap_or(0),
        errors_open: errors::ops::count_open_in(&scope)?,
        mail: mail.map(|(name, last)| MailServer {
            last: last.map(|last| Tried {
                name,
                is_ok: last.is_ok,
                detail: last.detail.unwrap_or_default(),
            }),
        }),
        receivers_on: on.len(),
        receivers: on
            .iter()
            .filter_map(|one| {
                let last = one.last.as_ref()?;
                let detail = last.detail.clone().unwrap_or_default();
                Some(Tried { name: one.name.clone(), is_ok: last.is_ok, detail })
            })
            .collect(),
        kits: standing.kits,
        is_kit_confirmed: standing.is_kit_confirmed,
        targets: all.iter().filter_map(tried).collect(),
        targets_count: all.len(),
        folders: all.iter().filter_map(folder).collect(),
        last_verified_at: standing.last_verified_at,
        is_drill_due: standing.is_drill_due(now),
        trouble: standing.trouble(now),
        newer: newer(&scope)?,
        audit: look_at_newest(&file, ENTRIES_LOOKED_AT)?,
        trust_ends: updates::ops::figures::trust_ends_in(&scope)?,
    })
}

fn newer(scope: &BoxScope<'_>) -> Result<Option<String>> {
    let mut known = 0;
    for migration in SYSTEM_SET.migrations {
        known = known.max(migration.number()?);
    }
    let newest = store::newest_migration(scope, SYSTEM_SET.name)?;
    Ok(newest.filter(|number| *number > known).map(|number| format!("step {number} of its file")))
}
