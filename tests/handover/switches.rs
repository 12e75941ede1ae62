//! Switches under load, for `make test` and, a hundred of them, for `make bench`.

use std::sync::Arc;
use std::time::Duration;

use holdfast::platform::tasks::Tasks;

use crate::clients::At;
use crate::crowd::{Crowd, Load};
use crate::rig::Home;
use crate::supervisor::{PATIENT, Supervisor, Took};

pub(crate) const CROWD: Crowd = Crowd { http1: 64, http2: 16, streams: 50, pace: None };
/// `make bench` has a hundred.
const SWITCHES: usize = 3;
const ANSWERS: usize = 20_000;

/// How the box changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As it should.
    HandOver,
    /// The old worker ends, and then the next one begins.
    ExitAtOnce,
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) failures: Vec<String>,
    pub(crate) answers: usize,
    pub(crate) confirmed: usize,
    pub(crate) lost: Vec<String>,
    pub(crate) ended_at_rest: usize,
    pub(crate) http2_connections: usize,
    pub(crate) streams: usize,
    pub(crate) took: Vec<Took>,
    /// The longest time an answer took during a switch or just after it.
    pub(crate) slowest: Duration,
}

/// Has a crowd ask until there are so many answers, while the box changes hands so many times.
pub(crate) fn run(switches: usize, answers: usize, crowd: Crowd, how: How) -> Outcome {
    let home = Home::new();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
    let (load, outcome) = runtime.block_on(under_load(&home, switches, answers, crowd, how));
    let file = home.data().join(format!("workspaces/{}.db", home.workspace));
    let (confirmed, lost) = load.lost(&file);
    Outcome { confirmed, lost, ..outcome }
}

async fn under_load(
    home: &Home,
    switches: usize,
    answers: usize,
    crowd: Crowd,
    how: How,
) -> (Arc<Load>, Outcome) {
    let (supervisor, tasks) = (Supervisor::new(home), Tasks::default());
    let mut workers = vec![supervisor.serve().await];
    let at = At::new(supervisor.address, &home.trust());
    let load = Load::new(&home.workspace.to_string(), &home.token, at).await;
    load.begin(crowd, &tasks).await;
    let (mut took, mut slowest) = (Vec::new(), Duration::ZERO);
    for _ in 0..switches {
        load.go_on_for(answers / (switches + 1)).await;
        load.slowest();
        match how {
            How::HandOver => took.push(supervisor.switch(&mut workers, PATIENT).await),
            How::ExitAtOnce => {
                workers.drain(..).for_each(|old| old.kill());
                workers.push(supervisor.serve().await);
            }
        }
        load.go_on_for(crowd.http1 + crowd.http2).await;
        slowest = slowest.max(load.slowest());
        workers.retain(|worker| !worker.has_ended());
    }
    load.go_on_for(answers.saturating_sub(load.answers())).await;
    let failures = load.end(&tasks).await;
    workers.last().expect("a worker").hold(PATIENT).await;
    let outcome = Outcome {
        failures,
        answers: load.answers(),
        confirmed: 0,
        lost: Vec::new(),
        ended_at_rest: load.ended_at_rest.load(std::sync::atomic::Ordering::SeqCst),
        http2_connections: load.http2_connections.load(std::sync::atomic::Ordering::SeqCst),
        streams: load.streams.load(std::sync::atomic::Ordering::SeqCst),
        took,
        slowest,
    };
    (load, outcome)
}

#[test]
fn switches_under_load_fail_nobody_and_lose_nothing() {
    let outcome = run(SWITCHES, ANSWERS, CROWD, How::HandOver);

    let Outcome { failures, answers, confirmed, lost, .. } = &outcome;
    let some = &failures[..failures.len().min(5)];
    assert!(failures.is_empty(), "{} of {answers} failed: {some:?}", failures.len());
    assert!(lost.is_empty(), "{} of {confirmed} confirmed writes are gone: {lost:?}", lost.len());
    assert!(*answers >= ANSWERS && *confirmed >= ANSWERS / 3, "{answers} {confirmed}");
    assert_eq!(outcome.ended_at_rest, 0, "a connection ended without a word");
    let longest = outcome.took.iter().map(|took| took.closing + took.opening).max();
    // Nobody slow was there, so only the files were waited for, and what a loaded machine takes.
    assert!(longest.is_some_and(|it| it < PATIENT / 2), "{:?}", outcome.took);
    assert!(outcome.slowest < PATIENT / 2, "{:?}", outcome.slowest);
    assert!(outcome.streams > CROWD.streams * SWITCHES, "every stream was begun anew");
    assert!(outcome.http2_connections > CROWD.http2, "connections were told to go");
}

#[test]
fn a_worker_that_merely_ends_fails_the_same_load() {
    let crowd = Crowd { http1: 16, http2: 4, streams: 4, pace: None };

    let outcome = run(1, 400, crowd, How::ExitAtOnce);

    assert!(!outcome.failures.is_empty(), "the load does not notice a worker that is gone");
    assert!(outcome.lost.is_empty(), "what was confirmed is kept even so");
}
