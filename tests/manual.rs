//! The manual is tried: every block of commands in a page is taken from the page and run.
//!
//! A comment above a block of `sh` says how:
//! - `<!-- run: box -->` beside a box that has an operator (ana@example.com), a workspace
//!   (`$WORKSPACE`) and a personal token of the operator (`$TOKEN`), their
//!   password (`$PASSWORD`), and another person (ivo@example.com);
//! - `<!-- run: box with a backup -->` the same after a kit (`kit.txt`) and a backup were made;
//! - `<!-- run: box with a bundle -->` the same after the workspace's audit log (`audit.jsonl`) and
//!   a checkpoint of it (`checkpoint.txt`) were saved;
//! - `<!-- run: new box -->` beside a box that nobody owns yet;
//! - `<!-- run: stopped -->` where that box was stopped;
//! - `<!-- run: elsewhere -->` on another machine that has no box and sees the same backups;
//! - `<!-- run: box, exit 5 -->` where it is to end with 5;
//! - `<!-- run: box, needs age -->` where that program is here, else it is said that it is not;
//! - `<!-- run: guest -->` only a Debian of its own can (apt, systemctl): `tests/package/guide.rs`
//!   runs it there; here it is read, as is `<!-- run: parsed only: reason -->`.
//!
//! Where a page speaks of releases, `holdfast-1.4.2` and `holdfast-1.4.3` lie in the folder.
//! The blocks of a page run in order on one small machine, where `/var/lib/holdfast`,
//! `/etc/holdfast` and `/mnt/backup` are folders of the test and every name leads to its box.
//! Variables of one block are there in the next. `toml` is checked by the program, configurations
//! of reverse proxies by the proxies; see `manual/proxies.rs`.

#![expect(unreachable_pub, reason = "the modules are parts of this one test")]

#[path = "manual/calls.rs"]
mod calls;
#[path = "manual/page.rs"]
mod page;
#[path = "manual/proxies.rs"]
mod proxies;
#[path = "manual/scene.rs"]
mod scene;
#[path = "fixtures/small.rs"]
mod small;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use holdfast::cli;
use page::{Block, Mark};
use scene::Scene;

fn printed(output: &Output) -> String {
    let parts = [&output.stdout[..], &output.stderr];
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).concat()
}

/// What is wrong with a block that is read and not run: as a shell and the program read it.
fn misread(block: &Block) -> Vec<String> {
    let place = block.place();
    let read = Command::new("bash").args(["-n", "-c", &block.text]).output().expect("bash");
    let mut wrong = Vec::new();
    if !read.status.success() {
        wrong.push(format!("{place} is no script: {}", printed(&read)));
    }
    for call in calls::in_script(&block.text) {
        if let Err(refusal) = cli::understands(&call) {
            wrong.push(format!("{place} says `{}`: {refusal}", call.join(" ")));
        }
    }
    let makes = block.text.lines().filter_map(|line| line.strip_prefix("make "));
    for target in makes.filter_map(|rest| rest.split_whitespace().next()) {
        let makefile = page::text_of(&page::repository().join("Makefile"));
        if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
            wrong.push(format!("{place} says `make {target}`, which there is not"));
        }
    }
    wrong
}

/// The machines of one page: each is made when the first block asks for it.
#[derive(Default)]
struct Machines {
    owned: Option<Scene>,
    new: Option<Scene>,
}

impl Machines {
    fn of(&mut self, mark: &Mark) -> &Scene {
        if *mark == Mark::NewBox {
            return self.new.get_or_insert_with(Scene::new);
        }
        let scene = self.owned.get_or_insert_with(Scene::owned);
        match (mark, scene.is_running()) {
            (Mark::Stopped, true) => scene.stop(),
            (Mark::Box | Mark::BoxWithBackup | Mark::BoxWithBundle, false) => scene.start(),
            _ => {}
        }
        if matches!(mark, Mark::BoxWithBackup | Mark::Elsewhere) {
            scene.back_up();
        }
        if *mark == Mark::BoxWithBundle {
            scene.save_bundle();
        }
        scene
    }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[expect(clippy::print_stderr, reason = "a skipped block says why")]
fn skipped(place: &str, needed: &str) {
    eprintln!("SKIPPED: {place} was not run, because there is no {needed}");
}

/// How many blocks of a page were tried how, and what was wrong.
#[derive(Default)]
struct Tried {
    ran: usize,
    in_guest: usize,
    parsed: usize,
    wrong: Vec<String>,
}

fn try_page(path: &Path) -> Tried {
    let mut tried = Tried::default();
    let mut machines = Machines::default();
    for block in page::blocks(path).iter().filter(|block| block.is_script()) {
        let (mark, code, needed) = match block.read_mark() {
            Ok(read) => read,
            Err(wrong) => {
                tried.wrong.push(wrong);
                continue;
            }
        };
        tried.wrong.extend(misread(block));
        match mark {
            Mark::Guest => tried.in_guest += 1,
            Mark::ParsedOnly(reason) => {
                tried.parsed += 1;
                if reason.is_empty() {
                    tried.wrong.push(format!("{} does not say why it is not run", block.place()));
                }
            }
            _ if needed.as_ref().is_some_and(|needed| !is_there(needed)) => {
                tried.parsed += 1;
                skipped(&block.place(), needed.as_deref().unwrap_or_default());
            }
            _ => {
                tried.ran += 1;
                let scene = machines.of(&mark);
                let output = match mark {
                    Mark::Elsewhere => scene.run_elsewhere(&block.text),
                    _ => scene.run(&block.text),
                };
                if output.status.code() != Some(code) {
                    let ended = output.status.code();
                    let said = printed(&output);
                    let place = block.place();
                    tried.wrong.push(format!("{place} ended with {ended:?}:\n{said}"));
                }
            }
        }
    }
    tried
}

#[test]
fn every_command_in_the_manual_does_what_the_page_says() {
    let pages = page::pages();
    let mut all = Tried::default();
    for path in &pages {
        let tried = try_page(path);
        all.ran += tried.ran;
        all.in_guest += tried.in_guest;
        all.parsed += tried.parsed;
        all.wrong.extend(tried.wrong);
    }

    let Tried { ran, in_guest, parsed, wrong } = all;
    // Not by a macro: what those print is kept back when a test passes.
    let count = format!("Command blocks: {ran} run, {in_guest} in the guest, {parsed} parsed only");
    writeln!(std::io::stderr(), "{count}").expect("standard error");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 20 && ran > 2 * parsed, "most of the manual has to be run");
}

