//! Gets backups from the spool to their targets, and has each copy proved while the one-time key is
//! still in memory. What does not work is tried again; nothing of it holds up anybody else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tokio::sync::MutexGuard;
use tracing::warn;
use uuid::Uuid;

use super::fence::{self, Other, Own};
use super::making::{BESIDE, SPOOL, spool_of};
use super::ops::{self, Outcome};
use super::rules::{Backup, BackupId, Copy, CopyState, box_folder, workspace_of};
use super::store;
use crate::platform::Platform;
use crate::platform::backups::archive::{
    COMMIT_FILE, COMMIT_SIZE_BYTES_MAX, PACKS, Refused, pack_place,
};
use crate::platform::backups::targets::rules::Target;
use crate::platform::backups::targets::{self, Fault, Listed, Remote, Why};
use crate::platform::backups::verification::proving::{self, Opens, Subject};
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::jobs::ops::find_in;
use crate::platform::tasks;
use crate::platform::workspaces::damage;

/// Whoever waits for its turn looks so often whether it is to end.
const TURN_LOOKED_AT_EVERY: Duration = Duration::from_millis(500);

/// Waits until nobody else sends or looks through backups. That may take hours, so whoever waits
/// keeps no other job from beginning.
pub(in crate::platform::backups) async fn turn<'a>(
    work: &Work,
    platform: &'a Platform,
) -> Result<MutexGuard<'a, ()>> {
    if let Ok(turn) = platform.backup_lane.try_lock() {
        return Ok(turn);
    }
    let _aside = work.stand_aside();
    loop {
        work.check()?;
        let turn = tokio::time::timeout(TURN_LOOKED_AT_EVERY, platform.backup_lane.lock()).await;
        if let Ok(turn) = turn {
            return Ok(turn);
        }
    }
}

