//! What is made of a feed: deltas, bundles, copies, and what a box would say of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::scene::{Scene, files};
use crate::small::{binary, facts};

const ROOT: &str = "feed/metadata/1.root.json";

/// A feed whose newest release, in all channels, has a delta from the one before.
fn with_releases() -> Scene {
    let scene = Scene::published();
    scene.add("1.4.2", &["--channel", "stable"]);
    scene.add("1.4.3", &["--channel", "stable"]);
    scene.write("binary", &binary("1.4.3", "aarch64", 9));
    let other = ["--version", "1.4.3", "--channel", "stable", "--notes", "notes.md"];
    scene.ok(&[&["add", "--feed", "feed", "--binary", "binary"][..], &other].concat());
    scene.ok(&["delta", "--feed", "feed", "--from", "1.4.2"]);
    scene.add("1.5.0", &["--channel", "beta", "--percent", "5"]);
    scene.publish();
    scene
}

fn verify<'a>(feed: &'a str, root: &'a str) -> [&'a str; 5] {
    ["verify", "--feed", feed, "--root", root]
}

#[test]
fn verify_says_what_each_box_would_get() {
    let scene = with_releases();

    let said = scene.ok(&verify("feed", ROOT));

    assert_eq!(said["broken"], json!([]));
    assert_eq!(said["signers"].as_array().map(Vec::len), Some(2));
    let offer = |channel: &str, arch: &str| {
        let offers = said["offers"].as_array().expect("offers");
        let is_it = |one: &&Value| one["channel"] == channel && one["arch"] == arch;
        offers.iter().find(is_it).expect("an offer")["release"]["version"].clone()
    };
    assert_eq!(offer("stable", "x86_64"), "1.4.3");
    assert_eq!(offer("stable", "aarch64"), "1.4.3");
    assert_eq!(offer("beta", "x86_64"), "1.5.0");
    assert_eq!(offer("beta", "aarch64"), Value::Null);
    assert_eq!(offer("staging", "x86_64"), Value::Null);
}

#[test]
fn verify_fails_for_what_a_box_would_refuse() {
    let scene = with_releases();
    let other = Scene::with_keys();
    other.key("root-eva");
    let refused = |why: &str| {
        let said = scene.refused(5, &verify("feed", ROOT));
        assert!(said.contains(why), "{said}");
    };
    let timestamp = scene.path("feed/metadata/timestamp.json");
    let good = fs::read(&timestamp).expect("the timestamp");

    let text = String::from_utf8(good.clone()).expect("text");
    let later = text.replacen("\"version\":2", "\"version\":3", 2);
    assert_ne!(later, text);
    fs::write(&timestamp, later).expect("a file");
    refused("update-signature");
    fs::remove_file(&timestamp).expect("a file");
    refused("update-feed-missing");
    fs::write(&timestamp, good).expect("a file");
    scene.ok(&verify("feed", ROOT));

    let target = fs::read_dir(scene.path("feed/targets")).expect("targets").flatten().next();
    fs::write(target.expect("a target").path(), b"something else").expect("a file");
    let broken = scene.run(&verify("feed", ROOT));
    assert_eq!(broken.status.code(), Some(5));
    let said: Value = serde_json::from_slice(&broken.stdout).expect("JSON");
    assert_eq!(said["broken"].as_array().map(Vec::len), Some(1), "{said}");
    scene.refused(3, &verify("nowhere", ROOT));
}

#[test]
fn a_bundle_is_the_same_each_time_and_holds_what_a_box_needs() {
    let scene = with_releases();
    let bundle = |out: &str| scene.ok(&["bundle", "--feed", "feed", "--out", out]);

    let (one, other) = (bundle("one.bundle"), bundle("other.bundle"));

    assert_eq!(one["sha256"], other["sha256"]);
    let listed = Command::new("tar").args(["-tvf"]).arg(scene.path("one.bundle")).output();
    let listed = String::from_utf8(listed.expect("tar").stdout).expect("text");
    let members: Vec<&str> =
        listed.lines().filter_map(|line| line.split(' ').next_back()).collect();
    assert_eq!(json!(members), one["members"]);
    assert!(listed.lines().all(|line| line.starts_with("-rw-r--r-- 0/0 ")), "{listed}");
    assert_eq!(members[..2], ["metadata/1.root.json", "metadata/timestamp.json"]);
    let targets: Vec<&str> = members[4..]
        .iter()
        .filter_map(|member| member.split_once('.'))
        .map(|(_, name)| name)
        .collect();
    let delta = targets[0];
    assert!(delta.starts_with("delta-"), "{targets:?}");
    let rest = ["holdfast-1.4.3-aarch64", "holdfast-1.4.3-x86_64", "notes-1.4.3.md"];
    assert_eq!(targets[1..], rest, "no other release");

    let unpacked = scene.path("unpacked");
    fs::create_dir(&unpacked).expect("a folder");
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(scene.path("one.bundle")).arg("-C").arg(&unpacked);
    assert!(tar.status().expect("tar").success());
    let said = scene.run(&verify("unpacked", ROOT));
    let said: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!(said["offers"].as_array().map(Vec::len), Some(6), "its metadata is whole: {said}");
}

