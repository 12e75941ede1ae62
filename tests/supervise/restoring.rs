//! Releases whose files the one before cannot read: going back brings the files back, whenever that
//! is decided, and afterwards there is nothing to go back to.

use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::standing::{End, State};
use rustix::process::Signal;
use serde_json::json;

use crate::rig::{Conduct, GOOD, Rig};

/// A box on which one row was written before the update.
fn rig() -> Rig {
    let mut rig = Rig::new("good");
    (rig.probation_s, rig.needs_restore) = (60, true);
    rig
}

fn write(rig: &Rig, row: &str) {
    let (status, _) = rig.request("POST /write HTTP/1.1", row).expect("an answer");
    assert_eq!(status, 200, "{row}");
}

fn rows(rig: &Rig) -> String {
    std::fs::read_to_string(rig.data("rows")).unwrap_or_default()
}

/// The release before runs on its own files again.
fn is_back(rig: &mut Rig, what: &str) {
    let standing = rig.by("nothing is under way", |rig| {
        let standing = rig.standing();
        (standing.under_way.is_none() && standing.last.is_some()).then_some(standing)
    });
    let last = standing.last.expect("an end");
    assert_eq!((last.end, last.is_restored), (End::RolledBack, true), "{what}");
    let restores = last.states.iter().filter(|one| one.state == State::Restore).count();
    assert_eq!(restores, 1, "{what}");
    assert_eq!((rig.version(), rig.schema().as_str()), (1, "old"), "{what}");
    assert!(rows(rig).contains("before"), "{what}: {}", rows(rig));
}

#[test]
fn a_watched_release_that_goes_wrong_takes_its_files_with_it() {
    for (mode, code) in [("sick", reasons::UNHEALTHY), ("dies-later", reasons::DIED)] {
        let mut rig = rig();
        rig.start(None);
        rig.answers();
        write(&rig, "before");
        rig.install(Conduct { mode, migrates: true, ..GOOD });

        rig.switch(2, true).expect("it begins");

        let why = rig.ended_switch().last.expect("an end").why.expect("a reason");
        assert_eq!(why.code, code, "{mode}: {}", why.detail);
        is_back(&mut rig, mode);
    }
}

#[test]
fn whoever_goes_back_while_it_is_watched_has_the_files_of_before() {
    let mut rig = rig();
    rig.start(None);
    rig.answers();
    write(&rig, "before");
    rig.install(Conduct { migrates: true, ..GOOD });
    rig.switch(2, true).expect("it begins");
    rig.by("probation", |rig| {
        let standing = rig.standing();
        standing.under_way.is_some_and(|it| it.probation_ends_at.is_some()).then_some(())
    });
    write(&rig, "meanwhile");

    rig.ask(&json!({ "rollback": { "transaction": "back" } })).expect("it begins");

    let why = rig.ended_switch().last.expect("an end").why.expect("a reason");
    assert_eq!(why.code, reasons::ASKED_BACK);
    is_back(&mut rig, "asked");
    assert!(!rows(&rig).contains("meanwhile"), "{}", rows(&rig));
}

#[test]
fn once_it_is_kept_the_release_before_is_no_way_back() {
    let mut rig = rig();
    rig.probation_s = 1;
    rig.start(None);
    rig.answers();

    let standing = rig.update(Conduct { migrates: true, ..GOOD });

    assert_eq!((standing.active.seq, standing.fallback), (2, None));
    let (code, _) =
        rig.ask(&json!({ "rollback": { "transaction": "back" } })).expect_err("nothing to go to");
    assert_eq!(code, reasons::NOTHING_TO_GO_BACK_TO);
    assert_eq!((rig.version(), rig.schema().as_str()), (2, "new"));
}

/// Somebody was erased meanwhile, and with them all that is kept of before.
#[test]
fn a_release_stays_when_the_files_of_before_are_gone() {
    let mut rig = rig();
    rig.start(None);
    rig.answers();
    rig.install(Conduct { migrates: true, ..GOOD });
    rig.switch(2, true).expect("it begins");
    rig.by("probation", |rig| {
        let standing = rig.standing();
        standing.under_way.is_some_and(|it| it.probation_ends_at.is_some()).then_some(())
    });
    std::fs::remove_dir_all(rig.data("update/to-2/snapshot")).expect("the files of before");

    rig.request("POST /die HTTP/1.1", "now").expect_err("no answer");

    let standing = rig.ended_switch();
    assert_eq!(standing.last.expect("an end").end, End::Committed);
    assert_eq!((rig.version(), rig.schema().as_str()), (2, "new"));
    let told = rig.standing().alerts.into_iter().map(|alert| alert.code).collect::<Vec<_>>();
    assert_eq!(told, [reasons::DIED]);
}

#[test]
fn a_kill_on_the_way_back_leaves_the_files_of_before() {
    for point in ["exposed", "going-back", "restore-begun", "step-restore-half", "restore-done"] {
        let mut rig = rig();
        // Whether a release is sick is compared with the one before, which the next process does
        // not have.
        let is_noted = !["exposed", "going-back"].contains(&point);
        let mode = if is_noted { "sick" } else { "dies-later" };
        rig.offer(2, &crate::rig::program(Conduct { seq: 2, mode, migrates: true }));
        rig.start(Some(point));
        rig.answers();
        write(&rig, "before");
        rig.take(2).expect("it is what was signed");
        rig.switch(2, true).expect("it begins");

        rig.by("it is killed", |rig| {
            // A step that is killed is begun again by the supervisor itself.
            let is_stuck = rig.log().contains(reasons::RESTORE_FAILED);
            (is_stuck || rig.ended().is_some()).then_some(())
        });
        rig.signal_if_there(Signal::KILL);
        rig.wait();
        rig.start(None);

        is_back(&mut rig, point);
    }
}
