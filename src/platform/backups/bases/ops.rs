//! Asking for backups, making them, telling what became of them.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fence::Other;
use super::jobs::{BACKUP, SEND};
use super::making::{self, Made, Plan};
use super::rules::{Backup, BackupId, Copy, CopyState, Reason, State, free_bytes_needed};
pub use super::sending::resume;
use super::{sending, store};
use crate::platform::audit::Entry;
use crate::platform::backups::archive::Identity;
use crate::platform::backups::packs::{packing::Known, rules::Standing};
use crate::platform::backups::{kits, packs, retention, targets};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask};
use crate::platform::jobs::rules::{PASSES, back_off};
use crate::platform::jobs::{Job, Work};
use crate::platform::workspaces::{self, WorkspaceId};
use crate::platform::{notices, tasks};

/// Audit kind.
pub const KIND: &str = "box.backup";
/// Backups looked at for the newest that was written.
const NEWEST_LOOKED_AT: usize = 20;
/// A schedule makes no two within this, whatever the clock does.
const APART_MIN: Duration = Duration::from_hours(1);
/// Characters of what is kept of a failure.
const DETAIL_LENGTH_MAX: usize = 1_000;

/// What the job is given.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    reason: String,
}

/// Asks for a backup now. What can be refused now is refused now.
pub async fn run(ctx: &BoxCtx) -> Result<Created<Job>> {
    make_before(ctx, Reason::Asked).await
}

/// Asks for a backup because of what is to come: files are about to be changed, a box came back.
/// Whoever asks waits for the job.
pub async fn make_before(ctx: &BoxCtx, reason: Reason) -> Result<Created<Job>> {
    ctx.read(check_ready_in).await?;
    let input = json!(Input { reason: reason.name().to_owned() });
    let wanted = Wanted { kind: BACKUP.kind, workspace: None, subject: String::new(), input };
    ask(ctx, wanted, UnderWay::Join).await
}

pub(super) fn check_ready_in(scope: &BoxScope<'_>) -> Result<()> {
    if kits::ops::recipients_in(scope)?.is_empty() {
        let detail = "There is no recovery kit, so nobody could open a backup. Make one first.";
        return Err(Error::conflict("backup-no-kit", detail));
    }
    if targets::ops::list_in(scope)?.is_empty() {
        let detail = "There is no place that backups go to. Name a target first.";
        return Err(Error::conflict("backup-no-target", detail));
    }
    match store::fence(scope)? {
        Some((_, detail)) => Err(Error::conflict("backup-superseded", detail)),
        None => Ok(()),
    }
}

/// A backup and where it lies.
#[derive(Debug, Clone)]
pub struct Shown {
    pub backup: Backup,
    pub copies: Vec<Copy>,
}

/// What follows `before`, the newest first.
pub async fn list(ctx: &BoxCtx, before: Option<BackupId>, limit: usize) -> Result<Vec<Shown>> {
    ctx.read(move |scope| {
        let backups = store::list(scope, before, limit)?;
        backups.into_iter().map(|backup| shown_in(scope, backup)).collect()
    })
    .await
}

pub async fn get(ctx: &BoxCtx, id: BackupId) -> Result<Shown> {
    ctx.read(move |scope| get_in(scope, id)).await
}

/// A backup and where it lies, inside the caller's transaction.
pub(in crate::platform::backups) fn get_in(scope: &BoxScope<'_>, id: BackupId) -> Result<Shown> {
    shown_in(scope, store::get(scope, id)?.ok_or(Error::NotFound)?)
}

fn shown_in(scope: &BoxScope<'_>, backup: Backup) -> Result<Shown> {
    let copies = store::copies(scope, backup.id)?;
    Ok(Shown { backup, copies })
}

/// A copy that lies somewhere, its backup, and what that one's `COMMIT.json` hashes to.
pub(in crate::platform::backups) type There = (Backup, Copy, [u8; 32]);

/// All copies that lie somewhere, those first that were not looked at for the longest.
pub(in crate::platform::backups) fn there_in(scope: &BoxScope<'_>) -> Result<Vec<There>> {
    let mut found = Vec::new();
    for copy in store::there(scope)? {
        let backup = store::get(scope, copy.backup)?;
        if let (Some(backup), Some(hash)) = (backup, store::commit_hash(scope, copy.backup)?) {
            found.push((backup, copy, hash));
        }
    }
    Ok(found)
}

