//! Files are brought back by whichever release can: the new one first, which may be damaged itself.

use std::time::Duration;

use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::standing::End;

use crate::rig::{Conduct, Rig, program};

/// A release that migrates, and does not start.
const fn failing(mode: &str) -> Conduct<'_> {
    Conduct { seq: 2, mode, migrates: true }
}

/// The release before answers, on its own files.
fn is_back(rig: &mut Rig) {
    let last = rig.ended_switch().last.expect("an end");
    assert_eq!((last.end, last.is_restored), (End::RolledBack, true));
    assert_eq!((rig.version(), rig.schema().as_str()), (1, "old"));
    let after = std::fs::read_to_string(rig.data("after")).expect("it was brought back");
    assert_eq!(after, "2", "all of them put the new release's files aside by the same name");
    let alerts = rig.standing().alerts;
    assert!(alerts.iter().all(|one| one.code != reasons::RESTORE_FAILED), "{alerts:?}");
}

#[test]
fn where_the_new_release_cannot_bring_the_files_back_the_one_before_does() {
    let mut rig = Rig::started("good");

    rig.update(failing("restore-fails"));

    is_back(&mut rig);
    assert!(rig.log().contains(reasons::RESTORE_FAILED), "{}", rig.log());
}

#[test]
fn bringing_the_files_back_may_take_as_long_as_it_gets_on() {
    let mut rig = Rig::new("good");
    rig.migration_ms_max = 1_000;
    rig.start(None);
    rig.answers();

    rig.update(failing("restore-slow"));

    is_back(&mut rig);
    assert!(!rig.log().contains(reasons::RESTORE_FAILED), "{}", rig.log());
}

#[test]
fn where_bringing_the_files_back_stands_still_another_release_does_it() {
    let mut rig = Rig::new("good").restored_within(Duration::from_millis(500));
    rig.start(None);
    rig.answers();

    rig.update(failing("restore-hangs"));

    is_back(&mut rig);
    assert!(rig.log().contains("that it gets on"), "{}", rig.log());
}

#[test]
fn a_new_release_that_was_damaged_is_not_needed_to_bring_the_files_back() {
    let mut rig = Rig::new("good");
    rig.offer(2, &program(failing("exit")));
    rig.start(Some("restore-begun"));
    rig.answers();
    rig.take(2).expect("it is what was signed");
    let folder = rig.standing().installed.into_iter().find_map(|it| it.folder).expect("a folder");
    rig.switch(2, true).expect("it begins");
    rig.wait();
    let installed = rig.state("releases").join(folder).join("holdfast");
    std::fs::remove_file(&installed).expect("its place");
    std::fs::write(&installed, "damaged").expect("room");

    rig.start(None);

    is_back(&mut rig);
}

#[test]
fn what_was_put_aside_stays_until_it_is_written_that_the_update_was_given_up() {
    let mut rig = Rig::new("good");
    rig.migration_ms_max = 60_000;
    rig.start(None);
    rig.answers();
    rig.install(failing("snapshot-waits"));
    rig.switch(2, true).expect("it begins");
    let snapshot = rig.data("update/to-2/snapshot");
    rig.by("a snapshot", |_| snapshot.join("rows").exists().then_some(()));
    // Nothing can be written where there is no folder.
    let (boot, elsewhere) = (rig.state("boot"), rig.state("elsewhere"));
    std::fs::rename(&boot, &elsewhere).expect("a folder");
    std::fs::write(rig.data("go"), "").expect("room");

    assert_eq!(rig.version(), 1);
    assert!(snapshot.join("manifest").exists(), "the disk may still say that it is needed");
    std::fs::rename(&elsewhere, &boot).expect("its place");
    let last = rig.ended_switch().last.expect("an end");
    assert_eq!(last.end, End::Disarmed);
    rig.by("it is removed", |_| (!snapshot.exists()).then_some(()));

    // As after a kill between the two.
    std::fs::create_dir(&snapshot).expect("a folder");
    rig.restart();
    assert_eq!(rig.version(), 1);
    assert!(!snapshot.exists());
}
