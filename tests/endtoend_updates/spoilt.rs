//! Files of a feed that are not what its list says: each is refused with its own reason, which
//! stands in the box's log.

use std::fs;
use std::path::Path;

use crate::boxed::Machine;
use crate::publisher::Publisher;

/// The code that a file is refused with, and what happened to it.
type Spoilt = (&'static str, fn(&mut Vec<u8>));

const RELEASES: &[Spoilt] = &[
    ("update-wrong-length", |file| file.extend(b"more")),
    ("update-wrong-hash", |file| file[9] ^= 1),
];

/// Writes something else in place of a file; gives what was there.
fn exchange(file: &Path, spoil: fn(&mut Vec<u8>)) -> Vec<u8> {
    let whole = fs::read(file).expect("it is there");
    let mut spoilt = whole.clone();
    spoil(&mut spoilt);
    fs::write(file, spoilt).expect("room");
    whole
}

/// A23, A24.
#[test]
fn a_release_that_is_spoilt_stands_in_the_log_and_is_not_installed() {
    let publisher = Publisher::new();
    let machine = Machine::owned(&publisher, &publisher.address());
    let version = publisher.publish(1, "good");
    machine.said(&["update", "check"]);
    let file = publisher.file_of(&version);

    for (code, spoil) in RELEASES {
        let whole = exchange(&file, *spoil);
        let came_to = machine.gave_up(&["update", "plan"]);
        assert_eq!(came_to["reason"]["code"], *code, "{came_to}");
        fs::write(&file, whole).expect("room");
    }

    let mut kept = machine.audit_codes("update.failed");
    kept.sort();
    assert_eq!(kept, ["update-wrong-hash", "update-wrong-length"]);
    let status = machine.get("platform/updates/status");
    assert_eq!(status["current"]["version"], env!("CARGO_PKG_VERSION"));
    // A45, as far as this machine's kernel can.
    let detail = status["supervision"]["protection_detail"].as_str().expect("a detail");
    let without = ["not in this kernel", "switched off", "could not be used"];
    let can_keep_out = !without.iter().any(|why| detail.contains(why));
    let code = if can_keep_out { "update-write-refused" } else { "update-unprotected" };
    let tried = machine.audit_codes("update.protection");
    assert!(!tried.is_empty() && tried.iter().all(|one| one == code), "{tried:?}");
    let plan = machine.said(&["update", "plan"]);
    assert_eq!(plan["to"]["version"], version.as_str(), "what is whole is taken after all that");
}
