//! Argon2id with two permits: hashing is made slow and takes 64 MiB each time, so it is also
//! what a flood of sign-ins would use up first. Strangers therefore wait in a queue of their own,
//! and whoever is known waits for one of their hashes at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::rules::{LENGTH_MAX, Strength, normal, strength};
use crate::platform::error::{Error, Result};
use crate::platform::random::Random;
use crate::platform::secret::Secret;
use crate::platform::tasks;

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
/// Passwords worked on at the same time, so at most 128 MiB.
const RUNNING_MAX: usize = 2;
/// Passwords of known people that may wait for that; more are answered with 503.
const WAITING_MAX: usize = 32;
/// Passwords of strangers that may wait.
const STRANGERS_WAITING_MAX: usize = 16;
const RETRY_AFTER_S: u64 = 5;
/// What stands in for the salt of somebody who does not exist.
const NOBODYS_SALT: [u8; 16] = *b"nobody at all...";

/// Whose password it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Anybody's.
    Stranger,
    /// Of somebody who is signed in, has a link, or uses a browser they signed in with before.
    Known,
}

/// Hashes passwords and compares them.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Strangers that run or are next to.
    strangers_running: Arc<Semaphore>,
    strangers_queue: Arc<Semaphore>,
    meter: Arc<Meter>,
}

/// What was done so far.
#[derive(Debug, Default)]
pub struct Meter {
    hashes: AtomicU64,
    running: AtomicUsize,
    at_once_max: AtomicUsize,
}

impl Meter {
    /// Runs of argon2.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Passwords that were worked on at the same time, at most.
    pub fn at_once_max(&self) -> usize {
        self.at_once_max.load(Ordering::Relaxed)
    }

    fn argon2(&self) -> Result<Argon2<'static>> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("holdfast_password_hashes_total").increment(1);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES));
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(Error::internal)?))
    }

    fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.at_once_max.fetch_max(running, Ordering::Relaxed);
        let done = work();
        self.running.fetch_sub(1, Ordering::Relaxed);
        done
    }
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub is_right: bool,
    /// It was hashed with other parameters than those in use now.
    pub is_outdated: bool,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            queue: Arc::new(Semaphore::new(RUNNING_MAX + WAITING_MAX)),
            strangers_running: Arc::new(Semaphore::new(RUNNING_MAX)),
            strangers_queue: Arc::new(Semaphore::new(RUNNING_MAX + STRANGERS_WAITING_MAX)),
            meter: Arc::default(),
        }
    }
}

impl Passwords {
    /// What was done so far.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Makes the PHC string that is kept of a password.
    pub async fn hash(&self, random: &Random, password: Secret) -> Result<String> {
        let salt = random.bytes::<16>();
        self.run(Lane::Known, move |meter| hash(meter, &password, &salt)).await
    }

    /// Compares a password with what is kept. With nothing to compare, it takes as long and is
    /// wrong.
    pub async fn verify(
        &self,
        lane: Lane,
        password: Secret,
        kept: Option<String>,
    ) -> Result<Verdict> {
        self.run(lane, move |meter| verify(meter, &password, kept.as_deref())).await
    }

    /// Estimates a password away from the async threads.
    pub async fn strength(
        &self,
        lane: Lane,
        password: Secret,
        context: Vec<String>,
    ) -> Result<Strength> {
        self.run(lane, move |_| Ok(strength(password.reveal(), &context))).await
    }

    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&Meter) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let queue = match lane {
            Lane::Stranger => &self.strangers_queue,
            Lane::Known => &self.queue,
        };
        let place = Arc::clone(queue).try_acquire_owned();
        let place = place.map_err(|_| Error::Busy { retry_after_s: RETRY_AFTER_S })?;
        // Permits are given in the order of asking, and only so many strangers ask at a time.
        let turn = match lane {
            Lane::Stranger => Some(taken(&self.strangers_running).await?),
            Lane::Known => None,
        };
        let permit = taken(&self.running).await?;
        let meter = Arc::clone(&self.meter);
        tasks::blocking(move || {
            // They end with the work, not with the request: a caller who hangs up frees nothing.
            let _held = (permit, turn, place);
            meter.watched(|| work(&meter))
        })
        .await
    }
}

async fn taken(permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    Arc::clone(permits).acquire_owned().await.map_err(Error::internal)
}

