//! What the command line does about restores.

use serde_json::Value;

use super::jobs::{check_runs, standing};
use super::ops::to_value;
use super::protocol::{Hidden, RestoreFrom, RestoreWish};
use crate::platform::backups::restores::ops::{From, Wish, ask};
use crate::platform::backups::restores::rules::Mode;
use crate::platform::backups::targets::source::{Credentials, Source};
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::tasks;

pub(super) async fn begin(ctx: &BoxCtx, wish: RestoreWish) -> Result<Value> {
    check_runs(ctx)?;
    let workspace = wish.workspace.map(|id| id.parse().map_err(|_| Error::NotFound));
    let wish = Wish {
        from: place(wish.from).await?,
        identity: wish.kit.into_secret(),
        workspace: workspace.transpose()?,
        mode: Mode::asked(&wish.mode)?,
        name: wish.name,
    };
    let job = ask(ctx, wish).await?.value;
    to_value(&standing(ctx, job.id).await?)
}

async fn place(from: RestoreFrom) -> Result<From> {
    let (address, folder, credentials) = match from {
        RestoreFrom::Folder(folder) => return Ok(From::Folder(folder)),
        RestoreFrom::Address { address, folder, credentials } => (address, folder, credentials),
    };
    let Hidden(credentials) = credentials;
    let credentials: Credentials = serde_json::from_value(credentials).map_err(Error::internal)?;
    let opened = tasks::blocking(move || Ok(Source::read(&address, credentials))).await?;
    let remote = opened.map_err(|detail| Error::conflict("restore-unreachable", detail))?;
    Ok(From::Elsewhere { remote, folder })
}