/// When a backup was made last, and when one was proved and tried with a kit.
pub(in crate::platform) fn latest_in(scope: &BoxScope<'_>) -> Result<[Option<Moment>; 3]> {
    store::latest(scope)
}

/// What is said of another box with this one's identity.
pub(in crate::platform::backups) fn fence_in(scope: &BoxScope<'_>) -> Result<Option<String>> {
    Ok(store::fence(scope)?.map(|(_, detail)| detail))
}

/// The newest backup that was written: its moment and its copies.
pub(in crate::platform::backups) fn newest_in(
    scope: &BoxScope<'_>,
) -> Result<Option<(Moment, Vec<Copy>)>> {
    let newest = store::list(scope, None, NEWEST_LOOKED_AT)?;
    let newest = newest.into_iter().find_map(|one| Some((one.taken_at?, one.id)));
    newest.map(|(at, id)| Ok((at, store::copies(scope, id)?))).transpose()
}

/// Notes that a copy is not what was written.
pub(in crate::platform::backups) fn damaged_in(
    scope: &BoxScope<'_>,
    copy: Copy,
    detail: &str,
) -> Result<()> {
    let checked_at = Some(scope.now());
    note_in(scope, Copy { checked_at, ..copy }, Outcome::Damaged(detail.to_owned()), 1)
}

/// Notes that a copy is still what was written.
pub(in crate::platform::backups) fn checked_in(scope: &BoxScope<'_>, copy: Copy) -> Result<()> {
    scope.audit(entry_of("box.backup.checked", &copy))?;
    let backup = store::get(scope, copy.backup)?.ok_or(Error::NotFound)?;
    // Its bytes are those that were opened at another target.
    let verified_at = copy.verified_at.or(backup.verified_at.map(|_| scope.now()));
    let checked_at = Some(scope.now());
    store::update_copy(scope, &Copy { verified_at, checked_at, detail: None, ..copy })
}

/// Notes that a copy was removed.
pub(in crate::platform::backups) fn gone_in(scope: &BoxScope<'_>, copy: Copy) -> Result<()> {
    scope.audit(entry_of("box.backup.pruned", &copy))?;
    let copy = Copy { state: CopyState::Gone, next_try_at: None, detail: None, ..copy };
    store::update_copy(scope, &copy)
}

/// Notes that somebody opened a backup with their kit.
pub(in crate::platform::backups) fn drilled_in(scope: &BoxScope<'_>, copy: &Copy) -> Result<()> {
    let backup = store::get(scope, copy.backup)?.ok_or(Error::NotFound)?;
    let now = Some(scope.now());
    let verified_at = backup.verified_at.or(now);
    store::update(scope, &Backup { verified_at, drilled_at: now, ..backup }, None)?;
    let verified_at = copy.verified_at.or(now);
    store::update_copy(scope, &Copy { verified_at, checked_at: now, ..copy.clone() })?;
    scope.audit(entry_of("box.backup.drilled", copy))?;
    Ok(())
}

fn entry_of(action: &'static str, copy: &Copy) -> Entry {
    Entry::new(action, KIND, copy.backup).set("target", &copy.target_name)
}

