//! What the command line does about restores.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ops::to_value;
use super::protocol::RestoreVerb;
use crate::platform::backups::restores::ops::{From, Wish, ask};
use crate::platform::backups::restores::rules::Mode;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::JobId;
use crate::platform::jobs::ops::{View, get};

/// A restore, how far it is, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Restoring {
    pub job: String,
    pub state: String,
    pub done: u64,
    pub total: u64,
    /// Why it failed.
    pub problem: Option<String>,
    pub result: Option<Value>,
}

pub(super) async fn perform(ctx: &BoxCtx, verb: RestoreVerb) -> Result<Value> {
    match verb {
        RestoreVerb::Begin { from, kit, workspace, mode, name } => {
            if ctx.platform.reach.get().is_none() {
                let detail = "The box does not run. Start it first.";
                return Err(Error::conflict("box-not-running", detail));
            }
            let workspace = workspace.map(|id| id.parse().map_err(|_| Error::NotFound));
            let wish = Wish {
                from: From::Folder(from),
                identity: kit.into_secret(),
                workspace: workspace.transpose()?,
                mode: Mode::asked(&mode)?,
                name,
            };
            let job = ask(ctx, wish).await?.value;
            to_value(&standing(ctx, job.id).await?)
        }
        RestoreVerb::Watch { job } => {
            let job = job.parse().map_err(|_| Error::NotFound)?;
            to_value(&standing(ctx, job).await?)
        }
    }
}

async fn standing(ctx: &BoxCtx, id: JobId) -> Result<Restoring> {
    let job = get(ctx, View::Box, id).await?;
    let (done, total) = job.progress.map_or((0, 0), |progress| (progress.done, progress.total));
    Ok(Restoring {
        job: id.to_string(),
        state: job.state.name().to_owned(),
        done,
        total,
        problem: job.fault.map(|fault| fault.detail),
        result: job.result.and_then(|json| serde_json::from_str(&json).ok()),
    })
}
