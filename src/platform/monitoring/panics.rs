//! Panics, with their backtraces. The process has one hook for all of them; what it sees waits
//! here until somebody who knows the request, or the task that writes failures down, takes it.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing::error;

use crate::platform::clock::Moment;
use crate::platform::errors::rules::{Kind, Report};
use crate::platform::tasks::panic_message;

/// Panics that wait; the oldest goes first.
const WAITING_MAX: usize = 64;

static WAITING: Mutex<VecDeque<Panic>> = Mutex::new(VecDeque::new());
/// Panics so far.
static COUNT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The number of this thread's last panic.
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// A panic that was caught somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    number: u64,
    message: String,
    /// `src/http/front.rs:71:9`.
    at: String,
    backtrace: String,
}

impl Panic {
    /// As a failure to write down.
    pub fn report(&self, now: Moment) -> Report {
        let Self { message, at, backtrace, .. } = self;
        Report::new(Kind::Panic, &format!("{message} at {at}"), now).sample(backtrace)
    }
}

/// Logs every panic from here on and keeps it for a while.
pub fn install() {
    panic::set_hook(Box::new(|panic| {
        let cause = panic_message(panic.payload());
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = Backtrace::force_capture().to_string();
        error!(panic.at = at, panic.backtrace = backtrace, "Panic: {cause}");
        keep(cause, at, backtrace);
    }));
}

fn keep(message: String, at: String, backtrace: String) {
    let mut waiting = waiting();
    let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    if waiting.len() >= WAITING_MAX {
        waiting.pop_front();
    }
    waiting.push_back(Panic { number, message, at, backtrace });
    LAST.set(number);
}

/// The last panic of this thread, if it still waits: for whoever caught it.
pub fn take_own() -> Option<Panic> {
    let number = LAST.replace(0);
    let mut waiting = waiting();
    let place = waiting.iter().position(|panic| panic.number == number)?;
    waiting.remove(place)
}

/// All panics that wait.
pub fn take_all() -> Vec<Panic> {
    waiting().drain(..).collect()
}

fn waiting() -> std::sync::MutexGuard<'static, VecDeque<Panic>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_taken_once_by_the_thread_that_caught_it() {
        let before = LAST.get();
        keep("broke".to_owned(), "src/a.rs:1:1".to_owned(), "0: main".to_owned());

        let own = take_own().expect("it waits");

        assert_ne!(own.number, before);
        let report = own.report(Moment(7));
        assert_eq!(report.message, "broke at src/a.rs:1:1");
        assert_eq!((report.kind, report.sample.as_deref()), (Kind::Panic, Some("0: main")));
        assert_eq!(take_own(), None);
    }
}
