//! What the command line does about backups.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jobs::{check_runs, standing};
use super::ops::to_value;
use super::protocol::BackupVerb;
use super::targets;
use crate::platform::backups::bases::ops::Shown;
use crate::platform::backups::bases::rules::{self, BackupId, Copy};
use crate::platform::backups::kits::rules::RecoveryKit;
use crate::platform::backups::{bases, kits, retention, verification};
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};

/// Backups that the command line lists.
const LISTED_MAX: usize = 100;

/// What a new kit says of its box.
#[derive(Debug, Serialize, Deserialize)]
pub struct KitMade {
    pub id: String,
    pub box_id: String,
    pub box_name: String,
    /// Ed25519, standard base64.
    pub signing_key: String,
    pub created_at: String,
}

/// Something only a kit opens: an age file, standard base64.
#[derive(Debug, Serialize, Deserialize)]
pub struct Challenge {
    pub challenge: String,
}

/// Which backups are kept and which go.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupPlan {
    pub items: Vec<PlannedRow>,
    /// Why none goes now.
    pub paused: Option<String>,
}

/// What becomes of one backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlannedRow {
    pub sequence: Option<u64>,
    pub taken_at: Option<String>,
    pub keep: bool,
    pub why: Vec<String>,
    pub size_bytes: Option<u64>,
}

/// The newest backups.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupList {
    pub backups: Vec<BackupRow>,
}

/// A backup, in words.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupRow {
    pub id: String,
    pub sequence: Option<u64>,
    pub state: String,
    /// `uploaded`, `verified` or `drilled`; none where no copy lies anywhere.
    pub level: Option<String>,
    pub taken_at: Option<String>,
    pub size_bytes: Option<u64>,
    pub workspaces: Option<u64>,
    pub folder: Option<String>,
    pub detail: Option<String>,
    pub copies: Vec<CopyRow>,
}

/// A backup at one target, in words.
#[derive(Debug, Serialize, Deserialize)]
pub struct CopyRow {
    pub target: String,
    pub state: String,
    pub verified_at: Option<String>,
    pub detail: Option<String>,
}

impl From<Copy> for CopyRow {
    fn from(copy: Copy) -> Self {
        Self {
            target: copy.target_name,
            state: copy.state.name().to_owned(),
            verified_at: copy.verified_at.map(|at| at.to_string()),
            detail: copy.detail,
        }
    }
}

impl From<Shown> for BackupRow {
    fn from(Shown { backup, copies }: Shown) -> Self {
        Self {
            level: rules::level(&backup, &copies).map(|level| level.name().to_owned()),
            copies: copies.into_iter().map(Into::into).collect(),
            id: backup.id.to_string(),
            sequence: backup.sequence,
            state: backup.state.name().to_owned(),
            taken_at: backup.taken_at.map(|at| at.to_string()),
            size_bytes: backup.size_bytes,
            workspaces: backup.workspaces,
            folder: backup.folder,
            detail: backup.detail,
        }
    }
}

pub(super) async fn perform(ctx: &BoxCtx, verb: BackupVerb) -> Result<Value> {
    match verb {
        BackupVerb::AddKit { name, recipient } => to_value(&add_kit(ctx, &name, &recipient).await?),
        BackupVerb::Challenge { recipient } => {
            let kit = kit_of(ctx, &recipient).await?;
            let challenge = STANDARD.encode(kits::ops::challenge(ctx, kit.id).await?);
            to_value(&Challenge { challenge })
        }
        BackupVerb::Confirm { recipient, proof } => {
            let kit = kit_of(ctx, &recipient).await?;
            let proof = STANDARD.decode(proof).unwrap_or_default();
            kits::ops::confirm(ctx, kit.id, &proof).await?;
            Ok(Value::Null)
        }
        BackupVerb::Target(verb) => targets::perform(ctx, verb).await,
        BackupVerb::Run => {
            check_runs(ctx)?;
            let job = bases::ops::run(ctx).await?.value;
            to_value(&standing(ctx, job.id).await?)
        }
        BackupVerb::Check { sequence } => {
            let id = numbered(ctx, sequence).await?;
            let job = verification::ops::ask_for_check(ctx, id).await?.value;
            to_value(&standing(ctx, job.id).await?)
        }
        BackupVerb::Drill { sequence, kit } => {
            let id = numbered(ctx, sequence).await?;
            let kit = kit.into_secret();
            let job = verification::ops::ask_for_drill(ctx, id, kit.reveal()).await?.value;
            to_value(&standing(ctx, job.id).await?)
        }
        BackupVerb::Plan => to_value(&planned(retention::ops::plan(ctx).await?)),
        BackupVerb::Prune => {
            check_runs(ctx)?;
            let job = retention::ops::ask_for_prune(ctx).await?.value;
            to_value(&standing(ctx, job.id).await?)
        }
        BackupVerb::Living => {
            let box_epoch = bases::settle(ctx).await?;
            Ok(json!({ "box_epoch": box_epoch }))
        }
        BackupVerb::List => {
            let found = bases::ops::list(ctx, None, LISTED_MAX).await?;
            to_value(&BackupList { backups: found.into_iter().map(Into::into).collect() })
        }
    }
}

/// The backup of a number; the newest that lies somewhere without one.
async fn numbered(ctx: &BoxCtx, sequence: Option<u64>) -> Result<BackupId> {
    check_runs(ctx)?;
    let found = bases::ops::list(ctx, None, rules::LISTED_MAX).await?;
    let found = found.into_iter().find(|one| match sequence {
        Some(sequence) => one.backup.sequence == Some(sequence),
        None => rules::level(&one.backup, &one.copies).is_some(),
    });
    found.map(|one| one.backup.id).ok_or(Error::NotFound)
}

fn planned(plan: retention::ops::Plan) -> BackupPlan {
    let row = |one: retention::ops::Planned| PlannedRow {
        sequence: one.backup.sequence,
        taken_at: one.backup.taken_at.map(|at| at.to_string()),
        keep: !one.why.is_empty(),
        why: one.why.into_iter().map(|why| why.name().to_owned()).collect(),
        size_bytes: one.backup.size_bytes,
    };
    BackupPlan { items: plan.backups.into_iter().map(row).collect(), paused: plan.paused }
}

async fn add_kit(ctx: &BoxCtx, name: &str, recipient: &str) -> Result<KitMade> {
    let kit = kits::ops::add(ctx, name, recipient).await?.value;
    let (box_id, box_name, signing_key) = kits::ops::identity(ctx).await?;
    let (id, created_at) = (kit.id.to_string(), kit.created_at.to_string());
    Ok(KitMade { id, box_id, box_name, signing_key: STANDARD.encode(signing_key), created_at })
}

async fn kit_of(ctx: &BoxCtx, recipient: &str) -> Result<RecoveryKit> {
    let known = kits::ops::list(ctx).await?;
    known.into_iter().find(|kit| kit.recipient == recipient).ok_or(Error::NotFound)
}
