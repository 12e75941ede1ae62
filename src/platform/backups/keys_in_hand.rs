//! The one-time keys of backups that are still to be proved. In memory alone, and cleared when they
//! are dropped.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::archive::Identity;

/// Keys by the backup that they are for.
#[derive(Default)]
pub struct KeysInHand(Mutex<HashMap<Uuid, Identity>>);

impl KeysInHand {
    pub fn put(&self, of: Uuid, identity: Identity) {
        self.lock().insert(of, identity);
    }

    pub fn get(&self, of: Uuid) -> Option<Identity> {
        self.lock().get(&of).cloned()
    }

    pub fn forget(&self, of: Uuid) {
        self.lock().remove(&of);
    }

    pub fn ids(&self) -> Vec<Uuid> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
