use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

/// Four days: the first to the fourth of November.
fn period() -> Period {
    let now = "2026-11-10T00:00:00Z".parse().unwrap();
    Period::read(Some("2026-11-01"), Some("2026-11-04"), &TimeZone::UTC, now).unwrap()
}

const RECEIVE: bool = false;
const USE: bool = true;

/// An entry at noon of a day of November; 0 is the last day of October.
fn row(item: i64, place: i64, day: i64, qty: i64, value: i64, is_use: bool) -> Row {
    let first: Moment = "2026-11-01T12:00:00Z".parse().unwrap();
    let effective_at = Moment(first.0 + (day - 1) * 24 * 3_600_000);
    Row { item, place, qty, value, effective_at, is_use }
}

fn facts(categories: &[(i64, Option<usize>)]) -> HashMap<i64, Facts> {
    let of =
        |(item, category): &(i64, Option<usize>)| (*item, Facts { category: *category, unit: 0 });
    categories.iter().map(of).collect()
}

fn reckon(asked: &Ledger<'_>, rows: &[Row]) -> Reckoning {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (row.item, row.effective_at));
    asked.reckon(|take| rows.into_iter().try_for_each(take)).unwrap()
}

fn asked<'a>(
    period: &'a Period,
    group: Group,
    items: &'a HashMap<i64, Facts>,
    place: Option<i64>,
) -> Ledger<'a> {
    Ledger { period, group, place, category: None, items }
}

/// Ten at 1.00 before the period; four used on its second day, two of them given back on the
/// third, ten at 2.00 received on the fourth.
fn story() -> Vec<Row> {
    vec![
        row(1, 7, 0, 10_000, 100_000, RECEIVE),
        row(1, 7, 2, -4_000, -40_000, USE),
        row(1, 7, 3, 2_000, 20_000, USE),
        row(1, 7, 4, 10_000, 200_000, RECEIVE),
    ]
}

#[test]
fn the_average_is_that_of_the_ends_of_the_days() {
    let (period, items) = (period(), facts(&[(1, None)]));
    let found = reckon(&asked(&period, Group::Item, &items, None), &story());

    // Evenings: 10, 6, 8 and 28: 52 in four days are 13 on average. 2.00 net were used: 2 ÷ 13 is
    // 0.1538 turns, and 4 ÷ 0.1538 = 26 days.
    let figures = found.total.figures(period.days()).unwrap();
    assert_eq!(figures.opening.to_string(), "10.0000");
    assert_eq!(figures.closing.to_string(), "28.0000");
    assert_eq!(figures.average.to_string(), "13.0000");
    assert_eq!(figures.used_qty.unwrap().to_string(), "2.000");
    assert_eq!(figures.used_value.to_string(), "2.0000");
    assert_eq!(figures.turnover.unwrap().to_string(), "0.1538");
    assert_eq!(figures.days_of_stock.unwrap().to_string(), "26.0");
    assert_eq!(found.rows[&Some(1)], found.total);
}

#[test]
fn steps_begin_where_the_one_before_ended() {
    let (period, items) = (period(), facts(&[(1, None)]));
    let found = reckon(&asked(&period, Group::Item, &items, None), &story());
    let told = |sums: &Sums| (sums.opening, sums.closing, sums.day_ends, sums.used_value);

    let steps: Vec<_> = found.steps(&[0..1, 1..3, 3..4]).iter().map(told).collect();

    let first = (100_000, 100_000, 100_000, 0);
    let second = (100_000, 80_000, 140_000, 20_000);
    assert_eq!(steps, [first, second, (80_000, 280_000, 280_000, 0)]);
}

