//! The list of attacks on updates, and for each the tests that prove it is refused: with a reason
//! of its own, and without a change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The last number of the list.
const LAST: u32 = 52;

const SIGNATURES: &str =
    "tests/trust/signatures.rs each_attack_on_signatures_is_refused_with_its_own_reason";
const OLD: &str =
    "tests/trust/freshness.rs each_attack_by_old_metadata_is_refused_with_its_own_reason";
const SERVERS: &str =
    "tests/trust/content.rs each_bad_server_is_refused_in_time_with_its_own_reason";
const DIFFERENCES: &str = "tests/trust/content.rs \
                           a_difference_that_leads_elsewhere_is_told_and_the_whole_is_fetched";
const CHOOSING: &str = "tests/trust/choosing.rs each_release_that_is_not_for_a_box_says_why";
const WHOEVER: &str =
    "tests/endtoend_updates/refusals.rs whoever_may_not_update_a_box_changes_nothing";
const AT_ONCE: &str = "tests/endtoend_updates/refusals.rs \
                       two_updates_at_once_are_one_and_nobody_goes_back_to_a_revoked_release";

/// What is tried, by its number, and a test that it does not work. The file of the test names the
/// number.
const PROOFS: [(u32, &str, &str); 73] = [
    (1, "no signature", SIGNATURES),
    (2, "one of two needed signatures", SIGNATURES),
    (3, "one key counted as two", SIGNATURES),
    (4, "an unknown key", SIGNATURES),
    (5, "a key of another role", SIGNATURES),
    (6, "a signature over other bytes", SIGNATURES),
    (7, "JSON that two readers read in two ways", SIGNATURES),
    (8, "second forms of a signature, and weak keys", SIGNATURES),
    (9, "a root that has run out", OLD),
    (10, "a root signed only by new keys", SIGNATURES),
    (11, "a root signed only by old keys", SIGNATURES),
    (12, "a root left out", SIGNATURES),
    (13, "a chain of roots without an end", SIGNATURES),
    (14, "an older timestamp", OLD),
    (15, "an older snapshot", OLD),
    (16, "an older list", OLD),
    (17, "a timestamp that has run out", OLD),
    (18, "a clock behind what was seen", OLD),
    (19, "a clock far ahead", OLD),
    (19, "and put right again", "tests/trust/freshness.rs small_steps_of_the_clock_do_no_harm"),
    (
        20,
        "counted up, then new keys",
        "tests/trust/freshness.rs a_feed_that_was_counted_up_recovers_with_new_online_keys",
    ),
    (21, "a number below the floor", OLD),
    (
        21,
        "with new keys",
        "tests/trust/freshness.rs new_online_keys_do_not_bring_old_releases_back",
    ),
    (21, "installed already", "tests/supervise/switches.rs a_release_below_the_floor_is_refused"),
    (22, "a number with another content", OLD),
    (23, "another length", SERVERS),
    (24, "another hash", SERVERS),
    (25, "cut short", SERVERS),
    (26, "a body without an end", SERVERS),
    (27, "drop by drop", SERVERS),
    (27, "in all", "tests/trust/content.rs all_metadata_together_has_its_time"),
    (28, "led to another host", SERVERS),
    (28, "with secrets", "tests/trust/content.rs a_feed_is_asked_safely_or_not_at_all"),
    (
        28,
        "and the log has it",
        "tests/updates/transport.rs \
         each_bad_server_is_kept_in_the_log_and_nothing_is_handed_over",
    ),
    (29, "a bomb", DIFFERENCES),
    (30, "a difference to something else", DIFFERENCES),
    (31, "a difference from something else", DIFFERENCES),
    (
        31,
        "a base that changed",
        "tests/trust/content.rs \
      a_base_that_has_changed_is_told_and_the_whole_is_fetched",
    ),
    (
        31,
        "and the log has it",
        "tests/updates/attacks.rs \
         each_forged_difference_is_kept_in_the_log_and_the_whole_release_is_fetched",
    ),
    (32, "metadata of two feeds", OLD),
    (33, "another product", CHOOSING),
    (34, "another machine", CHOOSING),
    (
        34,
        "started all the same",
        "tests/supervise/switches.rs \
      what_is_no_program_of_this_machine_is_given_up",
    ),
    (35, "another channel", CHOOSING),
    (36, "a step left out", CHOOSING),
    (36, "step by step", "tests/trust/choosing.rs a_box_far_behind_goes_step_by_step"),
    (37, "a revoked release", CHOOSING),
    (37, "to be started", "tests/trust/choosing.rs what_must_not_run_is_not_started"),
    (38, "one that needs a newer package", CHOOSING),
    (
        39,
        "a bundle that reaches out",
        "tests/trust/bundles.rs each_bundle_that_reaches_out_is_refused_with_its_own_reason",
    ),
    (
        39,
        "and the log has it",
        "tests/updates/transport.rs each_bad_bundle_is_kept_in_the_log_and_offers_nothing",
    ),
    (40, "an old bundle", "tests/trust/bundles.rs a_bundle_is_read_as_a_feed"),
    (41, "an override below the floor", OLD),
    (41, "in a bundle", "tests/trust/bundles.rs a_bundle_is_read_as_a_feed"),
    (
        42,
        "one bit of an installed release",
        "tests/supervise/files.rs a_changed_bit_a_link_and_a_pipe_are_not_started",
    ),
    (
        42,
        "and the one before serves",
        "tests/supervise/guarding.rs a_changed_release_is_not_started_and_the_one_before_is",
    ),
    (
        43,
        "a link in place of a release",
        "tests/supervise/files.rs a_changed_bit_a_link_and_a_pipe_are_not_started",
    ),
    (
        44,
        "one bit of the boot state",
        "tests/supervise/files.rs every_flipped_bit_of_a_copy_of_the_boot_state_is_seen",
    ),
    (
        44,
        "a torn copy",
        "tests/supervise/files.rs \
         the_other_copy_counts_where_one_is_damaged_and_none_where_both_are",
    ),
    (
        45,
        "a worker that writes what is started next",
        "tests/supervise/guarding.rs a_release_cannot_write_where_the_supervisor_keeps_its_files",
    ),
    (
        45,
        "tried by each worker before it begins",
        "tests/updates/attacks.rs \
         the_log_has_of_each_worker_whether_it_can_write_where_releases_lie",
    ),
    (46, "two at once", AT_ONCE),
    (46, "asked for", "tests/supervise/switches.rs a_second_update_and_an_older_one_are_refused"),
    (47, "back to a revoked release", AT_ONCE),
    (48, "no token, and altered ones", WHOEVER),
    (
        48,
        "another audience, and past its time",
        "tests/api/programs/attacks.rs wrong_claims_under_the_right_signature_are_refused",
    ),
    (49, "another network", WHOEVER),
    (
        49,
        "a header that says otherwise",
        "tests/api/programs/services.rs \
         an_account_off_its_list_is_refused_on_every_request_behind_a_proxy_too",
    ),
    (50, "the digest of another plan", WHOEVER),
    (
        50,
        "an old one, and a used one",
        "tests/updates/confirming.rs \
         a_digest_of_another_plan_an_old_one_and_a_used_one_are_refused",
    ),
    (51, "a page of somebody else", WHOEVER),
    (
        51,
        "in all its forms",
        "tests/api/origins.rs \
      a_foreign_page_changes_nothing_with_somebodys_cookie",
    ),
    (52, "who may only look", WHOEVER),
];

