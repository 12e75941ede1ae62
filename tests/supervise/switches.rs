//! Updates that go well and updates that do not: which release answers afterwards, with what files,
//! and why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use holdfast::platform::updates::supervisor::ledger::TRIES;
use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::standing::{End, Standing, State};
use rustix::process::Signal;
use serde_json::json;

use crate::rig::{Conduct, GOOD, Rig, program, request};

/// From the wish to the old release's next answer, where the new one does not start.
const ROLLED_BACK_WITHIN: Duration = Duration::from_secs(3);
/// From the wish of somebody who wants to go back to the old release's next answer.
const ASKED_BACK_WITHIN: Duration = Duration::from_secs(2);
/// How long a way back is watched that says nothing of it.
const UNSAID: Duration = Duration::from_mins(1);

fn states(standing: &Standing) -> Vec<State> {
    let last = standing.last.as_ref().expect("an end");
    last.states.iter().map(|one| one.state).collect()
}

#[test]
fn an_update_goes_through_every_state_and_loses_no_request() {
    let mut rig = Rig::started("good");
    let (is_over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (stop, count, address) = (Arc::clone(&is_over), Arc::clone(&asked), rig.address());
    #[expect(clippy::disallowed_methods, reason = "a client beside the test")]
    let client = std::thread::spawn(move || {
        while !stop.load(Ordering::SeqCst) {
            let body = format!("row {}", count.fetch_add(1, Ordering::SeqCst));
            let answer = request(address, "POST /write HTTP/1.1", &body);
            let (status, _) = answer.expect("every request is answered");
            assert_eq!(status, 200);
        }
    });

    let standing = rig.update(Conduct { migrates: true, ..GOOD });
    is_over.store(true, Ordering::SeqCst);
    client.join().expect("no request failed");

    assert_eq!(rig.version(), 2);
    assert_eq!((standing.active.seq, standing.fallback.map(|it| it.seq)), (2, Some(0)));
    assert_eq!((standing.seq_floor, rig.schema().as_str()), (2, "new"));
    let standing = rig.standing();
    let wanted = [
        State::Armed,
        State::Hold,
        State::Snapshot,
        State::Switched,
        State::Migrated,
        State::Trial,
        State::Exposed,
        State::Probation,
        State::Committed,
    ];
    assert_eq!(states(&standing), wanted);
    assert_eq!(standing.last.expect("an end").end, End::Committed);
    let rows = std::fs::read_to_string(rig.data("rows")).expect("rows");
    assert_eq!(rows.lines().count(), asked.load(Ordering::SeqCst), "acknowledged and kept");
    let journal = std::fs::read_to_string(rig.data("update/to-2/journal")).expect("a journal");
    assert_eq!(journal.lines().count(), wanted.len() + 1, "it was cleaned up, too");
}

/// What goes wrong, and how it has to end.
struct Case {
    mode: &'static str,
    migrates: bool,
    code: &'static str,
    end: End,
    /// The schema of the files afterwards.
    schema: &'static str,
}

const fn case(
    mode: &'static str,
    migrates: bool,
    code: &'static str,
    schema: &'static str,
) -> Case {
    Case { mode, migrates, code, end: End::RolledBack, schema }
}

fn tried(rig: &mut Rig, case: &Case) {
    let Case { mode, migrates, code, end, schema } = *case;
    rig.install(Conduct { seq: 2, mode, migrates });
    rig.request("POST /write HTTP/1.1", "kept").expect("an answer");
    rig.switch(2, migrates).expect("it begins");
    let began = Instant::now();
    let standing = rig.ended_switch();

    let last = standing.last.expect("an end");
    let why = last.why.expect("a reason");
    assert_eq!((why.code.as_str(), last.end), (code, end), "{mode}: {}\n{}", why.detail, rig.log());
    assert_eq!(rig.version(), 1, "{mode}");
    assert_eq!(standing.active.seq, 0, "{mode}");
    assert_eq!(rig.schema(), schema, "{mode}");
    let rows = std::fs::read_to_string(rig.data("rows")).expect("rows");
    assert!(rows.contains("kept"), "{mode}: {rows}");
    if matches!(code, reasons::CRASHED | reasons::RELEASE_UNUSABLE) {
        assert!(began.elapsed() < ROLLED_BACK_WITHIN, "{mode}: {:?}", began.elapsed());
    }
    if end == End::RolledBack {
        let (again, _) = rig.switch(2, migrates).expect_err("it was given up");
        assert_eq!(again, reasons::QUARANTINED, "{mode}");
    }
}

#[test]
fn a_release_that_does_not_start_is_given_up_and_nothing_is_changed() {
    let cases = [
        case("exit", false, reasons::CRASHED, "old"),
        case("exit", true, reasons::CRASHED, "old"),
        case("segfault", true, reasons::CRASHED, "old"),
        case("refuses", true, reasons::START_FAILED, "old"),
        case("migration-fails", true, reasons::MIGRATION_FAILED, "old"),
    ];
    for case in cases {
        tried(&mut Rig::started("good"), &case);
    }
}

#[test]
fn a_release_that_hangs_is_given_up_when_its_time_is_over() {
    for (mode, code) in
        [("hang", reasons::NOT_READY), ("migration-hangs", reasons::MIGRATION_TIMED_OUT)]
    {
        let mut rig = Rig::new("good").ready_within(Duration::from_secs(1));
        rig.migration_ms_max = 1_000;
        rig.start(None);
        rig.answers();

        tried(&mut rig, &case(mode, true, code, "old"));
    }
}

#[test]
fn an_update_whose_files_cannot_be_put_aside_does_not_begin() {
    let mut rig = Rig::started("good");
    let snapshot_fails = Case {
        mode: "snapshot-fails",
        migrates: true,
        code: reasons::SNAPSHOT_FAILED,
        end: End::Disarmed,
        schema: "old",
    };

    tried(&mut rig, &snapshot_fails);

    assert!(rig.standing().quarantine.is_empty(), "nothing was wrong with the release");
}

#[test]
fn a_release_that_is_off_in_probation_is_given_up_and_what_was_written_stays() {
    let cases = [
        case("sick", true, reasons::UNHEALTHY, "new"),
        case("mute", false, reasons::NO_LIFE_SIGNS, "old"),
        case("leak", false, reasons::MEMORY, "old"),
        case("dies-later", true, reasons::DIED, "new"),
    ];
    for case in cases {
        let mut rig = Rig::new("good");
        rig.probation_s = 60;
        rig.start(None);
        rig.answers();

        tried(&mut rig, &case);
    }
}

/// It takes everything down with it, so that nobody is left to see it end.
#[test]
fn a_watched_release_under_which_the_machine_ends_again_and_again_is_given_up() {
    let mut rig = Rig::new("good");
    rig.probation_s = 600;
    rig.start(None);
    rig.answers();
    rig.install(Conduct { migrates: true, ..GOOD });
    rig.switch(2, true).expect("it begins");
    for _ in 0..=TRIES {
        rig.by("it is watched", |rig| rig.standing().under_way?.probation_ends_at);
        assert_eq!(rig.version(), 2);
        rig.request("POST /write HTTP/1.1", "kept").expect("an answer");
        rig.signal(Signal::KILL);
        rig.wait();
        rig.start(None);
    }

    let last = rig.ended_switch().last.expect("an end");

    assert_eq!((last.end, last.is_restored), (End::RolledBack, false));
    assert_eq!(last.why.expect("a reason").code, reasons::CRASHED);
    assert_eq!((rig.version(), rig.schema().as_str()), (1, "new"));
    let rows = std::fs::read_to_string(rig.data("rows")).expect("rows");
    assert!(rows.contains("kept"), "{rows}");
}

#[test]
fn a_release_that_answers_with_faults_is_given_up() {
    let mut rig = Rig::new("good");
    rig.probation_s = 30;
    rig.start(None);
    rig.answers();
    rig.install(Conduct { mode: "faults", ..GOOD });
    rig.switch(2, false).expect("it begins");
    rig.by("faults", |rig| {
        rig.request("GET / HTTP/1.1", "").ok().filter(|(status, _)| *status == 500)
    });

    let began = Instant::now();
    rig.by("a good answer", |rig| {
        rig.request("GET / HTTP/1.1", "").ok().filter(|(status, _)| *status == 200)
    });

    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let why = rig.ended_switch().last.expect("an end").why.expect("a reason");
    assert_eq!(why.code, reasons::FAULTS);
}

/// A34.
#[test]
fn what_is_no_program_of_this_machine_is_given_up() {
    let mut other_machine = program(GOOD);
    // The machine's number in the head of the file: one that nobody has.
    other_machine[18..20].copy_from_slice(&[0xfe, 0xca]);
    for bytes in [Vec::new(), other_machine] {
        let mut rig = Rig::started("good");
        rig.offer(2, &bytes);
        rig.take(2).expect("it is what was signed");

        rig.switch(2, false).expect("it begins");

        let why = rig.ended_switch().last.expect("an end").why.expect("a reason");
        assert_eq!(why.code, reasons::RELEASE_UNUSABLE, "{}", why.detail);
        assert_eq!(rig.version(), 1);
    }
}

#[test]
fn a_worker_that_does_not_let_go_of_its_files_is_started_anew() {
    let mut rig = Rig::started("deaf");
    let before = rig.answers();
    rig.install(GOOD);

    rig.switch(2, false).expect("it begins");

    let last = rig.ended_switch().last.expect("an end");
    assert_eq!(
        (last.end, last.why.expect("a reason").code.as_str()),
        (End::Disarmed, reasons::NOT_HELD)
    );
    assert_eq!(rig.version(), 1);
    assert_ne!(rig.answers(), before, "it is another process");
}

#[test]
fn somebody_may_go_back_to_the_release_before_once() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);
    assert_eq!(rig.version(), 2);

    let began = Instant::now();
    rig.ask(&json!({ "rollback": { "transaction": "back" } })).expect("it begins");
    rig.by("the release before", |rig| (rig.version() == 1).then_some(()));

    assert!(began.elapsed() < ASKED_BACK_WITHIN, "{:?}", began.elapsed());
    let (code, _) = rig.switch(2, false).expect_err("the rollback is being watched");
    assert_eq!(code, reasons::UNDER_WAY);
    let refused = rig.ask(&json!({ "rollback": { "transaction": "back-2" } }));
    assert!(refused.is_ok(), "whoever is watching may go forward again: {refused:?}");
    rig.by("the newer release", |rig| (rig.version() == 2).then_some(()));
}