#[test]
fn what_a_place_is_worth_moves_with_the_goods_and_with_the_average() {
    let (period, items) = (period(), facts(&[(1, None)]));
    // Ten at 1.00 at 7; on the second day ten at 3.00 come to 8, so that each is worth 2.00; on
    // the third all that is at 7 is used.
    let rows = [
        row(1, 7, 0, 10_000, 100_000, RECEIVE),
        row(1, 8, 2, 10_000, 300_000, RECEIVE),
        row(1, 7, 3, -10_000, -200_000, USE),
    ];
    let found = reckon(&asked(&period, Group::Location, &items, None), &rows);

    let at = |place| found.rows[&Some(place)];
    // 7: 10, 20, 0, 0; 8: 0, 20, 20, 20.
    assert_eq!((at(7).day_ends, at(7).used_value, at(7).closing), (300_000, 200_000, 0));
    assert_eq!((at(8).day_ends, at(8).used_value, at(8).closing), (600_000, 0, 200_000));
    assert_eq!((found.total.day_ends, found.total.items), (900_000, 1));
    // The same at one place only.
    let at_eight = reckon(&asked(&period, Group::Item, &items, Some(8)), &rows);
    assert_eq!((at_eight.total.day_ends, at_eight.total.used_value), (600_000, 0));
    assert_eq!(at_eight.steps(std::slice::from_ref(&(0..4)))[0].closing, 200_000);
}

#[test]
fn only_the_category_that_was_asked_for_counts() {
    let period = period();
    let items = facts(&[(1, Some(0)), (2, Some(1)), (3, None)]);
    let rows = [
        row(1, 7, 0, 1_000, 10_000, RECEIVE),
        row(2, 7, 0, 1_000, 20_000, RECEIVE),
        row(3, 7, 0, 1_000, 40_000, RECEIVE),
    ];
    let closing = |category| {
        let asked = Ledger { category, ..asked(&period, Group::Category, &items, None) };
        reckon(&asked, &rows).total.closing
    };
    assert_eq!(closing(None), 70_000);
    assert_eq!(closing(Some(Some(1))), 20_000);
    assert_eq!(closing(Some(None)), 40_000);
    assert_eq!(closing(Some(Some(usize::MAX))), 0);
}

#[test]
fn an_item_that_is_gone_before_the_period_is_in_no_row() {
    let (period, items) = (period(), facts(&[(1, None)]));
    let rows = [row(1, 7, -2, 1_000, 10_000, RECEIVE), row(1, 7, 0, -1_000, -10_000, USE)];
    let found = reckon(&asked(&period, Group::Item, &items, None), &rows);
    assert!(found.rows.is_empty());
    assert_eq!(found.total, Sums::default());
}

/// The same, the long way: the worth of each evening from all that came before it.
fn oracle(period: &Period, rows: &[Row]) -> (i128, i128) {
    let evening = |day: usize| -> i128 {
        let before = |row: &&Row| period.day_of(row.effective_at).is_none_or(|one| one <= day);
        rows.iter().filter(before).map(|row| i128::from(row.value)).sum()
    };
    let day_ends = (0..period.days()).map(evening).sum();
    let within = |row: &&Row| row.is_use && period.day_of(row.effective_at).is_some();
    let used = rows.iter().filter(within).map(|row| -i128::from(row.value)).sum();
    (day_ends, used)
}

fn any_row() -> impl Strategy<Value = Row> {
    let amounts = (-50_000i64..50_000, -900_000i64..900_000);
    (1i64..4, 1i64..4, -2i64..5, amounts, any::<bool>()).prop_map(
        |(item, place, day, (qty, value), is_use)| row(item, place, day, qty, value, is_use),
    )
}

proptest! {
    #[test]
    fn every_way_to_group_adds_up_to_the_same(rows in prop::collection::vec(any_row(), 0..40)) {
        let period = period();
        let items = facts(&[(1, Some(0)), (2, Some(1)), (3, None)]);
        let (day_ends, used) = oracle(&period, &rows);
        for group in [Group::Item, Group::Category, Group::Location] {
            let found = reckon(&asked(&period, group, &items, None), &rows);
            prop_assert_eq!(found.total.day_ends, day_ends);
            prop_assert_eq!(found.total.used_value, used);
            let sum = |of: fn(&Sums) -> i128| found.rows.values().map(of).sum::<i128>();
            prop_assert_eq!(sum(|sums| sums.day_ends), day_ends);
            prop_assert_eq!(sum(|sums| sums.used_value), used);
            prop_assert_eq!(sum(|sums| sums.closing), found.total.closing);
            let steps = found.steps(&[0..1, 1..2, 2..3, 3..4]);
            prop_assert_eq!(steps.iter().map(|sums| sums.day_ends).sum::<i128>(), day_ends);
            prop_assert_eq!(steps[3].closing, found.total.closing);
        }
    }
}