#[test]
fn every_attack_of_the_list_has_a_test_that_exists() {
    let mut files = BTreeMap::new();
    for (number, what, proof) in PROOFS {
        let (file, test) = proof.split_once(' ').expect("a file and a test");
        let source = files.entry(file).or_insert_with(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
        });
        assert!(is_test(source, test.trim()), "A{number} ({what}): {file} has no test {test}");
        assert!(names(source, number), "A{number} ({what}): {file} does not name it");
    }
    let without: Vec<u32> =
        (1..=LAST).filter(|one| PROOFS.iter().all(|(number, ..)| number != one)).collect();
    assert_eq!(without, [0; 0], "nothing proves these");
}

/// Whether a file has such a function, marked as a test.
fn is_test(text: &str, name: &str) -> bool {
    let Some(at) = text.find(&format!("fn {name}(")) else { return false };
    let before = text[..at].trim_end_matches("async ").lines().rev();
    let mut above = before.take_while(|line| line.starts_with("#[") || line.starts_with("///"));
    above.any(|line| line == "#[test]" || line == "#[tokio::test]")
}

/// Whether a file names an attack, as `A7` and not as the beginning of `A70`.
fn names(text: &str, number: u32) -> bool {
    let name = format!("A{number}");
    text.match_indices(&name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[test]
fn a_test_that_is_not_there_is_found_out() {
    let text = "/// A7.\n#[test]\nfn one() {}\n\nfn helper() {}\n";

    assert!(is_test(text, "one") && !is_test(text, "on") && !is_test(text, "two"));
    assert!(!is_test(text, "helper"), "what stands behind a test is none");
    assert!(names(text, 7) && !names(text, 1));
    assert!(!is_test("fn helper() {}\n", "helper") && !names("A70", 7));
}
