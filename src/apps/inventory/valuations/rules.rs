//! What stock is worth at a moment, and where.
//!
//! The worth of an item is the sum of what its movements changed it by until then. Each of those
//! values was fixed when it was posted, at an average over all places; so between its places an
//! item's worth is divided by how much of it lies where, and the parts add up to the whole.

use std::collections::HashMap;

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::{ItemName, PlaceName, Totals};
use crate::apps::inventory::periods::rules::{first_moment, last_moment};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};

pub const CODES: &[Code] = &[
    code(
        "report-day",
        "The day of a report cannot be read, or has not come yet.",
        "Use a day like 2026-03-31, or leave it out for now.",
    ),
    code("report-group", "A report cannot be grouped by that.", "Use category, location or item."),
];

/// What a row of the report stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Category,
    Location,
    Item,
}

impl Group {
    const ALL: [(&'static str, Self); 3] =
        [("category", Self::Category), ("location", Self::Location), ("item", Self::Item)];

    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|(one, _)| *one == name).map(|(_, group)| group);
        let detail = "Use category, location or item.";
        found.ok_or_else(|| Error::invalid("group", "report-group", detail))
    }

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, group)| *group == self).map_or("", |(name, _)| name)
    }
}

/// As of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    Now,
    /// The end of a day, where the workspace is.
    Day(jiff::civil::Date),
}

impl AsOf {
    /// Reads a day; none or nothing means now.
    pub fn read(text: Option<&str>) -> Result<Self> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self::Now) };
        text.parse().map(Self::Day).map_err(|_| day_wrong("Use a day like 2026-03-31."))
    }

    /// The last moment that counts; none is now. A day that is not over goes as far as now.
    pub fn moment(self, zone: &jiff::tz::TimeZone, now: Moment) -> Result<Option<Moment>> {
        let Self::Day(day) = self else { return Ok(None) };
        let none = || day_wrong("There is no such day.");
        if first_moment(day, zone).ok_or_else(none)? > now {
            return Err(day_wrong("This day has not come yet."));
        }
        let end = last_moment(day, zone).ok_or_else(none)?;
        Ok((end < now).then_some(end))
    }
}

fn day_wrong(detail: &str) -> Error {
    Error::invalid("at", "report-day", detail)
}

/// What there was of an item, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    pub totals: Totals,
    /// Rows of places and what lay there, without those where nothing did.
    pub places: Vec<(i64, Qty)>,
}

impl Holding {
    /// Divides the worth between the places; what rounding leaves goes to the one with the most.
    /// None is where nothing is: worth without goods belongs to a movement that was entered with an
    /// earlier date than others that were posted before it.
    pub fn spread(&self) -> Vec<(Option<i64>, Qty, Money)> {
        let Totals { qty, value } = self.totals;
        let share = |(place, part): &(i64, Qty)| {
            value.share(*part, qty).map(|worth| (Some(*place), *part, worth))
        };
        let nowhere = || {
            let places = self.places.iter().map(|(place, part)| (Some(*place), *part, Money::ZERO));
            places.chain([(None, Qty::ZERO, value)]).collect()
        };
        let Some(mut parts) = self.places.iter().map(share).collect::<Option<Vec<_>>>() else {
            return nowhere();
        };
        let rest = parts.iter().try_fold(value, |rest, (_, _, worth)| rest.plus(worth.negated()?));
        let most = parts.iter_mut().max_by_key(|(_, part, _)| part.thousandths().abs());
        match (rest, most) {
            (Some(rest), Some((_, _, worth))) => match worth.plus(rest) {
                Some(whole) => *worth = whole,
                None => return nowhere(),
            },
            (Some(Money::ZERO), None) => {}
            _ => return nowhere(),
        }
        parts
    }
}

/// The holdings by rows of items.
pub type Holdings = HashMap<i64, Holding>;

/// A sum over the ledger; wide, since a part of it may go further than the whole ever did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    pub qty: i128,
    pub value: i128,
}

/// Puts sums by item and place together.
pub(super) fn holdings(sums: HashMap<(i64, i64), Sum>) -> Result<Holdings> {
    let mut wide: HashMap<i64, (Sum, Vec<(i64, Qty)>)> = HashMap::new();
    for ((item, place), sum) in sums {
        let (total, places) = wide.entry(item).or_default();
        total.qty += sum.qty;
        total.value += sum.value;
        if sum.qty != 0 {
            places.push((place, narrow_qty(sum.qty)?));
        }
    }
    let kept = wide.into_iter().filter(|(_, (sum, places))| sum.value != 0 || !places.is_empty());
    kept.map(|(item, (sum, mut places))| {
        places.sort_unstable_by_key(|(place, _)| *place);
        let totals = Totals { qty: narrow_qty(sum.qty)?, value: narrow_worth(sum.value)? };
        Ok((item, Holding { totals, places }))
    })
    .collect()
}

/// A quantity in thousandths that may be out of range.
pub fn narrow_qty(qty: i128) -> Result<Qty> {
    let qty = i64::try_from(qty).ok().and_then(Qty::from_thousandths);
    qty.ok_or_else(|| too_large("qty-too-large", "A quantity is larger than can be shown."))
}

/// A worth in ten-thousandths that may be out of range.
pub fn narrow_worth(value: i128) -> Result<Money> {
    let value = i64::try_from(value).ok().map(Money::from_ten_thousandths);
    value.ok_or_else(|| too_large("value-too-large", "The worth is larger than can be shown."))
}

