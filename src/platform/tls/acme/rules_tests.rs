use std::slice;

use super::*;

const NOW: Moment = Moment(1_790_000_000_000);

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| name(text)).collect()
}

fn facts(texts: &[&str], life: Duration) -> LeafFacts {
    let validity = Validity { not_before: NOW, not_after: NOW.plus(life) };
    LeafFacts { validity, names: names(texts) }
}

#[test]
fn only_names_that_somebody_can_own_go_to_a_public_authority() {
    for (local, why) in [
        ("192.168.1.5", Local::Address),
        ("203.0.113.7", Local::Address),
        ("::1", Local::Address),
        ("kitchen", Local::Short),
        ("kitchen.local", Local::Reserved),
        ("home.arpa", Local::Reserved),
        ("box.lan", Local::Reserved),
        ("box.test", Local::Reserved),
        ("a_b.example.com", Local::Unusual),
    ] {
        assert_eq!(locality(&name(local)), Some(why), "{local}");
    }
    for public in ["ops.example.com", "example.com", "notlocal.de", "local.example.org"] {
        assert_eq!(locality(&name(public)), None, "{public}");
    }
    let chosen = names(&["b.example.com", "box.lan", "a.example.com", "b.example.com"]);
    assert_eq!(public_names(&chosen), names(&["b.example.com", "a.example.com"]));
}

#[test]
fn an_order_asks_for_a_bounded_number_of_names() {
    let many: Vec<Name> = (0..200).map(|n| name(&format!("n{n}.example.com"))).collect();

    assert_eq!(public_names(&many).len(), NAMES_MAX);
}

#[test]
fn a_certificate_is_asked_for_when_it_is_missing_lacks_a_name_or_had_two_thirds_of_its_life() {
    let there = facts(&["a.example.com"], 90 * DAY);
    let at = renewal_at(there.validity, 0);
    let wanted = names(&["a.example.com"]);
    let both = names(&["a.example.com", "b.example.com"]);

    assert_eq!(at, NOW.plus(60 * DAY));
    assert_eq!(due(NOW, None, at, &wanted), Some(Why::First));
    assert_eq!(due(NOW, None, at, &[]), None);
    assert_eq!(due(NOW, Some(&there), at, &wanted), None);
    assert_eq!(due(NOW, Some(&there), at, &both), Some(Why::Names));
    assert_eq!(due(NOW.plus(60 * DAY).minus(HOUR), Some(&there), at, &wanted), None);
    assert_eq!(due(NOW.plus(60 * DAY), Some(&there), at, &wanted), Some(Why::Ends));
    assert_eq!(due(NOW.plus(91 * DAY), Some(&there), at, &wanted), Some(Why::First));
    // A clock that went back a long way: better one too many than none in time.
    assert_eq!(due(NOW.minus(40 * DAY), Some(&there), at, &wanted), Some(Why::Ends));
    // A name less is no reason.
    assert_eq!(due(NOW, Some(&facts(&["a.example.com", "x.de"], DAY)), at, &wanted), None);
}

#[test]
fn boxes_that_began_together_renew_at_different_times() {
    let validity = facts(&[], 90 * DAY).validity;

    let (latest, earliest) = (renewal_at(validity, 0), renewal_at(validity, u16::MAX));

    assert_eq!(latest.since(earliest), 90 * DAY / 20);
}

#[test]
fn a_moment_in_the_authoritys_window_is_inside_it_and_a_senseless_window_is_none() {
    let end = NOW.plus(2 * DAY);

    assert_eq!(moment_in(NOW, end, 0), Some(NOW));
    for chance in [1, 1000, u16::MAX] {
        let moment = moment_in(NOW, end, chance).unwrap();
        assert!(NOW < moment && moment <= end, "{chance}");
    }
    assert_eq!(moment_in(end, NOW, 7), None);
    assert_eq!(moment_in(NOW, NOW, 7), None);
    assert_eq!(look_at(NOW, Some(Duration::ZERO)), NOW.plus(HOUR));
    assert_eq!(look_at(NOW, Some(6 * HOUR)), NOW.plus(6 * HOUR));
    assert_eq!(look_at(NOW, Some(90 * DAY)), NOW.plus(DAY));
}

