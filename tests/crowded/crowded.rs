//! A crowd that keeps its connections and sends each request once, while a box takes releases and
//! leaves them again. For `make test`, and for `make bench` with a hundred changes.

use std::time::{Duration, Instant};

use holdfast::platform::tasks::Tasks;

use crate::boxed::Machine;
use crate::clients::At;
use crate::crowd::{Crowd, Load};
use crate::publisher::Publisher;

/// A crowd that leaves a debug build the time to do an update beside it.
const CROWD: Crowd =
    Crowd { http1: 64, http2: 16, streams: 50, pace: Some(Duration::from_millis(600)) };
/// `make bench` has a hundred.
const CHANGES: u32 = 5;
const ANSWERS: usize = 20_000;

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) failures: Vec<String>,
    pub(crate) answers: usize,
    pub(crate) confirmed: usize,
    pub(crate) lost: Vec<String>,
    pub(crate) streams: usize,
    /// The longest time that an answer took from the wish for a change to the end of it.
    pub(crate) slowest: Duration,
    /// How long each change took with all that belongs to it: an update with its backup and its
    /// rehearsal, each with the time it was watched.
    pub(crate) updates: Vec<Duration>,
    pub(crate) rollbacks: Vec<Duration>,
}

/// Has a crowd ask until there are so many answers, while a release is taken, left, and the next
/// one taken, so many times in all.
pub(crate) fn run(changes: u32, answers: usize, crowd: Crowd) -> Outcome {
    let publisher = Publisher::new();
    let mut machine = Machine::owned(&publisher, &publisher.address());
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
    let tasks = Tasks::default();
    let (address, trust) = machine.at();
    let at = At::new(address, trust);
    let load = runtime.block_on(async {
        let load = Load::new(&machine.workspace, &machine.token, at).await;
        load.begin(crowd, &tasks).await;
        load
    });
    let (mut slowest, mut updates, mut rollbacks) = (Duration::ZERO, Vec::new(), Vec::new());
    for nth in 0..changes {
        let wanted = answers * (nth as usize + 1) / (changes as usize + 1);
        runtime.block_on(load.go_on_for(wanted.saturating_sub(load.answers())));
        load.slowest();
        let began = Instant::now();
        if nth % 2 == 0 {
            let version = publisher.publish(nth + 1, "good");
            let offered = machine.said(&["update", "check"]);
            assert_eq!(offered["offer"]["version"], version.as_str(), "{offered}");
            let taken = machine.said(&["update", "apply", "--yes"]);
            assert_eq!(taken["outcome"], "committed", "{taken}");
            updates.push(began.elapsed());
        } else {
            let back = machine.said(&["update", "rollback", "--yes"]);
            assert_eq!(back["outcome"], "committed", "{back}");
            rollbacks.push(began.elapsed());
        }
        slowest = slowest.max(load.slowest());
    }
    runtime.block_on(load.go_on_for(answers.saturating_sub(load.answers())));
    let failures = runtime.block_on(load.end(&tasks));
    let streams = load.streams.load(std::sync::atomic::Ordering::SeqCst);
    machine.stop();
    let file = machine.path(&format!("data/workspaces/{}.db", machine.workspace));
    let (confirmed, lost) = load.lost(&file);
    let answers = load.answers();
    Outcome { failures, answers, confirmed, lost, streams, slowest, updates, rollbacks }
}

#[test]
fn updates_and_a_rollback_under_a_crowd_fail_nobody_and_lose_nothing() {
    let outcome = run(CHANGES, ANSWERS, CROWD);

    let Outcome { failures, answers, confirmed, lost, .. } = &outcome;
    let some = &failures[..failures.len().min(5)];
    assert!(failures.is_empty(), "{} of {answers} failed: {some:?}", failures.len());
    assert!(lost.is_empty(), "{} of {confirmed} confirmed writes are gone: {lost:?}", lost.len());
    assert!(*answers >= ANSWERS && *confirmed >= ANSWERS / 3, "{answers} {confirmed}");
    assert_eq!((outcome.updates.len(), outcome.rollbacks.len()), (3, 2));
    assert!(outcome.streams >= CROWD.streams * 4, "every stream was begun anew each time");
}
