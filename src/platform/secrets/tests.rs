use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::platform::clock::{Clock, Moment};

const ROOT: Place<'_> = Place { table: "tls", column: "key", row: b"root-1" };

fn random() -> Random {
    Random::new(Clock::fixed(Moment(1_790_000_000_000)))
}

fn open(data: &Path) -> Result<Secrets> {
    Secrets::open(data, None, &random())
}

fn code<T>(outcome: Result<T>) -> &'static str {
    match outcome {
        Err(Error::Rule(refusal)) => refusal.code,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted"),
    }
}

fn join(home: &tempfile::TempDir, name: &str) -> std::path::PathBuf {
    home.path().join(name)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_was_sealed_opens_in_its_place_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let sealed = open(home.path()).unwrap().seal(Purpose::LocalCa, &ROOT, b"secret").unwrap();

    let plain = open(home.path()).unwrap().unseal(Purpose::LocalCa, &ROOT, &sealed).unwrap();

    assert_eq!(*plain, b"secret");
    assert!(!sealed.windows(6).any(|part| part == b"secret"));
    let key = home.path().join("master.key");
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn two_exchanged_fields_do_not_open() {
    let home = tempfile::tempdir().unwrap();
    let secrets = open(home.path()).unwrap();
    let places = [
        Place { row: b"root-2", ..ROOT },
        Place { column: "key2", ..ROOT },
        Place { table: "tlsk", column: "ey", row: b"root-1" },
    ];
    let mine = secrets.seal(Purpose::LocalCa, &ROOT, b"one").unwrap();

    for place in places {
        let theirs = secrets.seal(Purpose::LocalCa, &place, b"two").unwrap();
        for (place, sealed) in [(&ROOT, &theirs), (&place, &mine)] {
            let outcome = secrets.unseal(Purpose::LocalCa, place, sealed);
            assert_eq!(code(outcome), "sealed-unreadable");
        }
    }
    assert_eq!(*secrets.unseal(Purpose::LocalCa, &ROOT, &mine).unwrap(), b"one");
}

#[test]
fn an_altered_field_does_not_open() {
    let home = tempfile::tempdir().unwrap();
    let secrets = open(home.path()).unwrap();
    let sealed = secrets.seal(Purpose::LocalCa, &ROOT, b"secret").unwrap();

    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        let outcome = secrets.unseal(Purpose::LocalCa, &ROOT, &altered);
        assert_eq!(code(outcome), "sealed-unreadable", "byte {at}");
        let outcome = secrets.unseal(Purpose::LocalCa, &ROOT, &sealed[..at]);
        assert_eq!(code(outcome), "sealed-unreadable", "cut at {at}");
    }
}

#[test]
fn the_same_field_sealed_twice_reads_differently() {
    let home = tempfile::tempdir().unwrap();
    let secrets = open(home.path()).unwrap();
    let seal = || secrets.seal(Purpose::LocalCa, &ROOT, b"secret").unwrap();

    assert_ne!(seal(), seal());
}

#[test]
fn a_lost_key_is_told_from_a_first_start() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()).unwrap());
    fs::remove_file(home.path().join("master.key")).unwrap();

    assert_eq!(code(open(home.path())), "master-key-missing");

    assert!(!home.path().join("master.key").exists(), "a new key was made");
}

#[test]
fn another_key_is_refused() {
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop((open(home.path()).unwrap(), open(elsewhere.path()).unwrap()));
    let key = |folder: &tempfile::TempDir| folder.path().join("master.key");
    fs::copy(key(&elsewhere), key(&home)).unwrap();

    assert_eq!(code(open(home.path())), "master-key-another");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()).unwrap());
    let key = home.path().join("master.key");

    for mode in [0o644, 0o640, 0o604, 0o660] {
        set_mode(&key, mode);
        assert_eq!(code(open(home.path())), "master-key-unusable", "{mode:o}");
    }
    set_mode(&key, 0o400);
    open(home.path()).unwrap();
}

#[test]
fn a_damaged_key_is_refused() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()).unwrap());
    let key = home.path().join("master.key");
    let whole = fs::read_to_string(&key).unwrap();

    for text in ["", "\n", &whole[..63], &whole.replace(|c: char| c.is_ascii_digit(), "x")] {
        fs::write(&key, text).unwrap();
        assert_eq!(code(open(home.path())), "master-key-unusable", "{text:?}");
    }
    fs::write(&key, whole).unwrap();
    open(home.path()).unwrap();
}

