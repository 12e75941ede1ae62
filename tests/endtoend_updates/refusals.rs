//! Who may not update a box does not, and two updates are never carried out at once.

use std::sync::Barrier;

use serde_json::{Value, json};

use crate::boxed::{Machine, code_of_answer};
use crate::publisher::Publisher;

/// Requests that come at the same time.
const AT_ONCE: usize = 8;
const APPLY: &str = "platform/updates/apply";

/// A box with a plan that waits; gives its digest as well.
fn planned(publisher: &Publisher) -> (Machine, Value) {
    let machine = Machine::owned(publisher, &publisher.address());
    publisher.publish(1, "good");
    machine.said(&["update", "check"]);
    let digest = machine.said(&["update", "plan"])["digest"].clone();
    (machine, digest)
}

/// A plan waits as before, and nothing was begun.
fn is_as_before(machine: &Machine, what: &str) {
    let status = machine.get("platform/updates/status");
    assert_eq!(status["current"]["version"], env!("CARGO_PKG_VERSION"), "{what}");
    assert_eq!(status["under_way"]["is_planned"], true, "{what}: {status}");
}

/// A48, A49, A50, A51 and A52.
#[test]
fn whoever_may_not_update_a_box_changes_nothing() {
    let publisher = Publisher::new();
    let (machine, digest) = planned(&publisher);
    let confirmation = json!({ "digest": digest });
    let looks = machine.account(&json!({ "permissions": ["updates.check"] }));
    let applies = ["updates.check", "updates.apply", "updates.rollback"];
    let elsewhere = json!({ "permissions": applies, "channels": ["beta"] });
    let elsewhere = machine.token_of(&machine.account(&elsewhere)).1;
    let looks = machine.token_of(&looks).1;
    let altered = looks.get(..looks.len() - 8).unwrap_or_default().to_owned() + "AAAAAAAA";
    let refusals = [
        ("nobody", String::new(), 401, "sign-in-needed"),
        (
            "no token of this box",
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
            401,
            "access-token-algorithm",
        ),
        ("an altered token", altered, 401, "access-token-signature"),
        ("one that may only look", looks.clone(), 403, "forbidden"),
        ("one for another channel", elsewhere, 403, "update-channel-not-allowed"),
    ];
    for (who, token, status, code) in refusals {
        let said = machine.ask_as(&token, "", "POST", APPLY, &confirmation);
        assert_eq!((said.0, code_of_answer(&said.1)), (status, code), "{who}: {}", said.1);
        is_as_before(&machine, who);
    }
    assert_eq!(machine.ask_as(&looks, "", "GET", "platform/updates/status", &Value::Null).0, 200);

    // An address in a header that anybody can write counts for nothing.
    let far = json!({ "permissions": applies, "allow_cidrs": ["192.0.2.0/24"] });
    let (status, said) = machine.token_of(&machine.account(&far));
    assert_eq!((status, said.as_str()), (401, "address-not-allowed"));
    is_as_before(&machine, "from another network");

    let cookie = machine.browser();
    for (site, code) in [("cross-site", "origin-foreign"), ("same-site", "origin-foreign")] {
        let headers = format!("Cookie: {cookie}\r\nSec-Fetch-Site: {site}\r\n");
        let said = machine.ask_as("", &headers, "POST", APPLY, &confirmation);
        assert_eq!((said.0, code_of_answer(&said.1)), (403, code), "{site}: {}", said.1);
        is_as_before(&machine, site);
    }

    let other = json!({ "digest": "19a8f0b2c00-".to_owned() + &"0".repeat(64) });
    let refused = machine.post(APPLY, &other, 409);
    assert_eq!(code_of_answer(&refused), "update-plan-other");
    is_as_before(&machine, "another plan");
    assert_eq!(machine.audit_codes("update.confirmed").len(), 0);
    let kept = machine.audit_codes("update.refused");
    assert!(kept.contains(&"update-plan-other".to_owned()), "{kept:?}");
    let kept = machine.audit_codes("access.refused");
    assert!(kept.contains(&"sign-in-needed".to_owned()), "A48, nobody: {kept:?}");
    assert!(kept.contains(&"origin-foreign".to_owned()), "A51: {kept:?}");
    assert!(kept.contains(&String::new()), "A52, with what was needed in place of a code");
    let kept = machine.audit_codes("identity.token.refused");
    assert!(kept.contains(&"address-not-allowed".to_owned()), "A49: {kept:?}");
}

/// Sends the same wish many times at once; gives the answers.
fn at_once(machine: &Machine, path: &str, body: &Value) -> Vec<(u16, Value)> {
    let barrier = Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        let one = || {
            barrier.wait();
            machine.ask("POST", path, body)
        };
        let all: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().expect("an answer")).collect()
    })
}

/// One was taken, and the others know why they were not.
fn one_was_taken(answers: &[(u16, Value)], codes: &[&str]) {
    let taken = answers.iter().filter(|(status, _)| *status == 202).count();
    assert_eq!(taken, 1, "{answers:?}");
    for (status, said) in answers.iter().filter(|(status, _)| *status != 202) {
        assert_eq!(*status, 409, "{said}");
        assert!(codes.contains(&code_of_answer(said)), "{said}");
    }
}

/// A46 and A47.
#[test]
fn two_updates_at_once_are_one_and_nobody_goes_back_to_a_revoked_release() {
    let publisher = Publisher::new();
    let mut machine = Machine::owned(&publisher, &publisher.address());
    let first = publisher.publish(1, "good");
    machine.said(&["update", "check"]);

    one_was_taken(&at_once(&machine, APPLY, &json!({})), &["update-under-way"]);
    let plan = machine.by("it is planned", |machine| {
        let (status, plan) = machine.ask("GET", "platform/updates/plan", &Value::Null);
        (status == 200).then_some(plan)
    });
    let confirmation = json!({ "digest": plan["digest"] });
    let answers = at_once(&machine, APPLY, &confirmation);
    one_was_taken(&answers, &["update-under-way"]);
    for (path, body) in [(APPLY, json!({})), (APPLY, confirmation)] {
        let said = machine.post(path, &body, 409);
        assert_eq!(code_of_answer(&said), "update-under-way", "{path} {body}");
    }
    let taken = machine.last_update();
    assert_eq!((&taken["outcome"], &taken["to"]["version"]), (&json!("committed"), &json!(first)));
    let history = machine.get("platform/updates/history");
    assert_eq!(history["items"].as_array().map(Vec::len), Some(1), "there was one: {history}");
    assert_eq!(machine.audit_codes("update.confirmed").len(), 1);

    let second = publisher.publish(2, "good");
    publisher.revoke(&first);
    machine.said(&["update", "check"]);
    let taken = machine.said(&["update", "apply", "--yes"]);
    assert_eq!(taken["to"]["version"], second.as_str());
    let refused = machine.gave_up(&["update", "rollback", "--yes"]);

    assert_eq!(refused["outcome"], "failed", "{refused}");
    assert_eq!(refused["reason"]["code"], "update-release-revoked", "{refused}");
    assert_eq!(machine.said(&["update", "status"])["current"]["seq"], 2);
    assert_eq!(machine.audit_codes("update.failed"), ["update-release-revoked"]);
}
