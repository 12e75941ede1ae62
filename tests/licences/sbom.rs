//! The bill of materials (`CycloneDX`): every part with its address, version, hash and licence, and
//! which part needs which. Made of the lock files alone, so the same sources give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::secret::to_hex;
use serde_json::{Map, Value, json};

use super::{CARRIED, all, is_for_running, linked, metadata, read_json, repository, spdx, text};

/// The bill, packed.
const BILL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/sbom.cdx.json.zst");

/// Components by their reference, and what each needs.
#[derive(Default)]
struct Bill {
    components: BTreeMap<String, Value>,
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Bill {
    fn add(&mut self, reference: &str, component: Value) {
        self.components.insert(reference.to_owned(), component);
        self.needs.entry(reference.to_owned()).or_default();
    }

    fn need(&mut self, who: &str, what: String) {
        self.needs.entry(who.to_owned()).or_default().insert(what);
    }
}

fn root() -> String {
    format!("pkg:generic/holdfast@{}", env!("CARGO_PKG_VERSION"))
}

fn component(reference: &str, name: &str, version: &str, licence: &str) -> Map<String, Value> {
    let mut made = Map::new();
    made.insert("type".into(), json!("library"));
    made.insert("bom-ref".into(), json!(reference));
    made.insert("name".into(), json!(name));
    made.insert("version".into(), json!(version));
    made.insert("purl".into(), json!(reference));
    made.insert("licenses".into(), json!([{ "expression": licence }]));
    made
}

/// What the lock file says a package hashes to, by name and version.
fn checksums() -> BTreeMap<(String, String), String> {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).expect("the lock file");
    let lock: toml::Table = lock.parse().expect("TOML");
    let packages = lock["package"].as_array().expect("packages");
    let pairs = packages.iter().filter_map(|package| {
        let word = |name| package.get(name).and_then(toml::Value::as_str).map(str::to_owned);
        Some(((word("name")?, word("version")?), word("checksum")?))
    });
    pairs.collect()
}

fn crate_reference(package: &Value) -> String {
    // A plus sign stands for itself only when it is written out.
    format!("pkg:cargo/{}@{}", text(package, "name"), text(package, "version").replace('+', "%2B"))
}

fn add_crates(bill: &mut Bill) {
    let metadata = metadata();
    let (linked, checksums) = (linked(&metadata), checksums());
    let packages = all(&metadata, "packages").iter();
    let by_id: BTreeMap<&str, &Value> = packages.map(|one| (text(one, "id"), one)).collect();
    for id in &linked {
        let package = by_id[id];
        let (name, version) = (text(package, "name"), text(package, "version"));
        let reference = crate_reference(package);
        let mut made = component(&reference, name, version, &spdx(text(package, "license")));
        let checksum = &checksums[&(name.to_owned(), version.to_owned())];
        made.insert("hashes".into(), json!([{ "alg": "SHA-256", "content": checksum }]));
        bill.add(&reference, made.into());
        if let Some((_, own, licence)) = CARRIED.iter().find(|(by, ..)| *by == name) {
            let carried = version.split_once("+zstd.").map(|(_, carried)| carried);
            let carried = carried.unwrap_or_else(|| rusqlite::version());
            let address = format!("pkg:generic/{}@{carried}", own.to_lowercase());
            bill.add(&address, component(&address, own, carried, licence).into());
            bill.need(&reference, address);
        }
    }
    let own = text(&metadata["resolve"], "root");
    for node in all(&metadata["resolve"], "nodes") {
        let id = text(node, "id");
        if id != own && !linked.contains(id) {
            continue;
        }
        let reference = if id == own { root() } else { crate_reference(by_id[id]) };
        for need in all(node, "deps") {
            let what = text(need, "pkg");
            if linked.contains(what) && all(need, "dep_kinds").iter().any(is_for_running) {
                bill.need(&reference, crate_reference(by_id[what]));
            }
        }
    }
}

fn package_reference(path: &str, about: &Value) -> String {
    let name = path.rsplit("node_modules/").next().unwrap_or(path);
    format!("pkg:npm/{}@{}", name.replace('@', "%40"), text(about, "version"))
}

