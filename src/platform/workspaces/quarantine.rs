//! Files that are damaged: known by their workspaces, opened for reading alone.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::damage::rules::{Damage, refusal};
use super::registry::{Workspaces, check_id};
use super::replacing::Puts;
use super::rules::WorkspaceId;
use super::store;
use crate::platform::clock::Moment;
use crate::platform::db::{DatabaseFile, Held};
use crate::platform::error::{Error, Result};
use crate::platform::tasks;

/// A file is suspected by what cannot be understood in it once in so long: looking takes a while.
const SUSPECTED_EVERY: Duration = Duration::from_mins(10);

/// What came of marking a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform) enum Marked {
    Newly,
    Already,
    /// The workspace has another file by now, of which nothing was found.
    Not,
}

/// What is known of damaged files.
#[derive(Default)]
pub(super) struct Quarantine {
    damaged: RwLock<HashMap<WorkspaceId, Damage>>,
    suspected: RwLock<HashMap<WorkspaceId, Moment>>,
}

impl Quarantine {
    /// What was known when the box stopped.
    pub(super) fn of(damaged: Vec<(WorkspaceId, Damage)>) -> Self {
        let damaged = RwLock::new(damaged.into_iter().collect());
        Self { damaged, suspected: RwLock::default() }
    }

    fn damage(&self, id: WorkspaceId) -> Option<Damage> {
        self.damaged.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// False where it is known.
    fn add(&self, id: WorkspaceId, damage: Damage) -> bool {
        let mut damaged = self.damaged.write().unwrap_or_else(PoisonError::into_inner);
        if damaged.contains_key(&id) {
            return false;
        }
        damaged.insert(id, damage);
        true
    }

    pub(super) fn forget(&self, id: WorkspaceId) {
        self.damaged.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.suspected.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl Workspaces {
    /// What was found of a workspace's file, where it is damaged.
    pub(in crate::platform) fn damage(&self, id: WorkspaceId) -> Option<Damage> {
        self.quarantine.damage(id)
    }

    /// Since when its file is known to be damaged.
    pub(in crate::platform) fn damaged_at(&self, id: WorkspaceId) -> Option<Moment> {
        self.quarantine.damage(id).map(|damage| damage.found_at)
    }

    /// How many are.
    pub(in crate::platform) fn damaged_count(&self) -> usize {
        self.quarantine.damaged.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(in crate::platform) fn is_damaged(&self, id: WorkspaceId) -> bool {
        self.quarantine.damage(id).is_some()
    }

    /// Refuses a change where only reading is possible.
    pub(in crate::platform) fn check_whole(&self, id: WorkspaceId) -> Result<()> {
        if self.is_damaged(id) { Err(refusal()) } else { Ok(()) }
    }

    /// Whether a file may be looked through because of something that it need not be to blame for.
    pub(in crate::platform) fn may_be_suspected(&self, id: WorkspaceId, now: Moment) -> bool {
        let mut all = self.quarantine.suspected.write().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Moment| now.since(*at).max(at.since(now)) < SUSPECTED_EVERY;
        if all.get(&id).is_some_and(is_recent) {
            return false;
        }
        all.insert(id, now);
        true
    }

    /// Whether this is the file that is open for a workspace.
    pub(in crate::platform) fn has_open(&self, id: WorkspaceId, file: &Arc<DatabaseFile>) -> bool {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&id).is_some_and(|one| Arc::ptr_eq(&one.file, file))
    }

    /// Lets a damaged file go as it is: nothing is written to it any more. `puts` is from before
    /// it was looked at.
    pub(in crate::platform) async fn quarantine(
        &self,
        id: WorkspaceId,
        damage: Damage,
        puts: Puts,
    ) -> Result<Marked> {
        let marked = self.mark(id, damage, puts);
        if marked == Marked::Newly {
            let _changing = self.changing.lock().await;
            // A restore may have been quicker.
            if self.is_damaged(id) {
                self.let_go(id).await?;
            }
        }
        Ok(marked)
    }

    fn mark(&self, id: WorkspaceId, damage: Damage, puts: Puts) -> Marked {
        // Held, so that a file is put there before this or takes the mark away after it.
        let placed = self.placed();
        if placed.is_since(id, puts) {
            Marked::Not
        } else if self.quarantine.add(id, damage) {
            Marked::Newly
        } else {
            Marked::Already
        }
    }

    /// Has the file opened as any other again.
    pub(in crate::platform) async fn release(&self, id: WorkspaceId) -> Result<()> {
        let _changing = self.changing.lock().await;
        self.quarantine.forget(id);
        self.let_go(id).await
    }

    async fn let_go(&self, id: WorkspaceId) -> Result<()> {
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let Some(open) = open else { return Ok(()) };
        tasks::blocking(move || {
            open.file.abandon();
            Ok(())
        })
        .await
    }

    /// Opens a damaged file for reading. Callers hold `changing`.
    pub(super) async fn open_damaged(&self, id: WorkspaceId) -> Result<Arc<DatabaseFile>> {
        let path = self.path(id);
        if !path.is_file() {
            return Err(refusal());
        }
        let file = Arc::new(DatabaseFile::open_damaged(&path, &self.options));
        // One that cannot even say whose it is is nobody's to read.
        let says = file.read(store::file_id).await.map_err(|_| refusal())?;
        check_id(id, says).map_err(|_| refusal())?;
        Ok(file)
    }

    /// One moment of a workspace's file, as it lies there.
    pub(in crate::platform) async fn held(&self, id: WorkspaceId) -> Result<Held> {
        let _changing = self.changing.lock().await;
        if self.is_removed(id) {
            return Err(Error::NotFound);
        }
        let (path, is_written) = (self.path(id), self.is_written(id));
        tasks::blocking(move || {
            if std::fs::metadata(&path).map_or(0, |about| about.len()) == 0 {
                return Err(Error::Damaged("its file is gone or empty".to_owned()));
            }
            let held = if is_written { Held::ready(&path) } else { Held::of_closed(&path) }?;
            held.hold()?;
            check_id(id, store::file_id(held.connection())?)?;
            Ok(held)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::Clock;
    use crate::platform::db::FileOptions;
    use crate::platform::random::Random;

    fn workspaces(folder: &std::path::Path) -> Workspaces {
        let clock = Clock::fixed(Moment(0));
        let (random, options) = (Random::new(clock.clone()), FileOptions::default());
        let (sets, damaged) = (Vec::new(), Vec::new());
        Workspaces::new(folder.to_owned(), sets, options, 4, &random, &clock, damaged)
    }

    #[tokio::test]
    async fn what_was_found_of_a_file_is_not_said_of_the_one_that_took_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let workspaces = workspaces(folder.path());
        let (one, other) = (WorkspaceId::from_bytes([1; 16]), WorkspaceId::from_bytes([2; 16]));
        std::fs::write(workspaces.path(one), [0x5a; 4096]).unwrap();
        std::fs::write(folder.path().join("new.db"), [0; 4096]).unwrap();
        let damage = Damage::new(Moment(1), "it was looked at for long");
        let puts = workspaces.puts();

        let closed = workspaces.hold_closed(one).await.unwrap();
        let (new, keep) = (folder.path().join("new.db"), folder.path().join("kept/old.db"));
        closed.put(new, keep).await.unwrap();

        let marked = workspaces.quarantine(one, damage.clone(), puts).await.unwrap();
        assert_eq!((marked, workspaces.is_damaged(one)), (Marked::Not, false));
        let marked = workspaces.quarantine(other, damage.clone(), puts).await.unwrap();
        assert_eq!((marked, workspaces.is_damaged(other)), (Marked::Newly, true));
        let later = workspaces.puts();
        let marked = workspaces.quarantine(one, damage.clone(), later).await.unwrap();
        assert_eq!((marked, workspaces.is_damaged(one)), (Marked::Newly, true));
        assert_eq!(workspaces.quarantine(one, damage, later).await.unwrap(), Marked::Already);
    }
}
