//! Private keys that the box has for a while: the one-time key of a backup that is still to be
//! proved, the key of a kit for one restore. In memory alone, and cleared when they are dropped.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::archive::Identity;

/// Keys by the job or the backup that they are for.
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

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