/// Where a package at `path` finds another: beside its own, or further up.
fn found_from(packages: &Map<String, Value>, path: &str, name: &str) -> Option<String> {
    let mut folder = path.to_owned();
    loop {
        let place = if folder.is_empty() {
            format!("node_modules/{name}")
        } else {
            format!("{folder}/node_modules/{name}")
        };
        if packages.contains_key(&place) {
            return Some(place);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once("node_modules/").map_or("", |(above, _)| above).to_owned();
        folder = folder.trim_end_matches('/').to_owned();
    }
}

fn add_packages(bill: &mut Bill) {
    let lock = read_json(&repository().join("web/package-lock.json"));
    let packages = lock["packages"].as_object().expect("packages");
    let is_built_in = |about: &Value| about["dev"] != true && about["devOptional"] != true;
    for (path, about) in packages.iter().filter(|(_, about)| is_built_in(about)) {
        let reference = if path.is_empty() { root() } else { package_reference(path, about) };
        if !path.is_empty() {
            let name = path.rsplit("node_modules/").next().unwrap_or(path);
            let licence = spdx(text(about, "license"));
            let mut made = component(&reference, name, text(about, "version"), &licence);
            let hash = text(about, "integrity").strip_prefix("sha512-");
            let hash = STANDARD.decode(hash.expect("a hash of each package")).expect("base64");
            made.insert("hashes".into(), json!([{ "alg": "SHA-512", "content": to_hex(&hash) }]));
            bill.add(&reference, made.into());
        }
        for field in ["dependencies", "optionalDependencies", "peerDependencies"] {
            for name in about[field].as_object().into_iter().flat_map(Map::keys) {
                let place = found_from(packages, path, name);
                let what = place.map(|place| (place.clone(), &packages[&place]));
                if let Some((place, about)) = what.filter(|(_, about)| is_built_in(about)) {
                    bill.need(&reference, package_reference(&place, about));
                }
            }
        }
    }
}

/// The bill of what the program and its pages are made of.
fn bill() -> String {
    let mut bill = Bill::default();
    add_crates(&mut bill);
    add_packages(&mut bill);
    let needs = bill.needs.iter().map(|(who, what)| json!({ "ref": who, "dependsOn": what }));
    let mut of_product =
        component(&root(), "holdfast", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_LICENSE"));
    of_product.insert("type".into(), json!("application"));
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": of_product },
        "components": bill.components.values().collect::<Vec<_>>(),
        "dependencies": needs.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&document).expect("texts alone") + "\n"
}

#[test]
fn the_committed_bill_of_materials_is_that_of_the_lock_files() {
    let found = bill();
    if std::env::var("HOLDFAST_LICENCES").is_ok_and(|value| value == "write") {
        let packed = zstd::encode_all(found.as_bytes(), 19).expect("packed");
        std::fs::write(BILL, packed).expect("the bill is written");
    }

    let packed = std::fs::read(BILL).unwrap_or_default();
    let committed = zstd::decode_all(packed.as_slice()).expect("unpacked");

    assert!(committed == found.as_bytes(), "run `make generate`: {BILL} is stale");
    assert!(packed.len() < 96 * 1024, "{} bytes in the program", packed.len());
}

#[test]
fn the_bill_names_every_part_that_about_lists_and_every_need_is_a_part() {
    let bill: Value = serde_json::from_str(&bill()).expect("JSON");
    let named: BTreeSet<&str> =
        all(&bill, "components").iter().map(|one| text(one, "name")).collect();
    let references: BTreeSet<&str> =
        all(&bill, "components").iter().map(|one| text(one, "bom-ref")).collect();
    let listed = read_json(Path::new(super::LIST));

    for part in listed.as_array().expect("a list") {
        assert!(named.contains(text(part, "name")), "{part} is not in the bill");
    }
    let mut reached = BTreeSet::from([root()]);
    let mut next = vec![root()];
    while let Some(who) = next.pop() {
        let needs = all(&bill, "dependencies").iter().find(|one| text(one, "ref") == who);
        for what in needs.map_or(&[][..], |needs| all(needs, "dependsOn")) {
            let what = what.as_str().expect("a reference");
            assert!(references.contains(what), "{who} needs {what}, which is not in the bill");
            if reached.insert(what.to_owned()) {
                next.push(what.to_owned());
            }
        }
    }
    let lost = references.iter().find(|one| !reached.contains(**one));
    assert_eq!(lost, None, "a part that nothing needs");
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn the_bill_is_what_its_schema_asks_for() {
    let python = repository().join("target/tools/python/bin/python");
    let is_there = Command::new(&python)
        .args(["-c", "import cyclonedx.validation.json, jsonschema"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("SKIPPED: the schema of the bill was not asked; .ci/python installs it");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (good, bad) = (folder.path().join("good.json"), folder.path().join("bad.json"));
    std::fs::write(&good, bill()).expect("a file");
    std::fs::write(&bad, bill().replace("SHA-256", "SHA-257")).expect("a file");
    let check = |path: &Path| {
        let script = repository().join("tests/python/check_sbom.py");
        Command::new(&python).arg(script).arg(path).output().expect("Python")
    };

    let (passed, refused) = (check(&good), check(&bad));

    assert!(passed.status.success(), "{}", String::from_utf8_lossy(&passed.stdout));
    assert_eq!(refused.status.code(), Some(5), "the schema refuses nothing");
}
