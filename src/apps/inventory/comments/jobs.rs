//! Telling people that a comment mentions them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::ops::{Mentioned, ToTell, take_untold_in, to_tell_in};
use super::rules::mentioned;
use crate::platform::Platform;
use crate::platform::ctx::{BoxScope, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::{JobSpec, Per, Work};
use crate::platform::notices;
use crate::platform::workspaces::WorkspaceId;

/// So long after a comment its people are told: what is deleted or mended at once tells nobody,
/// and several comments in a row are one job.
pub const MENTIONS_AFTER: Duration = Duration::from_secs(5);

pub const MENTIONS: JobSpec = JobSpec {
    kind: "inventory.mention",
    title: "Telling people that a comment mentions them",
    per: Per::Workspace,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: false,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_mins(5),
    run: |work| Box::pin(tell(work)),
};

/// Two files are written, each once for the job: what is taken in the workspace's is told in the
/// box's, also when the box stops in between.
async fn tell(work: Work) -> Result<Value> {
    let ctx = work.ctx()?;
    let take =
        |scope: &Scope<'_>| serde_json::to_value(take_untold_in(scope)?).map_err(Error::internal);
    let taken = work.step("taken", take).await?;
    let taken: Vec<Mentioned> = serde_json::from_value(taken).map_err(Error::internal)?;
    let to_tell = ctx.read(move |scope| to_tell_in(scope, &taken)).await?;
    if to_tell.is_empty() {
        return Ok(json!({ "told": 0 }));
    }
    let (workspace, platform) = (ctx.workspace(), Arc::clone(&ctx.platform));
    work.step_on_box("told", move |scope| {
        let told = to_tell.iter().map(|one| tell_one(scope, &platform, workspace, one));
        Ok(json!({ "told": told.sum::<Result<usize>>()? }))
    })
    .await
}

fn tell_one(
    scope: &BoxScope<'_>,
    platform: &Platform,
    workspace: WorkspaceId,
    one: &ToTell,
) -> Result<usize> {
    let actor = notices::ops::name_in(scope, one.by)?;
    let telling = mentioned(&actor, &one.title);
    let telling = telling.link(format!("/w/{workspace}/{}#comments", one.about.page()));
    let to = (workspace, one.about.permission());
    notices::ops::tell_named_in(scope, platform, to, &one.people, telling)
}
