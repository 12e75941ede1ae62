//! The open workspace files. At most so many are open; the one unused longest makes room.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::cut::Cold;
use super::damage::rules::Damage;
use super::quarantine::Quarantine;
use super::replacing::Placed;
use super::rules::WorkspaceId;
use super::store;
use crate::platform::audit;
use crate::platform::audit::ops::checkpoints;
use crate::platform::audit::ops::tree::catch_up_in;
use crate::platform::audit::store::tree::Tree;
use crate::platform::audit::{Growth, Log};
use crate::platform::clock::Clock;
use crate::platform::db::{Begun, DatabaseFile, FileOptions, MigrationSet, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::random::Random;
use crate::platform::tasks;
use crate::platform::whole_file::remove_if_there;

/// Below the data folder; one file for each workspace.
pub const FOLDER: &str = "workspaces";

pub(super) struct Open {
    pub(super) file: Arc<DatabaseFile>,
    used: AtomicU64,
}

/// What a workspace's file takes on the disk, with what waits beside it to be folded in. Blocks.
pub(in crate::platform) fn size_bytes_in(folder: &Path, id: WorkspaceId) -> Result<u64> {
    let path = file_in(folder, id);
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let size = |path: &Path| match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(Error::from(error)),
    };
    Ok(size(&path)? + size(Path::new(&log))?)
}

pub(in crate::platform) fn file_in(folder: &Path, id: WorkspaceId) -> PathBuf {
    folder.join(format!("{id}.db"))
}

/// Opens a workspace's file for the command line, which does not own it.
pub(in crate::platform) fn look_at(data: &Path, id: WorkspaceId) -> Result<Snapshot> {
    let file = Snapshot::open(&file_in(&data.join(FOLDER), id))?;
    check_id(id, store::file_id(file.connection())?)?;
    Ok(file)
}

/// A file that was put in the place of another is not opened.
pub(super) fn check_id(wanted: WorkspaceId, says: Option<WorkspaceId>) -> Result<()> {
    if says == Some(wanted) {
        return Ok(());
    }
    let cause = format!("the file of workspace {wanted} belongs to another workspace");
    Err(Error::Damaged(cause))
}

/// Removes a closed file, its log and its index.
fn remove_database(path: &Path) -> Result<()> {
    for beside in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        remove_if_there(Path::new(&name))?;
    }
    Ok(())
}

/// Opens workspace files when they are asked for.
pub struct Workspaces {
    folder: PathBuf,
    pub(super) sets: Arc<[MigrationSet]>,
    pub(super) options: FileOptions,
    open_max: usize,
    pub(super) clock: Clock,
    random: Random,
    growth: Arc<Growth>,
    pub(super) open: RwLock<HashMap<WorkspaceId, Open>>,
    /// Whose files were removed: requests that were on their way find nothing.
    removed: RwLock<HashSet<WorkspaceId>>,
    uses: AtomicU64,
    /// One file is opened or closed at a time, so that no file is ever open twice.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// Files whose moment a cut still wants.
    pub(super) cold: Cold,
    pub(super) quarantine: Quarantine,
    pub(super) placed: Mutex<Placed>,
}

impl Workspaces {
    pub fn new(
        folder: PathBuf,
        sets: Vec<MigrationSet>,
        options: FileOptions,
        open_max: usize,
        random: &Random,
        clock: &Clock,
        damaged: Vec<(WorkspaceId, Damage)>,
    ) -> Self {
        Self {
            folder,
            sets: sets.into(),
            options,
            open_max,
            clock: clock.clone(),
            random: random.clone(),
            growth: Arc::default(),
            open: RwLock::default(),
            removed: RwLock::default(),
            uses: AtomicU64::new(0),
            changing: tokio::sync::Mutex::default(),
            cold: Cold::default(),
            quarantine: Quarantine::of(damaged),
            placed: Mutex::default(),
        }
    }

    /// Which logs grew, those of the box and of all workspaces.
    pub(in crate::platform) fn growth(&self) -> &Arc<Growth> {
        &self.growth
    }

    pub fn path(&self, id: WorkspaceId) -> PathBuf {
        file_in(&self.folder, id)
    }

    /// What makes the schema of a file.
    pub(in crate::platform) fn sets(&self) -> &[MigrationSet] {
        &self.sets
    }

    /// Below it lie the files.
    pub(in crate::platform) fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn open_count(&self) -> usize {
        self.open.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether somebody may be writing to a workspace's file. Whoever holds `changing` knows that
    /// nobody begins to.
    pub(super) fn is_written(&self, id: WorkspaceId) -> bool {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.contains_key(&id) && !self.is_damaged(id)
    }

    /// Changes that wait for their commit, in the open file where most do.
    pub fn longest_queue(&self) -> usize {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.values().map(|one| one.file.waiting_commands()).max().unwrap_or(0)
    }

    /// Open files whose last commit failed.
    pub fn refusing_count(&self) -> usize {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.values().filter(|one| one.file.is_refusing_writes()).count()
    }

    /// The write-ahead logs of all open files together. Blocks.
    pub fn log_bytes(&self) -> u64 {
        let ids: Vec<WorkspaceId> = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            open.keys().copied().collect()
        };
        let size = |id| {
            let log = self.path(id).with_extension("db-wal");
            std::fs::metadata(log).map_or(0, |about| about.len())
        };
        ids.into_iter().map(size).sum()
    }

