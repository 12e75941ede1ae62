//! What operators and the command line have the running box do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::bundle;
use super::fix::{Done, apply, not_fixable};
use super::live::Live;
use super::look::Look;
use super::rules::{self, Report};
use super::run::run;
use crate::platform::audit::Entry;
use crate::platform::control::DoctorVerb;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::tasks;
use crate::platform::updates::ops::status;
use crate::platform::workspaces::WorkspaceId;

/// What the box mends by itself. The rest needs another user, or a box that does not run.
const MENDED_BY_BOX: [&str; 4] =
    ["modes-open", "master-key-readable", "leftovers", "log-too-large"];
/// What mending is written down as.
const FIXED: &str = "box.doctor.fixed";
const KIND: &str = "box";

/// Does what the doctor of the command line asks.
pub async fn perform(ctx: &BoxCtx, verb: DoctorVerb) -> Result<Value> {
    match verb {
        DoctorVerb::Tell => {
            let platform = Arc::clone(&ctx.platform);
            let supervision = status::supervision_now(ctx).await?;
            let live = tasks::blocking(move || Live::of(&platform, supervision)).await?;
            serde_json::to_value(live).map_err(Error::internal)
        }
        DoctorVerb::Fix { codes } => {
            let done = fix(ctx, &codes).await?;
            serde_json::to_value(done).map_err(Error::internal)
        }
        DoctorVerb::Inside => {
            serde_json::to_value(bundle::inside(ctx).await?).map_err(Error::internal)
        }
    }
}

/// A look from inside the running box.
pub async fn look(ctx: &BoxCtx) -> Result<Arc<Look>> {
    let platform = Arc::clone(&ctx.platform);
    let supervision = status::supervision_now(ctx).await?;
    tasks::blocking(move || {
        let live = Live::of(&platform, supervision)?;
        Ok(Arc::new(Look::from_inside(&platform.config, &platform.clock, live)))
    })
    .await
}

/// Runs the named checks, all when none is named.
pub async fn check(ctx: &BoxCtx, codes: &[String]) -> Result<Report> {
    let specs = rules::chosen(codes)?;
    run(&look(ctx).await?, &specs).await
}

/// Whether the running box mends what a check finds.
pub fn is_mended_by_box(code: &str) -> bool {
    MENDED_BY_BOX.contains(&code)
}

/// Mends what the named checks find and writes down what was done; gives it by code.
pub async fn fix(ctx: &BoxCtx, codes: &[String]) -> Result<BTreeMap<String, Done>> {
    rules::chosen(codes)?;
    if let Some(code) = codes.iter().find(|code| !is_mended_by_box(code)) {
        return Err(not_fixable(code));
    }
    let look = look(ctx).await?;
    let mut all = BTreeMap::new();
    for code in codes {
        let done = if code == "log-too-large" {
            fold_logs(ctx).await?
        } else {
            let (look, code) = (Arc::clone(&look), code.clone());
            tasks::blocking(move || apply(&look, &code)).await?
        };
        all.insert(code.clone(), done);
    }
    let count = all.values().map(Vec::len).sum::<usize>();
    let named = codes.join(", ");
    ctx.write(move |scope| {
        scope.audit(Entry::about(FIXED, KIND).set("checks", named).set("count", count.to_string()))
    })
    .await?;
    Ok(all)
}

/// Has every file with a long log written to: a writer that rests after a change folds all of it.
async fn fold_logs(ctx: &BoxCtx) -> Result<Done> {
    let (data, most) = {
        let config = &ctx.platform.config;
        (config.data().to_owned(), config.storage.checkpoint_bytes)
    };
    let long = tasks::blocking(move || Ok(super::facts::disk::long_logs(&data, most))).await?;
    let mut done = Done::new();
    for (path, size) in long {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if let Ok(id) = name.parse::<WorkspaceId>() {
            let file = ctx.platform.workspaces.open(id).await?;
            ctx.write_apart(&file, |_| Ok(())).await?;
        }
        done.push(format!("Asked {name} to fold its log of {size} bytes."));
    }
    Ok(done)
}
