//! One moment of the box's file and of all its workspaces.
//!
//! Writers are held up between two commits while connections that are open already take hold of
//! the moment: microseconds for each file. A file that is not open cannot change, so its moment is
//! held when it is wanted, or right before somebody opens it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::info;

use super::registry::{Workspaces, file_in};
use super::replacing::Puts;
use super::rules::WorkspaceId;
use super::store;
use crate::platform::db::{Held, fault_behind};
use crate::platform::error::{Error, Result};
use crate::platform::tasks;

/// Files that were closed when a cut was made and are still to be read, some held already.
#[derive(Default)]
pub(super) struct Cold(Mutex<Option<HashMap<WorkspaceId, Option<Held>>>>);

impl Cold {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<WorkspaceId, Option<Held>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants(&self, id: WorkspaceId) -> bool {
        self.lock().as_ref().is_some_and(|cold| matches!(cold.get(&id), Some(None)))
    }
}

/// A cut. Dropping it lets go of every moment that was not taken.
pub(in crate::platform) struct Cut<'a> {
    workspaces: &'a Workspaces,
    system: Option<Held>,
    /// Those that were open.
    warm: HashMap<WorkspaceId, Held>,
    /// All workspaces that the box knew at the moment and whose files are not known to be damaged.
    pub(in crate::platform) ids: Vec<WorkspaceId>,
    /// What is left out because its file is known to be damaged.
    pub(in crate::platform) known: Vec<WorkspaceId>,
    /// What is left out because it was found to be when it was to be held, and is to be marked.
    pub(in crate::platform) found: Vec<(WorkspaceId, String)>,
    /// What was put before it.
    pub(in crate::platform) puts: Puts,
}

impl Workspaces {
    /// Takes hold of one moment of `system` and of every workspace. One cut at a time.
    pub(in crate::platform) async fn cut(&self, system: &Path) -> Result<Cut<'_>> {
        let _changing = self.changing.lock().await;
        if self.cold.lock().is_some() {
            return Err(Error::internal("there is a cut already"));
        }
        let puts = self.puts();
        let (system, folder) = (system.to_owned(), self.folder().to_owned());
        let gate = std::sync::Arc::clone(&self.options.gate);
        let open = self.open_ids().into_iter().filter(|id| !self.is_damaged(*id));
        let open: Vec<_> = open.map(|id| (id, self.path(id))).collect();
        let (system, warm, mut ids, found) = tasks::blocking(move || {
            let system = Held::ready(&system)?;
            let (mut warm, mut found) = (HashMap::new(), Vec::new());
            for (id, path) in open {
                keep_or_name(id, &path, Held::ready(&path), &mut warm, &mut found)?;
            }
            let started = Instant::now();
            let closed = gate.close();
            system.hold()?;
            let held: Vec<_> = warm
                .drain()
                .map(|(id, held): (_, Held)| (id, held.hold().map(|()| held)))
                .collect();
            drop(closed);
            for (id, held) in held {
                keep_or_name(id, &file_in(&folder, id), held, &mut warm, &mut found)?;
            }
            let (files, held_us) = (warm.len() + 1, started.elapsed().as_micros());
            info!(cut.files = files, cut.held_us = held_us, "one moment of {files} open files");
            let ids = store::kept_ids(system.connection())?;
            Ok((system, warm, ids, found))
        })
        .await?;
        ids.retain(|id| found.iter().all(|(one, _)| one != id));
        let known: Vec<_> = ids.extract_if(.., |id| self.is_damaged(*id)).collect();
        let cold = ids.iter().filter(|id| !warm.contains_key(id)).map(|id| (*id, None)).collect();
        *self.cold.lock() = Some(cold);
        Ok(Cut { workspaces: self, system: Some(system), warm, ids, known, found, puts })
    }

    /// Takes hold of a file that a cut still wants, before it can change. Callers hold `changing`.
    pub(super) async fn hold_if_cold(&self, id: WorkspaceId) -> Result<()> {
        if !self.cold.wants(id) || self.is_damaged(id) {
            return Ok(());
        }
        let held = hold(self.path(id)).await?;
        if let Some(cold) = self.cold.lock().as_mut() {
            cold.insert(id, Some(held));
        }
        Ok(())
    }

    fn open_ids(&self) -> Vec<WorkspaceId> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

/// Keeps what is held, and names what cannot be because its file is damaged or lost.
fn keep_or_name(
    id: WorkspaceId,
    path: &Path,
    held: Result<Held>,
    into: &mut HashMap<WorkspaceId, Held>,
    found: &mut Vec<(WorkspaceId, String)>,
) -> Result<()> {
    match held {
        Ok(held) => drop(into.insert(id, held)),
        Err(failure) => match fault_behind(path, &failure) {
            Some(what) => found.push((id, what)),
            None => return Err(failure),
        },
    }
    Ok(())
}

/// Takes hold of a closed file.
async fn hold(path: std::path::PathBuf) -> Result<Held> {
    tasks::blocking(move || {
        let held = Held::of_closed(&path)?;
        held.hold()?;
        Ok(held)
    })
    .await
}

impl Cut<'_> {
    /// The box's file at the moment of the cut, once.
    pub(in crate::platform) fn take_system(&mut self) -> Result<Held> {
        self.system.take().ok_or_else(|| Error::internal("the box's file was taken already"))
    }

    /// The workspace's file at the moment of the cut; none where the file is not there.
    pub(in crate::platform) async fn take(&mut self, id: WorkspaceId) -> Result<Option<Held>> {
        if let Some(held) = self.warm.remove(&id) {
            return Ok(Some(held));
        }
        let _changing = self.workspaces.changing.lock().await;
        let cold = self.workspaces.cold.lock().as_mut().and_then(|cold| cold.remove(&id));
        match cold {
            None => Ok(None),
            Some(Some(held)) => Ok(Some(held)),
            Some(None) => {
                let path = self.workspaces.path(id);
                if path.is_file() { hold(path).await.map(Some) } else { Ok(None) }
            }
        }
    }

    /// What a workspace's file takes on the disk, for planning. Blocks shortly.
    pub(in crate::platform) fn size_bytes(&self, id: WorkspaceId) -> u64 {
        std::fs::metadata(self.workspaces.path(id)).map_or(0, |found| found.len())
    }
}

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        *self.workspaces.cold.lock() = None;
    }
}
