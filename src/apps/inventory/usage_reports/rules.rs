//! What is used and turned over. The formulas stand in the manual, and here:
//!
//! - used = −Σ of the quantities and of the values of movements of type `use` that took effect in
//!   the period. What takes a use back has that type too and the opposite sign.
//! - average stock = (Σ over the days of the period of the worth at the end of the day) ÷ days.
//!   The worth at the end of a day is what the report of the worth says of that day.
//! - turnover = used value ÷ average stock; days of stock = days ÷ turnover. Both as accountants
//!   reckon inventory turnover and days of inventory from the cost of what went out; the average of
//!   the two ends of a period, which is often taken, is replaced by that of all its days, so that
//!   neither a delivery on the last evening nor an empty shelf on the first moves it.
//!
//! All sums are integers of 128 bits; each figure is rounded once, half away from zero.

mod reckoning;

use std::fmt;

use crate::apps::inventory::amounts::rules::divide_rounded;
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::valuations::rules::{Subject, narrow_qty, narrow_worth};
use crate::platform::error::Result;

pub use reckoning::{Facts, Ledger, Reckoning, Row as LedgerRow};

/// A part of a row's figures that a unit can be said for: quantities of different units do not add
/// up to anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    #[default]
    None,
    /// The number of the unit among those of the workspace.
    One(usize),
    Mixed,
}

impl Unit {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, one) | (one, Self::None) => one,
            (Self::One(one), Self::One(other)) if one == other => self,
            _ => Self::Mixed,
        }
    }
}

/// Sums over a run of days; wide, since a part may go further than the whole ever did. Quantities
/// in thousandths, values in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    pub used_qty: i128,
    pub used_value: i128,
    /// Of what was used.
    pub unit: Unit,
    /// The worth before the first day and at the end of the last.
    pub opening: i128,
    pub closing: i128,
    /// The worth at the end of each day, added up.
    pub day_ends: i128,
    /// Items that were worth something or used.
    pub items: u64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.used_qty += other.used_qty;
        self.used_value += other.used_value;
        self.unit = self.unit.with(other.unit);
        self.opening += other.opening;
        self.closing += other.closing;
        self.day_ends += other.day_ends;
        self.items += other.items;
    }

    /// What people read, for a run of that many days.
    pub fn figures(&self, days: usize) -> Result<Figures> {
        let day_count = i128::try_from(days.max(1)).unwrap_or(i128::MAX);
        let used_qty = match self.unit {
            Unit::Mixed => None,
            Unit::None | Unit::One(_) => Some(narrow_qty(self.used_qty)?),
        };
        Ok(Figures {
            used_qty,
            unit: self.unit,
            used_value: narrow_worth(self.used_value)?,
            opening: narrow_worth(self.opening)?,
            closing: narrow_worth(self.closing)?,
            average: narrow_worth(divide_rounded(self.day_ends, day_count))?,
            turnover: self.turnover(day_count),
            days_of_stock: self.days_of_stock(),
            items: self.items,
        })
    }

    /// used ÷ (day ends ÷ days), to four decimals. None without stock to turn over.
    fn turnover(&self, days: i128) -> Option<Ratio> {
        if self.day_ends <= 0 {
            return None;
        }
        Some(Ratio(divide_rounded(self.used_value * days * Ratio::SCALE, self.day_ends)))
    }

    /// days ÷ turnover, to one decimal; the days cancel out. None when nothing was used, or when
    /// there was nothing that could last.
    fn days_of_stock(&self) -> Option<Days> {
        if self.used_value <= 0 || self.day_ends < 0 {
            return None;
        }
        Some(Days(divide_rounded(self.day_ends * Days::SCALE, self.used_value)))
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// None where what was used has several units.
    pub used_qty: Option<Qty>,
    pub unit: Unit,
    pub used_value: Money,
    pub opening: Money,
    pub closing: Money,
    pub average: Money,
    pub turnover: Option<Ratio>,
    pub days_of_stock: Option<Days>,
    pub items: u64,
}

/// How often, in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio(i128);

impl Ratio {
    const SCALE: i128 = 10_000;
}

/// `3.2500`, with all four decimals.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:04}", size / 10_000, size % 10_000)
    }
}

/// How long, in tenths of a day; never below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(i128);

impl Days {
    const SCALE: i128 = 10;
}

/// `12.5`, with its decimal.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub subject: Subject,
    pub figures: Figures,
    /// The name of the unit, where there is one.
    pub unit: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(used_value: i128, day_ends: i128) -> Sums {
        Sums { used_value, day_ends, ..Sums::default() }
    }

    #[test]
    fn turnover_is_what_was_used_over_the_average_of_the_days() {
        // 40.00 used in 4 days that ended with 10, 20, 10 and 0: on average 10.00, turned four
        // times, so that stock lasts for a day.
        let figures = sums(400_000, 400_000).figures(4).unwrap();
        assert_eq!(figures.average.to_string(), "10.0000");
        assert_eq!(figures.turnover.unwrap().to_string(), "4.0000");
        assert_eq!(figures.days_of_stock.unwrap().to_string(), "1.0");

        // 1.00 used in 3 days that ended with 2.00 each: half a turn, six days. Thirds are rounded
        // once: 2.00 used in 3 days of 1.00, 1.00 and 0.00 is 2 ÷ 0.6667 = 3 exactly.
        let half = sums(10_000, 60_000).figures(3).unwrap();
        assert_eq!(half.turnover.unwrap().to_string(), "0.5000");
        assert_eq!(half.days_of_stock.unwrap().to_string(), "6.0");
        let third = sums(20_000, 20_000).figures(3).unwrap();
        assert_eq!(third.average.to_string(), "0.6667");
        assert_eq!(third.turnover.unwrap().to_string(), "3.0000");
    }

    #[test]
    fn without_stock_there_is_no_turnover_and_without_use_no_end_of_it() {
        let none = Sums::default().figures(30).unwrap();
        assert_eq!((none.turnover, none.days_of_stock), (None, None));
        let unused = sums(0, 30_000).figures(30).unwrap();
        assert_eq!(unused.turnover.unwrap().to_string(), "0.0000");
        assert_eq!(unused.days_of_stock, None);
        // All that came in went out before each evening.
        let through = sums(50_000, 0).figures(30).unwrap();
        assert_eq!(through.turnover, None);
        assert_eq!(through.days_of_stock.unwrap().to_string(), "0.0");
        let owed = sums(50_000, -10).figures(30).unwrap();
        assert_eq!((owed.turnover, owed.days_of_stock), (None, None));
        let given_back = sums(-10_000, 20_000).figures(1).unwrap();
        assert_eq!(given_back.turnover.unwrap().to_string(), "-0.5000");
    }

    #[test]
    fn quantities_of_several_units_are_not_added_up() {
        let mut sums = Sums { unit: Unit::One(1), used_qty: 5, ..Sums::default() };
        sums.add(&Sums::default());
        assert_eq!(sums.unit, Unit::One(1));
        sums.add(&Sums { unit: Unit::One(2), used_qty: 3, ..Sums::default() });
        assert_eq!(sums.figures(1).unwrap().used_qty, None);
    }
}
