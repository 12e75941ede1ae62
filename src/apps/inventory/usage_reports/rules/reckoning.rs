//! Goes once over the ledger, item by item in the order in which it took effect.

use std::collections::HashMap;

use super::{Sums, Unit};
use crate::apps::inventory::movements::rules::Totals;
use crate::apps::inventory::periods::rules::Period;
use crate::apps::inventory::valuations::rules::{Group, Holding, narrow_qty, narrow_worth};
use crate::platform::clock::Moment;
use crate::platform::error::Result;

/// An entry of the ledger: thousandths and ten-thousandths.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub item: i64,
    pub place: i64,
    pub qty: i64,
    pub value: i64,
    pub effective_at: Moment,
    pub is_use: bool,
}

/// What has to be known of an item: the numbers of its category and of its unit.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// None without a category.
    pub category: Option<usize>,
    pub unit: usize,
}

/// What was asked for.
#[derive(Debug)]
pub struct Ledger<'a> {
    pub period: &'a Period,
    pub group: Group,
    /// Only what lies at this place.
    pub place: Option<i64>,
    /// Only items of this category; inside none: those without one.
    pub category: Option<Option<usize>>,
    pub items: &'a HashMap<i64, Facts>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Reckoning {
    /// By row of the item or of the place, or by number of the category. None: what has no
    /// category, what lies nowhere.
    pub rows: HashMap<Option<i64>, Sums>,
    pub total: Sums,
    /// What changed on each day of the period.
    days: Vec<Day>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Day {
    used_qty: i128,
    used_value: i128,
    unit: Unit,
    change: i128,
}

impl Reckoning {
    /// The sums of each run of days, one behind the other.
    pub fn steps(&self, runs: &[std::ops::Range<usize>]) -> Vec<Sums> {
        let mut worth = self.total.opening;
        let of_run = |run: &std::ops::Range<usize>| {
            let mut sums = Sums { opening: worth, ..Sums::default() };
            for day in self.days.get(run.clone()).unwrap_or_default() {
                worth += day.change;
                sums.used_qty += day.used_qty;
                sums.used_value += day.used_value;
                sums.unit = sums.unit.with(day.unit);
                sums.day_ends += worth;
            }
            sums.closing = worth;
            sums
        };
        runs.iter().map(of_run).collect()
    }
}

/// A part of an item's worth and what was used of it: all of it, or what lies at one place.
#[derive(Debug, Default)]
struct Part {
    place: Option<i64>,
    worth: i128,
    sums: Sums,
    /// It was worth something, or used, at least once.
    counts: bool,
}

/// Where it stands within an item.
struct Walk<'a> {
    asked: &'a Ledger<'a>,
    out: Reckoning,
    item: i64,
    facts: Option<Facts>,
    /// The day that is being read; none: before the first.
    day: Option<usize>,
    qty: i128,
    value: i128,
    places: Vec<(i64, i128)>,
    parts: Vec<Part>,
}

impl Ledger<'_> {
    /// Reads the ledger up to the end of the period: by item, then by when it took effect.
    pub fn reckon(
        &self,
        read: impl FnOnce(&mut dyn FnMut(Row) -> Result<()>) -> Result<()>,
    ) -> Result<Reckoning> {
        let days = vec![Day::default(); self.period.days()];
        let mut walk = Walk {
            asked: self,
            out: Reckoning { days, ..Reckoning::default() },
            item: 0,
            facts: None,
            day: None,
            qty: 0,
            value: 0,
            places: Vec::new(),
            parts: Vec::new(),
        };
        read(&mut |row| walk.take(row))?;
        walk.leave()?;
        Ok(walk.out)
    }

    fn is_by_place(&self) -> bool {
        self.place.is_some() || self.group == Group::Location
    }

    fn is_wanted(&self, facts: Facts) -> bool {
        self.category.is_none_or(|category| category == facts.category)
    }
}

