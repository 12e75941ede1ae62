//! How much to order of what is low.

use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::amounts::rules::QTY_MAX;

/// What is known of an item that may be low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// Over all places.
    pub on_hand: Qty,
    /// On drafts and orders that are on their way.
    pub on_order: Qty,
    pub min: Qty,
    /// None: order up to the minimum.
    pub max: Option<Qty>,
    /// The supplier delivers whole multiples of this.
    pub pack: Qty,
    /// Quantities of the item are multiples of this.
    pub step: Qty,
}

/// What to order so that the maximum is reached, in whole packs. None when what is there and what
/// is coming reach the minimum together.
pub fn to_order(stock: &Stock) -> Option<Qty> {
    let coming = stock.on_hand.thousandths() + stock.on_order.thousandths();
    if coming >= stock.min.thousandths() {
        return None;
    }
    let target = stock.max.unwrap_or(stock.min).max(stock.min);
    let need = target.thousandths() - coming;
    let parcel = parcel(stock.pack.thousandths(), stock.step.thousandths());
    let parcels = need.checked_add(parcel - 1)? / parcel;
    Qty::from_thousandths(parcels.checked_mul(parcel)?)
}

/// The smallest quantity that is whole packs and whole steps; a step where there is none.
fn parcel(pack: i64, step: i64) -> i64 {
    let (pack, step) = (pack.max(1), step.max(1));
    let (mut divisor, mut rest) = (pack, step);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let both = i128::from(pack) / i128::from(divisor) * i128::from(step);
    i64::try_from(both).ok().filter(|both| *both <= QTY_MAX).unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(on_hand: &str, on_order: &str, min: &str, max: &str, pack: &str) -> Option<String> {
        let qty = |text: &str| Qty::parse(text).unwrap();
        let stock = Stock {
            on_hand: qty(on_hand),
            on_order: qty(on_order),
            min: qty(min),
            max: (!max.is_empty()).then(|| qty(max)),
            pack: qty(pack),
            step: Qty::FINEST,
        };
        to_order(&stock).map(|qty| qty.to_string())
    }

    #[test]
    fn the_maximum_is_reached_in_whole_packs() {
        assert_eq!(ordered("3", "0", "5", "20", "1").as_deref(), Some("17.000"));
        assert_eq!(ordered("3", "0", "5", "20", "6").as_deref(), Some("18.000"));
        assert_eq!(ordered("2", "0", "5", "20", "6").as_deref(), Some("18.000"));
        assert_eq!(ordered("0", "0", "5", "", "2.5").as_deref(), Some("5.000"));
        assert_eq!(ordered("-1", "0", "5", "8", "4").as_deref(), Some("12.000"));
    }

    #[test]
    fn what_is_coming_counts_as_there() {
        assert_eq!(ordered("3", "2", "5", "20", "1"), None);
        assert_eq!(ordered("3", "1", "5", "20", "1").as_deref(), Some("16.000"));
        assert_eq!(ordered("5", "0", "5", "20", "1"), None);
    }

    #[test]
    fn a_pack_that_is_no_whole_step_is_multiplied_until_it_is() {
        assert_eq!(parcel(1_500, 1_000), 3_000);
        assert_eq!(parcel(6_000, 1_000), 6_000);
        assert_eq!(parcel(999_999_999_999, 999_999_999_998), 999_999_999_998);
    }
}
