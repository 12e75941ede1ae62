//! What the supervisor does when nothing is updated: it keeps a worker alive, starts nothing that
//! was tampered with, and keeps the worker from its own files.

use holdfast::platform::updates::supervisor::enclosing::is_kept_out;
use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::standing::ProtectionState;
use rustix::process::Signal;
use serde_json::json;

use crate::process::{Named, VOUCHED};
use crate::rig::{Conduct, GOOD, Rig};

#[test]
fn a_worker_that_ends_is_started_again_at_once() {
    let mut rig = Rig::started("good");
    let before = rig.answers();

    assert!(rig.request("POST /die HTTP/1.1", "").is_err(), "it is gone");

    let after = rig.answers();
    assert!(after.starts_with("version 1") && after != before, "{before}, then {after}");
}

#[test]
fn a_worker_that_gives_no_sign_of_life_is_started_anew() {
    let mut rig = Rig::started("mute");
    let before = rig.answers();

    rig.by("another process", |rig| (rig.answers() != before).then_some(()));
}

#[test]
fn a_box_that_must_not_be_started_again_ends_with_its_own_exit_code() {
    let mut rig = Rig::new("damaged");
    rig.start(None);

    assert_eq!(rig.wait().code(), Some(5));
}

#[test]
fn a_supervisor_that_is_asked_to_stop_ends_its_worker_in_order() {
    let mut rig = Rig::started("good");

    rig.signal(Signal::TERM);

    assert_eq!(rig.wait().code(), Some(0));
    assert!(rig.request("GET / HTTP/1.1", "").is_err());
    let lock = std::fs::File::open(rig.data("lock")).expect("a lock");
    lock.try_lock().expect("nobody holds the data any more");
}

#[test]
fn a_reload_reaches_the_worker() {
    let mut rig = Rig::started("good");

    rig.signal(Signal::HUP);

    rig.by("the worker reloads", |rig| rig.data("reloaded").exists().then_some(()));
    assert_eq!(rig.version(), 1);
}

#[test]
fn a_supervisor_that_is_killed_finds_its_data_free_soon() {
    let mut rig = Rig::started("good");

    rig.signal(Signal::KILL);
    rig.wait();
    rig.start(None);

    assert_eq!(rig.version(), 1);
}

/// A42.
#[test]
fn a_changed_release_is_not_started_and_the_one_before_is() {
    let mut rig = Rig::started("good");
    let standing = rig.update(GOOD);
    let folder = standing.active.folder.expect("a folder");
    rig.signal(Signal::TERM);
    rig.wait();
    let path = rig.state("releases").join(folder).join("holdfast");
    let mut bytes = std::fs::read(&path).expect("a program");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::remove_file(&path).expect("its place");
    std::fs::write(&path, bytes).expect("room");

    rig.start(None);

    assert_eq!(rig.version(), 1);
    let alerts = rig.standing().alerts;
    let told = alerts.iter().find(|one| one.code == reasons::LAST_RESORT);
    let is_named = told.is_some_and(|one| one.detail.contains(reasons::RELEASE_CHANGED));
    assert!(is_named, "why is told with its own reason: {alerts:?}");
}

#[test]
fn a_revoked_release_is_not_started_while_there_is_another() {
    let mut rig = Rig::started("good");
    let active = rig.update(GOOD).active;
    let bytes = std::fs::metadata(
        rig.state("releases").join(active.folder.expect("a folder")).join("holdfast"),
    );
    let size_bytes = bytes.expect("a program").len();
    let revoked = Named { seq: 2, sha256: active.sha256, size_bytes, is_revoked: true };
    rig.vouch("holdfast", &revoked);
    let (code, _) = rig.take(2).expect_err("it is revoked");
    assert_eq!(code, reasons::RELEASE_REVOKED);

    rig.signal(Signal::TERM);
    rig.wait();
    rig.start(None);

    assert_eq!(rig.version(), 1);
}

/// What a list says of a release that it does not name any more: it names another one.
fn forgotten() -> Named {
    Named { seq: 40, sha256: "0".repeat(64), size_bytes: 1, is_revoked: false }
}

#[test]
fn a_release_that_the_list_forgot_is_started_all_the_same() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);
    rig.believe(&forgotten());

    rig.restart();

    assert_eq!(rig.version(), 2);
    let alerts = rig.standing().alerts;
    assert!(alerts.iter().all(|one| one.code != reasons::LAST_RESORT), "{alerts:?}");
}

#[test]
fn a_box_whose_list_cannot_be_read_starts_what_it_ran() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);
    std::fs::write(rig.state("trust").join(VOUCHED), "torn").expect("room");

    rig.restart();

    assert_eq!(rig.version(), 2);
}

#[test]
fn a_release_that_the_list_forgot_can_be_gone_back_to_and_not_be_switched_to() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);
    rig.install(Conduct { seq: 4, ..GOOD });
    rig.update(Conduct { seq: 3, ..GOOD });
    rig.believe(&forgotten());

    let (code, _) = rig.switch(4, false).expect_err("nobody vouches for it any more");
    assert_eq!(code, reasons::RELEASE_UNVOUCHED);
    rig.ask(&json!({ "rollback": { "transaction": "back", "probation_s": 60 } }))
        .expect("it ran here");
    rig.by("the release before", |rig| (rig.version() == 2).then_some(()));
    // The next process has to open it anew.
    rig.by("probation", |rig| rig.standing().under_way?.probation_ends_at);
    rig.restart();
    assert_eq!(rig.version(), 2);
}

