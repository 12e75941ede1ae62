//! No private key stays anywhere: not on the disk, not at the target, not in the box's memory.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::rig::{Scene, Served, said};

/// Bytes of memory that are looked through at once.
const WINDOW_BYTES: usize = 8 * 1024 * 1024;
/// A one-time key that a test knows; only a program with debug assertions asks for it.
const KNOWN: &str = "HOLDFAST_TEST_ONE_TIME_KEY";

/// What is looked for.
struct Needle {
    what: &'static str,
    bytes: Vec<u8>,
}

/// The 32 bytes of a key from its line: `bech32` without its checksum.
fn raw(line: &str) -> Vec<u8> {
    const LETTERS: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let (_, data) = line.rsplit_once('1').expect("a separator");
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in data[..data.len() - 6].chars() {
        let digit = LETTERS.find(letter).expect("a letter of bech32");
        held = held << 5 | u32::try_from(digit).expect("five bits");
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255).try_into().expect("a byte"));
        }
    }
    bytes
}

/// A key as it is kept and as it is reckoned with differ in their first and last bytes.
fn middle(line: &str) -> Vec<u8> {
    raw(line)[1..31].to_vec()
}

fn key_line(kit: &Path) -> String {
    let text = fs::read_to_string(kit).expect("a kit");
    text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("a key").to_owned()
}

fn finds(haystack: &[u8], needle: &[u8]) -> usize {
    let first = needle[0];
    let mut count = 0;
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(needle) {
            count += 1;
        }
        rest = &rest[at + 1..];
    }
    count
}

/// Where a needle stands in the memory of a process that may be written to.
fn in_memory(process: u32, needles: &[Needle]) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the maps");
    let mut memory = fs::File::open(format!("/proc/{process}/mem")).expect("the memory");
    let mut found = Vec::new();
    let mut buffer = vec![0; WINDOW_BYTES];
    for line in
        maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|it| it.starts_with("rw")))
    {
        let (range, _) = line.split_once(' ').expect("a range");
        let (from, to) = range.split_once('-').expect("two addresses");
        let number = |text| u64::from_str_radix(text, 16).expect("an address");
        let (mut at, to) = (number(from), number(to));
        while at < to {
            let length = usize::try_from(to - at).map_or(WINDOW_BYTES, |it| it.min(WINDOW_BYTES));
            let sought = memory.seek(SeekFrom::Start(at));
            if sought.is_err() || memory.read_exact(&mut buffer[..length]).is_err() {
                break;
            }
            for needle in needles {
                for _ in 0..finds(&buffer[..length], &needle.bytes) {
                    found.push(format!("{} in {line}", needle.what));
                }
            }
            // What stands across the end of a window is in the next one.
            at += if length == WINDOW_BYTES { length as u64 - 128 } else { length as u64 };
        }
    }
    found
}

fn on_disk(folder: &Path, needles: &[Needle]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(on_disk(&path, needles));
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let here = needles.iter().filter(|needle| finds(&bytes, &needle.bytes) > 0);
        found.extend(here.map(|needle| format!("{} in {}", needle.what, path.display())));
    }
    found
}

fn nowhere(scene: &Scene, served: &Served, when: &str, needles: &[Needle]) {
    let mut found = in_memory(served.id(), needles);
    found.extend(on_disk(&scene.path("data"), needles));
    found.extend(on_disk(&scene.path("target"), needles));
    assert!(found.is_empty(), "{when}: {found:#?}");
}

#[test]
fn no_private_key_stays_after_a_proof_a_drill_a_restore_or_an_import() {
    let scene = Scene::new(1, false);
    let kit = scene.text("kit.txt");
    // The box is given the key of a second kit as its one-time key, to know what to look for.
    let spare = scene.text("spare.txt");
    said(&scene.on("data", &["backup", "kit", "create", "--out", &spare, "--name", "Spare"]));
    let once = key_line(&scene.path("spare.txt"));
    let line = key_line(&scene.path("kit.txt"));
    // The line of the one-time key itself stands in the environment of the process.
    let one_time = [Needle { what: "the one-time key", bytes: middle(&once) }];
    let of_kit = [
        Needle { what: "the kit's key", bytes: middle(&line) },
        Needle { what: "the line of the kit's key", bytes: line.as_bytes()[16..].to_vec() },
    ];
    let served = Served::start_with(&scene.path("data"), &[(KNOWN, &once)]);

    let made = said(&scene.on("data", &["backup", "run"]));
    assert_eq!(made["level"], "verified", "{made}");
    let told = [Needle { what: "what it was told", bytes: once.as_bytes().to_vec() }];
    assert!(!in_memory(served.id(), &told).is_empty(), "the memory is not looked through");
    nowhere(&scene, &served, "after a proof", &one_time);
    said(&scene.on("data", &["backup", "drill", "--kit", &kit]));
    nowhere(&scene, &served, "after a drill", &of_kit);
    let (from, workspace) = (scene.text("target"), &scene.workspaces[0]);
    let restore = ["restore", "--from", &from, "--kit", &kit, "--workspace", workspace];
    said(&scene.on("data", &restore));
    nowhere(&scene, &served, "after a restore", &of_kit);
    let file = scene.text("kitchen.age");
    said(&scene.on("data", &["workspace", "export", workspace, "--out", &file]));
    said(&scene.on("data", &["workspace", "import", &file, "--kit", &kit, "--dry-run"]));
    nowhere(&scene, &served, "after an import was looked at", &of_kit);
    nowhere(&scene, &served, "after all", &one_time);
}