fn hash(meter: &Meter, password: &Secret, salt: &[u8]) -> Result<String> {
    let password = normal(password.reveal());
    let argon2 = meter.argon2()?;
    let hashed: PasswordHash =
        argon2.hash_password_with_salt(password.as_bytes(), salt).map_err(Error::internal)?;
    Ok(hashed.to_string())
}

fn verify(meter: &Meter, password: &Secret, kept: Option<&str>) -> Result<Verdict> {
    const WRONG: Verdict = Verdict { is_right: false, is_outdated: false };
    let kept = kept.and_then(|kept| PasswordHash::new(kept).ok());
    let is_possible = password.reveal().chars().count() <= LENGTH_MAX;
    let (Some(kept), true) = (kept, is_possible) else {
        hash(meter, &Secret::new("nobody"), &NOBODYS_SALT)?;
        return Ok(WRONG);
    };
    let password = normal(password.reveal());
    if meter.argon2()?.verify_password(password.as_bytes(), &kept).is_err() {
        return Ok(WRONG);
    }
    let params = Params::try_from(&kept).map_err(Error::internal)?;
    let is_current = kept.algorithm.as_str() == Algorithm::Argon2id.as_str()
        && (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES);
    Ok(Verdict { is_right: true, is_outdated: !is_current })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 16] = [7; 16];

    fn hash(password: &Secret, salt: &[u8]) -> Result<String> {
        super::hash(&Meter::default(), password, salt)
    }

    fn verify(password: &Secret, kept: Option<&str>) -> Result<Verdict> {
        super::verify(&Meter::default(), password, kept)
    }

    #[test]
    fn a_hash_says_its_parameters_and_fits_only_its_password() {
        let kept = hash(&Secret::new("lantern otter mosaic"), &SALT).unwrap();

        assert!(kept.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{kept}");
        let right = verify(&Secret::new("lantern otter mosaic"), Some(&kept)).unwrap();
        assert_eq!(right, Verdict { is_right: true, is_outdated: false });
        assert!(!verify(&Secret::new("lantern otter mosaiC"), Some(&kept)).unwrap().is_right);
    }

    #[test]
    fn a_hash_of_other_parameters_is_outdated_and_still_fits() {
        let params = Params::new(8, 1, 1, Some(32)).unwrap();
        let old: PasswordHash =
            Argon2::from(params).hash_password_with_salt(b"lantern", &SALT).unwrap();

        let verdict = verify(&Secret::new("lantern"), Some(&old.to_string())).unwrap();

        assert_eq!(verdict, Verdict { is_right: true, is_outdated: true });
    }

    #[test]
    fn nothing_fits_what_is_no_hash() {
        for kept in [None, Some("!"), Some("")] {
            assert!(!verify(&Secret::new("nobody"), kept).unwrap().is_right, "{kept:?}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_into_the_queue_is_told_to_come_back() {
        let passwords = Passwords::default();
        let places = Arc::clone(&passwords.queue);
        let all = u32::try_from(RUNNING_MAX + WAITING_MAX).unwrap();
        let taken = places.try_acquire_many_owned(all).unwrap();

        let refused = passwords.strength(Lane::Known, Secret::new("x"), Vec::new()).await;
        drop(taken);
        let answered = passwords.strength(Lane::Known, Secret::new("x"), Vec::new()).await;

        assert!(matches!(refused, Err(Error::Busy { retry_after_s: RETRY_AFTER_S })));
        assert!(answered.is_ok());
    }

    #[tokio::test]
    async fn strangers_fill_only_their_own_queue_and_delay_others_by_one_hash_at_most() {
        let passwords = Passwords::default();
        let guess = || {
            let passwords = passwords.clone();
            async move { passwords.verify(Lane::Stranger, Secret::new("x"), None).await }
        };
        let places = RUNNING_MAX + STRANGERS_WAITING_MAX;
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..places {
            guesses.spawn(guess());
        }
        // Each takes its place in the queue.
        tokio::task::yield_now().await;

        let one_too_many = guess().await;
        let known = passwords.verify(Lane::Known, Secret::new("x"), None).await;

        assert!(matches!(one_too_many, Err(Error::Busy { retry_after_s: RETRY_AFTER_S })));
        assert!(known.is_ok());
        let hashes = usize::try_from(passwords.meter().hashes()).unwrap();
        assert!(hashes < places / 2, "{hashes} came before somebody known");
        assert!(passwords.meter().at_once_max() <= RUNNING_MAX);
    }
}