/// Makes a backup, sends it to every target and proves what lies there: the whole of the job.
pub(super) async fn make(work: &Work) -> Result<Value> {
    let reason = if let Some(input) = work.input::<Option<Input>>()? {
        Reason::from_name(&input.reason).unwrap_or(Reason::Asked)
    } else {
        // Nobody set it up, or somebody has to decide first: both are told elsewhere.
        let attempt = work.attempt();
        let found = work.on_box().read(move |scope| skip_in(scope, attempt)).await?;
        if let Some(detail) = found {
            return Ok(json!({ "skipped": detail }));
        }
        Reason::Schedule
    };
    if reason == Reason::Recovery {
        // What waited to be sent when the machine was lost lies at its targets, or is lost with it.
        send_round(work).await?;
    }
    let damaged_before = work.on_box().platform.workspaces.damaged_count();
    let key = Identity::one_time();
    let (id, plan) = begin(work, reason, &key).await?;
    let made = match making::make(work, plan).await {
        Ok(made) => made,
        Err(error) => {
            not_written(work, id, &error).await?;
            return Err(error);
        }
    };
    let platform = Arc::clone(&work.on_box().platform);
    platform.backup_keys.put(id.uuid(), key);
    let noted = match packs::ops::note_made(work.on_box(), &made.packed).await {
        Ok(()) => work.on_box().write(move |scope| written_in(scope, id, &made)).await,
        Err(error) => Err(error),
    };
    match noted {
        Ok(given_up) => given_up.into_iter().for_each(|id| platform.backup_keys.forget(id.uuid())),
        Err(error) => {
            platform.backup_keys.forget(id.uuid());
            not_written(work, id, &error).await?;
            return Err(error);
        }
    }
    if let Err(error) = send_round(work).await {
        platform.backup_keys.forget(id.uuid());
        let detail = error.to_string();
        work.on_box().write(move |scope| give_up_in(scope, id, &detail)).await?;
        return Err(error);
    }
    ask_for_rest(work).await?;
    let shown = work.on_box().read(move |scope| get_in(scope, id)).await?;
    if let Some(detail) = work.on_box().read(fence_in).await? {
        return Err(Error::conflict("backup-superseded", detail));
    }
    match shown.backup.verified_at {
        Some(_) => retention::ops::prune_after(work.on_box()).await?,
        None => retention::ops::tidy_after(work.on_box()).await?,
    }
    told(shown).map_err(|error| match error {
        // The proof found a damaged workspace. The next try leaves it out.
        Error::Conflict(refusal) if platform.workspaces.damaged_count() > damaged_before => {
            Error::Conflict(refusal.with(PASSES, "true"))
        }
        error => error,
    })
}

/// Ends a backup of which too little was written.
async fn not_written(work: &Work, id: BackupId, error: &Error) -> Result<()> {
    let detail = error.to_string();
    // First of all: it may be what the disk is full of.
    sending::drop_spool(work.on_box(), id).await?;
    work.on_box().write(move |scope| fail_in(scope, id, &detail)).await
}

/// Why the schedule makes none now.
fn skip_in(scope: &BoxScope<'_>, attempt: u32) -> Result<Option<String>> {
    if let Err(error) = check_ready_in(scope) {
        return match error {
            Error::Conflict(refusal) => Ok(Some(refusal.detail)),
            other => Err(other),
        };
    }
    let now = scope.now();
    let apart = |at: Moment| now.since(at).max(at.since(now));
    let newest = store::list(scope, None, NEWEST_LOOKED_AT)?;
    // A clock that has just been put right says nothing of how long ago the last one was.
    let jumped_at = retention::ops::jumped_at_in(scope)?;
    let is_put_right = jumped_at.is_some_and(|at| apart(at) < APART_MIN);
    let is_near = newest.into_iter().any(|one| {
        let is_unsure = is_put_right && one.started_at > now;
        one.reason == Reason::Schedule
            && one.taken_at.is_some()
            && (is_unsure || apart(one.started_at) < APART_MIN)
    });
    // A try after one that the box interrupted is not a second one.
    let is_second = attempt == 1 && is_near;
    Ok(is_second.then(|| "The schedule made one less than an hour ago.".to_owned()))
}

