//! What opens archives, for as long as a job needs it. In memory alone, and cleared when it is
//! dropped.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::platform::backups::archive::Key;

/// Keys and passphrases by the job that they are for.
#[derive(Default)]
pub struct ArchiveKeys(Mutex<HashMap<Uuid, Key>>);

impl ArchiveKeys {
    pub fn put(&self, of: Uuid, key: Key) {
        self.lock().insert(of, key);
    }

    pub fn get(&self, of: Uuid) -> Option<Key> {
        self.lock().get(&of).cloned()
    }

    pub fn forget(&self, of: Uuid) {
        self.lock().remove(&of);
    }

    /// The jobs that there are keys for.
    pub fn held(&self) -> Vec<Uuid> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
