//! What is built in and under which licence: the committed list is that of the lock files, and
//! every licence in it is permissive. `make generate` writes the list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/licences.json");
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

/// C sources that crates carry, which have a name and a licence of their own: crate, name, licence.
const CARRIED: &[(&str, &str, &str)] =
    &[("libsqlite3-sys", "SQLite", "blessing"), ("zstd-sys", "Zstandard", "BSD-3-Clause")];

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
fn everything_built_in_has_a_permissive_licence() {
    let committed = read_json(Path::new(LIST));
    let parts = committed.as_array().expect("a list");

    for part in parts {
        assert!(is_permissive(text(part, "licence")), "{part}");
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
