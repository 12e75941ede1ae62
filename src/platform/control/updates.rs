//! What the command line does about updates.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jobs::{check_runs, standing};
use super::ops::to_value;
use crate::platform::backups::portable::rules::{PIECE_SIZE_BYTES_MAX, UploadId};
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Job;
use crate::platform::tasks;
use crate::platform::updates::jobs::Given;
use crate::platform::updates::ops::{
    checking, going_back, history, kept, planning, status, uploads,
};
use crate::platform::updates::report::UpdateEntry;

/// Updates that the command line lists.
const LISTED_MAX: usize = 100;

/// What is done about updates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UpdateVerb {
    /// How they stand.
    Status,
    /// Asks the feed.
    Check,
    /// Has the offered release fetched and rehearsed; answers with the job.
    Prepare { from_bundle: bool, accept_stale: bool },
    /// The plan that waits.
    Plan,
    /// Confirms the plan with this digest; answers with the job.
    Apply { digest: String },
    /// What going back would do.
    PlanRollback,
    /// Goes back as the plan with this digest says; answers with the job.
    Rollback { digest: String },
    /// What was tried.
    History,
    /// Takes a bundle in from a file that the box can read; answers with the job.
    Upload { file: PathBuf, accept_stale: bool },
}

/// What was tried, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateHistory {
    pub updates: Vec<UpdateEntry>,
}

pub(super) async fn perform(ctx: &BoxCtx, verb: UpdateVerb) -> Result<Value> {
    check_runs(ctx)?;
    match verb {
        UpdateVerb::Status => to_value(&status::status(ctx).await?),
        UpdateVerb::Check => to_value(&kept(ctx, "check", checking::check(ctx).await).await?),
        UpdateVerb::Prepare { from_bundle, accept_stale } => {
            let given = Given { is_bundled: from_bundle, accept_stale, ..Given::default() };
            let asked = planning::prepare(ctx, given).await;
            followed(ctx, kept(ctx, "apply", asked).await?.value).await
        }
        UpdateVerb::Plan => to_value(&planning::plan(ctx).await?),
        UpdateVerb::Apply { digest } => {
            let asked = planning::confirm(ctx, digest).await;
            followed(ctx, kept(ctx, "apply", asked).await?.value).await
        }
        UpdateVerb::PlanRollback => {
            let plan = going_back::plan_rollback(ctx).await;
            to_value(&kept(ctx, "rollback", plan).await?)
        }
        UpdateVerb::Rollback { digest } => {
            let asked = going_back::roll_back(ctx, digest).await;
            followed(ctx, kept(ctx, "rollback", asked).await?.value).await
        }
        UpdateVerb::History => {
            to_value(&UpdateHistory { updates: history::list(ctx, None, LISTED_MAX).await? })
        }
        UpdateVerb::Upload { file, accept_stale } => {
            let id = kept(ctx, "upload", bring(ctx, &file).await).await?;
            let asked = uploads::ask_to_take(ctx, id, accept_stale).await;
            followed(ctx, kept(ctx, "upload", asked).await?.value).await
        }
    }
}

async fn followed(ctx: &BoxCtx, job: Job) -> Result<Value> {
    to_value(&standing(ctx, job.id).await?)
}

/// Takes a file of the machine in, as if it were sent.
async fn bring(ctx: &BoxCtx, path: &Path) -> Result<UploadId> {
    let name = path.to_owned();
    let opened = tasks::blocking(move || {
        let unread = |error: std::io::Error| {
            let detail = format!("{} cannot be read by the box: {error}.", name.display());
            Error::conflict("update-refused", detail)
        };
        let file = File::open(&name).map_err(unread)?;
        let size_bytes = file.metadata().map_err(unread)?.len();
        Ok((file, size_bytes))
    });
    let (file, size_bytes) = opened.await?;
    let upload = uploads::begin(ctx, size_bytes).await?.value;
    let mut sent = 0;
    while sent < size_bytes {
        let part = file.try_clone()?;
        let piece = tasks::blocking(move || {
            let mut piece = Vec::new();
            part.take(PIECE_SIZE_BYTES_MAX as u64).read_to_end(&mut piece)?;
            Ok(piece)
        });
        let piece = piece.await?;
        if piece.is_empty() {
            break;
        }
        sent = uploads::piece(ctx, upload.id, sent, piece.into()).await?.received_bytes;
    }
    Ok(upload.id)
}
