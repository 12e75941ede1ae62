//! What is built in and under which licence: the committed list is that of the lock files, and
//! every licence in it is permissive, and the texts of all of them are there. `make generate`
//! writes both, and the bill of materials.

#[path = "licences/sbom.rs"]
mod sbom;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/licences.json");
/// The texts, packed.
const TEXTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/licences.txt.zst");
/// What the list is made for; the other platforms differ by nothing that is built in.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Licences that ask for no more than to be named.
const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "blessing",
];

/// Parts whose licence asks beside that to say where their own source is. They are built in as they
/// are published, which the head of the texts says.
const SOURCE_IS_NAMED: &[(&str, &[&str])] = &[(
    "MPL-2.0",
    &[
        "crypto-glue",
        "webauthn-attestation-ca",
        "webauthn-rs",
        "webauthn-rs-core",
        "webauthn-rs-proto",
    ],
)];
/// The head of the texts of the program.
const OF_PROGRAM: &str = "What the program is made of. Parts under the Mozilla Public License are \
    built in unchanged; their source is published in Rust's package registry under their name and \
    version.";

/// C sources that crates carry, which have a name and a licence of their own: crate, name, licence.
const CARRIED: &[(&str, &str, &str)] =
    &[("libsqlite3-sys", "SQLite", "blessing"), ("zstd-sys", "Zstandard", "BSD-3-Clause")];
/// Where the text of what is carried lies in its crate.
const CARRIED_TEXTS: &[(&str, &str)] = &[("Zstandard", "zstd/LICENSE")];
/// Stands at the head of SQLite's sources instead of a licence.
const BLESSING: &str = "The author disclaims copyright to this source code. In place of a legal \
    notice, here is a blessing:\n\nMay you do good and not evil.\nMay you find forgiveness for \
    yourself and forgive others.\nMay you share freely, never taking more than you give.\n";
/// Crates whose text stands in the first comment of a source instead of a file of its own.
const TEXT_IN_SOURCE: &[(&str, &str)] = &[("qrcodegen", "src/lib.rs"), ("bech32", "src/lib.rs")];
/// Parts published without a text, and the part of the same author whose text stands for them.
const TEXT_OF_SIBLING: &[(&str, &str)] = &[
    ("react-remove-scroll-bar", "react-remove-scroll"),
    ("kbkdf", "hkdf"),
    ("fluent-langneg", "fluent"),
    ("intl_pluralrules", "intl-memoizer"),
    ("cookie-factory", "nom"),
];
/// Licences whose text says everything, for parts published without it; of two, the one chosen.
const TEXT_OF_LICENCE: &[(&str, &str)] = &[
    ("MPL-2.0", "docs/reference/mpl-2.0.txt"),
    ("Apache-2.0", "LICENSE-APACHE"),
    ("MIT OR Apache-2.0", "LICENSE-APACHE"),
];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn all<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .current_dir(repository())
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Crates the program links: what it needs to run, without what only builds or tests it.
fn linked(metadata: &Value) -> BTreeSet<&str> {
    let packages = all(metadata, "packages").iter();
    let builds_only = packages.filter(|package| {
        let targets = all(package, "targets").iter();
        targets.flat_map(|target| all(target, "kind")).any(|kind| kind == "proc-macro")
    });
    let builds_only: BTreeSet<&str> = builds_only.map(|package| text(package, "id")).collect();
    let nodes = all(&metadata["resolve"], "nodes").iter();
    let nodes: BTreeMap<&str, &Value> = nodes.map(|node| (text(node, "id"), node)).collect();
    let root = text(&metadata["resolve"], "root");
    let (mut found, mut next) = (BTreeSet::new(), vec![root]);
    while let Some(id) = next.pop() {
        if builds_only.contains(id) || !found.insert(id) {
            continue;
        }
        let needs = all(nodes[id], "deps").iter();
        let needs = needs.filter(|need| all(need, "dep_kinds").iter().any(is_for_running));
        next.extend(needs.map(|need| text(need, "pkg")));
    }
    found.remove(root);
    found
}