#[test]
fn a_way_back_is_watched_for_as_long_as_was_said() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);

    let began = Instant::now();
    let back = json!({ "rollback": { "transaction": "back", "probation_s": 1 } });
    rig.ask(&back).expect("it begins");
    rig.by("the end of watching", |rig| {
        let last = rig.standing().last?;
        (last.transaction == "back" && last.end == End::Committed).then_some(())
    });

    assert!(began.elapsed() < UNSAID / 2, "{:?}", began.elapsed());
    assert_eq!(rig.version(), 1);
}

#[test]
fn somebody_may_go_back_while_a_release_is_being_watched() {
    let mut rig = Rig::new("good");
    rig.probation_s = 600;
    rig.start(None);
    rig.answers();
    rig.install(GOOD);
    rig.switch(2, false).expect("it begins");
    rig.by("probation", |rig| {
        let standing = rig.standing();
        standing.under_way.is_some_and(|it| it.probation_ends_at.is_some()).then_some(())
    });

    rig.ask(&json!({ "rollback": { "transaction": "back" } })).expect("it begins");

    let last = rig.ended_switch().last.expect("an end");
    assert_eq!(last.why.expect("a reason").code, reasons::ASKED_BACK);
    assert_eq!(rig.version(), 1);
    let (code, _) =
        rig.ask(&json!({ "rollback": { "transaction": "again" } })).expect_err("nothing before");
    assert_eq!(code, reasons::NOTHING_TO_GO_BACK_TO);
}

