//! Private keys that the box has for a while: the one-time key of a backup that is still to be
//! proved, the key of a kit for one restore, and what opens the place that it is done from. In
//! memory alone, and cleared when they are dropped.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::archive::Identity;
use super::targets::Remote;

/// Keys by the job or the backup that they are for.
#[derive(Default)]
pub struct KeysInHand(Mutex<Held>);

#[derive(Default)]
struct Held {
    keys: HashMap<Uuid, Identity>,
    /// Places that are no targets of the box, and the folder of a backup there.
    places: HashMap<Uuid, (Remote, String)>,
}

impl KeysInHand {
    pub fn put(&self, of: Uuid, identity: Identity) {
        self.lock().keys.insert(of, identity);
    }

    pub fn get(&self, of: Uuid) -> Option<Identity> {
        self.lock().keys.get(&of).cloned()
    }

    pub fn put_place(&self, of: Uuid, remote: Remote, folder: String) {
        self.lock().places.insert(of, (remote, folder));
    }

    pub fn place(&self, of: Uuid) -> Option<(Remote, String)> {
        self.lock().places.get(&of).cloned()
    }

    pub fn forget(&self, of: Uuid) {
        let mut held = self.lock();
        held.keys.remove(&of);
        held.places.remove(&of);
    }

    pub fn ids(&self) -> Vec<Uuid> {
        self.lock().keys.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
