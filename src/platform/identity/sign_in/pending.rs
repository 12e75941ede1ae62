//! Sign-ins whose password was right and whose second factor is awaited, in memory and bounded: a
//! restart forgets them, and people begin again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rules::{PENDING_LIFE, PENDING_TRIES};
use crate::platform::clock::Moment;
use crate::platform::identity::User;
use crate::platform::secret::Secret;

/// Awaited at once; whatever is over is dropped first, and then the oldest.
const PENDING_MAX: usize = 10_000;
/// Awaited at once for one person: whoever knows a password must not push others out.
const PENDING_PER_PERSON_MAX: usize = 5;

/// Somebody whose password was right.
#[derive(Debug, Clone)]
pub struct Pending {
    pub user: User,
    /// What was compared: when it is another one by the end, the sign-in is void.
    pub password_hash: String,
    /// The password in today's form, when it was kept in an older one.
    pub rehashed: Option<String>,
    pub device: Option<Secret>,
    /// The device's hash, when the account knows it.
    pub known_device: Option<[u8; 32]>,
    pub old_session: Option<Secret>,
    pub began_at: Moment,
    pub tries: u32,
}

/// The awaited ones by the hash of their cookie.
#[derive(Default)]
pub struct Pendings(Mutex<HashMap<[u8; 32], Pending>>);

impl Pendings {
    pub fn add(&self, hash: [u8; 32], pending: Pending) {
        let mut all = self.lock();
        let now = pending.began_at;
        if all.len() >= PENDING_MAX {
            all.retain(|_, one| is_good(one, now));
        }
        let of_person = all.iter().filter(|(_, one)| one.user.id == pending.user.id);
        if of_person.clone().count() >= PENDING_PER_PERSON_MAX {
            let oldest = of_person.min_by_key(|(_, one)| one.began_at).map(|(hash, _)| *hash);
            oldest.map(|hash| all.remove(&hash));
        }
        if all.len() >= PENDING_MAX {
            let oldest = all.iter().min_by_key(|(_, one)| one.began_at).map(|(hash, _)| *hash);
            oldest.map(|hash| all.remove(&hash));
        }
        all.insert(hash, pending);
    }

    /// The sign-in of a cookie, with one try less; none when it is over or was tried too often.
    /// It stays even then: the right code may be on its way, as one of the tries before.
    pub fn take_try(&self, hash: &[u8; 32], now: Moment) -> Option<Pending> {
        let mut all = self.lock();
        let one = all.get_mut(hash).filter(|one| is_good(one, now))?;
        one.tries += 1;
        Some(one.clone())
    }

    /// The sign-in of a cookie, without a try.
    pub fn look(&self, hash: &[u8; 32], now: Moment) -> Option<Pending> {
        self.lock().get(hash).filter(|one| is_good(one, now)).cloned()
    }

    /// Ends a sign-in; false when it had ended before.
    pub fn end(&self, hash: &[u8; 32]) -> bool {
        self.lock().remove(hash).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_good(pending: &Pending, now: Moment) -> bool {
    now.since(pending.began_at) < PENDING_LIFE && pending.tries < PENDING_TRIES
}