impl Walk<'_> {
    fn take(&mut self, row: Row) -> Result<()> {
        if row.item != self.item {
            self.leave()?;
            self.item = row.item;
            let facts = self.asked.items.get(&row.item).copied();
            self.facts = facts.filter(|facts| self.asked.is_wanted(*facts));
        }
        let Some(facts) = self.facts else { return Ok(()) };
        let day = self.asked.period.day_of(row.effective_at);
        if day != self.day {
            self.close_day()?;
            self.day = day;
        }
        self.qty += i128::from(row.qty);
        self.value += i128::from(row.value);
        if self.asked.is_by_place() {
            self.lay(row.place, row.qty);
        }
        if let (true, Some(day)) = (row.is_use, day) {
            self.use_up(facts, day, &row);
        }
        Ok(())
    }

    fn lay(&mut self, place: i64, qty: i64) {
        if let Some((_, held)) = self.places.iter_mut().find(|(one, _)| *one == place) {
            *held += i128::from(qty);
        } else {
            self.places.push((place, i128::from(qty)));
            self.places.sort_unstable_by_key(|(one, _)| *one);
        }
    }

    fn use_up(&mut self, facts: Facts, day: usize, row: &Row) {
        let place = self.asked.is_by_place().then_some(row.place);
        if self.asked.place.is_some() && self.asked.place != place {
            return;
        }
        let (qty, value) = (-i128::from(row.qty), -i128::from(row.value));
        let part = part(&mut self.parts, place);
        part.counts = true;
        part.sums.used_qty += qty;
        part.sums.used_value += value;
        part.sums.unit = Unit::One(facts.unit);
        if let Some(day) = self.out.days.get_mut(day) {
            day.used_qty += qty;
            day.used_value += value;
            day.unit = day.unit.with(Unit::One(facts.unit));
        }
    }

    /// Notes what the item is worth at the end of the day that was read.
    fn close_day(&mut self) -> Result<()> {
        for (place, worth) in self.worths()? {
            if self.asked.place.is_none() || self.asked.place == place {
                self.note(place, worth);
            }
        }
        Ok(())
    }

    /// What the item is worth now, and where. Places that it has left are worth nothing.
    fn worths(&self) -> Result<Vec<(Option<i64>, i128)>> {
        if !self.asked.is_by_place() {
            return Ok(vec![(None, self.value)]);
        }
        let held = self.places.iter().filter(|(_, qty)| *qty != 0);
        let places = held.map(|(place, qty)| Ok((*place, narrow_qty(*qty)?)));
        let totals = Totals { qty: narrow_qty(self.qty)?, value: narrow_worth(self.value)? };
        let spread = Holding { totals, places: places.collect::<Result<_>>()? }.spread();
        let mut worths: Vec<(Option<i64>, i128)> = spread
            .into_iter()
            .map(|(place, _, worth)| (place, i128::from(worth.ten_thousandths())))
            .collect();
        let left = self.parts.iter().map(|part| part.place);
        let left: Vec<_> =
            left.filter(|place| worths.iter().all(|(one, _)| one != place)).collect();
        worths.extend(left.into_iter().map(|place| (place, 0)));
        Ok(worths)
    }

    fn note(&mut self, place: Option<i64>, worth: i128) {
        let days = self.out.days.len();
        let part = part(&mut self.parts, place);
        let change = worth - part.worth;
        if change == 0 {
            return;
        }
        part.counts = true;
        part.worth = worth;
        part.sums.closing += change;
        let ends_to_come = days - self.day.unwrap_or(0).min(days);
        part.sums.day_ends += change * i128::try_from(ends_to_come).unwrap_or(0);
        match self.day {
            None => part.sums.opening += change,
            Some(day) => {
                if let Some(day) = self.out.days.get_mut(day) {
                    day.change += change;
                }
            }
        }
    }

    /// Puts what was found of the item where it belongs.
    fn leave(&mut self) -> Result<()> {
        let Some(facts) = self.facts.take() else { return Ok(()) };
        self.close_day()?;
        let mut whole = Sums::default();
        for part in self.parts.drain(..).filter(|part| part.counts) {
            let key = match self.asked.group {
                Group::Category => facts.category.and_then(|number| i64::try_from(number).ok()),
                Group::Location => part.place,
                Group::Item => Some(self.item),
            };
            let row = self.out.rows.entry(key).or_default();
            row.add(&Sums { items: 1, ..part.sums });
            whole.add(&part.sums);
            whole.items = 1;
        }
        self.out.total.add(&whole);
        (self.day, self.qty, self.value) = (None, 0, 0);
        self.places.clear();
        Ok(())
    }
}

fn part(parts: &mut Vec<Part>, place: Option<i64>) -> &mut Part {
    if parts.iter().all(|part| part.place != place) {
        parts.push(Part { place, ..Part::default() });
    }
    let found = parts.iter_mut().find(|part| part.place == place);
    found.expect("it was put there if it was not")
}

#[cfg(test)]
mod tests;