/// Whether a base is being written. What it relies on at the targets is noted only when it is.
pub(in crate::platform::backups) fn is_one_written_in(scope: &BoxScope<'_>) -> Result<bool> {
    let Some(unwritten) = store::unwritten(scope)? else { return Ok(false) };
    match find_in(scope, unwritten.job) {
        // One that ended without being written relies on nothing.
        Ok(job) => Ok(!job.state.has_ended()),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A copy and all that is needed to get it there.
#[derive(Clone)]
struct Todo {
    copy: Copy,
    backup: Backup,
    commit_hash: [u8; 32],
    target: Target,
    own: Arc<Own>,
    done: Arc<Done>,
}

/// How much of a round is done, in bytes.
#[derive(Default)]
struct Done {
    bytes: AtomicU64,
    total: AtomicU64,
}

impl Done {
    fn add(&self, work: &Work, bytes: u64) {
        let done = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        work.progress(done, self.total.load(Ordering::Relaxed).max(done));
    }
}

/// Sends and proves all that waits, the targets side by side. Whoever calls it has the turn.
pub(super) async fn round(work: &Work) -> Result<()> {
    let platform = Arc::clone(&work.on_box().platform);
    sweep(work, &platform).await?;
    let todos = todos(work).await?;
    let total: u64 = todos.iter().map(|todo| todo.backup.size_bytes.unwrap_or(0) * 2).sum();
    for todo in &todos {
        todo.done.total.store(total, Ordering::Relaxed);
    }
    let outcomes = join_all(todos.iter().map(|todo| advance(work, todo))).await;
    ops::end_forsaken(work).await?;
    forget_keys(work, &platform).await?;
    sweep(work, &platform).await?;
    outcomes.into_iter().collect()
}

/// Forgets the keys of backups that nothing is to be done for any more, also where a target was
/// removed meanwhile. One that is being written has no number yet.
async fn forget_keys(work: &Work, platform: &Platform) -> Result<()> {
    let in_hand = platform.backup_keys.ids();
    let done = work.on_box().read(move |scope| {
        let is_done = |id: &Uuid| -> Result<bool> {
            let id = BackupId::from_uuid(*id);
            let is_written = store::get(scope, id)?.is_some_and(|it| it.sequence.is_some());
            let copies = store::copies(scope, id)?;
            Ok(is_written && copies.iter().all(|copy| copy.next_try_at.is_none()))
        };
        let mut done = Vec::new();
        for id in in_hand {
            if is_done(&id)? {
                done.push(id);
            }
        }
        Ok(done)
    });
    done.await?.into_iter().for_each(|id| platform.backup_keys.forget(id));
    Ok(())
}

async fn todos(work: &Work) -> Result<Vec<Todo>> {
    let platform = &work.on_box().platform;
    let below = box_folder(platform.audit.box_id());
    let signing_key = platform.audit.signer().public_key();
    let done = Arc::new(Done::default());
    work.on_box()
        .read(move |scope| {
            let known = targets::ops::list_in(scope)?;
            let folders = store::folders(scope)?.into_iter().collect();
            let box_epoch = store::box_epoch(scope)?;
            let own = Arc::new(Own { below, folders, box_epoch, signing_key });
            let mut todos = Vec::new();
            for copy in store::unfinished(scope)? {
                let target = known.iter().find(|target| target.id == copy.target).cloned();
                let backup = store::get(scope, copy.backup)?;
                let hash = store::commit_hash(scope, copy.backup)?;
                if let (Some(target), Some(backup), Some(commit_hash)) = (target, backup, hash) {
                    let (own, done) = (Arc::clone(&own), Arc::clone(&done));
                    todos.push(Todo { copy, backup, commit_hash, target, own, done });
                }
            }
            Ok(todos)
        })
        .await
}

/// Takes one copy as far as it gets.
async fn advance(work: &Work, todo: &Todo) -> Result<()> {
    let remote = match targets::ops::open(work.on_box(), &todo.target).await {
        Ok(remote) => remote,
        // The others are none the worse for it.
        Err(error) => {
            let name = &todo.target.name;
            warn!("What opens the target {name} cannot be read: {error}");
            let detail = "What opens it cannot be read any more. Type its secret anew.";
            return ops::note(work, &todo.copy, Outcome::NotNow(detail.to_owned())).await;
        }
    };
    if todo.copy.state == CopyState::Waiting {
        let outcome = match send(work, &remote, todo).await? {
            Ok(()) => Outcome::Sent,
            Err(Trouble::Passing(detail)) => Outcome::NotNow(detail),
            Err(Trouble::Other(other)) => Outcome::Fenced(other),
            Err(Trouble::Lost) => Outcome::Lost,
        };
        let is_there = matches!(outcome, Outcome::Sent);
        ops::note(work, &todo.copy, outcome).await?;
        if !is_there {
            return Ok(());
        }
    }
    let key = work.on_box().platform.backup_keys.get(todo.backup.id.uuid());
    let Some(identity) = key else {
        return ops::note(work, &todo.copy, Outcome::KeyLost).await;
    };
    let folder = todo.backup.folder.clone().unwrap_or_default();
    let subject = Subject {
        remote,
        folder: format!("{}/{folder}", todo.own.below),
        commit_hash: todo.commit_hash,
        identity,
        opens: Opens::OwnPacks,
    };
    let done = Arc::clone(&todo.done);
    let counted = work.clone();
    let proved = proving::open(work, subject, move |bytes| done.add(&counted, bytes)).await?;
    let outcome = match proved {
        Ok(_) => Outcome::Verified,
        Err(Refused::Disk(detail) | Refused::Target(detail)) => Outcome::NotNow(detail),
        Err(damage) => {
            proving::count_damaged();
            look_at_own(work, &damage).await?;
            Outcome::Damaged(damage.to_string())
        }
    };
    ops::note(work, &todo.copy, outcome).await
}

/// A database that came back damaged may have been sent like that: then the box's own is marked.
async fn look_at_own(work: &Work, damage: &Refused) -> Result<()> {
    let Refused::Inside { path, .. } = damage else { return Ok(()) };
    let Some(workspace) = workspace_of(path) else { return Ok(()) };
    match damage::ops::look_and_mark(work, workspace).await {
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Why a copy did not get there.
enum Trouble {
    Passing(String),
    Other(Other),
    /// It is neither there nor in the spool: the box came back on another machine.
    Lost,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Passing(fault.detail)
    }
}

/// Puts a base into a target: parts that lie there already are left, `COMMIT.json` comes last.
async fn send(work: &Work, remote: &Remote, todo: &Todo) -> Result<Result<(), Trouble>> {
    let below = &todo.own.below;
    let spool = spool_of(work.on_box().platform.config.data(), todo.backup.id);
    let at = spool.clone();
    let folder = format!("{below}/{}", todo.backup.folder.as_deref().unwrap_or_default());
    if !tasks::blocking(move || Ok(at.join(COMMIT_FILE).is_file())).await? {
        return Ok(lies_there(remote, todo, &folder).await);
    }
    let at = spool.clone();
    let files = tasks::blocking(move || files_of(&at)).await?;
    let there = match beside_and_there(remote, todo, &folder).await {
        Ok(there) => there,
        Err(trouble) => return Ok(Err(trouble)),
    };
    for (file, size_bytes) in files {
        work.check()?;
        if !is_still_waiting(work, todo).await? {
            let detail = "A newer backup took its place.".to_owned();
            return Ok(Err(Trouble::Passing(detail)));
        }
        let name = place_of(&folder, &file);
        let lies_there = there.iter().any(|one| one.name == name && one.size_bytes == size_bytes);
        // What is as long lies there from an earlier try; the proof compares every byte of it.
        if !(lies_there && file != COMMIT_FILE)
            && let Err(fault) = put(remote, &name, &spool.join(&file)).await
        {
            return Ok(Err(fault));
        }
        todo.done.add(work, size_bytes);
    }
    Ok(Ok(()))
}

/// Whether a base that is not in the spool any more got there: its `COMMIT.json` came last.
async fn lies_there(remote: &Remote, todo: &Todo, folder: &str) -> Result<(), Trouble> {
    let read = remote.read(&format!("{folder}/{COMMIT_FILE}"), COMMIT_SIZE_BYTES_MAX).await?;
    let is_it = |bytes: Vec<u8>| <[u8; 32]>::from(Sha256::digest(&bytes)) == todo.commit_hash;
    if read.is_some_and(is_it) { Ok(()) } else { Err(Trouble::Lost) }
}

/// Writes what lies beside the bases and gives the files that are at the place of the base already.
async fn beside_and_there(
    remote: &Remote,
    todo: &Todo,
    folder: &str,
) -> Result<Vec<Listed>, Trouble> {
    let sent = (todo.backup.folder.as_deref().unwrap_or_default(), todo.commit_hash);
    if let Some(other) = fence::look(remote, &todo.own, sent).await? {
        return Err(Trouble::Other(other));
    }
    for (name, text) in BESIDE {
        let name = format!("{}/{name}", todo.own.below);
        let lies_there = remote.read(&name, text.len() as u64 + 1).await?;
        if lies_there.as_deref() != Some(text.as_bytes()) {
            remote.put_over(&name, text.as_bytes().to_vec()).await?;
        }
    }
    let mut there = remote.list(folder).await?;
    there.extend(remote.list(&format!("{}/{PACKS}", todo.own.below)).await?);
    Ok(there)
}

/// Where a file of the spool goes: packs lie beside the bases.
fn place_of(folder: &str, file: &str) -> String {
    if file.starts_with("pack-") { pack_place(folder, file) } else { format!("{folder}/{file}") }
}

async fn put(remote: &Remote, name: &str, from: &Path) -> Result<(), Trouble> {
    let fault = match remote.put_new(name, from).await {
        Ok(()) => return Ok(()),
        Err(fault) => fault,
    };
    if fault.why != Why::Exists {
        return Err(fault.into());
    }
    let (at, mut own) = (from.to_owned(), None);
    if name.ends_with(COMMIT_FILE) {
        let read = tasks::blocking(move || Ok(std::fs::read(at)?)).await;
        own = read.ok();
    }
    if let Some(own) = own
        && remote.read(name, own.len() as u64 + 1).await? == Some(own)
    {
        return Ok(());
    }
    let detail = format!(
        "{name} lies there already and is not what this box wrote. Another box with its identity \
         may write to the same place."
    );
    Err(Trouble::Passing(detail))
}

async fn is_still_waiting(work: &Work, todo: &Todo) -> Result<bool> {
    let (backup, target) = (todo.copy.backup, todo.copy.target);
    let copy = work.on_box().read(move |scope| store::copy(scope, backup, target)).await?;
    Ok(copy.is_some_and(|copy| copy.state == CopyState::Waiting))
}

/// Names and sizes of the files of a base in the spool, `COMMIT.json` last.
fn files_of(spool: &Path) -> Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(spool)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            files.push((name, entry.metadata()?.len()));
        }
    }
    files.sort_by_key(|(name, _)| (name == COMMIT_FILE, name.clone()));
    match files.last() {
        Some((name, _)) if name == COMMIT_FILE => Ok(files),
        _ => Err(Error::StorageFailed(format!("{} has no {COMMIT_FILE}", spool.display()))),
    }
}