    /// The open file of a workspace. Callers come here with a checked membership only.
    pub(in crate::platform) async fn open(&self, id: WorkspaceId) -> Result<Arc<DatabaseFile>> {
        if let Some(file) = self.find(id) {
            return Ok(file);
        }
        let _changing = self.changing.lock().await;
        if let Some(file) = self.find(id) {
            return Ok(file);
        }
        if self.is_removed(id) {
            return Err(Error::NotFound);
        }
        self.make_room().await?;
        if self.is_damaged(id) {
            let file = self.open_damaged(id).await?;
            self.keep(id, &file);
            return Ok(file);
        }
        self.hold_if_cold(id).await?;
        let (path, sets) = (self.path(id), Arc::clone(&self.sets));
        let (options, now) = (self.options.clone(), self.clock.now());
        let (file, found) = tasks::blocking(move || {
            // SQLite would begin an empty one.
            if std::fs::metadata(&path).map_or(0, |about| about.len()) == 0 {
                return Err(Error::Damaged("its file is gone or empty".to_owned()));
            }
            let mut found = None;
            let begin = |connection: &_| {
                found = Some(checkpoints::found_in(Tree(connection), id)?);
                catch_up_in(Tree(connection))
            };
            let file = DatabaseFile::open(&path, &sets, now, &options, begin)?;
            Ok((Arc::new(file), found))
        })
        .await?;
        check_id(id, file.read(store::file_id).await?)?;
        self.keep(id, &file);
        if found.as_ref().is_some_and(|found| found.is_unsigned) {
            self.growth.note(Log::Workspace(id));
        }
        if let Some(newest) = found.and_then(|found| found.newest) {
            self.growth.remember(newest);
        }
        Ok(file)
    }

    /// Makes the file of a new workspace.
    pub(in crate::platform) async fn make(&self, id: WorkspaceId) -> Result<Arc<DatabaseFile>> {
        let _changing = self.changing.lock().await;
        self.make_room().await?;
        let (path, sets) = (self.path(id), Arc::clone(&self.sets));
        let (options, now) = (self.options.clone(), self.clock.now());
        let log = self.random.id();
        let file = tasks::blocking(move || {
            let begin = |connection: &_| {
                store::stamp_file(connection, id, now)?;
                audit::store::begin(connection, log, now)?;
                Ok(Begun::Wholly)
            };
            DatabaseFile::open(&path, &sets, now, &options, begin).map(Arc::new)
        })
        .await?;
        self.keep(id, &file);
        Ok(file)
    }

    /// Closes a workspace's file and removes it with what lies beside it. Whoever holds it still
    /// finds it ended.
    pub(in crate::platform) async fn remove(&self, id: WorkspaceId) -> Result<()> {
        let _changing = self.changing.lock().await;
        self.hold_if_cold(id).await?;
        self.removed.write().unwrap_or_else(PoisonError::into_inner).insert(id);
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.quarantine.forget(id);
        let (folder, path) = (self.folder.clone(), self.path(id));
        let before = self.options.before.clone();
        tasks::blocking(move || {
            if let Some(open) = open {
                open.file.close();
            }
            remove_database(&path)?;
            if let Some(before) = before {
                before.drop_of(&id.to_string())?;
            }
            std::fs::File::open(folder)?.sync_all()?;
            Ok(())
        })
        .await
    }

    /// Ids that files of the folder are called by. Blocks.
    pub(in crate::platform) fn file_ids(folder: &Path) -> Result<Vec<WorkspaceId>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".db"));
            found.extend(id.and_then(|id| id.parse::<WorkspaceId>().ok()));
        }
        Ok(found)
    }

    /// Whether the file was removed while this process ran.
    pub(in crate::platform) fn is_removed(&self, id: WorkspaceId) -> bool {
        self.removed.read().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    /// Finishes all queues and closes all files.
    pub async fn close_all(&self) {
        let _changing = self.changing.lock().await;
        let open = std::mem::take(&mut *self.open.write().unwrap_or_else(PoisonError::into_inner));
        let closed = tasks::blocking(move || {
            for one in open.values() {
                one.file.close();
            }
            Ok(())
        });
        if let Err(error) = closed.await {
            tracing::error!("Workspaces could not be closed: {error}");
        }
    }

    fn find(&self, id: WorkspaceId) -> Option<Arc<DatabaseFile>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let one = open.get(&id)?;
        one.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(Arc::clone(&one.file))
    }

    fn keep(&self, id: WorkspaceId, file: &Arc<DatabaseFile>) {
        let used = AtomicU64::new(self.uses.fetch_add(1, Ordering::Relaxed));
        let one = Open { file: Arc::clone(file), used };
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(id, one);
    }

    /// Closes the files unused longest until one more fits. Files in use stay open, even above
    /// the bound: their number is bounded by the requests and event streams that use them.
    async fn make_room(&self) -> Result<()> {
        while self.open_count() >= self.open_max {
            let Some(file) = self.take_idle() else { return Ok(()) };
            tasks::blocking(move || {
                file.close();
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// Takes the idle file unused longest out of the registry. Nobody can get hold of it
    /// meanwhile, because that needs the lock held here.
    fn take_idle(&self) -> Option<Arc<DatabaseFile>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let idle = open
            .iter()
            .filter(|(_, one)| Arc::strong_count(&one.file) == 1)
            .min_by_key(|(_, one)| one.used.load(Ordering::Relaxed))
            .map(|(id, _)| *id)?;
        open.remove(&idle).map(|one| one.file)
    }
}
