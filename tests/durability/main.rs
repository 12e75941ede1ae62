//! An acknowledged write is on disk: the real binary is killed, and its power is cut, at random
//! moments under load. `HOLDFAST_TORTURE=N` does both N times.
#![expect(unreachable_pub, reason = "the rig is a module of its only user")]

mod backups;
mod counts;
mod rig;
#[path = "../system/seeded.rs"]
mod seeded;

use rig::{Disk, Rig};

/// Kills in `make test`.
const KILLS: usize = 20;
/// Kills among backups in `make test`.
const KILLS_OF_BACKUPS: usize = 50;
/// Power cuts in `make test`.
const CUTS: usize = 50;
/// Cuts within which a lowered `synchronous` must have shown itself.
const CUTS_UNTIL_LOSS: usize = 10;

fn rounds(in_test: usize) -> usize {
    std::env::var("HOLDFAST_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(in_test)
}

#[test]
fn no_acknowledged_write_is_lost_when_the_box_is_killed() {
    let mut rig = Rig::new(Disk::Plain, 0x5eed_0001);

    for round in 1..=rounds(KILLS) {
        rig.run_and_kill();

        rig.find_losses().unwrap_or_else(|loss| panic!("after kill {round}: {loss}"));
    }

    rig.say("kills");
}

#[test]
fn a_backup_is_whole_or_none_when_the_box_is_killed() {
    let mut rig = Rig::new(Disk::Plain, 0x5eed_0006).with_backups();
    let mut in_the_middle = 0;

    for round in 1..=rounds(KILLS_OF_BACKUPS) {
        rig.run_and_kill();
        in_the_middle += usize::from(!rig.backups().left_over().is_empty());

        rig.find_losses().unwrap_or_else(|loss| panic!("after kill {round}: {loss}"));
        rig.backups().find_false().unwrap_or_else(|lie| panic!("after kill {round}: {lie}"));
    }

    assert!(in_the_middle > 0, "no kill came while a backup was on its way");
    let mut last = None;
    rig.run(|story| last = story.backups().run());
    let last = last.expect("a backup");
    assert_eq!(
        (&last["level"], &last["copies"][0]["state"]),
        (&"verified".into(), &"there".into())
    );
    assert!(rig.backups().find_false().expect("whole backups") > 0);
    assert!(rig.backups().left_over().is_empty(), "{:?}", rig.backups().left_over());
    rig.say("kills among backups");
}

#[test]
fn a_disk_that_fills_up_at_any_write_leaves_no_false_backup() {
    let mut rig = Rig::new(Disk::failing(), 0x5eed_0007).with_backups();
    let step = if rounds(0) > 0 { 1 } else { 5 };

    rig.run(|story| {
        for part in ["/spool/", "/target/"] {
            for room in (0..).step_by(step) {
                let at = format!("{room} writes in {part}");
                story.disk_is(&format!("room {room} {part}"));
                let is_made = story.backups().run_until_trouble();

                story.disk_is("well");
                assert_eq!(story.receive(&at).0, 201, "{at}");
                let made = story.backups().run().unwrap_or_else(|| panic!("{at}: no backup"));
                assert_eq!(made["copies"][0]["state"], "there", "{at}: {made}");
                story.backups().find_false().unwrap_or_else(|lie| panic!("{at}: {lie}"));
                if is_made {
                    assert!(room > 0, "{part} always had room");
                    break;
                }
            }
        }
    });

    assert!(rig.backups().left_over().is_empty(), "{:?}", rig.backups().left_over());
    rig.find_losses().unwrap();
}

#[test]
fn a_damaged_workspace_is_refused_clearly_and_the_box_goes_on() {
    let mut rig = Rig::new(Disk::Plain, 0x5eed_0007);
    rig.run_and_kill();
    rig.damage_workspace();

    rig.run(|story| {
        for reference in ["first", "second"] {
            let (status, problem) = story.receive(reference);

            assert_eq!((status, &problem["code"]), (503, &"workspace-damaged".into()));
        }
        let read = story.references().0;
        assert!([200, 503].contains(&read), "{read}");
    });
}

#[test]
fn no_acknowledged_write_is_lost_when_the_power_is_cut() {
    let mut rig = Rig::new(Disk::forgetful(), 0x5eed_0002);

    for round in 1..=rounds(CUTS) {
        rig.run_and_kill();

        rig.find_losses().unwrap_or_else(|loss| panic!("after power cut {round}: {loss}"));
    }

    rig.say("power cuts");
}

#[test]
fn the_power_cut_test_notices_when_commits_are_not_synced() {
    let mut rig = Rig::new(Disk::forgetful(), 0x5eed_0003).without_syncs();

    let noticed = (0..CUTS_UNTIL_LOSS).any(|_| {
        rig.run_and_kill();
        rig.find_losses().is_err()
    });

    assert!(noticed, "commits were not synced, and no loss was found");
}

#[test]
fn a_full_disk_refuses_writes_clearly_while_reads_go_on() {
    let mut rig = Rig::new(Disk::failing(), 0x5eed_0004);

    rig.run(|story| {
        assert_eq!(story.receive("before").0, 201);
        story.disk_is("full");

        let (status, problem) = story.receive("meanwhile");

        assert_eq!((status, problem["code"].as_str()), (507, Some("storage-full")), "{problem}");
        assert_eq!(story.references(), (200, vec!["before".to_owned()]));
        story.disk_is("well");
        assert_eq!(story.receive("after").0, 201);
        assert_eq!(story.references().1, ["after", "before"]);
    });

    rig.find_losses().unwrap();
}

#[test]
fn a_broken_disk_never_acknowledges_and_the_box_recovers_when_it_is_mended() {
    let mut rig = Rig::new(Disk::failing(), 0x5eed_0005);

    rig.run(|story| {
        assert_eq!(story.receive("before").0, 201);
        story.disk_is("broken");

        let (status, problem) = story.receive("meanwhile");

        assert_eq!((status, problem["code"].as_str()), (503, Some("storage-failed")), "{problem}");
        assert_eq!(story.references().0, 200);
        story.disk_is("well");
        assert_eq!(story.receive("after").0, 201);
        assert!(story.references().1.contains(&"after".to_owned()));
    });

    rig.find_losses().unwrap();
}
