//! Counts the open event streams, all together and per person.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Limits;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;

type Counts = Mutex<HashMap<UserId, usize>>;

/// The bound on open streams.
pub struct Streams {
    open: Arc<Counts>,
    all_max: usize,
    each_max: usize,
    /// The box goes on at once in another process.
    is_handed_over: AtomicBool,
}

/// One open stream; dropping it makes room for another.
pub struct StreamPermit {
    open: Arc<Counts>,
    user: UserId,
}

impl Streams {
    pub fn new(limits: &Limits) -> Self {
        Self {
            open: Arc::default(),
            all_max: limits.event_streams_max,
            each_max: limits.event_streams_per_caller_max,
            is_handed_over: AtomicBool::new(false),
        }
    }

    /// Streams that end from now on are to be begun anew at once.
    pub fn hand_over(&self) {
        self.is_handed_over.store(true, Ordering::Relaxed);
    }

    pub fn are_handed_over(&self) -> bool {
        self.is_handed_over.load(Ordering::Relaxed)
    }

    pub fn admit(&self, user: UserId) -> Result<StreamPermit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let mine = open.get(&user).copied().unwrap_or(0);
        if all >= self.all_max || mine >= self.each_max {
            let limit = u64::try_from(self.each_max).ok();
            return Err(Error::Throttled { code: "too-many-streams", retry_after_s: 30, limit });
        }
        open.insert(user, mine + 1);
        Ok(StreamPermit { open: Arc::clone(&self.open), user })
    }

    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}
