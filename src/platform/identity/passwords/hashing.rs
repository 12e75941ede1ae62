//! Argon2id with two permits: hashing is made slow and takes 64 MiB each time, so it is also
//! what a flood of sign-ins would use up first.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

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
/// Passwords that may wait for that; more are answered with 503.
const WAITING_MAX: usize = 32;
const RETRY_AFTER_S: u64 = 5;
/// What stands in for the salt of somebody who does not exist.
const NOBODYS_SALT: [u8; 16] = *b"nobody at all...";

/// Hashes passwords and compares them.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
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
        }
    }
}

impl Passwords {
    /// Makes the PHC string that is kept of a password.
    pub async fn hash(&self, random: &Random, password: Secret) -> Result<String> {
        let salt = random.bytes::<16>();
        self.run(move || hash(&password, &salt)).await
    }

    /// Compares a password with what is kept. With nothing to compare, it takes as long and is
    /// wrong.
    pub async fn verify(&self, password: Secret, kept: Option<String>) -> Result<Verdict> {
        self.run(move || verify(&password, kept.as_deref())).await
    }

    /// Estimates a password away from the async threads.
    pub async fn strength(&self, password: Secret, context: Vec<String>) -> Result<Strength> {
        self.run(move || Ok(strength(password.reveal(), &context))).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.queue).try_acquire_owned();
        let place = place.map_err(|_| Error::Busy { retry_after_s: RETRY_AFTER_S })?;
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(Error::internal)?;
        tasks::blocking(move || {
            // They end with the work, not with the request: a caller who hangs up frees nothing.
            let _held = (place, permit);
            work()
        })
        .await
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES));
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(Error::internal)?))
}

fn hash(password: &Secret, salt: &[u8]) -> Result<String> {
    let password = normal(password.reveal());
    let hashed: PasswordHash =
        argon2()?.hash_password_with_salt(password.as_bytes(), salt).map_err(Error::internal)?;
    Ok(hashed.to_string())
}

fn verify(password: &Secret, kept: Option<&str>) -> Result<Verdict> {
    const WRONG: Verdict = Verdict { is_right: false, is_outdated: false };
    let kept = kept.and_then(|kept| PasswordHash::new(kept).ok());
    let is_possible = password.reveal().chars().count() <= LENGTH_MAX;
    let (Some(kept), true) = (kept, is_possible) else {
        hash(&Secret::new("nobody"), &NOBODYS_SALT)?;
        return Ok(WRONG);
    };
    let password = normal(password.reveal());
    if argon2()?.verify_password(password.as_bytes(), &kept).is_err() {
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

        let refused = passwords.strength(Secret::new("x"), Vec::new()).await;
        drop(taken);
        let answered = passwords.strength(Secret::new("x"), Vec::new()).await;

        assert!(matches!(refused, Err(Error::Busy { retry_after_s: RETRY_AFTER_S })));
        assert!(answered.is_ok());
    }
}
