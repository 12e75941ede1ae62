//! The supervisor, or a step of a release, is killed at every named point of an update, and again
//! while it puts that in order: the box answers soon with one of both releases, whole, on files
//! that this release wants, and nothing that was acknowledged is lost. `HOLDFAST_TORTURE` goes
//! through all points, and through pairs of them.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use holdfast::platform::updates::supervisor::crash::POINTS;
use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::standing::End;
use rustix::process::Signal;

use crate::rig::{Conduct, Rig};

/// Points of the steps, which the small release does.
const STEP_POINTS: [&str; 5] = [
    "step-snapshot-begun",
    "step-migration-half",
    "step-migration-done",
    "step-restore-half",
    "step-restore-done",
];
/// Points in `make test`.
const POINTS_IN_TEST: usize = 20;
/// From the start of the next process to its first answer.
const HEALTHY_WITHIN: Duration = Duration::from_secs(10);

/// How the new release has to be for the point to be reached.
fn conduct(point: &str) -> Conduct<'static> {
    let mode = match point {
        "restore-begun" | "restore-done" | "rolled-back" | "step-restore-half"
        | "step-restore-done" => "exit",
        "going-back" => "sick",
        _ => "good",
    };
    Conduct { seq: 2, mode, migrates: true }
}

fn points() -> Vec<&'static str> {
    let all: Vec<&str> = POINTS.into_iter().chain(STEP_POINTS).collect();
    if is_torture() {
        return all;
    }
    let every = all.len() / POINTS_IN_TEST;
    all.into_iter().step_by(every).collect()
}

/// What a first start comes by as well is meant the second time.
fn at_the_update(point: &str) -> String {
    let is_in_start =
        ["worker-", "install-", "accepted"].iter().any(|start| point.starts_with(start));
    if is_in_start { format!("{point}:2") } else { point.to_owned() }
}

fn is_torture() -> bool {
    std::env::var_os("HOLDFAST_TORTURE").is_some()
}

/// Writes until the box does not answer any more; gives what was acknowledged.
fn write_until_it_is_gone(rig: &mut Rig, acknowledged: &mut BTreeSet<String>) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    let mut has_asked = false;
    while Instant::now() < end {
        if rig.ended().is_some() {
            return true;
        }
        // A step that is killed each time does not get better by itself.
        if rig.log().contains(reasons::RESTORE_FAILED) {
            rig.signal_if_there(Signal::KILL);
        }
        let row = format!("row {}", acknowledged.len());
        if rig.impatient("POST /write HTTP/1.1", &row).is_ok_and(|(status, _)| status == 200) {
            acknowledged.insert(row);
        }
        if !has_asked && !acknowledged.is_empty() {
            has_asked = asked(rig);
        }
        let standing = has_asked
            .then(|| rig.impatient("POST /ask HTTP/1.1", "\"standing\""))
            .and_then(Result::ok);
        if standing.is_some_and(|(_, body)| body.contains("\"last\":{")) {
            return false;
        }
    }
    panic!("neither killed nor ended:\n{}", rig.log());
}

/// Has the update begin; false while the box is not there.
fn asked(rig: &Rig) -> bool {
    let take = r#"{"take":{"seq":2,"accept_stale":false}}"#;
    let is_taken = rig.impatient("POST /ask HTTP/1.1", take).is_ok();
    let wish = rig.wish_to_switch(2, true).to_string();
    is_taken && rig.impatient("POST /ask HTTP/1.1", &wish).is_ok()
}

/// What has to be so once the box is healthy again.
fn look(rig: &mut Rig, point: &str, acknowledged: &BTreeSet<String>) {
    let began = Instant::now();
    let version = rig.version();
    assert!(began.elapsed() < HEALTHY_WITHIN, "{point}: {:?}", began.elapsed());
    let standing = rig.by("nothing is under way", |rig| {
        let standing = rig.standing();
        standing.under_way.is_none().then_some(standing)
    });
    let version_now = rig.version();
    let is_new = standing.active.seq == 2;
    assert_eq!(version_now, if is_new { 2 } else { 1 }, "{point}: began with {version}");
    let is_kept = standing.last.as_ref().is_some_and(|last| last.end == End::Committed);
    assert!(!is_new || is_kept, "{point}");
    match (is_new, rig.schema().as_str()) {
        (true, "new") | (false, "old") => {}
        (false, "new") if conduct(point).mode == "sick" => {}
        (_, schema) => panic!("{point}: version {version_now} on {schema} files"),
    }
    let rows = std::fs::read_to_string(rig.data("rows")).unwrap_or_default();
    let kept: BTreeSet<&str> = rows.lines().collect();
    for row in acknowledged {
        assert!(kept.contains(row.as_str()), "{point}: {row} is lost");
    }
}

fn kill_at(first: &str, second: Option<&str>) {
    let mut rig = Rig::new("good");
    rig.offer(2, &crate::rig::program(conduct(first)));
    let mut acknowledged = BTreeSet::new();
    rig.start(Some(&at_the_update(first)));

    let is_killed = write_until_it_is_gone(&mut rig, &mut acknowledged);

    let is_step = STEP_POINTS.contains(&first);
    assert!(is_killed || is_step, "{first} was not reached:\n{}", rig.log());
    if is_killed {
        assert_eq!(rig.wait().signal(), Some(Signal::KILL.as_raw()), "{first}");
        if let Some(second) = second {
            rig.start(Some(second));
            // It may not come by there.
            rig.by("it is killed again, or healthy", |rig| {
                let is_healthy = rig.request("GET / HTTP/1.1", "").is_ok();
                (is_healthy || rig.ended().is_some()).then_some(())
            });
            rig.signal_if_there(Signal::KILL);
            rig.wait();
        }
        rig.start(None);
    }
    look(&mut rig, first, &acknowledged);
}

#[test]
fn a_kill_at_any_point_leaves_a_box_that_is_old_or_new() {
    let points = points();
    assert!(points.len() >= POINTS_IN_TEST);
    for point in &points {
        kill_at(point, None);
    }
    println!("killed at {} points", points.len());
}

#[test]
fn a_second_kill_while_the_first_is_put_in_order_changes_nothing() {
    let first = ["switched", "migration-begun", "exposed", "restore-begun", "boot-written"];
    let second = ["boot-written", "try-counted", "worker-ready", "start-recovered", "exposed"];
    let pairs: Vec<(&str, &str)> = if is_torture() {
        first.iter().flat_map(|one| POINTS.iter().map(move |other| (*one, *other))).collect()
    } else {
        first.into_iter().zip(second).collect()
    };
    for (first, second) in pairs {
        kill_at(first, Some(second));
    }
}
