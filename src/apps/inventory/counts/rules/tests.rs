//! What entries come to, worked by hand.

use proptest::prelude::*;

use super::evaluation::{
    EntryFact, Evaluated, KeyLedger, LedgerNow, Moved, believed, check_qty, check_seen, evaluate,
};
use super::settling::{Decision, decide, posting};
use super::*;
use crate::platform::id::ObjectId;

const START_SEQ: i64 = 10;

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn person(number: u8) -> UserId {
    ObjectId::from_bytes([number; 16]).cast()
}

/// An entry of a person at a minute, knowing the ledger up to `seen_seq`, received at once.
fn entry(by: u8, mode: Mode, text: &str, seen_seq: i64, minute: i64) -> EntryFact {
    EntryFact {
        rid: minute,
        by: Some(person(by)),
        mode,
        qty: qty(text),
        seen_seq,
        received_seq: 99,
        counted_at: Moment(minute),
    }
}

fn moved(seq: i64, minute: i64, text: &str) -> Moved {
    Moved { seq, posted_at: Moment(minute), qty: qty(text) }
}

fn ledger(balance: &str, moved: &[Moved]) -> KeyLedger {
    KeyLedger { balance: qty(balance), moved: moved.to_vec() }
}

fn found(entries: &[EntryFact], ledger: &KeyLedger) -> Evaluated {
    evaluate(entries, ledger, START_SEQ).unwrap()
}

fn state(found: &Evaluated) -> LineState {
    found.state(Threshold::default(), None)
}

#[test]
fn the_difference_is_to_what_the_counter_knew() {
    // 12 were there; 8 are left after 4 were used at minute 9, which nobody knew at minute 5.
    let ledger = ledger("8", &[moved(11, 9, "-4")]);
    let found = found(&[entry(1, Mode::Set, "11", 10, 5)], &ledger);

    assert_eq!((found.expected, found.variance()), (qty("12"), Some(qty("-1"))));
    assert_eq!(state(&found), LineState::Variance);
}

#[test]
fn what_was_posted_while_it_was_counted_is_a_conflict_even_if_it_adds_up() {
    let ledger = ledger("8", &[moved(11, 4, "-4")]);
    for counted in ["12", "8"] {
        let found = found(&[entry(1, Mode::Set, counted, 10, 5)], &ledger);
        assert!(found.is_moved);
        assert_eq!(state(&found), LineState::Conflict, "{counted}");
    }
    let known = found(&[entry(1, Mode::Set, "8", 11, 5)], &ledger);
    assert_eq!((known.is_moved, state(&known)), (false, LineState::Ok));
}

#[test]
fn what_came_after_the_entry_was_received_is_no_conflict_in_the_same_moment() {
    let ledger = ledger("8", &[moved(11, 5, "-4")]);
    let at_once = EntryFact { received_seq: 10, ..entry(1, Mode::Set, "12", 10, 5) };

    assert_eq!(state(&found(&[at_once], &ledger)), LineState::Ok);
}

#[test]
fn one_person_corrects_by_setting_again_and_adds_what_turns_up() {
    let entries = [
        entry(1, Mode::Add, "3", 10, 1),
        entry(1, Mode::Set, "5", 10, 2),
        entry(1, Mode::Add, "2.5", 10, 3),
        entry(1, Mode::Add, "-0.5", 10, 4),
    ];
    let found = found(&entries, &ledger("7", &[]));

    assert_eq!((found.counted, found.counters), (Some(qty("7")), 1));
    assert_eq!(state(&found), LineState::Ok);
}

#[test]
fn two_people_add_their_parts_of_a_shelf() {
    let entries = [entry(1, Mode::Add, "3", 10, 1), entry(2, Mode::Add, "4", 10, 2)];
    let found = found(&entries, &ledger("7", &[]));

    assert_eq!((found.counted, found.counters), (Some(qty("7")), 2));
    assert_eq!((found.is_disputed, found.is_confirmed), (false, false));
}

#[test]
fn two_people_who_set_are_a_conflict_unless_they_agree() {
    let ledger = ledger("9", &[]);
    let mut entries = vec![entry(1, Mode::Set, "7", 10, 1), entry(2, Mode::Set, "8", 10, 2)];
    let disputed = found(&entries, &ledger);
    entries.push(entry(1, Mode::Set, "8", 10, 3));
    let agreed = found(&entries, &ledger);

    assert_eq!((disputed.is_disputed, disputed.counted), (true, Some(qty("8"))));
    assert_eq!(state(&disputed), LineState::Conflict);
    assert_eq!((agreed.is_confirmed, agreed.variance()), (true, Some(qty("-1"))));
    assert_eq!(state(&agreed), LineState::Variance);
}

