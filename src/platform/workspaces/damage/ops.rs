//! Finding damage, marking workspaces for it, and taking the mark away.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tracing::{error, info, warn};

use super::rules::{Damage, Damaged, refusal};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::db::{DatabaseFile, Held, fault_behind};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::workspaces::ops::{KIND, by_last_look_in, get_in, note_look_in};
use crate::platform::workspaces::{Marked, Puts, WorkspaceId, beside_of};
use crate::platform::{notices, tasks};

/// After a file that took longer than this the job rests ten times as long, and at most a minute.
const REST_AFTER: Duration = Duration::from_millis(250);
const REST_MAX: Duration = Duration::from_mins(1);
const REST_FACTOR: u32 = 10;
/// What helps a box whose own file is damaged.
const RECOVER: &str = "Recover the box into another folder.";
/// Files whose look is noted in one commit: each makes all remembered sessions stale.
const NOTED_AT_ONCE: usize = 100;

/// The open file of a workspace. One that cannot be opened because it is damaged is marked.
pub(in crate::platform) async fn open(ctx: &BoxCtx, id: WorkspaceId) -> Result<Arc<DatabaseFile>> {
    let puts = ctx.platform.workspaces.puts();
    match ctx.platform.workspaces.open(id).await {
        Ok(file) => Ok(file),
        Err(error) => Err(judged(ctx, id, puts, None, error).await),
    }
}

/// One moment of a workspace's file. One that cannot be held because it is damaged is marked.
pub(in crate::platform) async fn hold(ctx: &BoxCtx, id: WorkspaceId) -> Result<Held> {
    let puts = ctx.platform.workspaces.puts();
    match ctx.platform.workspaces.held(id).await {
        Ok(held) => Ok(held),
        Err(error) => Err(judged(ctx, id, puts, None, error).await),
    }
}

/// What came of work with a workspace's open file. Where a failure says that the file is damaged,
/// the workspace is marked and the answer is the one that says so.
pub(in crate::platform) async fn settled<T>(
    ctx: &BoxCtx,
    id: WorkspaceId,
    file: &Arc<DatabaseFile>,
    outcome: Result<T>,
) -> Result<T> {
    match outcome {
        Ok(done) => Ok(done),
        Err(error) => {
            let puts = ctx.platform.workspaces.puts();
            Err(judged(ctx, id, puts, Some(file), error).await)
        }
    }
}

async fn judged(
    ctx: &BoxCtx,
    id: WorkspaceId,
    puts: Puts,
    file: Option<&Arc<DatabaseFile>>,
    error: Error,
) -> Error {
    let workspaces = &ctx.platform.workspaces;
    if workspaces.is_removed(id) {
        return Error::NotFound;
    }
    let is_fault =
        matches!(error, Error::Damaged(_) | Error::StorageFailed(_) | Error::Internal(_));
    if !is_fault {
        return error;
    }
    if workspaces.is_damaged(id) {
        return refusal();
    }
    let found = match &error {
        Error::Damaged(found) => found.clone(),
        Error::StorageFailed(_) if !workspaces.path(id).is_file() => "its file is gone".to_owned(),
        // Rows that cannot be understood may be what is left of others.
        Error::Internal(_) if workspaces.may_be_suspected(id, ctx.now()) => {
            match look(ctx, id, Look::Quick, None).await {
                Ok(Some(found)) => found,
                Ok(None) | Err(_) => return error,
            }
        }
        _ => return error,
    };
    // A restore may just have put another file there.
    if file.is_some_and(|file| !workspaces.has_open(id, file)) {
        return Error::Busy { retry_after_s: 1 };
    }
    mark(ctx, id, puts, &found).await;
    refusal()
}