fn is_for_running(kind: &Value) -> bool {
    kind["kind"].is_null()
}

fn rust_parts() -> Vec<Value> {
    let metadata = metadata();
    let linked = linked(&metadata);
    let mut parts = Vec::new();
    for package in all(&metadata, "packages") {
        if !linked.contains(text(package, "id")) {
            continue;
        }
        let name = text(package, "name");
        // What follows the plus sign is the version of what the crate carries.
        let (version, carried) = text(package, "version").split_once('+').map_or_else(
            || (text(package, "version"), None),
            |(version, carried)| (version, Some(carried)),
        );
        parts.push(part(name, version, &spdx(text(package, "license")), "rust"));
        if let Some((_, own_name, licence)) = CARRIED.iter().find(|(by, ..)| *by == name) {
            let own_version = match (*own_name, carried) {
                ("SQLite", _) => rusqlite::version(),
                (_, Some(carried)) => carried.trim_start_matches("zstd."),
                (_, None) => panic!("{name} does not say which {own_name} it carries"),
            };
            parts.push(part(own_name, own_version, licence, "rust"));
        }
    }
    parts
}

/// What the pages are made of: everything of the lock file that is not for development alone.
fn web_parts() -> Vec<Value> {
    let lock = read_json(&repository().join("web/package-lock.json"));
    let packages = lock["packages"].as_object().expect("packages");
    let built_in = packages.iter().filter(|(path, about)| {
        !path.is_empty() && about["dev"] != true && about["devOptional"] != true
    });
    let parts = built_in.map(|(path, about)| {
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        part(name, text(about, "version"), &spdx(text(about, "license")), "web")
    });
    parts.collect()
}

fn part(name: &str, version: &str, licence: &str, kind: &str) -> Value {
    json!({ "name": name, "version": version, "licence": licence, "kind": kind })
}

/// What stands beside a part's manifest and says under which terms it may be used.
fn texts_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("{}: {error}", folder.display());
    });
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    let says_terms = |path: &&PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.to_lowercase();
        let starts = ["licen", "unlicen", "copying", "notice", "copyright"];
        path.is_file() && starts.iter().any(|start| name.starts_with(start))
    };
    names.iter().filter(says_terms).map(|path| text_of(path)).collect()
}

fn text_of(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned() + "\n"
}

fn first_comment(path: &Path) -> String {
    let text = text_of(path);
    let lines: Vec<&str> = if text.starts_with("//") {
        text.lines().map_while(|line| line.strip_prefix("//")).collect()
    } else {
        let comment = text.split_once("/*").and_then(|(_, rest)| rest.split_once("*/"));
        let (comment, _) = comment.unwrap_or_else(|| panic!("{} has none", path.display()));
        comment.lines().map(|line| line.trim_start_matches([' ', '*'])).collect()
    };
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join("\n").trim_matches('\n').to_owned() + "\n"
}

/// A part, as it is called in the texts, and all of its texts.
type Told = (String, Vec<String>);

fn rust_texts() -> Vec<Told> {
    let metadata = metadata();
    let linked = linked(&metadata);
    let mut told = Vec::new();
    for package in all(&metadata, "packages") {
        if !linked.contains(text(package, "id")) {
            continue;
        }
        let folder = Path::new(text(package, "manifest_path")).parent().expect("a folder");
        let (name, version) = (text(package, "name"), text(package, "version"));
        let version = version.split('+').next().unwrap_or_default();
        let in_source = TEXT_IN_SOURCE.iter().find(|(without, _)| *without == name);
        let mut texts = in_source
            .map_or_else(|| texts_in(folder), |(_, at)| vec![first_comment(&folder.join(at))]);
        if texts.is_empty() {
            texts = texts_from_elsewhere(package, &metadata);
        }
        told.push((format!("{name} {version}"), texts));
        if let Some((_, own_name, _)) = CARRIED.iter().find(|(by, ..)| *by == name) {
            let place = CARRIED_TEXTS.iter().find(|(carried, _)| carried == own_name);
            let own = place.map_or(BLESSING.to_owned(), |(_, at)| text_of(&folder.join(at)));
            told.push(((*own_name).to_owned(), vec![own]));
        }
    }
    told
}