#[test]
fn a_large_difference_wants_a_second_person_until_one_agrees() {
    let tenth = Threshold { percent: Some(10), value: None };
    let ledger = ledger("10", &[]);
    let one = |text| found(&[entry(1, Mode::Set, text, 10, 1)], &ledger);
    let both = found(&[entry(1, Mode::Set, "8", 10, 1), entry(2, Mode::Set, "8", 10, 2)], &ledger);

    assert_eq!(one("9").state(tenth, None), LineState::Variance);
    assert_eq!(one("8.999").state(tenth, None), LineState::Recount);
    assert_eq!(one("11.001").state(tenth, None), LineState::Recount);
    assert_eq!(both.state(tenth, None), LineState::Variance);
    let worth = |text| Some(Money::parse_price(text).unwrap());
    let fifty = Threshold { percent: None, value: worth("50") };
    assert_eq!(one("9").state(fifty, worth("50")), LineState::Variance);
    assert_eq!(one("9").state(fifty, worth("50.0001")), LineState::Recount);
}

#[test]
fn less_than_nothing_and_more_than_can_be_kept_are_refused() {
    let code = |entries: &[EntryFact], balance: &str| match evaluate(
        entries,
        &ledger(balance, &[]),
        START_SEQ,
    ) {
        Err(Error::Rule(refusal)) => refusal.code,
        Err(Error::Invalid(fields)) => fields[0].code,
        other => panic!("{other:?}"),
    };
    let taken = [entry(1, Mode::Set, "1", 10, 1), entry(1, Mode::Add, "-1.001", 10, 2)];
    assert_eq!(code(&taken, "0"), "count-below-zero");
    let most = entry(1, Mode::Set, "99999999999.999", 10, 1);
    let more = entry(2, Mode::Add, "0.001", 10, 2);
    assert_eq!(code(&[most, more], "0"), "amount-too-large");
    assert_eq!(code(&[most], "-0.001"), "amount-too-large");
}

#[test]
fn nobody_counts_less_than_nothing_and_steps_hold_but_for_what_is_left() {
    let told = |mode, text: &str, balance| match check_qty(mode, qty(text), qty("0.5"), balance) {
        Err(Error::Invalid(fields)) => fields[0].code,
        Ok(()) => "fine",
        other => panic!("{other:?}"),
    };
    let code = |mode, text: &str, balance: &str| told(mode, text, Some(qty(balance)));
    assert_eq!(code(Mode::Set, "0", "3"), "fine");
    assert_eq!(code(Mode::Set, "-1", "3"), "amount-negative");
    assert_eq!(code(Mode::Add, "-1", "3"), "fine");
    assert_eq!(code(Mode::Add, "0", "3"), "amount-zero");
    assert_eq!(code(Mode::Set, "2.4", "3"), "qty-step");
    assert_eq!(code(Mode::Set, "2.4", "2.4"), "fine");
    assert_eq!(told(Mode::Set, "2.4", None), "qty-step");
    assert_eq!(told(Mode::Set, "2.5", None), "fine");
}

#[test]
fn what_a_device_claims_to_know_is_of_the_time_of_the_count() {
    let ledger = LedgerNow { start_seq: 10, last_seq: 20, now: Moment(9) };
    let seen = |seq| check_seen(seq, ledger).ok();

    assert_eq!([seen(None), seen(Some(10)), seen(Some(20))], [Some(20), Some(10), Some(20)]);
    assert_eq!([seen(Some(9)), seen(Some(21))], [None, None]);
}

#[test]
fn a_clock_that_cannot_be_right_counts_as_now() {
    let (known_at, now) = (Moment(100), Moment(200));
    let at = |at| believed(at, known_at, now);

    assert_eq!(at(Some(Moment(150))), Moment(150));
    assert_eq!([at(Some(Moment(99))), at(Some(Moment(201))), at(None)], [now, now, now]);
}

