use super::*;

/// An update to be changed by tests.
pub(in crate::platform::updates) fn update() -> Update {
    Update {
        id: UpdateId::from_bytes([1; 16]),
        kind: Kind::Update,
        requested: Who { by: By::Person, id: None },
        requested_at: Moment(1_000),
        from: Version { seq: 6, version: "1.4.1".to_owned() },
        to: Version { seq: 7, version: "1.4.2".to_owned() },
        channel: "stable".to_owned(),
        severity: Severity::Normal,
        signers: Vec::new(),
        plan: None,
        planned_at: None,
        salt: None,
        confirmed: None,
        confirmed_at: None,
        digest: None,
        backup: None,
        taken_back: None,
        outcome: None,
        reason: None,
        finished_at: None,
    }
}

fn offer(seq: u64, severity: Severity) -> Offer {
    Offer {
        to: Version { seq, version: format!("1.0.{seq}") },
        severity,
        size_bytes: 1,
        released_at: "2026-11-22T10:00:00Z".to_owned(),
        notes: String::new(),
        offered_at: Moment(0),
        is_bundled: false,
        is_stale: false,
    }
}

const HOUR_MS: i64 = 3_600_000;

/// What is kept after a look in an hour, on a box that runs release 6.
fn looked(state: FeedState, offered: Offer, hour: i64) -> FeedState {
    state.answered(Some(offered), 6, Moment(hour * HOUR_MS))
}

fn offered_at(state: &FeedState) -> i64 {
    state.offer.as_ref().unwrap().offered_at.0 / HOUR_MS
}

#[test]
fn a_release_is_offered_since_it_was_seen_first() {
    let first = looked(FeedState::default(), offer(7, Severity::Critical), 1);
    let again = looked(first, offer(7, Severity::Critical), 2);
    assert_eq!(offered_at(&again), 1);
    assert_eq!(again.critical_since(Moment(24 * HOUR_MS)), None);
    assert_eq!(again.critical_since(Moment(25 * HOUR_MS)), Some(Moment(HOUR_MS)));

    let normal = looked(FeedState::default(), offer(7, Severity::Normal), 1);
    let newer = looked(normal.clone(), offer(8, Severity::Normal), 3);
    assert_eq!(offered_at(&newer), 3);
    assert_eq!(newer.critical_since(Moment(99 * HOUR_MS)), None);
    let worse = looked(normal, offer(8, Severity::Critical), 3);
    assert_eq!(offered_at(&worse), 3, "nothing critical waited before");
}

#[test]
fn what_is_critical_waits_since_its_first_release_whichever_brings_it() {
    let first = looked(FeedState::default(), offer(7, Severity::Critical), 1);

    let later = looked(first.clone(), offer(8, Severity::Critical), 3);
    assert_eq!(offered_at(&later), 1);
    let raised = looked(first.clone(), offer(7, Severity::Security), 3);
    let raised = looked(raised, offer(7, Severity::Critical), 5);
    assert_eq!(offered_at(&raised), 5, "it was not critical in between");
    let taken = first.answered(Some(offer(8, Severity::Critical)), 7, Moment(3 * HOUR_MS));
    assert_eq!(offered_at(&taken), 3, "the box took the first one");
}

#[test]
fn a_feed_that_fails_keeps_its_offer_and_is_stale_after_a_week_or_when_frozen() {
    let good = looked(FeedState::default(), offer(7, Severity::Normal), 0);
    let away = || Reason::new("update-feed-not-reached", "No answer.");
    let failed = good.clone().failed(away(), Moment(HOUR_MS)).failed(away(), Moment(2 * HOUR_MS));
    assert!(failed.offer.is_some());
    assert_eq!(failed.failing_since, Some(Moment(HOUR_MS)));
    assert_eq!(failed.stale_since(Moment(24 * HOUR_MS)), None);
    assert_eq!(failed.stale_since(Moment(170 * HOUR_MS)), Some(Moment(HOUR_MS)));

    let frozen = good.failed(Reason::new("update-metadata-expired", "Old."), Moment(HOUR_MS));
    assert_eq!(frozen.stale_since(Moment(HOUR_MS)), Some(Moment(HOUR_MS)));
    let again = frozen.answered(None, 6, Moment(2 * HOUR_MS));
    assert_eq!((again.stale_since(Moment(999 * HOUR_MS)), again.offer), (None, None));
}