#[test]
fn where_the_data_is_too_new_for_a_release_the_next_one_is_tried() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);
    rig.update(Conduct { seq: 3, mode: "reads-old", migrates: false });
    std::fs::write(rig.data("schema"), "new").expect("room");

    rig.restart();

    assert_eq!(rig.version(), 2);
    let standing = rig.standing();
    assert_eq!(standing.active.seq, 3, "it stays the one to be kept");
    let alert = standing.alerts.iter().find(|one| one.code == reasons::LAST_RESORT);
    let alert = alert.unwrap_or_else(|| panic!("{:?}", standing.alerts));
    assert!(alert.detail.contains("newer version"), "{}", alert.detail);
}

#[test]
fn a_revoked_release_is_started_with_an_alert_where_nothing_else_can_read_the_data() {
    let mut rig = Rig::started("reads-old");
    let active = rig.update(Conduct { migrates: true, ..GOOD }).active;
    let sha256 = active.sha256;
    rig.believe(&Named { seq: 2, sha256, size_bytes: 1, is_revoked: true });

    rig.restart();

    assert_eq!(rig.version(), 2);
    let alerts = rig.standing().alerts;
    assert!(alerts.iter().any(|one| one.code == reasons::RELEASE_REVOKED), "{alerts:?}");
}

#[test]
fn a_box_with_both_copies_of_its_boot_state_damaged_starts_the_package_and_says_so() {
    let mut rig = Rig::started("good");
    rig.update(GOOD);
    rig.signal(Signal::TERM);
    rig.wait();
    for copy in ["boot/a", "boot/b"] {
        std::fs::write(rig.state(copy), "torn").expect("room");
    }

    rig.start(None);

    assert_eq!(rig.version(), 1);
    let alerts = rig.standing().alerts;
    assert_eq!(alerts[0].code, reasons::BOOT_STATE_DAMAGED, "{alerts:?}");
}

#[test]
fn a_release_is_rehearsed_below_the_folder_for_updates_and_nowhere_else() {
    let mut rig = Rig::started("good");
    rig.install(GOOD);
    let inside = rig.data("update/one/rehearse");
    std::fs::create_dir_all(&inside).expect("a folder");
    let mut run = |seq: u64, folder: &str| {
        let step = json!({ "rehearse": { "folder": folder } });
        rig.ask(&json!({ "run": { "seq": seq, "step": step } }))
    };

    let new = run(2, inside.to_str().expect("a plain path")).expect("a report");
    let old = run(0, inside.to_str().expect("a plain path")).expect("a report");

    assert_eq!((&new["version"], &old["version"]), (&json!("2"), &json!("1")));
    let data = rig.data("");
    let above = rig.data("update/one/..");
    for folder in [&data, &above, &rig.data("update"), &rig.state("boot")] {
        let step = json!({ "rehearse": { "folder": folder } });
        let (code, _) =
            rig.ask(&json!({ "run": { "seq": 2, "step": step } })).expect_err("another folder");
        assert_eq!(code, reasons::WRONG_FOLDER, "{}", folder.display());
    }
}

#[test]
fn a_rehearsal_that_finds_something_reports_it() {
    let mut rig = Rig::started("good");
    rig.install(Conduct { mode: "rehearsal-fails", ..GOOD });
    let inside = rig.data("update/one");
    std::fs::create_dir_all(&inside).expect("a folder");

    let step = json!({ "rehearse": { "folder": inside } });
    let report = rig.ask(&json!({ "run": { "seq": 2, "step": step } })).expect("a report");

    assert_eq!(report["version"], "2");
}

/// A45.
#[test]
fn a_release_cannot_write_where_the_supervisor_keeps_its_files() {
    let mut rig = Rig::started("good");
    let protection = rig.standing().protection;
    let without = ["not in this kernel", "switched off", "could not be used"];
    if without.iter().any(|why| protection.detail.contains(why)) {
        println!("skipped: {}", protection.detail);
        return;
    }
    assert_ne!(protection.state, ProtectionState::Missing, "{}", protection.detail);
    assert!(protection.detail.contains("was refused when it tried"), "{}", protection.detail);
    rig.install(Conduct { mode: "leaves-folder", ..GOOD });
    let inside = rig.data("update/one");
    std::fs::create_dir_all(&inside).expect("a folder");

    let step = json!({ "rehearse": { "folder": inside } });
    let report = rig.ask(&json!({ "run": { "seq": 2, "step": step } })).expect("a report");

    assert_eq!(report["wrote"], false);
    assert!(!rig.state("boot/forbidden").exists());
}

#[test]
fn what_is_kept_out_is_tried_and_leaves_nothing_behind() {
    let open = tempfile::tempdir().expect("a folder");

    assert!(!is_kept_out(open.path()).expect("a folder"), "nothing keeps this process out");
    assert_eq!(std::fs::read_dir(open.path()).expect("a folder").count(), 0);
    is_kept_out(&open.path().join("none")).expect_err("what is not there proves nothing");
}