#[test]
fn pauses_double_from_a_minute_to_six_hours_and_never_undercut_what_the_authority_asks_for() {
    let pauses: Vec<u64> = (1..=11).map(|one| back_off(one, 0).as_secs() / 60).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
    assert_eq!(back_off(u32::MAX, u16::MAX), BACK_OFF_MAX + BACK_OFF_MAX / 10);

    let asked = Some(Duration::from_hours(2));
    assert_eq!(again_at(NOW, 1, asked, 0), NOW.plus(2 * HOUR));
    assert_eq!(again_at(NOW, 9, asked, 0), NOW.plus(256 * MINUTE));
    assert_eq!(again_at(NOW, 1, Some(Duration::MAX), 0), NOW.plus(7 * DAY));
}

#[test]
fn a_refused_name_is_left_alone_for_an_hour_six_hours_and_then_a_day() {
    let public = names(&["a.example.com", "b.example.com"]);
    let b = || vec![(name("b.example.com"), "no".to_owned())];
    let granted = names(&["a.example.com"]);

    let once = note_refusals(&[], &public, &granted, b(), NOW);

    assert_eq!(wanted_now(&public, &once, NOW), granted);
    assert_eq!(wanted_now(&public, &once, NOW.plus(HOUR)), public);
    let later = NOW.plus(HOUR);
    let twice = note_refusals(&once, &public, &granted, b(), later);
    assert_eq!(twice[0].again_at(), later.plus(6 * HOUR));
    let thrice = note_refusals(&twice, &public, &granted, b(), later);
    assert_eq!(thrice[0].again_at(), later.plus(DAY));
    // A clock that went back does not keep a name out.
    assert_eq!(wanted_now(&public, &once, NOW.minus(DAY)), public);
}

#[test]
fn refusals_are_forgotten_when_the_name_is_granted_or_no_longer_wanted() {
    let (a, b) = (name("a.example.com"), name("b.example.com"));
    let refused = |name: &Name| (name.clone(), "no".to_owned());
    let both =
        note_refusals(&[], &[a.clone(), b.clone()], &[], vec![refused(&a), refused(&b)], NOW);

    let granted = note_refusals(&both, &[a.clone(), b.clone()], slice::from_ref(&a), vec![], NOW);
    let gone = note_refusals(&both, slice::from_ref(&a), &[], vec![], NOW);

    assert_eq!(granted.into_iter().map(|one| one.name).collect::<Vec<_>>(), [b]);
    assert_eq!(gone.into_iter().map(|one| one.name).collect::<Vec<_>>(), [a]);
}

#[test]
fn people_are_told_once_renewal_should_have_happened_and_again_near_the_end() {
    let told = |life: Duration, is_renewed, left: Duration| {
        to_tell(facts(&[], life).validity, is_renewed, NOW.plus(life).minus(left))
    };

    assert_eq!(told(90 * DAY, false, 15 * DAY), None);
    assert_eq!(told(90 * DAY, false, 14 * DAY), Some(14));
    assert_eq!(told(90 * DAY, false, 3 * DAY), Some(3));
    assert_eq!(told(90 * DAY, true, 14 * DAY), Some(14));
    // The box's own leaves of thirty days are renewed with ten days left.
    assert_eq!(told(31 * DAY, true, 10 * DAY), None);
    assert_eq!(told(31 * DAY, true, 7 * DAY), Some(14));
    assert_eq!(told(31 * DAY, true, 3 * DAY), Some(3));
    // Six days in all, renewed with two days left.
    assert_eq!(told(6 * DAY, true, 2 * DAY), None);
    assert_eq!(told(6 * DAY, true, 12 * HOUR), Some(3));
}

#[test]
fn a_refusal_says_what_to_look_at_and_what_the_authority_said() {
    let text = said("urn:ietf:params:acme:error:rateLimited", "too many\ncertificates");
    assert_eq!(text, "The authority allows no more for now. It says: too manycertificates");
    assert!(said("urn:ietf:params:acme:error:dns", "").starts_with("The authority found no"));
    assert!(said("about:blank", &"x".repeat(10_000)).len() < 600);
}

#[test]
fn what_mends_a_refusal_is_known_by_what_was_said_of_it() {
    let of = |kind: &str| {
        let detail = said(&format!("urn:ietf:params:acme:error:{kind}"), "a reason");
        remedy(&format!("a.example.com: http-01: {detail} The box tries again at noon."))
    };
    assert_eq!(of("connection"), Some(Remedy::Ports));
    assert_eq!(of("dns"), Some(Remedy::Records));
    assert_eq!(of("caa"), Some(Remedy::Permission));
    assert_eq!(of("externalAccountRequired"), Some(Remedy::Binding));
    assert_eq!(of("rateLimited"), Some(Remedy::Wait));
    assert_eq!(of("somethingNew"), None);
    assert_eq!(remedy(&format!("{UNREACHED} It did not answer in time.")), Some(Remedy::Reach));
}
