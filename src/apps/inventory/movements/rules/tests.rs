//! The posting rules: single cases, and random sequences against sums in wide integers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::TempZone;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Refusal, Result};

const NOW: Moment = Moment(1_800_000_000_000);

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn input(kind: MovementType, qty: &str) -> MovementInput {
    MovementInput {
        kind,
        qty: qty.to_owned(),
        unit_cost: None,
        note: None,
        reference: None,
        effective_at: None,
        override_reason: None,
    }
}

fn facts(on_hand: &str) -> Facts {
    let on_hand = qty(on_hand);
    let totals = Totals { qty: on_hand, value: Money::ZERO };
    Facts { qty_step: Qty::FINEST, cost: ItemCost::default(), totals, on_hand, lowest: on_hand }
}

fn draft(kind: MovementType, text: &str) -> MovementDraft {
    check(&input(kind, text), NOW).unwrap()
}

fn why(reason: &str) -> Remarks {
    Remarks { override_reason: Some(reason.to_owned()), ..Remarks::default() }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> Refusal {
    match outcome.unwrap_err() {
        Error::Rule(refusal) | Error::Conflict(refusal) => refusal,
        other => panic!("{other}"),
    }
}

fn field_code<T: std::fmt::Debug>(outcome: Result<T>) -> (String, &'static str) {
    match outcome.unwrap_err() {
        Error::Invalid(fields) => (fields[0].field.clone(), fields[0].code),
        other => panic!("{other}"),
    }
}

#[test]
fn receipts_come_in_and_uses_and_transfers_go_out() {
    assert_eq!(draft(MovementType::Receive, "5").qty, qty("5"));
    assert_eq!(draft(MovementType::Use, "5").qty, qty("-5"));
    assert_eq!(draft(MovementType::Transfer, "5").qty, qty("-5"));
    assert_eq!(draft(MovementType::Adjust, "-5").qty, qty("-5"));
}

#[test]
fn a_movement_of_nothing_or_of_the_wrong_sign_is_refused() {
    for kind in MovementType::ALL {
        assert_eq!(refusal(check(&input(kind, "0"), NOW)).code, "movement-empty");
    }
    for kind in [MovementType::Receive, MovementType::Use, MovementType::Transfer] {
        assert_eq!(refusal(check(&input(kind, "-1"), NOW)).code, "movement-sign");
    }
}

#[test]
fn only_what_comes_in_has_a_price() {
    let priced = |kind, qty: &str| {
        check(&MovementInput { unit_cost: Some("2".to_owned()), ..input(kind, qty) }, NOW)
    };
    assert!(priced(MovementType::Receive, "1").is_ok());
    assert!(priced(MovementType::Adjust, "1").is_ok());
    for (kind, qty) in
        [(MovementType::Use, "1"), (MovementType::Adjust, "-1"), (MovementType::Transfer, "1")]
    {
        let expected = ("unit_cost".to_owned(), "unit-cost-unexpected");
        assert_eq!(field_code(priced(kind, qty)), expected);
    }
}

#[test]
fn a_clock_slightly_ahead_means_now_and_more_is_refused() {
    let at = |millis| {
        let effective_at = Some(Moment(NOW.0 + millis));
        check(&MovementInput { effective_at, ..input(MovementType::Use, "1") }, NOW)
    };
    assert_eq!(at(60_000).unwrap().effective_at, NOW);
    assert_eq!(at(-60_000).unwrap().effective_at, Moment(NOW.0 - 60_000));
    assert_eq!(field_code(at(3 * 86_400_000)).1, "effective-in-future");
    assert_eq!(field_code(at(-1_700_000_000_000)).1, "effective-too-old");
}

#[test]
fn more_than_is_there_is_refused_with_what_is_there() {
    let outcome = plan(&draft(MovementType::Use, "5"), &facts("4"), Overriding::Allowed);

    let refusal = refusal(outcome);
    assert_eq!(refusal.code, "stock-short");
    assert_eq!(refusal.detail, "Only 4.000 on hand, 5.000 requested.");
    assert!(refusal.extra.contains(&("on_hand", "4.000".to_owned())));
}

#[test]
fn exactly_the_rest_can_be_used() {
    let posting = plan(&draft(MovementType::Use, "4"), &facts("4"), Overriding::NotAllowed);
    assert_eq!(posting.unwrap().totals, Totals::default());
}

#[test]
fn only_who_may_override_goes_below_zero_and_says_why() {
    let draft = MovementDraft {
        remarks: why("Delivery is booked tomorrow"),
        ..draft(MovementType::Use, "5")
    };

    let refused = plan(&draft, &facts("4"), Overriding::NotAllowed);
    assert!(matches!(refused, Err(Error::Forbidden { needed: "inventory.override" })));

    let posting = plan(&draft, &facts("4"), Overriding::Allowed).unwrap();
    assert_eq!(posting.override_reason.as_deref(), Some("Delivery is booked tomorrow"));
    assert_eq!(posting.totals.qty, qty("-1"));

    let enough = plan(&draft, &facts("5"), Overriding::NotAllowed).unwrap();
    assert_eq!(enough.override_reason, None);
}

#[test]
fn a_back_dated_use_needs_stock_at_every_moment_since() {
    let lowest = lowest_since(qty("10"), [qty("8"), qty("-1")]);
    assert_eq!(lowest, qty("2"));

    let facts = Facts { lowest, ..facts("10") };
    let refused = refusal(plan(&draft(MovementType::Use, "3"), &facts, Overriding::NotAllowed));
    assert_eq!(refused.code, "stock-short");
    assert!(refused.extra.contains(&("available", "2.000".to_owned())));
    assert!(plan(&draft(MovementType::Use, "2"), &facts, Overriding::NotAllowed).is_ok());
}

#[test]
fn quantities_are_whole_steps_unless_they_take_the_rest() {
    let facts = Facts { qty_step: Qty::ONE, ..facts("2.5") };
    let post = |kind, qty: &str| plan(&draft(kind, qty), &facts, Overriding::NotAllowed);
    assert_eq!(refusal(post(MovementType::Receive, "0.5")).code, "qty-step");
    assert_eq!(refusal(post(MovementType::Use, "0.5")).code, "qty-step");
    assert!(post(MovementType::Use, "2").is_ok());
    assert!(post(MovementType::Use, "2.5").is_ok());
}

#[test]
fn what_comes_in_without_a_price_has_the_usual_one() {
    let facts = |item_cost, value| Facts {
        cost: ItemCost { price: item_cost, ..ItemCost::default() },
        totals: Totals { qty: qty("2"), value: Money::from_ten_thousandths(value) },
        ..facts("2")
    };
    let cost = |kind, facts: &Facts| {
        plan(&draft(kind, "1"), facts, Overriding::NotAllowed).unwrap().unit_cost.unwrap()
    };
    let three = Some(Money::from_ten_thousandths(30_000));
    assert_eq!(cost(MovementType::Receive, &facts(three, 20_000)).to_string(), "3.0000");
    assert_eq!(cost(MovementType::Receive, &facts(None, 20_000)).to_string(), "1.0000");
    assert_eq!(cost(MovementType::Adjust, &facts(three, 20_000)).to_string(), "1.0000");
    assert_eq!(cost(MovementType::Adjust, &facts(None, 0)).to_string(), "0.0000");
}

#[test]
fn a_movement_is_taken_back_once_and_a_reversal_never() {
    let original = Original {
        kind: MovementType::Receive,
        qty: qty("5"),
        unit_cost: None,
        value: Money::ZERO,
        is_reversal: false,
        is_reversed: false,
    };
    assert!(check_reversible(&original).is_ok());
    let reversed = Original { is_reversed: true, ..original };
    assert_eq!(refusal(check_reversible(&reversed)).code, "already-reversed");
    let reversal = Original { is_reversal: true, ..original };
    assert_eq!(refusal(check_reversible(&reversal)).code, "reversal-of-reversal");
}

#[test]
fn taking_back_a_receipt_that_was_used_is_refused() {
    let original = Original {
        kind: MovementType::Receive,
        qty: qty("5"),
        unit_cost: None,
        value: Money::ZERO,
        is_reversal: false,
        is_reversed: false,
    };
    let outcome = plan_reversal(&original, &facts("4"), None, Overriding::Allowed);
    assert_eq!(refusal(outcome).code, "stock-short");
}

#[test]
fn goods_are_not_transferred_to_where_they_are_and_zones_only_warn() {
    assert!(check_places(1, 2).is_ok());
    assert_eq!(refusal(check_places(1, 1)).code, "transfer-same-place");
    assert!(is_wrong_zone(Some(TempZone::Freezer), Some(TempZone::Dry)));
    assert!(!is_wrong_zone(Some(TempZone::Freezer), None));
    assert!(!is_wrong_zone(None, Some(TempZone::Dry)));
}

/// One step of a random life of an item at three places.
#[derive(Debug, Clone)]
enum Step {
    Post { kind: MovementType, place: u8, qty: i64, price: Option<i64>, overrides: bool },
    Transfer { from: u8, to: u8, qty: i64, overrides: bool },
    Reverse { which: usize, overrides: bool },
}

#[derive(Debug, Clone)]
struct Entry {
    kind: MovementType,
    place: u8,
    posting: Posting,
    transfer: Option<usize>,
    reverses: Option<usize>,
}

/// What the rules keep, and beside it every entry they made.
#[derive(Debug, Default)]
struct Shelf {
    ledger: Vec<Entry>,
    stock: BTreeMap<u8, Qty>,
    totals: Totals,
}

impl Shelf {
    fn facts(&self, place: u8) -> Facts {
        let on_hand = self.stock.get(&place).copied().unwrap_or_default();
        Facts {
            qty_step: Qty::FINEST,
            cost: ItemCost {
                price: Some(Money::from_ten_thousandths(12_345)),
                ..ItemCost::default()
            },
            totals: self.totals,
            on_hand,
            lowest: on_hand,
        }
    }

    fn keep(&mut self, entry: Entry) {
        let stock = self.stock.entry(entry.place).or_default();
        *stock = stock.plus(entry.posting.qty).unwrap();
        self.totals = self.totals.plus(entry.posting.qty, entry.posting.value).unwrap();
        self.ledger.push(entry);
    }

    fn take(&mut self, step: &Step) -> Result<()> {
        match *step {
            Step::Post { kind, place, qty, price, overrides } => {
                let draft = MovementDraft {
                    kind,
                    qty: Qty::from_thousandths(qty).unwrap(),
                    unit_cost: price.map(Money::from_ten_thousandths),
                    remarks: if overrides { why("why") } else { Remarks::default() },
                    effective_at: NOW,
                };
                let posting = plan(&draft, &self.facts(place), Overriding::Allowed)?;
                self.keep(Entry { kind, place, posting, transfer: None, reverses: None });
            }
            Step::Transfer { from, to, qty, overrides } => {
                self.transfer(from, to, qty, overrides)?;
            }
            Step::Reverse { which, overrides } => self.reverse(which, overrides)?,
        }
        Ok(())
    }

    fn transfer(&mut self, from: u8, to: u8, qty: i64, overrides: bool) -> Result<()> {
        check_places(from, to)?;
        let draft = MovementDraft {
            kind: MovementType::Transfer,
            qty: Qty::from_thousandths(-qty).unwrap(),
            unit_cost: None,
            remarks: if overrides { why("why") } else { Remarks::default() },
            effective_at: NOW,
        };
        let (from_facts, to_on_hand) = (self.facts(from), self.facts(to).on_hand);
        let (out, into) = plan_transfer(&draft, &from_facts, to_on_hand, Overriding::Allowed)?;
        let transfer = Some(self.ledger.len());
        let kind = MovementType::Transfer;
        self.keep(Entry { kind, place: from, posting: out, transfer, reverses: None });
        self.keep(Entry { kind, place: to, posting: into, transfer, reverses: None });
        Ok(())
    }

    fn reverse(&mut self, which: usize, overrides: bool) -> Result<()> {
        let reason = overrides.then_some("why");
        let transfer = self.ledger[which].transfer;
        let legs: Vec<usize> = match transfer {
            None => vec![which],
            Some(_) => (0..self.ledger.len())
                .filter(|other| {
                    let other = &self.ledger[*other];
                    other.transfer == transfer && other.reverses.is_none()
                })
                .collect(),
        };
        // The leg that brings goods back comes first; both are decided before one is kept.
        let mut planned =
            Shelf { ledger: self.ledger.clone(), stock: self.stock.clone(), totals: self.totals };
        for leg in legs {
            let entry = planned.ledger[leg].clone();
            let original = Original {
                kind: entry.kind,
                qty: entry.posting.qty,
                unit_cost: entry.posting.unit_cost,
                value: entry.posting.value,
                is_reversal: entry.reverses.is_some(),
                is_reversed: planned.ledger.iter().any(|other| other.reverses == Some(leg)),
            };
            check_reversible(&original)?;
            let facts = planned.facts(entry.place);
            let posting = plan_reversal(&original, &facts, reason, Overriding::Allowed)?;
            planned.keep(Entry { posting, reverses: Some(leg), ..entry });
        }
        *self = planned;
        Ok(())
    }

    /// Recomputes everything from the ledger in wide integers.
    fn check_against_oracle(&self) {
        let (mut qty, mut value, mut places) = (0i128, 0i128, BTreeMap::<u8, i128>::new());
        for entry in &self.ledger {
            qty += i128::from(entry.posting.qty.thousandths());
            value += i128::from(entry.posting.value.ten_thousandths());
            *places.entry(entry.place).or_default() += i128::from(entry.posting.qty.thousandths());
        }
        assert_eq!(qty, i128::from(self.totals.qty.thousandths()));
        assert_eq!(value, i128::from(self.totals.value.ten_thousandths()));
        if qty == 0 {
            assert_eq!(value, 0, "nothing on hand is worth nothing");
        }
        for (place, expected) in places {
            assert_eq!(expected, i128::from(self.stock[&place].thousandths()));
        }
        let mut transfers = BTreeMap::<usize, (i128, i128)>::new();
        for entry in &self.ledger {
            if let Some(transfer) = entry.transfer {
                let sums = transfers.entry(transfer).or_default();
                sums.0 += i128::from(entry.posting.qty.thousandths());
                sums.1 += i128::from(entry.posting.value.ten_thousandths());
            }
        }
        assert!(transfers.values().all(|sums| *sums == (0, 0)), "transfers move, never make");
    }
}

fn steps(overrides: bool, reversals: bool) -> impl Strategy<Value = Vec<Step>> {
    let overrides = move || if overrides { any::<bool>().boxed() } else { Just(false).boxed() };
    let size = || prop_oneof![1i64..50, 1i64..1_000_000, Just(1_000), Just(3_000)];
    let post =
        (any::<(u8, bool)>(), 0u8..3, size(), prop::option::of(0i64..5_000_000), overrides())
            .prop_map(|((kind, sign), place, size, price, overrides)| {
                let (kind, qty) = match (kind % 3, sign) {
                    (0, _) => (MovementType::Receive, size),
                    (1, _) => (MovementType::Use, -size),
                    (_, true) => (MovementType::Adjust, size),
                    (_, false) => (MovementType::Adjust, -size),
                };
                let price = price.filter(|_| qty > 0);
                Step::Post { kind, place, qty, price, overrides }
            });
    let transfer = (0u8..3, 0u8..3, size(), overrides())
        .prop_map(|(from, to, qty, overrides)| Step::Transfer { from, to, qty, overrides });
    let reverse = (any::<prop::sample::Index>(), overrides())
        .prop_map(|(which, overrides)| Step::Reverse { which: which.index(1_000), overrides });
    let weight = u32::from(reversals) * 2;
    prop::collection::vec(prop_oneof![5 => post, 2 => transfer, weight => reverse], 1..80)
}

proptest! {
    #[test]
    fn sums_hold_over_any_life_of_an_item(steps in steps(true, true)) {
        let mut shelf = Shelf::default();
        for step in steps {
            let step = match step {
                Step::Reverse { .. } if shelf.ledger.is_empty() => continue,
                Step::Reverse { which, overrides } => {
                    Step::Reverse { which: which % shelf.ledger.len(), overrides }
                }
                other => other,
            };
            let before = (shelf.totals, shelf.ledger.len());
            if shelf.take(&step).is_err() {
                prop_assert_eq!(before, (shelf.totals, shelf.ledger.len()));
            }
            shelf.check_against_oracle();
        }
    }

    #[test]
    fn without_overrides_nothing_falls_below_zero(steps in steps(false, true)) {
        let mut shelf = Shelf::default();
        for step in steps {
            let step = match step {
                Step::Reverse { .. } if shelf.ledger.is_empty() => continue,
                Step::Reverse { which, overrides } => {
                    Step::Reverse { which: which % shelf.ledger.len(), overrides }
                }
                other => other,
            };
            if shelf.take(&step).is_ok() {
                prop_assert!(shelf.stock.values().all(|qty| !qty.is_negative()));
            }
        }
        shelf.check_against_oracle();
    }

    #[test]
    fn worth_is_never_below_zero_without_overrides_and_reversals(steps in steps(false, false)) {
        let mut shelf = Shelf::default();
        let mut came_in = 0i128;
        for step in steps {
            if shelf.take(&step).is_ok() {
                let value = shelf.ledger.last().unwrap().posting.value;
                came_in += i128::from(value.ten_thousandths()).max(0);
                let worth = i128::from(shelf.totals.value.ten_thousandths());
                prop_assert!((0..=came_in).contains(&worth));
            }
        }
    }
}