async fn begin(work: &Work, reason: Reason, key: &Identity) -> Result<(BackupId, Plan)> {
    let (job, proof) = (work.id(), key.recipient());
    let platform = Arc::clone(&work.on_box().platform);
    // What an earlier try left goes before anything is noted: the disk may be full of it.
    sending::clear_spool(work.on_box()).await?;
    let interrupted =
        |scope: &BoxScope<'_>| store::fail_unwritten(scope, "The box stopped in the middle.");
    work.on_box().write(interrupted).await?;
    let disk = tasks::blocking(move || platform.room.of(platform.config.data())).await?;
    let needed = free_bytes_needed(disk.size_bytes);
    let begun = move |scope: &BoxScope<'_>| {
        check_ready_in(scope)?;
        if disk.free_bytes < needed {
            let (free, needed) = (disk.free_bytes / 1_000_000, needed / 1_000_000);
            let detail = format!(
                "Only {free} MB are free on the disk of the box; no backup is made below \
                 {needed} MB."
            );
            return Err(Error::conflict("backup-no-room", detail));
        }
        let id: BackupId = scope.new_id();
        store::insert(scope, id, job, reason)?;
        let newest = store::newest(scope)?;
        Ok(Plan {
            id,
            sequence: newest.map_or(1, |(sequence, _)| sequence + 1),
            previous: newest.map(|(_, hash)| hash),
            box_epoch: store::box_epoch(scope)?,
            known: Known::default(),
            recipients: kits::ops::recipients_in(scope)?,
            proof,
        })
    };
    let plan = work.on_box().write(begun).await?;
    // Beside the writes, since it names every picture, and after the row is there: from then on no
    // pack that it relies on is removed.
    let recipients = plan.recipients.clone();
    let known = move |scope: &BoxScope<'_>| packs::ops::known_in(scope, &recipients);
    let known = work.on_box().read(known).await?;
    Ok((plan.id, Plan { known, ..plan }))
}

/// Notes what was written and that it waits for every target. From here on its number is used up.
/// Gives the backups that were given up for it.
fn written_in(scope: &BoxScope<'_>, id: BackupId, made: &Made) -> Result<Vec<BackupId>> {
    let backup = store::get(scope, id)?.ok_or(Error::NotFound)?;
    let mut left_out = left_out_in(scope, &made.damaged)?;
    if !made.packed.missing.is_empty() {
        let count = made.packed.missing.len();
        let detail = format!("{count} pictures or documents are missing or damaged on the disk.");
        notices::ops::box_trouble_in(scope, "files", &detail)?;
        left_out.get_or_insert(detail);
    }
    let backup = Backup {
        sequence: Some(made.sequence),
        taken_at: Some(made.taken_at),
        source_bytes: Some(made.source_bytes),
        size_bytes: Some(made.size_bytes),
        workspaces: Some(made.workspaces),
        folder: Some(made.folder.clone()),
        detail: left_out,
        ..backup
    };
    store::update(scope, &backup, Some(&made.commit_hash))?;
    packs::ops::note_in(scope, id, &made.packed)?;
    let given_up = store::unfinished(scope)?.into_iter().map(|copy| copy.backup).collect();
    store::give_up_before(scope, id, "A newer backup took its place before this was done.")?;
    sending::wait_for_targets_in(scope, id)?;
    Ok(given_up)
}

