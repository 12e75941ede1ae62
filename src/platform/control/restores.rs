//! What the command line does about restores.

use serde_json::Value;

use super::jobs::{check_runs, standing};
use super::ops::to_value;
use super::protocol::RestoreWish;
use crate::platform::backups::restores::ops::{From, Wish, ask};
use crate::platform::backups::restores::rules::Mode;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};

pub(super) async fn begin(ctx: &BoxCtx, wish: RestoreWish) -> Result<Value> {
    check_runs(ctx)?;
    let workspace = wish.workspace.map(|id| id.parse().map_err(|_| Error::NotFound));
    let wish = Wish {
        from: From::Folder(wish.from),
        identity: wish.kit.into_secret(),
        workspace: workspace.transpose()?,
        mode: Mode::asked(&wish.mode)?,
        name: wish.name,
    };
    let job = ask(ctx, wish).await?.value;
    to_value(&standing(ctx, job.id).await?)
}