/// What stands for the text that a part is published without.
fn texts_from_elsewhere(package: &Value, metadata: &Value) -> Vec<String> {
    let (name, licence) = (text(package, "name"), text(package, "license"));
    let sibling = TEXT_OF_SIBLING.iter().find(|(without, _)| *without == name);
    let sibling = sibling.and_then(|(_, with)| {
        all(metadata, "packages").iter().find(|package| text(package, "name") == *with)
    });
    let folder = sibling.and_then(|package| Path::new(text(package, "manifest_path")).parent());
    let own = folder.map(texts_in).unwrap_or_default();
    if !own.is_empty() {
        return own;
    }
    let chosen = TEXT_OF_LICENCE.iter().find(|(whole, _)| *whole == licence);
    chosen.map(|(_, at)| text_of(&repository().join(at))).into_iter().collect()
}

/// None where the pages' parts are not installed.
fn web_texts() -> Option<Vec<Told>> {
    let modules = repository().join("web/node_modules");
    if !modules.is_dir() {
        return None;
    }
    let lock = read_json(&repository().join("web/package-lock.json"));
    let packages = lock["packages"].as_object().expect("packages");
    let built_in = packages.iter().filter(|(path, about)| {
        !path.is_empty() && about["dev"] != true && about["devOptional"] != true
    });
    let told = built_in.map(|(path, about)| {
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        let sibling = TEXT_OF_SIBLING.iter().find(|(without, _)| *without == name);
        let folder = sibling
            .map_or_else(|| repository().join("web").join(path), |(_, with)| modules.join(with));
        (format!("{name} {}", text(about, "version")), texts_in(&folder))
    });
    Some(told.collect())
}

/// Each text once, below the parts it stands for.
fn document(heading: &str, told: Vec<Told>) -> String {
    let mut texts: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for (part, own) in told {
        assert!(!own.is_empty(), "{part} comes without a text; see TEXT_OF_SIBLING");
        for one in own {
            let words = one.split_whitespace().collect::<Vec<_>>().join(" ");
            texts.entry(words).or_insert((one, BTreeSet::new())).1.insert(part.clone());
        }
    }
    let mut sections: Vec<_> = texts.into_values().collect();
    sections.sort_by(|left, right| left.1.cmp(&right.1));
    let line = "=".repeat(80);
    let mut found = format!("{heading}\n");
    for (one, parts) in sections {
        let parts: Vec<String> = parts.into_iter().collect();
        found += &["\n", &line, "\n", &parts.join(", "), "\n", &line, "\n\n", &one].concat();
    }
    found
}

/// One spelling: older crates write a slash for OR, and some put brackets around the whole.
fn spdx(licence: &str) -> String {
    let licence = licence.replace(" / ", " OR ").replace('/', " OR ");
    let inside = licence.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match inside {
        Some(inside) if !inside.contains(['(', ')']) => inside.to_owned(),
        _ => licence,
    }
}

/// A line for each part, in a stable order.
fn list(mut parts: Vec<Value>) -> String {
    parts.sort_by_key(|one| {
        let key = |name| text(one, name).to_lowercase();
        (key("kind"), key("name"), key("version"))
    });
    parts.dedup();
    let lines: Vec<String> = parts.iter().map(|one| format!("  {one}")).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Whether some way to fulfil the expression asks for permissive licences alone. AND binds
/// tighter than OR.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let found = any_of(&mut words);
    found && words.peek().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>) -> bool {
    let mut found = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        found |= all_of(words);
    }
    found
}

