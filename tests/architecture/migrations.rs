//! Migrations are numbered, and a released one never changes.

use std::collections::BTreeMap;

use holdfast::platform::secret::to_hex;
use sha2::{Digest, Sha256};

use crate::tree::{File, Tree, Violation};

pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut sets: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in tree.files.iter().filter(|file| file.path.starts_with("migrations/")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        sets.entry(folder).or_default().push(file);
    }
    for files in sets.values() {
        let (released, migrations): (Vec<&File>, Vec<&File>) =
            files.iter().partition(|file| file.path.ends_with("/RELEASED"));
        violations.extend(numbers(&migrations));
        for list in released {
            violations.extend(checksums(list, &migrations));
        }
        violations.extend(migrations.iter().flat_map(|file| strictness(file)));
    }
    violations.sort();
    violations
}

fn name_of(file: &File) -> &str {
    file.path.rsplit('/').next().unwrap_or_default()
}

/// `NNNN_what.sql`: the first is 0001, and no number stands twice. A number may be left out, so
/// that two changes can be written beside each other.
fn numbers(migrations: &[&File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut last = 0;
    for file in migrations {
        match number_of(name_of(file)) {
            Some(number) if number == last + 1 || last > 0 && number > last => last = number,
            _ => {
                let wanted = format!("{}what.sql", prefix(last + 1));
                violations.push(Violation::new(file, 0, format!("is to be called {wanted}")));
            }
        }
    }
    violations
}

fn number_of(name: &str) -> Option<usize> {
    let (digits, what) = name.strip_suffix(".sql")?.split_once('_')?;
    let is_plain =
        !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let number = digits.parse().ok()?;
    (is_plain && prefix(number) == format!("{digits}_")).then_some(number)
}

fn prefix(number: usize) -> String {
    format!("{number:04}_")
}

/// Lines of `RELEASED` are those of `sha256sum`: checksum, two spaces, file name.
fn checksums(list: &File, migrations: &[&File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (line, number) in list.text.lines().zip(1..) {
        let Some((checksum, name)) = line.split_once("  ") else {
            violations.push(Violation::new(list, number, "is not a line of sha256sum"));
            continue;
        };
        match migrations.iter().find(|file| name_of(file) == name) {
            None => violations.push(Violation::new(list, number, format!("{name} is gone"))),
            Some(file) if checksum_of(&file.text) != checksum => {
                let what = "was released and may not change; write the next one";
                violations.push(Violation::new(file, 0, what));
            }
            Some(_) => {}
        }
    }
    violations
}

fn checksum_of(text: &str) -> String {
    to_hex(&Sha256::digest(text.as_bytes()))
}

/// Every table is STRICT; without it SQLite keeps a text where a number belongs.
fn strictness(file: &File) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut open: Option<usize> = None;
    for (line, number) in file.text.lines().zip(1..) {
        let code = line.split("--").next().unwrap_or_default().to_uppercase();
        if code.trim_start().starts_with("CREATE TABLE") {
            open = Some(number);
        }
        let is_end = code.contains(';');
        if let Some(start) = open.filter(|_| is_end) {
            if !code.split(|c: char| !c.is_alphanumeric()).any(|word| word == "STRICT") {
                violations.push(Violation::new(file, start, "the table is not STRICT"));
            }
            open = None;
        }
    }
    violations
}
