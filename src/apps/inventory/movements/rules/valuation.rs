//! What a movement is worth: the moving average over all places, in posting order, fixed for ever
//! when it is posted.
//!
//! Stock moves towards zero at the average of what is there and away from zero at a price. The
//! last unit takes the remainder, so that nothing on hand is always worth nothing.

use crate::apps::inventory::amounts::{Money, Qty};
use crate::platform::error::{Error, Refusal, Result};

/// What there is of an item over all places, and its worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub qty: Qty,
    pub value: Money,
}

impl Totals {
    /// The moving average, where there is one.
    pub fn average(self) -> Option<Money> {
        self.value.per_unit(self.qty)
    }

    /// The totals after a movement.
    pub fn plus(self, qty: Qty, value: Money) -> Result<Self> {
        let qty = self.qty.plus(qty).ok_or_else(qty_too_large)?;
        let value = self.value.plus(value).ok_or_else(value_too_large)?;
        Ok(Self { qty, value })
    }
}

/// What `qty` changes the worth by. `price` is asked only for what moves away from zero.
pub(super) fn value_of(totals: Totals, qty: Qty, price: Money) -> Result<Money> {
    let value = if totals.qty.is_zero() || totals.qty.is_negative() == qty.is_negative() {
        qty.times(price)
    } else {
        towards_zero(totals, qty, price)
    };
    value.ok_or_else(value_too_large)
}

fn towards_zero(totals: Totals, qty: Qty, price: Money) -> Option<Money> {
    let rest = totals.qty.plus(qty)?;
    if rest.is_zero() {
        return totals.value.negated();
    }
    if rest.is_negative() == totals.qty.is_negative() {
        return totals.value.share(qty, totals.qty);
    }
    // Through zero: all that was there goes, what is beyond it counts at the price.
    totals.value.negated()?.plus(rest.times(price)?)
}

/// What taking a movement back changes the worth by: its own value, unless nothing is left to
/// carry the difference.
pub(super) fn value_of_reversal(totals: Totals, qty: Qty, original: Money) -> Result<Money> {
    let empties = totals.qty.plus(qty).is_some_and(Qty::is_zero);
    let taken_back = if empties { totals.value } else { original };
    taken_back.negated().ok_or_else(value_too_large)
}

pub(super) fn qty_too_large() -> Error {
    let detail = "The quantity on hand would be larger than can be kept.";
    Refusal::new("qty-too-large", detail).field("qty", "qty-too-large", detail).into()
}

pub(super) fn value_too_large() -> Error {
    let detail = "The worth of the stock would be larger than can be kept.";
    Refusal::new("value-too-large", detail).field("unit_cost", "value-too-large", detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qty(text: &str) -> Qty {
        Qty::parse(text).unwrap()
    }

    fn money(text: &str) -> Money {
        match text.strip_prefix('-') {
            Some(size) => Money::parse_price(size).unwrap().negated().unwrap(),
            None => Money::parse_price(text).unwrap(),
        }
    }

    /// Posts in order and gives the value of each.
    fn values(movements: &[(&str, &str)]) -> Vec<String> {
        let mut totals = Totals::default();
        let post = |(by, price): &(&str, &str)| {
            let value = value_of(totals, qty(by), money(price)).unwrap();
            totals = totals.plus(qty(by), value).unwrap();
            value.to_string()
        };
        movements.iter().map(post).collect()
    }

    #[test]
    fn issues_go_out_at_the_average_and_the_last_unit_takes_the_rest() {
        let values = values(&[("10", "1"), ("5", "2"), ("-1", "0"), ("-7", "0"), ("-7", "0")]);
        assert_eq!(values, ["10.0000", "10.0000", "-1.3333", "-9.3334", "-9.3333"]);
    }

    #[test]
    fn free_goods_lower_the_average() {
        assert_eq!(values(&[("1", "3"), ("2", "0"), ("-1", "9")])[2], "-1.0000");
    }

    #[test]
    fn stock_below_zero_is_valued_at_the_price_and_settled_at_its_own_average() {
        let values = values(&[("2", "5"), ("-5", "4"), ("1", "9"), ("2", "9")]);
        // 2 at 5 leave, 3 are owed at 4; the owed ones come back at 4 whatever they cost now.
        assert_eq!(values, ["10.0000", "-22.0000", "4.0000", "8.0000"]);
    }

    #[test]
    fn a_receipt_through_zero_counts_only_the_rest_at_its_price() {
        assert_eq!(values(&[("-3", "4"), ("5", "10")]), ["-12.0000", "32.0000"]);
    }

    #[test]
    fn a_reversal_has_the_original_value_unless_it_empties_the_stock() {
        let totals = Totals { qty: qty("20"), value: money("40") };
        let reversal = value_of_reversal(totals, qty("-10"), money("10")).unwrap();
        assert_eq!(reversal, money("-10"));

        let totals = Totals { qty: qty("10"), value: money("20") };
        let reversal = value_of_reversal(totals, qty("-10"), money("10")).unwrap();
        assert_eq!(reversal, money("-20"));
    }

    #[test]
    fn a_worth_beyond_the_range_is_refused() {
        let most = Qty::from_thousandths(crate::apps::inventory::amounts::rules::QTY_MAX).unwrap();
        assert!(value_of(Totals::default(), most, money("9999999999.9999")).is_err());
        let totals = Totals { qty: most, value: Money::ZERO };
        assert!(totals.plus(qty("0.001"), Money::ZERO).is_err());
    }
}
