//! Sizes, names and a few words that may not be used.

use crate::tree::{File, Tree, Violation};

const FILE_LINES_MAX: usize = 600;
const TEST_FILE_LINES_MAX: usize = 900;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARACTERS_MAX: usize = 100;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "common", "helper", "helpers", "misc", "manager", "managers", "stuff"];

/// Modules that may hold `unsafe`, each with its reason beside its `#[expect]`.
const UNSAFE_ALLOWED: [&str; 1] = ["src/platform/footprint.rs"];

pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| !is_exempt(file)) {
        violations.extend(name(file));
        if !file.has_extension(&["sql"]) {
            violations.extend(length(file));
        }
        violations.extend(lines(file));
    }
    for file in tree.rust().filter(|file| !is_exempt(file)) {
        violations.extend(rust(file));
    }
    violations.sort();
    violations
}

/// Generated files and sample data are as long as they are.
fn is_exempt(file: &File) -> bool {
    let is_generated = file.path.contains(".gen.");
    let is_sample = file.stem().starts_with("sample") || file.folders().any(|one| one == "sample");
    is_generated || is_sample || file.path.ends_with("/RELEASED")
}

fn name(file: &File) -> Option<Violation> {
    let is_empty = |name: &str| name.split(['_', '-']).any(|word| EMPTY_NAMES.contains(&word));
    let lower = file.stem().to_lowercase();
    let mut names = file.folders().chain([lower.as_str()]);
    let name = names.find(|name| is_empty(name))?;
    let what = format!("`{name}` says nothing; name the one thing, or put it beside its caller");
    Some(Violation::new(file, 0, what))
}

fn length(file: &File) -> Option<Violation> {
    let lines = file.text.lines().count();
    let max = if file.is_test() { TEST_FILE_LINES_MAX } else { FILE_LINES_MAX };
    let what = format!("has {lines} lines, at most {max}; split it by topic");
    (lines > max).then(|| Violation::new(file, 0, what))
}

fn lines(file: &File) -> Vec<Violation> {
    let too_long = |line: &str| {
        // An address cannot be broken.
        line.chars().count() > LINE_CHARACTERS_MAX && !line.contains("://")
    };
    let numbered = file.text.lines().zip(1..).filter(|(line, _)| too_long(line));
    let what = format!("is longer than {LINE_CHARACTERS_MAX} characters");
    numbered.map(|(_, number)| Violation::new(file, number, what.clone())).collect()
}

fn rust(file: &File) -> Vec<Violation> {
    let scan = file.scan();
    let mut violations = Vec::new();
    for function in scan.functions.iter().filter(|one| one.lines > FUNCTION_LINES_MAX) {
        let (name, lines) = (&function.name, function.lines);
        let what = format!("fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}");
        violations.push(Violation::new(file, function.line, what));
    }
    for line in &scan.ignores {
        violations.push(Violation::new(file, *line, "a test is never ignored"));
    }
    if !UNSAFE_ALLOWED.contains(&file.path.as_str()) {
        let what = "`unsafe` is allowed in named modules only, see UNSAFE_ALLOWED";
        violations.extend(scan.unsafes.iter().map(|line| Violation::new(file, *line, what)));
    }
    violations
}