#[test]
fn a_copy_is_what_it_was_made_of_and_follows_it() {
    let scene = with_releases();
    let mirror = ["mirror", "--from", "feed", "--to", "copy", "--root", ROOT];

    let first = scene.ok(&mirror);
    let again = scene.ok(&mirror);
    scene.ok(&["withdraw", "--feed", "feed", "--version", "1.5.0"]);
    scene.publish();
    let later = scene.ok(&mirror);

    assert_eq!(first["fetched"].as_array().map(Vec::len), Some(8));
    assert_eq!(again["fetched"], json!([]));
    assert_eq!(later["fetched"], json!([]));
    let order: Vec<&str> =
        later["metadata"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert_eq!(order, ["3.targets.json", "3.snapshot.json", "timestamp.json"]);
    assert_eq!(files(&scene.path("copy/targets")), files(&scene.path("feed/targets")));
    scene.ok(&verify("copy", ROOT));
    let spoiled = scene.path("feed/metadata/timestamp.json");
    fs::write(spoiled, b"{}").expect("a file");
    let before = files(&scene.path("copy"));
    scene.refused(5, &mirror);
    assert_eq!(files(&scene.path("copy")), before);
}

/// A real program, compiled from this source.
fn compiled(scene: &Scene, name: &str, source: &str) -> PathBuf {
    scene.write(&format!("{name}.rs"), source.as_bytes());
    let rustc = Path::new(env!("CARGO")).with_file_name("rustc");
    let out = scene.path(name);
    let built = Command::new(rustc)
        .args([
            "--edition",
            "2024",
            "--crate-name",
            "program",
            "-O",
            "-C",
            "strip=symbols",
            "-C",
            "codegen-units=1",
            "-o",
        ])
        .arg(&out)
        .arg(scene.path(&format!("{name}.rs")))
        .status();
    assert!(built.expect("rustc").success());
    out
}

/// Words counted, in the way of a program that does a little of everything.
fn source(greeting: &str, more: &str) -> String {
    format!(
        "use std::collections::{{BTreeMap, HashMap}};\n\
         fn main() {{\n\
             let mut counts: HashMap<String, u64> = HashMap::new();\n\
             for line in std::io::stdin().lines().map_while(Result::ok) {{\n\
                 for word in line.split_whitespace() {{\n\
                     *counts.entry(word.to_lowercase()).or_default() += 1;\n\
                 }}\n\
             }}\n\
             let sorted: BTreeMap<_, _> = counts.into_iter().map(|(w, n)| (n, w)).collect();\n\
             println!(\"{greeting} {{sorted:?}}\");\n\
             {more}\n\
         }}\n"
    )
}

#[test]
fn a_delta_for_a_small_change_of_a_program_is_small() {
    let scene = Scene::published();
    let more = "if std::env::args().count() > 1 { eprintln!(\"{}\", sorted.len() * 3); }";
    for (version, source) in [("1.4.2", source("Found", "")), ("1.4.3", source("Counted", more))] {
        let program = compiled(&scene, &format!("program-{version}"), &source);
        let mut bytes = fs::read(program).expect("a program");
        bytes.extend(facts(version, std::env::consts::ARCH).bytes());
        scene.write("binary", &bytes);
        scene.write("notes.md", b"# News\n");
        let arguments = ["add", "--feed", "feed", "--binary", "binary", "--version", version];
        scene.ok(&[&arguments[..], &["--notes", "notes.md"]].concat());
    }

    let made = scene.ok(&["delta", "--feed", "feed", "--from", "1.4.2"]);

    let delta = &made["deltas"][0];
    let (small, full) = (delta["size_bytes"].as_u64(), delta["full_size_bytes"].as_u64());
    let (small, full) = (small.expect("a size"), full.expect("a size"));
    assert!(full > 200_000, "a program of {full} bytes");
    assert!(small * 100 <= full * 15, "{small} of {full} bytes");
    let patched = scene.path("patched");
    let name = delta["target"].as_str().expect("a name");
    let entry = fs::read_dir(scene.path("feed/targets")).expect("targets").flatten();
    let at = entry.map(|one| one.path()).find(|path| path.display().to_string().ends_with(name));
    zstd_rebuilds(&scene, &at.expect("the delta"), &patched);
    scene.publish();
    scene.ok(&verify("feed", ROOT));
}

/// What the page on the format says of `zstd`, where that is here.
#[expect(clippy::print_stdout, reason = "a skipped check says why")]
fn zstd_rebuilds(scene: &Scene, delta: &Path, out: &Path) {
    let targets = files(&scene.path("feed/targets"));
    let named = |ending: &str| {
        let found = targets.iter().find(|(path, _)| path.display().to_string().ends_with(ending));
        found.expect("a binary")
    };
    let arch = std::env::consts::ARCH;
    let base = scene.path("feed/targets").join(&named(&format!("1.4.2-{arch}")).0);
    let mut zstd = Command::new("zstd");
    zstd.args(["-q", "-d", "--long=31", "--patch-from"]).arg(base).arg(delta).arg("-o").arg(out);
    match zstd.status() {
        Ok(ended) => {
            assert!(ended.success());
            assert_eq!(fs::read(out).expect("a file"), named(&format!("1.4.3-{arch}")).1);
        }
        Err(_) => println!("SKIPPED: zstd is not here"),
    }
}

#[test]
fn a_delta_needs_two_releases_for_one_machine() {
    let scene = Scene::published();
    scene.add("1.4.2", &[]);

    let alone = scene.refused(1, &["delta", "--feed", "feed", "--from", "1.4.2"]);
    let unknown = scene.refused(3, &["delta", "--feed", "feed", "--from", "1.4.1"]);

    assert!(alone.contains("Nothing newer than 1.4.2"), "{alone}");
    assert!(unknown.contains("lists no 1.4.1"), "{unknown}");
}
