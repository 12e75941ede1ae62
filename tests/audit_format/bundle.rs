//! A long log as a bundle: every alteration of it is found, by the program and by the stand-alone
//! script, and the first bad entry is named.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use holdfast::platform::audit::ops::bundle;
use holdfast::platform::audit::rules::checkpoints::{
    Checkpoint, Note, Statement, origin, verifier_key,
};
use holdfast::platform::audit::rules::tree::Edge;
use holdfast::platform::audit::rules::verification::{Expected, LogCheck, Verdict};
use holdfast::platform::audit::rules::{Computed, NO_HASH, Record};
use holdfast::platform::clock::Moment;
use holdfast::platform::error::Error;
use holdfast::platform::id::Id;
use holdfast::platform::secret::to_hex;
use serde_json::{Value, json};

use super::{log, long_log};

/// Entries of the long log.
const ENTRIES: u16 = 10_000;
/// The bundle holds a checkpoint after every so many.
const SIGNED_EVERY: u64 = 1_000;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/audit/verify_audit.py");
const MUTATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit_format/mutate.py");

pub(super) fn name() -> String {
    origin(Id::from_bytes([0x40; 16]), log())
}

/// A signed statement by the key of this seed.
pub(super) fn signed_by(seed: u8, size: u64, root: [u8; 32]) -> Checkpoint {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key");
    let statement = Statement { origin: name(), size, root };
    let signature = pair.sign(statement.text().as_bytes());
    Checkpoint {
        size,
        at: Moment(1_795_240_800_000),
        root,
        public_key: pair.public_key().as_ref().try_into().expect("a key"),
        signature: signature.as_ref().try_into().expect("a signature"),
    }
}

/// A bundle as the box writes it, line by line.
#[derive(Clone)]
struct Bundle {
    lines: Vec<String>,
    trusted: String,
}

impl Bundle {
    fn of(chain: &[Record], seed: u8) -> Self {
        let (mut edge, mut lines, mut last) = (Edge::default(), Vec::new(), String::new());
        for record in chain {
            let (hash, leaf) = (to_hex(&record.hash), record.leaf(log()));
            lines.push(format!("{{\"hash\":\"{hash}\",\"leaf\":{leaf}}}"));
            edge.push(record.hash, |_, _| {});
            let size = edge.size();
            if size.is_multiple_of(SIGNED_EVERY) || size == chain.len() as u64 {
                last = signed_by(seed, size, edge.root()).note(&name());
                lines.push(
                    json!({ "checkpoint": last, "at": "2026-11-21T06:00:00.000Z" }).to_string(),
                );
            }
        }
        let key = verifier_key(&name(), &signed_by(seed, 1, NO_HASH).public_key);
        let header = json!({
            "format": bundle::FORMAT, "origin": name(), "log": log().to_string(),
            "size": edge.size(), "key": key, "personal": false,
        });
        lines.insert(0, header.to_string());
        lines.push(format!("{{\"end\":{}}}", edge.size()));
        Self { lines, trusted: last }
    }

    /// Where the line of an entry stands.
    fn line_of(&self, seq: usize) -> usize {
        let begins = format!("\"seq\":{seq},\"v\":1}}}}");
        self.lines.iter().position(|line| line.ends_with(&begins)).expect("an entry")
    }

    fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    fn verify(&self) -> Result<Verdict, Error> {
        let trusted = Note::read(&self.trusted).expect("a checkpoint");
        bundle::verify(Cursor::new(self.text()), &trusted)
    }

    fn first_bad(&self) -> Option<i64> {
        self.verify().expect("a bundle").bad.map(|bad| bad.seq)
    }

    fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let paths = (folder.join("log.jsonl"), folder.join("checkpoint.txt"));
        std::fs::write(&paths.0, self.text()).expect("a bundle");
        std::fs::write(&paths.1, &self.trusted).expect("a checkpoint");
        paths
    }

    /// What the command line says of it.
    fn program(&self) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        let (bundle, checkpoint) = self.write(folder.path());
        let mut program = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        let program = program.args(["audit", "verify", "--json", "--bundle"]).arg(bundle);
        program.arg("--checkpoint").arg(checkpoint).output().expect("the program")
    }

    /// What the stand-alone script says of it.
    fn script(&self) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        let (bundle, checkpoint) = self.write(folder.path());
        let mut python = Command::new("python3");
        let python = python.arg(SCRIPT).arg(bundle).arg("--checkpoint").arg(checkpoint);
        python.output().expect("Python 3")
    }
}

/// Whether there is a Python; where there is none, this says so.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        println!("SKIPPED: there is no python3 for the stand-alone verifier");
    }
    found
}

/// The walk over a log whose last state is trusted.
fn walk(chain: &[Record]) -> LogCheck {
    let mut edge = Edge::default();
    for record in chain {
        edge.push(record.hash, |_, _| {});
    }
    let source = "the trusted checkpoint";
    let expected = Expected { size: edge.size(), root: edge.root(), source };
    LogCheck::new(log(), name(), Vec::new(), vec![expected])
}

