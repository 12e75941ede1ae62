//! What may happen in a kitchen, drawn at random. Every step has a meaning wherever it stands, so
//! that a life that shows a fault can be made shorter.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

pub const ITEMS: usize = 4;
pub const PLACES: usize = 3;
/// Days of the past that are looked at in the end.
const DAYS: usize = 3;
/// So far back something may have taken effect: 20 days.
const BACK_MIN_MAX: u32 = 28_800;

/// Quantities in thousandths, prices in ten-thousandths, times in minutes.
#[derive(Debug, Clone)]
pub enum Step {
    Receive {
        item: usize,
        place: usize,
        qty: u32,
        price: Option<u32>,
        back: u32,
    },
    Use {
        item: usize,
        place: usize,
        qty: u32,
        back: u32,
        overrides: bool,
    },
    /// All that is there: the last unit.
    UseRest {
        item: usize,
        place: usize,
    },
    Adjust {
        item: usize,
        place: usize,
        qty: i32,
        back: u32,
        overrides: bool,
    },
    Transfer {
        item: usize,
        from: usize,
        to: usize,
        qty: u32,
        overrides: bool,
    },
    TransferRest {
        item: usize,
        from: usize,
        to: usize,
    },
    Reverse {
        which: Index,
        overrides: bool,
    },
    Order {
        lines: Vec<(usize, u32, u32)>,
    },
    Deliver {
        order: Index,
        vans: Vec<Van>,
    },
    DeliverRest {
        order: Index,
        place: usize,
    },
    TakeBack {
        receipt: Index,
    },
    Close {
        order: Index,
    },
    Count {
        found: Vec<(usize, usize, u32)>,
        used: Option<(usize, usize, u32)>,
    },
    Delete {
        item: usize,
    },
    Restore {
        item: usize,
    },
    /// The item's own price changes; what lies there keeps its worth.
    Reprice {
        item: usize,
        price: u32,
    },
    Wait {
        minutes: u32,
    },
}

impl Step {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Receive { .. } => "receive",
            Self::Use { .. } => "use",
            Self::UseRest { .. } => "use the rest",
            Self::Adjust { .. } => "adjust",
            Self::Transfer { .. } => "transfer",
            Self::TransferRest { .. } => "transfer the rest",
            Self::Reverse { .. } => "reverse",
            Self::Order { .. } => "order",
            Self::Deliver { .. } => "deliver",
            Self::DeliverRest { .. } => "deliver the rest",
            Self::TakeBack { .. } => "take back",
            Self::Close { .. } => "close short",
            Self::Count { .. } => "count",
            Self::Delete { .. } => "delete",
            Self::Restore { .. } => "restore",
            Self::Reprice { .. } => "reprice",
            Self::Wait { .. } => "wait",
        }
    }
}

/// What comes of a line: so many percent of what is left.
#[derive(Debug, Clone)]
pub struct Van {
    pub line: Index,
    pub percent: u32,
    pub place: usize,
    pub price: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct Life {
    pub steps: Vec<Step>,
    /// Days before the end at which everything is compared once more.
    pub days: Vec<u32>,
}

pub fn lives(steps_max: usize) -> impl Strategy<Value = Life> {
    let days = vec(0..24_u32, DAYS);
    (vec(step(), 1..=steps_max), days).prop_map(|(steps, days)| Life { steps, days })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (item(), place(), qty(), option::of(price()), back()).prop_map(
            |(item, place, qty, price, back)| Step::Receive { item, place, qty, price, back }),
        6 => (item(), place(), qty(), back(), seldom()).prop_map(
            |(item, place, qty, back, overrides)| Step::Use { item, place, qty, back, overrides }),
        2 => (item(), place()).prop_map(|(item, place)| Step::UseRest { item, place }),
        4 => (item(), place(), -4_000..4_000_i32, back(), seldom()).prop_map(
            |(item, place, qty, back, overrides)| {
                Step::Adjust { item, place, qty, back, overrides }
            }),
        4 => (item(), place(), place(), qty(), seldom()).prop_map(
            |(item, from, to, qty, overrides)| Step::Transfer { item, from, to, qty, overrides }),
        1 => (item(), place(), place()).prop_map(
            |(item, from, to)| Step::TransferRest { item, from, to }),
        4 => (any::<Index>(), seldom()).prop_map(
            |(which, overrides)| Step::Reverse { which, overrides }),
        8 => order_step(),
        2 => (vec((item(), place(), 0..6_000_u32), 1..5), option::of((item(), place(), qty())))
            .prop_map(|(found, used)| Step::Count { found, used }),
        1 => item().prop_map(|item| Step::Delete { item }),
        2 => item().prop_map(|item| Step::Restore { item }),
        2 => (item(), price()).prop_map(|(item, price)| Step::Reprice { item, price }),
        2 => (1..600_u32).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

fn order_step() -> impl Strategy<Value = Step> {
    let van = (any::<Index>(), 1..120_u32, place(), option::of(price()));
    let van = van.prop_map(|(line, percent, place, price)| Van { line, percent, place, price });
    prop_oneof![
        3 => vec((item(), qty(), price()), 1..4).prop_map(|lines| Step::Order { lines }),
        4 => (any::<Index>(), vec(van, 1..4)).prop_map(
            |(order, vans)| Step::Deliver { order, vans }),
        1 => (any::<Index>(), place()).prop_map(
            |(order, place)| Step::DeliverRest { order, place }),
        2 => any::<Index>().prop_map(|receipt| Step::TakeBack { receipt }),
        1 => any::<Index>().prop_map(|order| Step::Close { order }),
    ]
}

fn item() -> impl Strategy<Value = usize> {
    0..ITEMS
}

fn place() -> impl Strategy<Value = usize> {
    0..PLACES
}

fn qty() -> impl Strategy<Value = u32> {
    1..8_000_u32
}

fn price() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0), 6 => 1..500_000_u32]
}

fn back() -> impl Strategy<Value = u32> {
    prop_oneof![2 => Just(0), 1 => 1..BACK_MIN_MAX]
}

fn seldom() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.15)
}