fn line(number: u8, state: LineState, counted: Option<&str>, expected: &str) -> KeptLine {
    let id = ObjectId::from_bytes([number; 16]);
    KeptLine {
        rid: i64::from(number),
        id: id.cast(),
        item: ItemName {
            id: id.cast(),
            item_number: "A".to_owned(),
            name: "Thing".to_owned(),
            unit: "kg".to_owned(),
        },
        item_rid: 1,
        qty_step: Qty::FINEST,
        cost: ItemCost::default(),
        totals: Totals::default(),
        place: PlaceName { id: id.cast(), code: "P".to_owned(), name: "Place".to_owned() },
        place_rid: 1,
        place_key: "p".to_owned(),
        item_key: "a".to_owned(),
        expected: qty(expected),
        expected_seq: START_SEQ,
        counted: counted.map(qty),
        state,
        entries_after: 0,
        is_mine: false,
        counters: 1,
        counted_by: Some(person(1)),
        counted_at: None,
        is_moved: false,
        is_disputed: false,
        decision: None,
        posted: None,
    }
}

#[test]
fn conflicts_want_a_decision_and_the_rest_keeps_its_difference() {
    let (fine, off) = (LineState::Ok, LineState::Variance);
    let lines = || {
        vec![
            line(1, fine, Some("5"), "5"),
            line(2, off, Some("4"), "5"),
            line(3, LineState::Conflict, Some("4"), "5"),
            line(4, fine, None, "5"),
        ]
    };
    let ids: Vec<LineId> = lines().iter().map(|line| line.id).collect();

    let undecided = decide(lines(), &[]).unwrap_err();
    let Error::Rule(refusal) = undecided else { panic!("{undecided:?}") };
    assert_eq!((refusal.code, refusal.fields.len()), ("count-undecided", 1));

    let decided = decide(lines(), &[(ids[2], Decision::Reject)]).unwrap();
    let kept: Vec<_> = decided.iter().map(|(line, decision)| (line.rid, *decision)).collect();
    let keep = Decision::KeepDelta;
    assert_eq!(kept, [(1, keep), (2, keep), (3, Decision::Reject)]);

    for wrong in [
        vec![(ids[3], Decision::CountNow)],
        vec![(ObjectId::from_bytes([9; 16]).cast(), Decision::Reject)],
        vec![(ids[1], Decision::Reject), (ids[1], Decision::Recount)],
    ] {
        assert!(matches!(decide(lines(), &wrong), Err(Error::Invalid(_))), "{wrong:?}");
    }
}

#[test]
fn keeping_the_difference_leaves_what_was_posted_since_and_using_the_count_does_not() {
    let line = line(1, LineState::Conflict, Some("4"), "5");
    let on_hand = qty("3");

    assert_eq!(posting(&line, Decision::KeepDelta, on_hand), qty("-1"));
    assert_eq!(posting(&line, Decision::CountNow, on_hand), qty("1"));
    assert_eq!(posting(&line, Decision::Reject, on_hand), Qty::ZERO);
}

#[test]
fn a_place_brings_all_below_it() {
    let id = |number: u8| ObjectId::from_bytes([number; 16]).cast();
    let tree =
        [(1, id(1), None), (2, id(2), Some(id(1))), (3, id(3), Some(id(2))), (4, id(4), None)];

    assert_eq!(subtree(&tree, id(2)), HashSet::from([2, 3]));
    assert_eq!(subtree(&tree, id(1)), HashSet::from([1, 2, 3]));
    assert_eq!(subtree(&tree, id(9)), HashSet::new());
}

proptest! {
    /// Whatever is posted after a count came in, keeping the difference makes the stock what was
    /// counted plus what was posted since.
    #[test]
    fn nothing_posted_meanwhile_is_lost(
        start in 0_i64..1_000_000,
        counted in 0_i64..1_000_000,
        later in proptest::collection::vec(-1_000_i64..1_000, 0..20),
    ) {
        let amount = |thousandths| Qty::from_thousandths(thousandths).unwrap();
        let since: i64 = later.iter().sum();
        let moved = |(seq, qty): (i64, &i64)| Moved {
            seq, posted_at: Moment(50), qty: amount(*qty),
        };
        let ledger = KeyLedger {
            balance: amount(start + since),
            moved: (11..).zip(&later).map(moved).collect(),
        };
        let entry = EntryFact {
            qty: amount(counted), received_seq: 10, ..entry(1, Mode::Set, "0", 10, 40)
        };
        let found = evaluate(&[entry], &ledger, START_SEQ).unwrap();

        let after = ledger.balance.plus(found.variance().unwrap()).unwrap();
        prop_assert_eq!(after, amount(counted + since));
        prop_assert!(!found.is_moved);
    }
}