/// Names what a backup leaves out.
fn left_out_in(scope: &BoxScope<'_>, damaged: &[WorkspaceId]) -> Result<Option<String>> {
    let mut names = Vec::new();
    for id in damaged {
        match workspaces::ops::get_in(scope, *id) {
            Ok(workspace) => names.push(workspace.name),
            // It was removed while the backup was made.
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let detail = format!(
        "Left out, because their files are damaged: {}. Backups made before have them.",
        names.join(", ")
    );
    Ok(Some(shortened(&detail)))
}

/// Gives up what is still to be done for a backup: somebody cancelled it.
fn give_up_in(scope: &BoxScope<'_>, id: BackupId, detail: &str) -> Result<()> {
    for copy in store::copies(scope, id)? {
        if copy.next_try_at.is_none() {
            continue;
        }
        let state = match copy.state {
            CopyState::Waiting => CopyState::Failed,
            other => other,
        };
        let detail = Some(shortened(detail));
        store::update_copy(scope, &Copy { state, next_try_at: None, detail, ..copy })?;
    }
    let backup = store::get(scope, id)?.ok_or(Error::NotFound)?;
    settle_in(scope, backup)
}

async fn send_round(work: &Work) -> Result<()> {
    let platform = Arc::clone(&work.on_box().platform);
    let _turn = sending::turn(work, &platform).await?;
    sending::round(work).await
}

/// Sends what waits: the whole of the job.
pub(super) async fn send(work: &Work) -> Result<Value> {
    send_round(work).await?;
    let left = work.on_box().read(|scope| store::unfinished(scope)).await?;
    match left.first() {
        None => Ok(json!({ "waiting": 0 })),
        Some(copy) => {
            let detail = copy.detail.clone().unwrap_or_default();
            let detail = format!("{} does not have it yet: {detail}", copy.target_name);
            let refusal = Refusal::new("backup-waiting", detail).with(PASSES, "true");
            Err(Error::Conflict(refusal))
        }
    }
}

/// Has what is left sent later, and a backup made where the key that was to prove one is lost.
async fn ask_for_rest(work: &Work) -> Result<()> {
    let ctx = work.on_box();
    if ctx.read(|scope| store::unfinished(scope)).await?.is_empty() {
        return Ok(());
    }
    let (kind, input) = (SEND.kind, Value::Null);
    let wanted = Wanted { kind, workspace: None, subject: String::new(), input };
    ask(ctx, wanted, UnderWay::Join).await.map(drop)
}

/// What the job answers.
fn told(Shown { backup, copies }: Shown) -> Result<Value> {
    let there: Vec<&str> = copies
        .iter()
        .filter(|copy| copy.state == CopyState::There)
        .map(|copy| copy.target_name.as_str())
        .collect();
    if !there.is_empty() {
        let is_verified = backup.verified_at.is_some();
        let id = backup.id.to_string();
        return Ok(json!({ "backup": id, "targets": there, "verified": is_verified }));
    }
    let said = |state| {
        let copy = copies.iter().find(|copy| copy.state == state)?;
        Some(format!("{}: {}", copy.target_name, copy.detail.as_deref().unwrap_or_default()))
    };
    let (code, detail) = match (said(CopyState::Waiting), said(CopyState::Failed)) {
        (Some(detail), _) => {
            let detail = format!("No target has it yet; the box goes on trying. {detail}");
            ("backup-waiting", detail)
        }
        (None, detail) => ("backup-damaged", detail.unwrap_or_default()),
    };
    Err(Error::conflict(code, detail))
}

/// What became of a copy.
pub(super) enum Outcome {
    Sent,
    /// It was fetched back, opened and found whole.
    Verified,
    NotNow(String),
    Damaged(String),
    /// The box restarted, so nobody can open it for a proof any more.
    KeyLost,
    /// The box came back on another machine, and what waited to be sent did not.
    Lost,
    Fenced(Other),
}

/// Notes what became of a copy, unless it was given up meanwhile.
pub(super) async fn note(work: &Work, copy: &Copy, outcome: Outcome) -> Result<()> {
    let (backup, target) = (copy.backup, copy.target);
    let attempt = work.attempt();
    let ctx = work.on_box();
    let wants_new = ctx
        .write(move |scope| {
            let Some(copy) = store::copy(scope, backup, target)? else { return Ok(false) };
            if copy.next_try_at.is_none() {
                return Ok(false);
            }
            let reached = match &outcome {
                Outcome::NotNow(detail) => Err(detail.clone()),
                Outcome::Fenced(other) => Err(other.detail.clone()),
                _ => Ok(()),
            };
            targets::ops::note_in(scope, target, reached)?;
            let is_lost = matches!(outcome, Outcome::KeyLost);
            note_in(scope, copy, outcome, attempt)?;
            let verified = store::get(scope, backup)?.and_then(|backup| backup.verified_at);
            Ok(is_lost && verified.is_none())
        })
        .await?;
    if wants_new {
        return match make_before(ctx, Reason::Schedule).await {
            // There is no kit or no target any more: that is told elsewhere, and the other copies
            // go on.
            Ok(_) | Err(Error::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        };
    }
    Ok(())
}

/// Ends backups whose targets were all removed before one of them had it.
pub(super) async fn end_forsaken(work: &Work) -> Result<()> {
    if work.on_box().read(|scope| store::forsaken(scope)).await?.is_empty() {
        return Ok(());
    }
    let end = |scope: &BoxScope<'_>| {
        let detail = "The target that it was to go to was removed.";
        store::forsaken(scope)?.into_iter().try_for_each(|id| fail_in(scope, id, detail))
    };
    work.on_box().write(end).await
}

fn note_in(scope: &BoxScope<'_>, copy: Copy, outcome: Outcome, attempt: u32) -> Result<()> {
    let now = scope.now();
    let id = copy.backup;
    let mut backup = store::get(scope, id)?.ok_or(Error::NotFound)?;
    let entry = |action| Entry::new(action, KIND, id).set("target", &copy.target_name);
    let copy = match outcome {
        Outcome::Sent => Copy {
            state: CopyState::There,
            uploaded_at: Some(now),
            tries: 0,
            next_try_at: Some(now),
            detail: None,
            ..copy
        },
        Outcome::Verified => {
            scope.audit(entry("box.backup.verified"))?;
            packs::ops::put_copies_in(scope, id, copy.target, Standing::There)?;
            backup.verified_at = backup.verified_at.or(Some(now));
            let (verified_at, checked_at) = (Some(now), Some(now));
            Copy { verified_at, checked_at, tries: 0, next_try_at: None, detail: None, ..copy }
        }
        Outcome::NotNow(detail) => Copy {
            tries: copy.tries.saturating_add(1),
            next_try_at: Some(now.plus(back_off(attempt))),
            detail: Some(shortened(&detail)),
            ..copy
        },
        Outcome::KeyLost => {
            let detail = "The box restarted before it was fetched back, so it is not proved.";
            Copy { next_try_at: None, detail: Some(detail.to_owned()), ..copy }
        }
        Outcome::Lost => {
            let detail = "It was still to be sent when the box went, and is lost with it.";
            let detail = Some(detail.to_owned());
            Copy { state: CopyState::Failed, next_try_at: None, detail, ..copy }
        }
        Outcome::Damaged(detail) => {
            scope.audit(entry("box.backup.damaged").set("detail", shortened(&detail)))?;
            packs::ops::put_copies_in(scope, id, copy.target, Standing::Doubtful)?;
            let told = format!("{}: {detail}", copy.target_name);
            notices::ops::box_trouble_in(scope, "backup copy", &told)?;
            let detail = Some(shortened(&detail));
            Copy { state: CopyState::Failed, next_try_at: None, detail, ..copy }
        }
        Outcome::Fenced(other) => {
            store::set_fence(scope, other.box_epoch, &shortened(&other.detail))?;
            scope.audit(entry("box.backup.fenced").set("code", other.code).refused())?;
            notices::ops::box_trouble_in(scope, "backup", &other.detail)?;
            let detail = Some(shortened(&other.detail));
            Copy { state: CopyState::Failed, next_try_at: None, detail, ..copy }
        }
    };
    store::update_copy(scope, &copy)?;
    settle_in(scope, backup)
}

/// Brings a backup's own state after that of its copies.
fn settle_in(scope: &BoxScope<'_>, mut backup: Backup) -> Result<()> {
    let copies = store::copies(scope, backup.id)?;
    let any = |state| copies.iter().any(|copy| copy.state == state);
    if any(CopyState::There) && backup.state == State::Running {
        backup.state = State::Uploaded;
        backup.finished_at = Some(scope.now());
        let entry = Entry::new("box.backup.made", KIND, backup.id);
        let size_bytes = backup.size_bytes.unwrap_or_default();
        scope.audit(
            entry
                .set("sequence", backup.sequence.unwrap_or_default().to_string())
                .set("size_bytes", size_bytes.to_string()),
        )?;
    } else if !any(CopyState::There) && !any(CopyState::Waiting) && !any(CopyState::Gone) {
        let detail = copies.iter().find_map(|copy| copy.detail.clone());
        store::update(scope, &backup, None)?;
        return fail_in(scope, backup.id, &detail.unwrap_or_default());
    }
    store::update(scope, &backup, None)
}

fn fail_in(scope: &BoxScope<'_>, id: BackupId, detail: &str) -> Result<()> {
    let Some(backup) = store::get(scope, id)? else { return Ok(()) };
    let failed = Backup {
        state: State::Failed,
        finished_at: Some(scope.now()),
        detail: Some(shortened(detail)),
        ..backup
    };
    store::update(scope, &failed, None)?;
    scope.audit(Entry::new("box.backup.failed", KIND, id))?;
    Ok(())
}

pub(in crate::platform::backups) fn shortened(text: &str) -> String {
    text.chars().take(DETAIL_LENGTH_MAX).collect()
}
