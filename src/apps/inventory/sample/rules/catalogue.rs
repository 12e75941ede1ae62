//! What the kitchens keep: 28 families of 15 goods, each from the cheapest to the dearest.

mod kitchen;
mod larder;

use super::story::SUPPLIERS;
use crate::apps::inventory::items::rules::{BarcodeInput, Given, ItemInput};
use crate::apps::inventory::suppliers::rules::SupplierLink;

/// Goods in a family.
const RANKS: usize = 15;
/// Days of use that a minimum and a maximum stand for.
const MIN_DAYS: i64 = 5;
const MAX_DAYS: i64 = 60;
const MAX_DAYS_CENTRAL: i64 = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Dry,
    Cooler,
    Freezer,
    /// Dry too, but behind the bar.
    Bar,
}

impl Zone {
    fn name(self) -> &'static str {
        match self {
            Self::Dry | Self::Bar => "dry",
            Self::Cooler => "cooler",
            Self::Freezer => "freezer",
        }
    }
}

/// How goods come to the kitchens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The supplier brings them to each kitchen.
    Direct,
    /// Through the central store.
    Central,
}

/// Goods that are kept, bought and used alike.
pub(super) struct Family {
    prefix: &'static str,
    category: &'static str,
    unit: Unit,
    pub(super) zone: Zone,
    pub(super) way: Way,
    pub(super) supplier: usize,
    /// Cents for the cheapest and the dearest.
    prices: (i64, i64),
    /// Thousandths that a kitchen uses of the cheapest in a day.
    daily: i64,
    /// Days between two entries of what was used.
    pub(super) every: u32,
    /// The bakery uses them too.
    pub(super) is_baked: bool,
    names: [&'static str; RANKS],
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Kilogram,
    Litre,
    Each,
    Bottle,
    Tin,
    Case,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Kilogram => "kg",
            Self::Litre => "l",
            Self::Each => "ea",
            Self::Bottle => "bottle",
            Self::Tin => "tin",
            Self::Case => "case",
        }
    }

    /// In thousandths.
    fn step(self) -> i64 {
        match self {
            Self::Kilogram => 50,
            Self::Litre => 250,
            Self::Each | Self::Bottle | Self::Tin | Self::Case => 1_000,
        }
    }
}

/// One of the goods, with what the story has to know of it.
pub(crate) struct Goods {
    pub(super) family: &'static Family,
    /// In its family, 0 for the cheapest.
    pub(super) rank: usize,
    /// Among all goods.
    pub(super) number: usize,
}

pub(super) fn all() -> impl Iterator<Item = Goods> {
    let families = kitchen::FAMILIES.iter().chain(&larder::FAMILIES);
    let ranked = families.flat_map(|family| (0..RANKS).map(move |rank| (family, rank)));
    ranked.enumerate().map(|(number, (family, rank))| Goods { family, rank, number })
}

impl Goods {
    /// The price in cents: it rises faster towards the dearest.
    pub(super) fn price(&self) -> i64 {
        let (from, to) = self.family.prices;
        let rank = whole(self.rank);
        let exact = from + (to - from) * rank * rank / whole((RANKS - 1) * (RANKS - 1));
        exact / 5 * 5
    }

    /// Thousandths that a kitchen uses in a day.
    pub(super) fn daily(&self) -> i64 {
        self.family.daily * whole(RANKS + 2 - self.rank) / whole(RANKS + 2)
    }

    /// Goods that every kitchen uses.
    pub(super) fn is_staple(&self) -> bool {
        self.rank < 3
    }

    pub(super) fn step(&self) -> i64 {
        self.family.unit.step()
    }

    pub(super) fn item_number(&self) -> String {
        format!("{}-{:03}", self.family.prefix, self.rank + 1)
    }

    /// The item as somebody would have written it. `users` kitchens use it.
    pub(super) fn item(&self, users: i64) -> ItemInput {
        let daily = self.daily() * users;
        let limit = |days| Some(amount(up_to_step(daily * days, self.step().max(500))));
        let price = self.price();
        let max_days = match self.family.way {
            Way::Direct => MAX_DAYS,
            Way::Central => MAX_DAYS_CENTRAL,
        };
        ItemInput {
            item_number: self.item_number(),
            name: self.family.names[self.rank].to_owned(),
            unit: self.family.unit.name().to_owned(),
            qty_step: Some(amount(self.step())),
            category: Some(self.family.category.to_owned()),
            min_qty: limit(MIN_DAYS),
            max_qty: limit(max_days),
            unit_cost: Given::To(Some(format!("{}.{:02}", price / 100, price % 100))),
            cost_method: None,
            temp_zone: Some(self.family.zone.name().to_owned()),
            notes: self.notes().map(str::to_owned),
            barcodes: self.barcodes(),
        }
    }

    pub(super) fn supplier(&self) -> SupplierLink {
        let (code, name) = SUPPLIERS[self.family.supplier];
        SupplierLink {
            name: name.to_owned(),
            sku: format!("{code}{:05}", self.number * 37 + 1_204),
        }
    }

    fn notes(&self) -> Option<&'static str> {
        match (self.family.zone, self.family.way, self.rank) {
            (Zone::Freezer, ..) => Some("Keep at −18 °C. Never freeze again what has thawed."),
            (Zone::Cooler, Way::Direct, 12..) => Some("Sign for it only after a look at the date."),
            (_, _, 14) => Some("Dear: keep locked."),
            _ => None,
        }
    }

    /// Two of three goods have a code on their pack; some cases have one too.
    fn barcodes(&self) -> Vec<BarcodeInput> {
        let ean = |lead: usize, pack: Option<i64>| BarcodeInput {
            code: gtin(&format!("{lead}{:09}", self.number * 7_919_113 % 1_000_000_000)),
            kind: Some("ean".to_owned()),
            pack_qty: pack.map(amount),
        };
        match self.number % 6 {
            0 | 3 => Vec::new(),
            1 => vec![ean(200, None), ean(201, Some(12_000))],
            _ => vec![ean(200, None)],
        }
    }
}

/// Twelve digits and their check digit.
fn gtin(digits: &str) -> String {
    let weighted = digits.bytes().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Thousandths as people write them.
pub(super) fn amount(thousandths: i64) -> String {
    let (sign, size) = (if thousandths < 0 { "-" } else { "" }, thousandths.abs());
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

/// The next whole number of steps, at least one.
pub(super) fn up_to_step(thousandths: i64, step: i64) -> i64 {
    ((thousandths + step - 1) / step).max(1) * step
}

/// Small counts as numbers to calculate with.
pub(super) fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