#[test]
fn a_policy_takes_by_itself_only_what_can_be_undone_without_a_restore() {
    let patch = Candidate { severity: Severity::Normal, migrates: false, needs_restore: false };
    let security = Candidate { severity: Severity::Security, ..patch };
    let table = [
        (UpdatePolicy::Manual, security, false),
        (UpdatePolicy::AutoPatch, patch, true),
        (UpdatePolicy::AutoPatch, Candidate { migrates: true, ..security }, false),
        (UpdatePolicy::AutoPatch, Candidate { needs_restore: true, ..patch }, false),
        (UpdatePolicy::SecurityOnly, patch, false),
        (UpdatePolicy::SecurityOnly, security, true),
        (UpdatePolicy::SecurityOnly, Candidate { severity: Severity::Critical, ..patch }, true),
        (UpdatePolicy::SecurityOnly, Candidate { needs_restore: true, ..security }, false),
    ];
    for (policy, candidate, wanted) in table {
        assert_eq!(is_automatic(policy, candidate), wanted, "{policy:?} {candidate:?}");
    }
}

#[test]
fn a_digest_holds_ten_minutes_and_a_plan_a_day() {
    let at = Moment(HOUR_MS);
    assert!(check_digest_age(at, at.plus(DIGEST_HOLDS)).is_ok());
    assert!(check_digest_age(at, at.plus(DIGEST_HOLDS + Duration::from_millis(1))).is_err());
    assert!(check_digest_age(at, Moment(0)).is_err(), "it is from the future");
    assert!(!is_over(at, at.plus(PLAN_HOLDS)) && is_over(at, at.plus(PLAN_HOLDS * 2)));
}

#[test]
fn each_part_lasts_until_the_next_and_the_last_until_the_end() {
    let stage = |state: &str, at| Stage { state: state.to_owned(), began_at: Moment(at) };
    let lasted = durations(&[stage("fetching", 10), stage("taking", 40)], Moment(100));

    let lasted: Vec<_> = lasted.iter().map(|(one, took)| (one.state.as_str(), *took)).collect();
    let ms = Duration::from_millis;
    assert_eq!(lasted, [("fetching", ms(30)), ("taking", ms(60))]);
    assert!(durations(&[], Moment(1)).is_empty());
}

#[test]
fn a_way_back_counts_from_the_decision() {
    let stages = |names: &[&str]| -> Vec<Stage> {
        let stage = |name: &&str| Stage { state: (*name).to_owned(), began_at: Moment(0) };
        names.iter().map(stage).collect()
    };
    let named =
        |stages: &[Stage]| -> Vec<String> { stages.iter().map(|one| one.state.clone()).collect() };
    let ended = |outcome| Update { outcome: Some(outcome), ..update() };
    let all = ["backing-up", "armed", "switched", "restore", "rolled-back"];
    let back = ended(Outcome::RolledBack);

    assert_eq!(named(counted(&ended(Outcome::Committed), &stages(&all))), all);
    assert_eq!(named(counted(&back, &stages(&all))), all[3..]);
    let plain = ["backing-up", "armed", "probation", "rolled-back"];
    assert_eq!(named(counted(&back, &stages(&plain))), plain[3..]);
    let by_hand = ["backing-up", "armed", "probation", "armed", "hold", "exposed"];
    let taken = Update { taken_back: Some(Who { by: By::Person, id: None }), ..back.clone() };
    assert_eq!(named(counted(&taken, &stages(&by_hand))), by_hand[3..]);
    assert_eq!(named(counted(&back, &stages(&all[..2]))), all[..2], "it is not known");
}

#[test]
fn a_policy_tries_again_what_failed_before_the_switch_and_nothing_else() {
    let ended = |outcome, hour| Update {
        outcome: Some(outcome),
        finished_at: Some(Moment(hour * HOUR_MS)),
        ..update()
    };
    let failed = |hour| ended(Outcome::Failed, hour);
    let may = |tried: &[Update], hour| may_be_tried(tried, 7, Moment(hour * HOUR_MS));

    assert!(may(&[], 0) && may(&[ended(Outcome::Discarded, 0)], 0));
    assert!(!may(&[failed(1)], 12) && may(&[failed(1)], 13));
    assert!(may(&[failed(13), failed(1)], 25));
    assert!(!may(&[failed(25), failed(13), failed(1)], 99));
    assert!(!may(&[ended(Outcome::RolledBack, 0)], 99));
    assert!(may_be_tried(&[ended(Outcome::RolledBack, 0)], 8, Moment(0)), "another release");
}

#[test]
fn every_word_reads_back() {
    for kind in [Kind::Update, Kind::Rollback] {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    for by in [By::Person, By::Service, By::Machine, By::Policy] {
        assert_eq!(By::from_name(by.name()), Some(by));
    }
    for outcome in [Outcome::Committed, Outcome::RolledBack, Outcome::Failed, Outcome::Discarded] {
        assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
    }
    for severity in [Severity::Normal, Severity::Security, Severity::Critical] {
        assert_eq!(Severity::from_name(severity.name()), Some(severity));
    }
    assert_eq!(Kind::from_name("other"), None);
}