/// Removes what proofs left behind, and what nobody needs in the spool. Whoever calls it has the
/// turn.
async fn sweep(work: &Work, platform: &Arc<Platform>) -> Result<()> {
    let data = platform.config.data().to_owned();
    tasks::blocking(move || proving::sweep(&data)).await?;
    sweep_spool(work).await
}

/// Removes from the spool what nobody waits for any more. What is being written meanwhile stays: it
/// is in the list before its folder is there.
pub(super) async fn sweep_spool(work: &Work) -> Result<()> {
    clear(work.on_box(), |scope| store::in_spool(scope)).await
}

/// The same while nothing is being written: what earlier tries left goes as well.
pub(super) async fn clear_spool(ctx: &BoxCtx) -> Result<()> {
    clear(ctx, |scope| store::waiting_in_spool(scope)).await
}

/// Removes what an earlier process left of backups that it did not finish. Call it before jobs run.
/// A disk that is full of it would let none of them begin.
pub async fn resume(platform: &Arc<Platform>) {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    if let Err(error) = clear_spool(&ctx).await {
        warn!("What earlier backups left could not be removed: {error}");
    }
}

/// Removes what there is of a backup. Notes nothing: a disk that is full of it takes no note.
pub(super) async fn drop_spool(ctx: &BoxCtx, id: BackupId) -> Result<()> {
    let spool = spool_of(ctx.platform.config.data(), id);
    let drop = tasks::blocking(move || match std::fs::remove_dir_all(spool) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    });
    drop.await
}

