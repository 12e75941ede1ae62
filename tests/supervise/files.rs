//! Boot state, journal and releases on a real disk.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use holdfast::platform::secret::to_hex;
use holdfast::platform::updates::supervisor::boot::{
    Boot, BootState, Found, Installed, decoded, encoded,
};
use holdfast::platform::updates::supervisor::disk::{Disk, RealDisk};
use holdfast::platform::updates::supervisor::journal::{FILE, Journal};
use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::releases::{PROGRAM, Releases};
use holdfast::platform::updates::supervisor::standing::{Entered, State};
use sha2::{Digest, Sha256};

use crate::forgetful::Forgetful;

fn release(seq: u64, program: &[u8]) -> Installed {
    Installed {
        seq,
        version: format!("1.{seq}.0"),
        sha256: to_hex(&Sha256::digest(program)),
        folder: None,
        is_packaged: false,
    }
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn file(folder: &Path, bytes: &[u8]) -> File {
    let path = folder.join("given");
    File::create(&path).expect("a file").write_all(bytes).expect("room");
    File::open(path).expect("a file")
}

/// A44.
#[test]
fn every_flipped_bit_of_a_copy_of_the_boot_state_is_seen() {
    let bytes = encoded(&BootState::of(release(3, b"program"))).unwrap();
    assert!(decoded(&bytes).is_some());

    for bit in 0..bytes.len() * 8 {
        let mut spoilt = bytes.clone();
        spoilt[bit / 8] ^= 1 << (bit % 8);
        assert!(decoded(&spoilt).is_none(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(decoded(&bytes[..length]).is_none(), "{length} bytes");
    }
}

#[test]
fn the_other_copy_counts_where_one_is_damaged_and_none_where_both_are() {
    let folder = tempfile::tempdir().unwrap();
    let boot = Boot::open(disk(), folder.path()).unwrap();
    assert_eq!(boot.read().unwrap(), Found::Nothing);
    let mut state = BootState::of(release(3, b"program"));
    for at in 1..=3 {
        boot.write(&mut state, at).unwrap();
    }
    let generation = |found| match found {
        Found::State(state) => Some((state.generation, state.updated_at)),
        _ => None,
    };
    assert_eq!(generation(boot.read().unwrap()), Some((3, 3)));

    let newest = folder.path().join("boot/a");
    std::fs::write(&newest, "torn").unwrap();
    assert_eq!(generation(boot.read().unwrap()), Some((2, 2)), "the older copy is there");
    boot.write(&mut state, 4).unwrap();
    assert_eq!(generation(boot.read().unwrap()), Some((4, 4)), "the torn copy was written over");
    std::fs::write(folder.path().join("boot/b"), "torn").unwrap();
    assert_eq!(generation(boot.read().unwrap()), Some((4, 4)));
    std::fs::write(&newest, "torn").unwrap();
    assert_eq!(boot.read().unwrap(), Found::Damaged);
}

/// A44.
#[test]
fn a_copy_that_is_damaged_while_the_other_is_gone_is_told() {
    for (damaged, gone) in [("boot/a", "boot/b"), ("boot/b", "boot/a")] {
        let folder = tempfile::tempdir().unwrap();
        let boot = Boot::open(disk(), folder.path()).unwrap();
        let mut state = BootState::of(release(3, b"program"));
        for at in 1..=2 {
            boot.write(&mut state, at).unwrap();
        }

        std::fs::remove_file(folder.path().join(gone)).unwrap();
        assert!(matches!(boot.read().unwrap(), Found::State(_)), "{gone} is not needed");
        std::fs::write(folder.path().join(damaged), "torn").unwrap();

        assert_eq!(boot.read().unwrap(), Found::Damaged, "{damaged}");
    }
}

#[test]
fn a_first_copy_that_was_cut_off_was_never_there() {
    for seed in 1..=200 {
        let forgetful = Arc::new(Forgetful::new(seed));
        forgetful.make_folder(Path::new("/state")).unwrap();
        forgetful.sync_folder(Path::new("/")).unwrap();
        let disk: Arc<dyn Disk> = Arc::<Forgetful>::clone(&forgetful);
        let boot = Boot::open(disk, Path::new("/state")).unwrap();
        let mut state = BootState::of(release(3, b"program"));

        forgetful.cut_after(1 + usize::try_from(seed).unwrap() % 5);
        let written = boot.write(&mut state, 1);
        forgetful.power_up();

        let found = boot.read().unwrap();
        assert_ne!(found, Found::Damaged, "seed {seed}");
        assert!(written.is_err() || found != Found::Nothing, "seed {seed}");
    }
}

#[test]
fn a_torn_line_of_a_journal_is_left_out_and_the_next_one_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::of(disk(), &folder.path().join("one"));
    let entered = |state, at| Entered { state, at };
    journal.append(entered(State::Armed, 1)).unwrap();
    journal.append(entered(State::Hold, 2)).unwrap();
    let path = folder.path().join("one").join(FILE);
    let length = std::fs::metadata(&path).unwrap().len();
    File::options().write(true).open(&path).unwrap().set_len(length - 3).unwrap();

    journal.append(entered(State::Disarmed, 3)).unwrap();

    let states: Vec<State> = journal.read().unwrap().iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Armed, State::Disarmed]);
}