/// Goes on with these entries, and gives the first bad one.
fn goes_on(mut check: LogCheck, rest: &[&Record]) -> Option<i64> {
    for record in rest {
        let computed = Computed::of(log(), record, None);
        let entry = (record.seq, &record.prev_hash, &record.hash);
        if let Err(bad) = check.next_alone(entry, &computed) {
            return Some(bad.seq);
        }
    }
    check.finish(None).bad.map(|bad| bad.seq)
}

#[test]
fn every_edit_deletion_swap_duplicate_and_truncation_of_ten_thousand_entries_is_named() {
    let chain = long_log(ENTRIES);
    let mut good = walk(&chain);

    for (at, record) in chain.iter().enumerate() {
        let (seq, next) = (record.seq, chain.get(at + 1));
        let mut edits = super::altered(record);
        // The last one has its hash made anew: only the next entry shows it.
        let forged = edits.pop().expect("a forgery");

        for (which, edited) in edits.iter().enumerate() {
            assert_eq!(goes_on(good.clone(), &[edited]), Some(seq), "edit {which} of {seq}");
        }
        assert_eq!(goes_on(good.clone(), &[]), Some(seq), "truncation before {seq}");
        assert_eq!(goes_on(good.clone(), &[record, record]), Some(seq + 1), "duplicate of {seq}");
        match next {
            Some(next) => {
                assert_eq!(goes_on(good.clone(), &[next]), Some(seq), "deletion of {seq}");
                assert_eq!(goes_on(good.clone(), &[next, record]), Some(seq), "swap of {seq}");
                assert_eq!(goes_on(good.clone(), &[&forged, next]), Some(seq + 1), "forged {seq}");
            }
            // The chain cannot show it, the trusted checkpoint does.
            None => assert_eq!(goes_on(good.clone(), &[&forged]), Some(1), "forged {seq}"),
        }
        let computed = Computed::of(log(), record, None);
        good.next_alone((seq, &record.prev_hash, &record.hash), &computed).expect("a good entry");
    }
    assert_eq!(good.finish(None).bad, None);
}

/// What can be edited of an entry: every member of its leaf, and its hash.
fn members(record: &Record) -> usize {
    let leaf: Value = serde_json::from_str(&record.leaf(log())).expect("JSON");
    leaf.as_object().expect("an object").len() + 1
}

#[test]
fn the_stand_alone_script_finds_and_names_all_of_them_too() {
    if !has_python() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let chain = long_log(ENTRIES);
    let good = Bundle::of(&chain, 0x42);
    let (bundle, checkpoint) = good.write(folder.path());

    let mut python = Command::new("python3");
    let tried = python.arg(MUTATE).args([SCRIPT.as_ref(), bundle.as_path(), checkpoint.as_path()]);
    let tried = tried.output().expect("Python 3");

    let said = String::from_utf8_lossy(&tried.stdout).into_owned();
    assert!(tried.status.success(), "{said}{}", String::from_utf8_lossy(&tried.stderr));
    let (entries, members) = (usize::from(ENTRIES), chain.iter().map(members).sum::<usize>());
    // Whoever is last has no neighbour; an entry before a checkpoint is forged in another test.
    assert_eq!(said.trim().parse(), Ok(members + entries * 5 - 2 - 10));
}

#[test]
fn an_untouched_bundle_is_good_for_both_verifiers() {
    let good = Bundle::of(&long_log(ENTRIES), 0x42);

    let verdict = good.verify().expect("a bundle");

    assert_eq!((verdict.checked, verdict.checkpoints, verdict.bad), (10_000, 10, None));
    let program = good.program();
    assert_eq!(program.status.code(), Some(0), "{program:?}");
    let said: Value = serde_json::from_slice(&program.stdout).expect("JSON");
    assert_eq!((&said["ok"], &said["checked"]), (&json!(true), &json!(10_000)));
    assert_eq!((&said["trusted"], &said["log"]), (&json!(10_000), &json!(name())));
    if has_python() {
        let output = good.script();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        let head = to_hex(&verdict.head);
        let wanted = format!("ok   {}: 10000 entries, 10 checkpoints, head {head}\n", name());
        assert_eq!(said, wanted);
    }
}

/// Bundles with a member that stands twice: which one counts, readers do not agree on.
fn doubled(good: &Bundle) -> Vec<(&'static str, Bundle, Option<i64>)> {
    let ways = [
        ("a member twice", "\"action\":\"", "\"action\":\"x\",\"action\":\""),
        ("a leaf twice", "\"leaf\":", "\"leaf\":{},\"leaf\":"),
    ];
    let mut all = Vec::new();
    for (what, once, twice) in ways {
        let (mut bundle, at) = (good.clone(), good.line_of(12));
        bundle.lines[at] = bundle.lines[at].replacen(once, twice, 1);
        assert_ne!(bundle.lines[at], good.lines[at], "{what}");
        all.push((what, bundle, Some(12)));
    }
    all
}