async fn clear(
    ctx: &BoxCtx,
    needed: impl FnOnce(&BoxScope<'_>) -> Result<Vec<BackupId>> + Send + 'static,
) -> Result<()> {
    let data = ctx.platform.config.data().to_owned();
    let at = data.join(SPOOL);
    let there = tasks::blocking(move || match std::fs::read_dir(at) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => Ok(entries?.map(|it| Ok(it?.path())).collect::<std::io::Result<_>>()?),
    });
    let there: Vec<PathBuf> = there.await?;
    let needed = ctx.read(needed).await?;
    let kept: Vec<PathBuf> = needed.into_iter().map(|id| spool_of(&data, id)).collect();
    tasks::blocking(move || {
        let mut old = there.iter().filter(|path| !kept.contains(path));
        Ok(old.try_for_each(std::fs::remove_dir_all)?)
    })
    .await
}

/// Has a copy of a backup wait for each target.
pub(super) fn wait_for_targets_in(scope: &BoxScope<'_>, id: BackupId) -> Result<()> {
    for target in targets::ops::list_in(scope)? {
        let copy = Copy {
            backup: id,
            target: target.id,
            target_name: target.name,
            state: CopyState::Waiting,
            uploaded_at: None,
            verified_at: None,
            checked_at: None,
            tries: 0,
            next_try_at: Some(scope.now()),
            detail: None,
        };
        store::insert_copy(scope, &copy)?;
    }
    Ok(())
}