fn too_large(code: &'static str, detail: &str) -> Error {
    Refusal::new(code, detail).into()
}

/// A place and the one it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: PlaceName,
    pub parent: Option<LocationId>,
}

/// What a row is about. None: what has no category; what lies nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Category(Option<String>),
    Place(Option<Place>),
    /// With what there is of it, at all places or at the one that was asked for.
    Item(ItemName, Qty),
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub subject: Subject,
    pub worth: Worth,
}

/// A part of an item's worth: at one place, or all of it.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub item: i64,
    pub place: Option<i64>,
    pub qty: Qty,
    pub value: Money,
}

/// Adds parts up by what they have in common.
pub fn grouped<K: std::hash::Hash + Eq>(
    parts: &[Part],
    key: impl Fn(&Part) -> K,
) -> Result<HashMap<K, Worth>> {
    let mut groups: HashMap<K, Worth> = HashMap::new();
    for part in parts {
        let worth = groups.entry(key(part)).or_default();
        *worth = worth.with(part.value)?;
    }
    Ok(groups)
}

/// What stands in a row, and how many items it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    pub value: Money,
    pub items: u64,
}

impl Worth {
    /// With one more item.
    pub fn with(self, value: Money) -> Result<Self> {
        let sum = i128::from(self.value.ten_thousandths()) + i128::from(value.ten_thousandths());
        Ok(Self { value: narrow_worth(sum)?, items: self.items + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(qty: i64, value: i64, places: &[(i64, i64)]) -> Holding {
        let of = |qty| Qty::from_thousandths(qty).unwrap();
        let totals = Totals { qty: of(qty), value: Money::from_ten_thousandths(value) };
        Holding { totals, places: places.iter().map(|(place, qty)| (*place, of(*qty))).collect() }
    }

    fn spread(holding: &Holding) -> Vec<(Option<i64>, i64)> {
        let parts = holding.spread().into_iter();
        parts.map(|(place, _, worth)| (place, worth.ten_thousandths())).collect()
    }

    #[test]
    fn worth_is_divided_by_what_lies_where_and_the_parts_add_up() {
        // Three places with a third each of 1.0000: the rest goes to one of them.
        let thirds = holding(3_000, 10_000, &[(1, 1_000), (2, 1_000), (3, 1_000)]);
        let parts = spread(&thirds);
        assert_eq!(parts.iter().map(|(_, worth)| worth).sum::<i64>(), 10_000);
        assert!(parts.iter().all(|(_, worth)| (3_333..=3_334).contains(worth)), "{parts:?}");

        let more = holding(7_000, 10_001, &[(1, 1_000), (2, 6_000)]);
        assert_eq!(spread(&more), [(Some(1), 1_429), (Some(2), 8_572)]);
    }

    #[test]
    fn a_place_below_zero_is_worth_less_than_nothing() {
        let mixed = holding(4_000, 40_000, &[(1, 5_000), (2, -1_000)]);
        assert_eq!(spread(&mixed), [(Some(1), 50_000), (Some(2), -10_000)]);
    }

    #[test]
    fn worth_without_goods_is_nowhere() {
        assert_eq!(spread(&holding(0, -500, &[])), [(None, -500)]);
        let balanced = holding(0, 70, &[(1, 1_000), (2, -1_000)]);
        assert_eq!(spread(&balanced), [(Some(1), 0), (Some(2), 0), (None, 70)]);
    }

    #[test]
    fn sums_are_put_together_by_item_and_what_was_nothing_is_left_out() {
        let sum = |qty, value| Sum { qty, value };
        let sums = HashMap::from([
            ((1, 7), sum(2_000, 300)),
            ((1, 8), sum(-500, -100)),
            ((1, 9), sum(0, 5)),
            ((2, 7), sum(0, 0)),
        ]);

        let holdings = holdings(sums).unwrap();

        assert_eq!(holdings.len(), 1);
        assert_eq!(holdings[&1], holding(1_500, 205, &[(7, 2_000), (8, -500)]));
    }

    #[test]
    fn a_sum_beyond_the_range_is_refused() {
        let sum = Sum { qty: 1, value: i128::from(i64::MAX) + 1 };
        assert!(holdings(HashMap::from([((1, 1), sum)])).is_err());
        let full = Worth::default().with(Money::from_ten_thousandths(i64::MAX)).unwrap();
        assert!(full.with(Money::from_ten_thousandths(1)).is_err());
    }

    #[test]
    fn a_day_ends_where_the_workspace_is() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str, now: &str| {
            let now = now.parse().unwrap();
            AsOf::read(Some(text)).and_then(|as_of| as_of.moment(&zone, now))
        };
        let end = |text: &str| Some(text.parse::<Moment>().unwrap());
        let now = "2026-11-22T10:00:00Z";

        assert_eq!(at("2026-07-31", now).unwrap(), end("2026-07-31T21:59:59.999Z"));
        // The day on which clocks are set back has 25 hours.
        assert_eq!(at("2026-10-25", now).unwrap(), end("2026-10-25T22:59:59.999Z"));
        assert_eq!(at("2026-11-22", now).unwrap(), None, "today goes as far as now");
        assert!(at("2026-11-23", now).is_err());
        assert!(at("2026-11-23", "2026-11-22T23:30:00Z").is_ok(), "it has begun there");
        for bad in ["31.03.2026", "2026-02-30", "now", "2026-3-1"] {
            assert!(at(bad, now).is_err(), "{bad}");
        }
        assert_eq!(AsOf::read(None).unwrap(), AsOf::Now);
    }
}