#[test]
fn a_credential_goes_before_the_file_and_makes_none() {
    let (home, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let credential = credentials.path().join("holdfast-master-key");
    fs::write(&credential, [7; 32]).unwrap();
    set_mode(&credential, 0o440);
    let with = || Secrets::open(home.path(), Some(credentials.path()), &random());

    let sealed = with().unwrap().seal(Purpose::LocalCa, &ROOT, b"secret").unwrap();

    assert!(!home.path().join("master.key").exists());
    assert_eq!(*with().unwrap().unseal(Purpose::LocalCa, &ROOT, &sealed).unwrap(), b"secret");
    fs::write(&credential, "07".repeat(32) + "\n").unwrap();
    assert_eq!(*with().unwrap().unseal(Purpose::LocalCa, &ROOT, &sealed).unwrap(), b"secret");
    set_mode(&credential, 0o444);
    assert_eq!(code(with()), "master-key-unusable");
    fs::remove_file(&credential).unwrap();
    assert_eq!(code(with()), "master-key-missing");
}

#[test]
fn a_change_of_the_key_opens_old_fields_until_all_are_sealed_anew() {
    let home = tempfile::tempdir().unwrap();
    let secrets = open(home.path()).unwrap();
    let old_key = fs::read(join(&home, "master.key")).unwrap();
    let sealed = secrets.seal(Purpose::LocalCa, &ROOT, b"secret").unwrap();
    let old_id = secrets.key_id();

    secrets.begin_rotation().unwrap();
    let anew = secrets.seal_anew(Purpose::LocalCa, &ROOT, &sealed).unwrap().unwrap();
    secrets.finish_rotation().unwrap();

    assert_ne!(secrets.key_id(), old_id);
    assert_eq!(secrets.seal_anew(Purpose::LocalCa, &ROOT, &anew).unwrap(), None);
    assert_ne!(fs::read(join(&home, "master.key")).unwrap(), old_key);
    assert!(!join(&home, "master.next").exists());
    let again = open(home.path()).unwrap();
    assert!(!again.is_rotating());
    assert_eq!(*again.unseal(Purpose::LocalCa, &ROOT, &anew).unwrap(), b"secret");
    assert_eq!(code(again.unseal(Purpose::LocalCa, &ROOT, &sealed)), "sealed-unreadable");
}

#[test]
fn a_change_that_was_stopped_anywhere_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let secrets = open(home.path()).unwrap();
    let old = secrets.seal(Purpose::LocalCa, &ROOT, b"old").unwrap();
    secrets.begin_rotation().unwrap();
    let new = secrets.seal(Purpose::LocalCa, &ROOT, b"new").unwrap();
    let id = secrets.key_id();
    let opens = |secrets: &Secrets, sealed: &[u8]| {
        secrets.unseal(Purpose::LocalCa, &ROOT, sealed).map(|plain| plain.to_vec())
    };

    // Stopped while fields are sealed anew.
    let resumed = open(home.path()).unwrap();
    assert!(resumed.is_rotating());
    assert_eq!(resumed.key_id(), id);
    resumed.begin_rotation().unwrap();
    assert_eq!(resumed.key_id(), id, "a change under way is not begun anew");
    assert_eq!(opens(&resumed, &old).unwrap(), b"old");
    assert_eq!(opens(&resumed, &new).unwrap(), b"new");
    // Stopped between the mark and the file.
    fs::write(join(&home, "master.id"), format!("{id}\n")).unwrap();
    let ended = open(home.path()).unwrap();
    assert!(!ended.is_rotating() && !join(&home, "master.next").exists());
    assert_eq!(opens(&ended, &new).unwrap(), b"new");
    ended.finish_rotation().unwrap();
    assert_eq!(open(home.path()).unwrap().key_id(), id);
}

#[test]
fn a_new_credential_takes_the_place_of_the_one_beside_it_or_of_the_file() {
    let credential = |folder: &Path, name: &str, byte: u8| {
        let path = folder.join(name);
        fs::write(&path, [byte; 32]).unwrap();
        set_mode(&path, 0o400);
    };
    let (home, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let with = || Secrets::open(home.path(), Some(credentials.path()), &random());
    let sealed = open(home.path()).unwrap().seal(Purpose::LocalCa, &ROOT, b"secret").unwrap();

    // From the file to systemd.
    credential(credentials.path(), "holdfast-master-key", 7);
    let secrets = with().unwrap();
    assert!(secrets.is_rotating());
    let anew = secrets.seal_anew(Purpose::LocalCa, &ROOT, &sealed).unwrap().unwrap();
    secrets.finish_rotation().unwrap();
    assert!(!join(&home, "master.key").exists());
    assert!(!with().unwrap().is_rotating());
    assert_eq!(code(with().unwrap().begin_rotation().map_err(rule)), "master-key-given");
    // From one credential to the next.
    credential(credentials.path(), "holdfast-master-key", 8);
    assert_eq!(code(with()), "master-key-another");
    credential(credentials.path(), "holdfast-master-key-previous", 7);
    let secrets = with().unwrap();
    assert!(secrets.is_rotating());
    assert_eq!(*secrets.unseal(Purpose::LocalCa, &ROOT, &anew).unwrap(), b"secret");
    secrets.finish_rotation().unwrap();
    assert!(!with().unwrap().is_rotating());
}

/// A conflict is a refusal like any other here.
fn rule(error: Error) -> Error {
    match error {
        Error::Conflict(refusal) => Error::Rule(refusal),
        other => other,
    }
}
