//! Asking for backups, making them, telling what became of them.

use serde_json::{Value, json};

use super::jobs::BACKUP;
use super::making::{self, Made, Plan};
use super::rules::{Backup, BackupId, State, box_folder};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::kits;
use crate::platform::backups::targets::rules::Target;
use crate::platform::backups::targets::{self, Remote};
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask};
use crate::platform::jobs::{Job, Work};
use crate::platform::tasks;

/// Audit kind.
pub const KIND: &str = "box.backup";

/// Asks for a backup now. What can be refused now is refused now.
pub async fn run(ctx: &BoxCtx) -> Result<Created<Job>> {
    ctx.read(check_ready_in).await?;
    let wanted =
        Wanted { kind: BACKUP.kind, workspace: None, subject: String::new(), input: Value::Null };
    ask(ctx, wanted, UnderWay::Join).await
}

fn check_ready_in(scope: &BoxScope<'_>) -> Result<()> {
    if kits::ops::recipients_in(scope)?.is_empty() {
        let detail = "There is no recovery kit, so nobody could open a backup. Make one first.";
        return Err(Error::conflict("backup-no-kit", detail));
    }
    if targets::ops::list_in(scope)?.is_empty() {
        let detail = "There is no place that backups go to. Name a target first.";
        return Err(Error::conflict("backup-no-target", detail));
    }
    Ok(())
}

/// What follows `before`, the newest first.
pub async fn list(ctx: &BoxCtx, before: Option<BackupId>, limit: usize) -> Result<Vec<Backup>> {
    ctx.read(move |scope| store::list(scope, before, limit)).await
}

pub async fn get(ctx: &BoxCtx, id: BackupId) -> Result<Backup> {
    ctx.read(move |scope| store::get(scope, id)?.ok_or(Error::NotFound)).await
}

/// Makes a backup and sends it to every target: the whole of the job.
pub(super) async fn make(work: &Work) -> Result<Value> {
    let (id, plan, targets) = begin(work).await?;
    match make_and_send(work, id, plan, &targets).await {
        Ok(made) => Ok(made),
        Err(error) => {
            let detail = error.to_string();
            work.on_box().write(move |scope| fail_in(scope, id, &detail)).await?;
            Err(error)
        }
    }
}

async fn begin(work: &Work) -> Result<(BackupId, Plan, Vec<Target>)> {
    let job = work.id();
    work.on_box()
        .write(move |scope| {
            check_ready_in(scope)?;
            store::fail_running(scope, "The box stopped in the middle.")?;
            let id: BackupId = scope.new_id();
            store::insert(scope, id, job)?;
            let newest = store::newest(scope)?;
            let plan = Plan {
                sequence: newest.map_or(1, |(sequence, _)| sequence + 1),
                previous: newest.map(|(_, hash)| hash),
                box_epoch: store::box_epoch(scope)?,
                recipients: kits::ops::recipients_in(scope)?,
            };
            Ok((id, plan, targets::ops::list_in(scope)?))
        })
        .await
}

async fn make_and_send(work: &Work, id: BackupId, plan: Plan, targets: &[Target]) -> Result<Value> {
    let sequence = plan.sequence;
    let made = making::make(work, plan).await?;
    let (kept, hash) = (made.clone(), made.commit_hash);
    // From here on the number is used up, wherever the backup gets to.
    work.on_box()
        .write(move |scope| {
            let backup = store::get(scope, id)?.ok_or(Error::NotFound)?;
            store::update(scope, &written(&backup, sequence, &kept), Some(&hash))
        })
        .await?;
    let mut taken = Vec::new();
    for target in targets {
        work.check()?;
        let outcome = send(work, target, &made).await?;
        let (backup, target_id, name) = (id, target.id, target.name.clone());
        let detail = outcome.as_ref().err().cloned();
        taken.extend(outcome.is_ok().then_some(name));
        work.on_box()
            .write(move |scope| {
                store::note_copy(scope, backup, target_id, detail.as_deref())?;
                targets::ops::note_in(scope, target_id, detail.map_or(Ok(()), Err))?;
                Ok(())
            })
            .await?;
    }
    let spool = made.at.clone();
    tasks::blocking(move || Ok(std::fs::remove_dir_all(spool)?)).await?;
    if taken.is_empty() {
        let detail = "No target took the backup. Each says why in the list of targets.";
        return Err(Error::Conflict(Refusal::new("backup-failed", detail)));
    }
    end(work, id, &made, taken).await
}

fn written(backup: &Backup, sequence: u64, made: &Made) -> Backup {
    let missing = (!made.missing.is_empty())
        .then(|| format!("The files of workspaces {} are missing.", made.missing.join(", ")));
    Backup {
        sequence: Some(sequence),
        taken_at: Some(made.taken_at),
        source_bytes: Some(made.source_bytes),
        size_bytes: Some(made.size_bytes),
        workspaces: Some(made.workspaces),
        folder: Some(made.folder.clone()),
        detail: missing,
        ..backup.clone()
    }
}

/// Puts a base into a target. The inner error is what its operator reads.
async fn send(work: &Work, target: &Target, made: &Made) -> Result<Result<(), String>> {
    let remote = Remote::to(&target.place);
    let below = box_folder(work.on_box().platform.audit.box_id());
    for (name, text) in making::BESIDE {
        let put = remote.put_over(&format!("{below}/{name}"), text.as_bytes().to_vec()).await;
        if let Err(fault) = put {
            return Ok(Err(fault.detail));
        }
    }
    for file in &made.files {
        work.check()?;
        let name = format!("{below}/{}/{file}", made.folder);
        if let Err(fault) = remote.put_new(&name, &made.at.join(file)).await {
            return Ok(Err(fault.detail));
        }
    }
    Ok(Ok(()))
}

async fn end(work: &Work, id: BackupId, made: &Made, taken: Vec<String>) -> Result<Value> {
    let size_bytes = made.size_bytes;
    work.on_box()
        .write(move |scope| {
            let backup = store::get(scope, id)?.ok_or(Error::NotFound)?;
            let finished_at = Some(scope.now());
            let backup = Backup { state: State::Uploaded, finished_at, ..backup };
            store::update(scope, &backup, None)?;
            let entry = Entry::new("box.backup.made", KIND, id);
            scope.audit(
                entry
                    .set("sequence", backup.sequence.unwrap_or_default().to_string())
                    .set("size_bytes", size_bytes.to_string())
                    .set("targets", taken.join(", ")),
            )?;
            Ok(json!({ "backup": id.to_string(), "targets": taken }))
        })
        .await
}

fn fail_in(scope: &BoxScope<'_>, id: BackupId, detail: &str) -> Result<()> {
    let Some(backup) = store::get(scope, id)? else { return Ok(()) };
    let detail: String = detail.chars().take(1_000).collect();
    let failed = Backup {
        state: State::Failed,
        finished_at: Some(scope.now()),
        detail: Some(detail),
        ..backup
    };
    store::update(scope, &failed, None)?;
    scope.audit(Entry::new("box.backup.failed", KIND, id))?;
    Ok(())
}