#[test]
fn a_release_is_installed_whole_and_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::open(disk(), folder.path()).unwrap();
    let program = vec![7; 3 * 1024 * 1024 + 5];

    let installed =
        releases.install(&mut file(folder.path(), &program), &release(3, &program)).unwrap();

    let name = installed.folder.clone().unwrap();
    assert!(name.starts_with("3-1.3.0-"), "{name}");
    let path = folder.path().join("releases").join(name).join(PROGRAM);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o555);
    assert_eq!(std::fs::read(path).unwrap(), program);
    assert_eq!(releases.list().unwrap(), std::slice::from_ref(&installed));
    assert_eq!(releases.verify(&installed).unwrap().release, installed);
}

#[test]
fn a_program_that_is_not_the_signed_one_is_not_installed() {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::open(disk(), folder.path()).unwrap();

    let refused =
        releases.install(&mut file(folder.path(), b"other"), &release(3, b"signed")).unwrap_err();

    assert_eq!(refused.code, reasons::RELEASE_CHANGED);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("releases")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A42.
#[test]
fn each_of_two_thousand_changed_bits_of_a_release_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::open(disk(), folder.path()).unwrap();
    let program: Vec<u8> = (0..40_000_u32).map(|at| (at * at / 7 % 251) as u8).collect();
    let installed =
        releases.install(&mut file(folder.path(), &program), &release(3, &program)).unwrap();
    let own = folder.path().join("releases").join(installed.folder.as_ref().unwrap());
    let path = own.join(PROGRAM);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    let bits = program.len() * 8;

    for bit in (0..bits).step_by(bits / 2_000) {
        let mut changed = program.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &changed).unwrap();
        let refused = releases.verify(&installed).map(|_| ()).unwrap_err();
        assert_eq!(refused.code, reasons::RELEASE_CHANGED, "bit {bit}");
    }

    std::fs::write(&path, &program).unwrap();
    releases.verify(&installed).unwrap();
}

/// A42, A43.
#[test]
fn a_changed_bit_a_link_and_a_pipe_are_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::open(disk(), folder.path()).unwrap();
    let program = vec![7; 4096];
    let installed =
        releases.install(&mut file(folder.path(), &program), &release(3, &program)).unwrap();
    let own = folder.path().join("releases").join(installed.folder.as_ref().unwrap());
    let path = own.join(PROGRAM);
    let refused = || releases.verify(&installed).map(|_| ()).unwrap_err().code;

    let mut changed = program.clone();
    changed[2_000] ^= 1;
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(&path, &changed).unwrap();
    assert_eq!(refused(), reasons::RELEASE_CHANGED);

    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join(PROGRAM), &program).unwrap();
    std::fs::remove_file(&path).unwrap();
    symlink(elsewhere.join(PROGRAM), &path).unwrap();
    assert_eq!(refused(), reasons::RELEASE_MISSING, "a link in place of the program");

    std::fs::remove_dir_all(&own).unwrap();
    symlink(&elsewhere, &own).unwrap();
    assert_eq!(refused(), reasons::RELEASE_MISSING, "a link in place of its folder");

    std::fs::remove_file(&own).unwrap();
    std::fs::create_dir(&own).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    assert_eq!(refused(), reasons::RELEASE_UNUSABLE, "a pipe in place of the program");
}

#[test]
fn old_releases_go_but_what_is_needed_and_one_more_stay() {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::open(disk(), folder.path()).unwrap();
    let installed: Vec<Installed> = (1..=5)
        .map(|seq| {
            let program = vec![u8::try_from(seq).unwrap(); 10];
            let given = &mut file(folder.path(), &program);
            releases.install(given, &release(seq, &program)).unwrap()
        })
        .collect();

    releases.clean_up(&[&installed[4], &installed[1]]).unwrap();

    let left: Vec<u64> = releases.list().unwrap().iter().map(|one| one.seq).collect();
    assert_eq!(left, [5, 4, 2]);
}

#[test]
fn what_a_kill_left_of_an_installation_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::open(disk(), folder.path()).unwrap();
    let left = folder.path().join("releases/.new-3-1.3.0-0123456789ab");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join(PROGRAM), "half").unwrap();

    let again = Releases::open(disk(), folder.path()).unwrap();

    assert!(!left.exists());
    assert!(again.list().unwrap().is_empty() && releases.list().unwrap().is_empty());
}