fn all_of(words: &mut Words<'_>) -> bool {
    let mut found = one(words);
    while words.next_if_eq(&"AND").is_some() {
        found &= one(words);
    }
    found
}

fn one(words: &mut Words<'_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let found = any_of(words);
        return words.next_if_eq(&")").is_some() && found;
    }
    let Some(name) = words.next() else { return false };
    let Some(exception) = words.next_if_eq(&"WITH").and_then(|_| words.next()) else {
        return PERMISSIVE.contains(&name);
    };
    PERMISSIVE.contains(&format!("{name} WITH {exception}").as_str())
}

#[test]
fn the_committed_list_is_that_of_the_lock_files() {
    let found = list(rust_parts().into_iter().chain(web_parts()).collect());
    if std::env::var("HOLDFAST_LICENCES").is_ok_and(|value| value == "write") {
        std::fs::write(LIST, &found).expect("the list is written");
    }

    let committed = std::fs::read_to_string(LIST).unwrap_or_default();

    assert!(committed == found, "run `make generate` and read the difference of {LIST}");
}

#[test]
fn the_committed_texts_are_those_of_what_is_built_in() {
    let of_program = document(OF_PROGRAM, rust_texts());
    let of_pages = web_texts().map(|told| document("\nWhat the pages are made of.", told));
    if std::env::var("HOLDFAST_LICENCES").is_ok_and(|value| value == "write") {
        let pages = of_pages.as_deref().expect("npm ci installs what the pages are made of");
        let packed = zstd::encode_all(format!("{of_program}{pages}").as_bytes(), 19);
        std::fs::write(TEXTS, packed.expect("packed")).expect("the texts are written");
    }

    let packed = std::fs::read(TEXTS).expect("the texts");
    let committed = zstd::decode_all(packed.as_slice()).expect("unpacked");
    let committed = String::from_utf8(committed).expect("a text");

    let pages = committed.strip_prefix(&of_program);
    let pages = pages.unwrap_or_else(|| panic!("run `make generate`: {TEXTS} is stale"));
    assert!(of_pages.is_none_or(|told| told == pages), "run `make generate`: {TEXTS} is stale");
    for words in ["Copyright (c) Tokio Contributors", "May you do good", "Meta Platforms"] {
        assert!(committed.contains(words), "{words:?} is nowhere");
    }
    assert!(packed.len() < 64 * 1024, "{} bytes in the program", packed.len());
}

#[test]
fn everything_built_in_has_a_permissive_licence() {
    let committed = read_json(Path::new(LIST));
    let parts = committed.as_array().expect("a list");

    for part in parts {
        let (name, licence) = (text(part, "name"), text(part, "licence"));
        let is_named =
            |(other, names): &(&str, &[&str])| *other == licence && names.contains(&name);
        assert!(is_permissive(licence) || SOURCE_IS_NAMED.iter().any(is_named), "{part}");
    }

    for (kind, name) in [("rust", "tokio"), ("rust", "SQLite"), ("web", "react")] {
        let is_there = parts.iter().any(|one| one["kind"] == kind && one["name"] == name);
        assert!(is_there, "{name} is built in and not in the list");
    }
    for name in ["insta", "proptest", "cc", "serde_derive", "vite", "typescript", "holdfast"] {
        assert!(parts.iter().all(|one| one["name"] != name), "{name} is not built in");
    }
}

#[test]
fn a_licence_that_asks_for_more_is_found() {
    for permissive in [
        "MIT",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
    ] {
        assert!(is_permissive(permissive), "{permissive}");
    }
    for other in [
        "",
        "GPL-3.0-only",
        "MPL-2.0",
        "MIT AND GPL-2.0",
        "MIT AND (GPL-2.0 OR AGPL-3.0)",
        "MIT WITH something",
        "(MIT",
        "MIT)",
        "SEE LICENSE IN FILE",
    ] {
        assert!(!is_permissive(other), "{other}");
    }
}
