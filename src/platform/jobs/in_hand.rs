//! What jobs are given that is written nowhere: what opens a backup or an archive. In memory alone,
//! and dropped when the job has ended, however it did.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rules::JobId;

type Anything = Arc<dyn Any + Send + Sync>;

/// By the job that it is for.
#[derive(Default)]
pub(super) struct InHand(Mutex<HashMap<JobId, Anything>>);

impl InHand {
    pub(super) fn put(&self, job: JobId, what: impl Any + Send + Sync) {
        self.lock().insert(job, Arc::new(what));
    }

    /// None: nothing was given, or something else.
    pub(super) fn get<T: Any + Send + Sync>(&self, job: JobId) -> Option<Arc<T>> {
        let what = self.lock().get(&job).map(Arc::clone);
        what.and_then(|what| what.downcast().ok())
    }

    pub(super) fn has(&self, job: JobId) -> bool {
        self.lock().contains_key(&job)
    }

    pub(super) fn forget(&self, job: JobId) {
        let what = self.lock().remove(&job);
        // Without the lock: it may take a moment to be wiped.
        drop(what);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Anything>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
