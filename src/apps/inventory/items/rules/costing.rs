//! How the stock of an item is valued.

use super::{Faults, Given};
use crate::apps::inventory::amounts::Money;
use crate::platform::error::{Code, Error, Refusal, code};

pub const CODES: &[Code] = &[
    code(
        "cost-method",
        "There is no such way of valuing stock.",
        "Use average or standard, or leave it out.",
    ),
    code(
        "standard-cost-missing",
        "An item that is valued at its standard cost has no unit cost.",
        "Enter the unit cost, or value it at the average.",
    ),
];

/// What a unit that comes in is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CostMethod {
    /// What was paid for it. What goes takes the moving average.
    #[default]
    Average,
    /// The item's own price, whatever was paid.
    Standard,
}

impl CostMethod {
    pub const ALL: [Self; 2] = [Self::Average, Self::Standard];

    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Standard => "standard",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The price of one unit that an item has itself, and what it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemCost {
    pub method: CostMethod,
    pub price: Option<Money>,
}

impl ItemCost {
    /// The price that everything comes in at, where there is one.
    pub fn standard(self) -> Option<Money> {
        match self.method {
            CostMethod::Average => None,
            CostMethod::Standard => Some(self.price.unwrap_or_default()),
        }
    }

    /// Refuses a standard cost that is not said.
    pub fn check(self) -> Result<(), Error> {
        if self.method == CostMethod::Average || self.price.is_some() {
            return Ok(());
        }
        let detail = "Enter what one unit costs: the stock is valued at it.";
        let refusal = Refusal::new("standard-cost-missing", detail);
        Err(refusal.field("unit_cost", "standard-cost-missing", detail).into())
    }
}

/// What somebody wrote, unchecked; none keeps what is kept.
pub(super) fn read(name: Option<&str>, faults: &mut Faults) -> Given<CostMethod> {
    let Some(name) = name else { return Given::Keep };
    CostMethod::from_name(name).map_or_else(
        || {
            faults.add("cost_method", "cost-method", "Use average or standard.".to_owned());
            Given::Keep
        },
        Given::To,
    )
}
