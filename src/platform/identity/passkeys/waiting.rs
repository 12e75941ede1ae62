//! Questions that were asked and wait for their answers, in memory and bounded: a restart forgets
//! them, and people try again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rules::CHALLENGE_LIFE;
use crate::platform::clock::Moment;

/// Waiting at once; whatever is over is dropped first, and then the oldest.
const WAITING_MAX: usize = 2_000;

/// Whose question it is: the hash of what only they have.
pub(in crate::platform) type Asker = [u8; 32];

/// One question at most for each asker; a new one replaces it.
pub(super) struct Waiting<T>(Mutex<HashMap<Asker, (Moment, T)>>);

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Waiting<T> {
    pub(super) fn add(&self, asker: Asker, question: T, now: Moment) {
        let mut all = self.lock();
        if all.len() >= WAITING_MAX {
            all.retain(|_, (asked_at, _)| is_good(*asked_at, now));
        }
        if all.len() >= WAITING_MAX {
            let oldest = all.iter().min_by_key(|(_, (asked_at, _))| *asked_at);
            let oldest = oldest.map(|(asker, _)| *asker);
            oldest.map(|asker| all.remove(&asker));
        }
        all.insert(asker, (now, question));
    }

    /// Takes the question away, whatever its answer turns out to be.
    pub(super) fn take(&self, asker: &Asker, now: Moment) -> Option<T> {
        let (asked_at, question) = self.lock().remove(asker)?;
        is_good(asked_at, now).then_some(question)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asker, (Moment, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_good(asked_at: Moment, now: Moment) -> bool {
    now.since(asked_at) < CHALLENGE_LIFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_and_in_time() {
        let waiting = Waiting::default();
        waiting.add([1; 32], "one", Moment(0));
        waiting.add([2; 32], "two", Moment(0));

        assert_eq!(waiting.take(&[1; 32], Moment(299_999)), Some("one"));
        assert_eq!(waiting.take(&[1; 32], Moment(299_999)), None);
        assert_eq!(waiting.take(&[2; 32], Moment(300_000)), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let waiting = Waiting::default();
        let asker = |number: usize| {
            let mut asker = [0; 32];
            asker[..8].copy_from_slice(&number.to_be_bytes());
            asker
        };
        for number in 0..=WAITING_MAX {
            let now = Moment(i64::try_from(number).expect("few"));
            waiting.add(asker(number), number, now);
        }

        assert_eq!(waiting.take(&asker(0), Moment(5_000)), None);
        assert_eq!(waiting.take(&asker(1), Moment(5_000)), Some(1));
        assert_eq!(waiting.lock().len(), WAITING_MAX - 1);
    }
}