/// Marks a workspace as damaged: nothing is written to its file any more, and operators hear of it.
/// `puts` is from before the file was looked at: one that was put there since is not the one that
/// anything was found of.
pub(in crate::platform) async fn mark(ctx: &BoxCtx, id: WorkspaceId, puts: Puts, found: &str) {
    let platform = &ctx.platform;
    if platform.workspaces.is_removed(id) {
        return;
    }
    let damage = Damage::new(ctx.now(), found);
    match platform.workspaces.quarantine(id, damage.clone(), puts).await {
        Ok(Marked::Newly) => {
            error!(workspace.id = %id, "The file of workspace {id} is damaged: {found}");
        }
        // Whoever found it may have been interrupted before it was noted.
        Ok(Marked::Already) => {}
        Ok(Marked::Not) => return,
        Err(error) => error!(workspace.id = %id, "A damaged file was not let go: {error}"),
    }
    let on_box = BoxCtx::new(platform, Cause::of(Actor::System));
    let platform = Arc::clone(platform);
    let noted = on_box.write(move |scope| {
        // Whatever puts another file there takes the mark away in a later commit.
        let is_replaced = platform.workspaces.is_replaced_since(id, puts);
        if is_replaced { Ok(()) } else { mark_in(scope, id, &damage) }
    });
    let noted = noted.await;
    if let Err(error) = noted {
        // It is known until the box stops, and is found again after that.
        error!(workspace.id = %id, "That {id} is damaged could not be noted: {error}");
    }
}

fn mark_in(scope: &BoxScope<'_>, id: WorkspaceId, damage: &Damage) -> Result<()> {
    let workspace = match get_in(scope, id) {
        Err(Error::NotFound) => return Ok(()),
        workspace => workspace?,
    };
    if !store::insert(scope, id, damage)? {
        return Ok(());
    }
    let entry = Entry::new("workspace.damaged", KIND, id).set("name", &workspace.name);
    scope.audit(entry.set("found", &damage.found))?;
    notices::ops::workspace_damaged_in(scope, id, &workspace.name)
}

/// Takes the mark away, inside the caller's transaction; call `released` after its commit. Says
/// whether there was one.
pub(in crate::platform) fn clear_in(scope: &BoxScope<'_>, id: WorkspaceId) -> Result<bool> {
    let was_damaged = store::remove(scope, id)?;
    if was_damaged {
        scope.audit(Entry::new("workspace.whole_again", KIND, id))?;
    }
    Ok(was_damaged)
}

/// Has the file opened as any other again.
pub(in crate::platform) async fn released(ctx: &BoxCtx, id: WorkspaceId) {
    if !ctx.platform.workspaces.is_damaged(id) {
        return;
    }
    if let Err(error) = ctx.platform.workspaces.release(id).await {
        error!(workspace.id = %id, "The file of {id} could not be opened anew: {error}");
    }
}

/// Those that are damaged, the longest known first.
pub(in crate::platform) fn list_in(scope: &BoxScope<'_>) -> Result<Vec<Damaged>> {
    store::list(scope)
}

/// How thoroughly a file is looked through.
#[derive(Debug, Clone, Copy)]
pub(in crate::platform) enum Look {
    Quick,
    Full,
}

/// Looks through a workspace's file while everybody goes on; gives what is damaged. A look for a
/// job ends with it.
pub(in crate::platform) async fn look(
    ctx: &BoxCtx,
    id: WorkspaceId,
    how: Look,
    work: Option<&Work>,
) -> Result<Option<String>> {
    let workspaces = &ctx.platform.workspaces;
    let is_over = is_over(ctx, workspaces.path(id), workspaces.is_written(id), work);
    let looked = match workspaces.held(id).await {
        Ok(held) => tasks::in_background(move || through(held, how, is_over)).await,
        Err(error) => Err(error),
    };
    match looked {
        Ok(()) => Ok(None),
        Err(failure) => blamed(ctx, id, failure).await.map(Some),
    }
}

/// What is wrong with a workspace's file that could not be read. The failure itself where the file
/// is not to blame.
pub(in crate::platform) async fn blamed(
    ctx: &BoxCtx,
    id: WorkspaceId,
    failure: Error,
) -> Result<String> {
    let path = ctx.platform.workspaces.path(id);
    tasks::in_background(move || fault_behind(&path, &failure).ok_or(failure)).await
}

