//! Loading sample data, part by part.

use serde_json::Value;

use super::store;
use crate::platform::app::{SampleProgress, SampleSpec};
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxScope, Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::ops::{UnderWay, Wanted};
use crate::platform::jobs::{self, Jobs};
use crate::platform::workspaces::{self, WorkspaceId};

/// Asks for the loading inside the caller's transaction, which makes the workspace: neither is
/// there without the other.
pub fn order_in(scope: &BoxScope<'_>, jobs: &Jobs, workspace: WorkspaceId) -> Result<()> {
    let wanted = Wanted {
        kind: super::LOAD.kind,
        workspace: Some(workspace),
        subject: String::new(),
        input: Value::Null,
    };
    jobs::ops::ask_in(scope, jobs, &wanted, UnderWay::Join).map(|_| ())
}

/// Loads the sample data of every app that is switched on, or what is missing of it: each part is
/// a transaction that also notes how far it is, so nothing comes twice however often this is
/// interrupted and begun again. `note` hears of each part and ends the loading by an error.
pub async fn load(
    ctx: &Ctx,
    mut note: impl FnMut(SampleProgress) -> Result<()>,
) -> Result<SampleProgress> {
    let workspace = workspaces::ops::get(ctx).await?;
    if !workspace.is_sample {
        return Err(Error::internal("sample data is for sample workspaces"));
    }
    let mut sum = SampleProgress { done: 0, total: 0 };
    for app in ctx.platform.apps.iter().filter(|app| workspace.apps.has(app.id)) {
        let Some(spec) = app.sample_data else { continue };
        let progress = loop {
            let progress = ctx.write(move |scope| load_part_in(scope, app.id, spec)).await?;
            note(SampleProgress {
                done: sum.done + progress.done,
                total: sum.total + progress.total,
            })?;
            if progress.done >= progress.total {
                break progress;
            }
        };
        sum.done += progress.done;
        sum.total += progress.total;
    }
    Ok(sum)
}

/// Does the next part, if one is missing.
fn load_part_in(scope: &Scope<'_>, app: &str, spec: SampleSpec) -> Result<SampleProgress> {
    let kept = store::get(scope, app)?;
    let (done, told_at) = match kept {
        Some((progress, _)) if progress.done >= progress.total => return Ok(progress),
        Some((progress, told_at)) => (progress.done, told_at),
        None => (0, scope.now()),
    };
    let progress = (spec.load)(scope, done, told_at)?;
    store::set(scope, app, progress, told_at)?;
    if progress.done >= progress.total {
        let entry =
            Entry::new("workspace.sample-data.loaded", workspaces::ops::KIND, scope.workspace());
        scope.audit(entry.set("app", app).set("steps", progress.total.to_string()))?;
    }
    Ok(progress)
}
