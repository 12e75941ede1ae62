//! Putting another file in the place of a workspace's, while the box goes on.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{self, Arc, PoisonError};

use tokio::sync::MutexGuard;
use tracing::warn;

use super::registry::{Workspaces, check_id};
use super::rules::WorkspaceId;
use super::store;
use crate::platform::audit::Log;
use crate::platform::audit::ops::carrying::{self, Source};
use crate::platform::audit::ops::tree::catch_up_in;
use crate::platform::audit::rules::LogId;
use crate::platform::audit::store::tree::Tree;
use crate::platform::clock::Moment;
use crate::platform::db::{self, DatabaseFile, FileOptions, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::whole_file::{remove_if_there, sync_folder_of};
use crate::platform::{make_private_folder, tasks};

/// What lies beside a database.
const LOG: &str = "-wal";
const INDEX: &str = "-shm";

/// How many files were put in the places of others so far. Take it before you look at a file: what
/// is found of it then is said of that file alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::platform) struct Puts(u64);

/// What was put last where.
#[derive(Default)]
pub(super) struct Placed {
    count: u64,
    last: HashMap<WorkspaceId, Puts>,
}

impl Placed {
    pub(super) fn is_since(&self, id: WorkspaceId, puts: Puts) -> bool {
        self.last.get(&id).is_some_and(|last| *last > puts)
    }
}

/// A workspace that nobody can open as long as this is held: whoever asks waits. All others that
/// are open go on.
pub(in crate::platform) struct Closed<'a> {
    workspaces: &'a Workspaces,
    id: WorkspaceId,
    /// Whether the file could be closed as it should, and is all there is.
    pub(in crate::platform) is_whole: bool,
    _changing: MutexGuard<'a, ()>,
}

/// Makes the file of a workspace that of another: with an id and a log of its own. Gives where the
/// log of before ended. Blocks.
pub(in crate::platform) fn make_another(
    path: &Path,
    id: WorkspaceId,
    log: LogId,
    now: Moment,
) -> Result<Source> {
    db::alone(path, carrying::TABLES, |file| {
        store::stamp_anew(file, id)?;
        carrying::begin_anew_in(Tree(file), log, now)
    })
}

/// Whose file it says it is. Blocks.
pub(in crate::platform) fn file_id_of(file: &Snapshot) -> Result<Option<WorkspaceId>> {
    store::file_id(file.connection())
}

impl Workspaces {
    pub(super) fn placed(&self) -> sync::MutexGuard<'_, Placed> {
        self.placed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was put so far.
    pub(in crate::platform) fn puts(&self) -> Puts {
        Puts(self.placed().count)
    }

    /// Whether a workspace got another file since.
    pub(in crate::platform) fn is_replaced_since(&self, id: WorkspaceId, puts: Puts) -> bool {
        self.placed().is_since(id, puts)
    }

    fn note_put(&self, id: WorkspaceId) {
        let mut placed = self.placed();
        placed.count += 1;
        let now = Puts(placed.count);
        placed.last.insert(id, now);
    }

    /// Opens a file that is to become a workspace's and brings its schema up to date. Nobody else
    /// finds it.
    pub(in crate::platform) async fn open_apart(
        &self,
        id: WorkspaceId,
        path: PathBuf,
    ) -> Result<DatabaseFile> {
        let (sets, now) = (Arc::clone(&self.sets), self.clock.now());
        let options = FileOptions { before: None, ..self.options.clone() };
        let file = tasks::blocking(move || {
            let begin = |connection: &_| catch_up_in(Tree(connection));
            DatabaseFile::open(&path, &sets, now, &options, begin)
        })
        .await?;
        check_id(id, file.read(store::file_id).await?)?;
        Ok(file)
    }

    /// Puts a closed file where that of a new workspace belongs.
    pub(in crate::platform) async fn adopt(&self, id: WorkspaceId, from: PathBuf) -> Result<()> {
        let _changing = self.changing.lock().await;
        let path = self.path(id);
        tasks::blocking(move || {
            for beside in [LOG, INDEX] {
                remove_if_there(&beside_of(&from, beside))?;
            }
            std::fs::rename(&from, &path)?;
            Ok(sync_folder_of(&path)?)
        })
        .await
    }

    /// Closes a workspace's file and keeps it closed. `Busy` when somebody still reads it: no other
    /// file could be opened meanwhile, so they are not waited for here.
    pub(in crate::platform) async fn hold_closed(&self, id: WorkspaceId) -> Result<Closed<'_>> {
        let changing = self.changing.lock().await;
        if let Err(error) = self.hold_if_cold(id).await {
            warn!(workspace.id = %id, "A backup goes on without workspace {id}: {error}");
        }
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let (path, is_damaged) = (self.path(id), self.is_damaged(id));
        let folded = tasks::blocking(move || {
            if let Some(open) = open {
                open.file.close();
            }
            if is_damaged {
                // Its log is kept as it is, beside it.
                return Ok(Err(Error::Damaged("known".to_owned())));
            }
            Ok(db::fold_now(&path))
        });
        let is_whole = match folded.await? {
            Ok(()) => true,
            Err(busy @ Error::Busy { .. }) => return Err(busy),
            Err(error) => {
                warn!(workspace.id = %id, "The file of workspace {id} is not whole: {error}");
                false
            }
        };
        Ok(Closed { workspaces: self, id, is_whole, _changing: changing })
    }
}

impl Closed<'_> {
    /// Where the file lies.
    pub(in crate::platform) fn path(&self) -> PathBuf {
        self.workspaces.path(self.id)
    }

    /// Puts a closed file there. The one of before is at `keep` from then on. At every moment one
    /// of both is the workspace's.
    pub(in crate::platform) async fn put(self, with: PathBuf, keep: PathBuf) -> Result<()> {
        let path = self.path();
        let put = tasks::blocking(move || {
            keep_aside(&path, &keep)?;
            for beside in [LOG, INDEX] {
                remove_if_there(&beside_of(&path, beside))?;
                remove_if_there(&beside_of(&with, beside))?;
            }
            std::fs::rename(&with, &path)?;
            Ok(sync_folder_of(&path)?)
        });
        let put = put.await;
        // Also where only the last step failed. Nobody can look at the file before this.
        self.workspaces.note_put(self.id);
        put?;
        self.workspaces.growth().note(Log::Workspace(self.id));
        Ok(())
    }
}

/// A second name for a file and its log, until which nothing of it is lost.
fn keep_aside(path: &Path, keep: &Path) -> Result<()> {
    make_private_folder(keep.parent().unwrap_or(Path::new(".")))?;
    for beside in ["", LOG] {
        match std::fs::hard_link(beside_of(path, beside), beside_of(keep, beside)) {
            // A lost file has nothing to be kept; a whole one has no log.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            linked => linked?,
        }
    }
    Ok(sync_folder_of(keep)?)
}

/// Gives a log that was moved aside back to its file.
pub(in crate::platform) fn give_back_log(keep: &Path, path: &Path) -> Result<()> {
    match std::fs::hard_link(beside_of(keep, LOG), beside_of(path, LOG)) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) =>
        {
            Ok(())
        }
        linked => Ok(linked?),
    }
}

/// A path with something at its end.
pub(in crate::platform) fn beside_of(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