/// Alters a bundle in ways that concern whole files, with the entry that is to be named.
fn alterations() -> Vec<(&'static str, Bundle, Option<i64>)> {
    let chain = long_log(2_500);
    let good = Bundle::of(&chain, 0x42);
    let altered = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        bundle
    };
    // Every entry from the 1,200th on written anew, and signed anew with the box's own key.
    let mut anew = chain[..1_199].to_vec();
    for record in &chain[1_199..] {
        super::append(&mut anew, Record { object_kind: "other".to_owned(), ..record.clone() });
    }
    let rewritten = |seed: u8| Bundle { trusted: good.trusted.clone(), ..Bundle::of(&anew, seed) };
    let shorter = Bundle::of(&chain[..2_000], 0x42);
    let line = |seq: usize| good.line_of(seq);
    let mut all = doubled(&good);
    all.extend([
        (
            "an edit",
            altered(&|it| it.lines[line(7)] = it.lines[line(7)].replace("\"item.", "\"it.")),
            None,
        ),
        ("a deletion", altered(&|it| drop(it.lines.remove(line(1_300)))), Some(1_300)),
        ("a swap", altered(&|it| it.lines.swap(line(900), line(901))), Some(900)),
        (
            "a duplicate",
            altered(&|it| it.lines.insert(line(33), it.lines[line(33)].clone())),
            Some(34),
        ),
        ("an honest-looking end", Bundle { trusted: good.trusted.clone(), ..shorter }, Some(2_001)),
        ("a cut", altered(&|it| it.lines.truncate(line(2_400))), Some(2_400)),
        ("no end", altered(&|it| drop(it.lines.pop())), Some(2_501)),
        (
            "another end",
            altered(&|it| "{\"end\":9}".clone_into(it.lines.last_mut().expect("one"))),
            Some(2_501),
        ),
        (
            "a line behind the end",
            altered(&|it| it.lines.push("{\"end\":2500}".to_owned())),
            Some(2_501),
        ),
        ("no JSON", altered(&|it| it.lines[line(12)].push('x')), Some(12)),
        ("an unknown line", altered(&|it| "{}".clone_into(&mut it.lines[line(12)])), Some(12)),
        (
            "another log's entry",
            altered(&|it| {
                it.lines[line(40)] = it.lines[line(40)].replace("\"log\":\"1", "\"log\":\"2");
            }),
            Some(40),
        ),
        // The checkpoint of 1,000 entries still fits, the next one is of other entries.
        ("all written anew", rewritten(0x42), Some(2_001)),
        (
            "a checkpoint in another's place",
            altered(&|it| {
                let (one, other) = (line(1_000) + 1, line(2_000) + 1);
                it.lines.swap(one, other);
            }),
            Some(1),
        ),
    ]);
    all
}

#[test]
fn whatever_is_done_to_a_whole_bundle_is_found_by_both_verifiers() {
    for (what, bundle, wanted) in alterations() {
        let found = bundle.first_bad();
        assert!(found.is_some() && (wanted.is_none() || found == wanted), "{what}: {found:?}");
        let program = bundle.program();
        assert_eq!(program.status.code(), Some(5), "{what}: {program:?}");
        let said: Value = serde_json::from_slice(&program.stdout).expect("JSON");
        assert_eq!(said["first_bad_seq"].as_i64(), found, "{what}");
        if has_python() {
            let output = bundle.script();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(5), "{what}: {said}");
            let named = format!("BAD  first bad entry {}: ", found.expect("a number"));
            assert!(said.starts_with(&named), "{what}: {said}{named}");
        }
    }
}

#[test]
fn a_bundle_that_does_not_belong_to_the_checkpoint_is_refused_by_both_verifiers() {
    let good = Bundle::of(&long_log(20), 0x42);
    let mut other_log = good.clone();
    other_log.trusted = good.trusted.replacen("/1010", "/1011", 2);
    let mut no_bundle = good.clone();
    no_bundle.lines.remove(0);
    let mut other_key = Bundle::of(&long_log(20), 0x43);
    other_key.trusted = good.trusted.clone();
    let mut unsigned = good.clone();
    unsigned.trusted = good.trusted.replacen("\n20\n", "\n19\n", 1);

    for bundle in [other_log, no_bundle, other_key, unsigned] {
        let refused = bundle.verify();
        assert!(matches!(&refused, Err(Error::Rule(it)) if it.code == "audit-bundle-unfit"));
        assert_eq!(bundle.program().status.code(), Some(5));
        if has_python() {
            let output = bundle.script();
            assert_eq!(output.status.code(), Some(5));
            assert!(String::from_utf8_lossy(&output.stdout).starts_with("BAD  "));
        }
    }
}
