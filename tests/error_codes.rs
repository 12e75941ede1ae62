//! The closed list of error codes: every code the program can answer with stands in
//! `wiring::codes()`, once, and nothing else does.
//!
//! The source is read for what is passed as a code. A function that only passes its parameter on
//! is followed to its callers; where a code comes from a local variable, every text of that
//! function which looks like a code counts.

#[path = "error_codes/usage.rs"]
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use holdfast::wiring;
use usage::Usage;

#[test]
fn every_code_in_use_is_in_the_list() {
    let known: BTreeSet<&str> = wiring::codes().iter().map(|code| code.id).collect();
    let used = Usage::of_repository().used;

    let missing: BTreeMap<_, _> =
        used.iter().filter(|(code, _)| !known.contains(code.as_str())).collect();

    assert!(used.len() > 20, "the source was not read: {used:?}");
    assert!(missing.is_empty(), "add these to a table of codes: {missing:#?}");
}

#[test]
fn every_code_in_the_list_is_in_use() {
    let Usage { used, mentioned } = Usage::of_repository();

    let unused: Vec<&str> = wiring::codes()
        .iter()
        .map(|code| code.id)
        .filter(|code| !used.contains_key(*code) && !mentioned.contains(*code))
        .collect();

    assert!(unused.is_empty(), "nothing answers with these: {unused:?}");
}

#[test]
fn every_code_stands_once_and_is_explained() {
    let mut seen = BTreeSet::new();

    for code in wiring::codes() {
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit())
        };
        assert!(code.id.split('-').all(is_part), "{} is not written like-this", code.id);
        assert!(seen.insert(code.id), "{} stands twice", code.id);
        for text in [code.meaning, code.remedy] {
            assert!(text.ends_with('.') && text.len() > 5, "{}: {text:?}", code.id);
        }
    }
}

/// Codes are part of the interface: whoever reads this difference asks whether one went away.
#[test]
fn the_list_is_the_committed_one() {
    let mut ids: Vec<&str> = wiring::codes().iter().map(|code| code.id).collect();
    ids.sort_unstable();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("error_codes", ids.join("\n")));
}

#[test]
fn a_code_is_found_wherever_it_comes_from() {
    let usage = Usage::of_texts(&[(
        "src/planted.rs",
        r#"
        const KEPT: &str = "from-a-constant";
        fn direct() { refuse("from-a-call", "x") }
        fn constant() { Error::conflict(KEPT, "x") }
        fn field() { FieldError::new("unit", "from-a-field", "x") }
        fn chained() { Refusal::new("from-a-refusal", "x").field("qty", "from-a-chain", "y") }
        fn throttled() {
            Error::Throttled { code: "from-a-throttle", retry_after_s: 1, limit: None }
        }
        fn passes(on: bool, code: &'static str) { refuse(code, "x") }
        fn calls() { passes(true, "from-a-caller") }
        fn chooses() {
            let (one, detail) = if x { ("from-a-choice", "d") } else { ("other-choice", "d") };
            refuse(one, detail)
        }
        fn carries() { Fault { code: "from-a-member", line: 1 } }
        fn code(self) -> &'static str { match self { Self::One => "from-a-name" } }
        fn inline() { refuse(if x { "from-an-if" } else { "other-if" }, "x") }
        #[cfg(test)] mod tests { fn test() { refuse("from-a-test", "x") } }
        "#,
    )]);

    let found: Vec<&str> = usage.used.keys().map(String::as_str).collect();
    let expected = [
        "from-a-call",
        "from-a-caller",
        "from-a-chain",
        "from-a-choice",
        "from-a-constant",
        "from-a-field",
        "from-a-member",
        "from-a-name",
        "from-a-refusal",
        "from-a-throttle",
        "from-an-if",
        "other-choice",
        "other-if",
    ];
    assert_eq!(found, expected);
}