#[test]
fn every_call_inside_a_sentence_is_one_the_program_understands() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in page::pages() {
        for (span, call) in calls::in_sentences(&path) {
            count += 1;
            // A sentence may name a verb without all that it needs.
            let refusal = cli::understands(&call).err();
            let is_name = |refusal: &String| refusal.contains("were not provided");
            if let Some(refusal) = refusal.filter(|refusal| !is_name(refusal)) {
                wrong.push(format!("{}: `{span}`: {refusal}", path.display()));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "only {count} calls were found");
}

#[test]
fn every_command_stands_in_a_block() {
    let unfenced: Vec<String> =
        page::pages().iter().flat_map(|path| calls::unfenced(path)).collect();

    assert!(unfenced.is_empty(), "put these between fences: {unfenced:#?}");
}

#[test]
fn every_setting_in_the_manual_is_one_the_program_takes() {
    let mut count = 0;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in page::pages() {
        for block in page::blocks(&path).iter().filter(|block| block.language == "toml") {
            if block.mark.as_deref() == Some("other settings") {
                continue;
            }
            count += 1;
            let file = folder.path().join("holdfast.toml");
            std::fs::write(&file, &block.text).expect("a file");
            let checked = Command::new(env!("CARGO_BIN_EXE_holdfast"))
                .env_clear()
                .args(["config", "check", "--config"])
                .arg(&file)
                .output()
                .expect("the program was built for this test");
            let said = printed(&checked);
            // Part of a file is not right by itself, but every key of it is known.
            let is_part = block.mark.as_ref().is_some_and(|mark| mark.starts_with("parsed only:"));
            let is_right =
                checked.status.success() || is_part && !said.contains("is not a setting");
            assert!(is_right, "{}: {said}", block.place());
        }
    }
    assert!(count > 2, "only {count} blocks of settings were found");
}

/// Drop-ins for systemd: blocks of their own, and what a script writes into one.
fn drop_ins() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for block in page::pages().iter().flat_map(|path| page::blocks(path)) {
        if block.language == "systemd" {
            found.insert(block.place(), block.text);
        } else if block.is_script() {
            let written = block.text.split("<<'DROPIN'\n").skip(1);
            for (number, rest) in written.enumerate() {
                let text = rest.split("DROPIN\n").next().unwrap_or_default();
                found.insert(format!("{} ({number})", block.place()), text.to_owned());
            }
        }
    }
    found
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn every_drop_in_for_systemd_is_one_it_reads() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no drop-in was verified, because there is no systemd-analyze");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let found = drop_ins();
    assert!(found.len() > 2, "only {} drop-ins were found", found.len());
    for (place, text) in found {
        let unit = folder.path().join("holdfast.service");
        let whole = if text.contains("ExecStart=") || text.contains("[Socket]") {
            text.clone()
        } else {
            format!("{text}\n[Service]\nExecStart=/bin/true\n")
        };
        let unit = if text.contains("[Socket]") {
            std::fs::write(&unit, "[Service]\nExecStart=/bin/true\n").expect("a file");
            folder.path().join("holdfast.socket")
        } else {
            unit
        };
        std::fs::write(&unit, whole).expect("a file");
        let verified = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(&unit)
            .output()
            .expect("systemd-analyze");
        let said = printed(&verified);
        let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("holdfast.")).collect();
        assert!(of_ours.is_empty(), "{place}: {of_ours:#?}");
    }
}