/// Says when a look has to end before it is through. As long as it holds a file, the log of that
/// one grows instead of being folded in.
fn is_over(
    ctx: &BoxCtx,
    path: PathBuf,
    is_written: bool,
    work: Option<&Work>,
) -> impl Fn() -> bool + Send + use<> {
    let (tasks, work) = (ctx.platform.tasks.clone(), work.cloned());
    let log_bytes = move || std::fs::metadata(beside_of(&path, "-wal")).map_or(0, |it| it.len());
    // What a stop left beside a file that nobody writes to does not grow by being read.
    let left_bytes = if is_written { 0 } else { log_bytes() };
    let log_bytes_max = ctx.platform.config.storage.backup_log_bytes_max.max(left_bytes);
    move || {
        tasks.is_stopping()
            || work.as_ref().is_some_and(|work| work.check().is_err())
            || log_bytes() > log_bytes_max
    }
}

fn through(mut held: Held, how: Look, is_over: impl Fn() -> bool + Send + 'static) -> Result<()> {
    held.end_when(is_over)?;
    match how {
        Look::Quick => held.check_quickly(),
        Look::Full => held.check(),
    }
}

/// Looks through a workspace's file, and marks it or takes its mark away by what it finds.
pub(in crate::platform) async fn look_and_mark(work: &Work, id: WorkspaceId) -> Result<bool> {
    let ctx = work.on_box();
    let workspaces = &ctx.platform.workspaces;
    let (puts, known) = (workspaces.puts(), workspaces.damage(id));
    if let Some(found) = look(ctx, id, Look::Full, Some(work)).await? {
        mark(ctx, id, puts, &found).await;
        return Ok(workspaces.is_replaced_since(id, puts));
    }
    // What was found meanwhile was not there to be seen.
    if known.is_some() && workspaces.damage(id) == known {
        ctx.write(move |scope| clear_in(scope, id)).await?;
        released(ctx, id).await;
        info!(workspace.id = %id, "The file of workspace {id} is whole");
    }
    Ok(true)
}

/// Goes through all files: the whole of the job.
pub(super) async fn check_files(work: &Work) -> Result<Value> {
    let ctx = work.on_box();
    let ids = ctx.read(by_last_look_in).await?;
    let (mut damaged, mut seen) = (Vec::new(), Vec::new());
    let mut unseen = usize::from(!check_own(work).await?);
    for (number, id) in (1_u64..).zip(&ids) {
        work.check()?;
        let started = Instant::now();
        match look_and_mark(work, *id).await {
            Ok(false) => damaged.push(id.to_string()),
            Ok(true) | Err(Error::NotFound) => {}
            Err(error) => {
                work.check()?;
                unseen += 1;
                warn!(workspace.id = %id, "The file of {id} was not looked through: {error}");
            }
        }
        seen.push(*id);
        work.progress(number, ids.len() as u64);
        if seen.len() >= NOTED_AT_ONCE || number == ids.len() as u64 {
            let some = std::mem::take(&mut seen);
            ctx.write(move |scope| note_look_in(scope, &some)).await?;
        }
        let took = started.elapsed();
        if took > REST_AFTER && number < ids.len() as u64 {
            tokio::time::sleep((took * REST_FACTOR).min(REST_MAX)).await;
        }
    }
    Ok(json!({ "looked_at": ids.len(), "damaged": damaged, "unseen": unseen }))
}

/// Looks through the box's own file; false where it could not be. Nothing can be marked there: the
/// next start says what to do.
async fn check_own(work: &Work) -> Result<bool> {
    let ctx = work.on_box();
    let path = ctx.platform.config.data().join("system.db");
    let is_over = is_over(ctx, path.clone(), true, Some(work));
    let looked = tasks::in_background(move || {
        let look = |held: Held| {
            held.hold()?;
            through(held, Look::Full, is_over)
        };
        let looked = Held::ready(&path).and_then(look);
        Ok(looked.map_err(|failure| fault_behind(&path, &failure).ok_or(failure)))
    });
    let failure = match looked.await {
        Ok(Ok(())) => return Ok(true),
        Ok(Err(Ok(found))) => {
            let detail = format!("The box's own file is damaged: {found}. {RECOVER}");
            let told = move |scope: &BoxScope<'_>| {
                notices::ops::box_trouble_in(scope, "database", &detail).map(drop)
            };
            ctx.write(told).await?;
            return Err(Error::Damaged(found));
        }
        Ok(Err(Err(failure))) | Err(failure) => failure,
    };
    work.check()?;
    warn!("The box's own file was not looked through: {failure}");
    Ok(false)
}