/// A46.
#[test]
fn a_second_update_and_an_older_one_are_refused() {
    let mut rig = Rig::new("good");
    rig.probation_s = 600;
    rig.start(None);
    rig.answers();
    rig.install(Conduct { seq: 5, ..GOOD });
    let (code, _) = rig.switch(4, false).expect_err("it is not there");
    assert_eq!(code, reasons::NOT_INSTALLED);
    rig.switch(5, false).expect("it begins");
    rig.by("the new release", |rig| (rig.version() == 5).then_some(()));

    let (code, _) = rig.switch(5, false).expect_err("one is under way");

    assert_eq!(code, reasons::UNDER_WAY);
    let (code, _) = rig.take(5).expect_err("one is under way");
    assert_eq!(code, reasons::UNDER_WAY);
}

/// A21.
#[test]
fn a_release_below_the_floor_is_refused() {
    let mut rig = Rig::started("good");
    rig.update(Conduct { seq: 5, ..GOOD });
    rig.install(Conduct { seq: 4, ..GOOD });

    let (code, _) = rig.switch(4, false).expect_err("it is older");

    assert_eq!(code, reasons::OLDER_RELEASE);
    let (code, _) = rig.switch(5, false).expect_err("the programs are the same");
    assert_eq!(code, reasons::ALREADY_RUNS);
}
