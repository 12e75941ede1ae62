//! When an item is low, and when that is news.

use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::movements::rules::ItemName;
use crate::platform::clock::Moment;
use crate::platform::notices::{NoticeSpec, NoticeText, Telling};

/// What ran low since the last time. Whoever wants to hear of it says so.
pub const RAN_LOW: NoticeSpec = NoticeSpec {
    kind: "inventory.low-stock",
    is_urgent: false,
    is_mailed: false,
    texts: &[
        NoticeText {
            language: "en",
            label: "Items that ran low, at most once an hour",
            title: "Low stock in {workspace}",
            detail: "Below their minimum ({count}): {items}{more}{still_more}{rest}",
        },
        NoticeText {
            language: "de",
            label: "Artikel unter dem Mindestbestand, höchstens stündlich",
            title: "Niedriger Bestand in {workspace}",
            detail: "Unter dem Mindestbestand ({count}): {items}{more}{still_more}{rest}",
        },
    ],
};

/// The gaps for names, in the order in which they are filled.
const NAME_GAPS: [&str; 4] = ["items", "more", "still_more", "rest"];
/// Characters of a gap; a value of a notice holds no more than 200.
const GAP_LENGTH_MAX: usize = 190;
/// Names of one notice at most; the list has the rest.
pub const NAMES_MAX: usize = 40;

/// Characters of a name there.
const NAME_LENGTH_MAX: usize = 80;

/// A name as far as a notice says it.
pub fn shortened(name: &str) -> String {
    name.chars().take(NAME_LENGTH_MAX).collect()
}

/// Says which items ran low: as many of their names as fit, and their number.
pub fn ran_low(names: &[String], count: usize) -> Telling {
    let mut gaps = [const { String::new() }; NAME_GAPS.len()];
    let (mut gap, mut said) = (0, 0);
    for name in names {
        let name = shortened(name);
        let lead = if said == 0 { "" } else { ", " };
        let length = gaps[gap].chars().count() + lead.len() + name.chars().count();
        if length > GAP_LENGTH_MAX {
            gap += 1;
        }
        let Some(text) = gaps.get_mut(gap) else { break };
        text.push_str(lead);
        text.push_str(&name);
        said += 1;
    }
    if said < count
        && let Some(last) = gaps.iter_mut().rev().find(|text| !text.is_empty())
    {
        last.push_str(", …");
    }
    let telling = Telling::new(&RAN_LOW).with("count", count.to_string());
    NAME_GAPS.into_iter().zip(gaps).fold(telling, |telling, (gap, text)| telling.with(gap, text))
}

/// How an item stands at the end of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Over all places.
    pub on_hand: Qty,
    pub min: Option<Qty>,
    pub is_deleted: bool,
    /// Whether it was low before.
    pub is_raised: bool,
}

/// What becomes of an item's alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It fell below its minimum: that is told, once.
    Raise,
    /// It is at its minimum again, or has none to be below: the next fall is told again.
    Settle,
}

/// What becomes of an item's alert; nothing while it stays on its side of the minimum.
pub fn change(standing: Standing) -> Option<Change> {
    let Standing { on_hand, min, is_deleted, is_raised } = standing;
    let is_low = !is_deleted && min.is_some_and(|min| on_hand < min);
    match (is_raised, is_low) {
        (false, true) => Some(Change::Raise),
        (true, false) => Some(Change::Settle),
        (false, false) | (true, true) => None,
    }
}

/// An item below its minimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowItem {
    pub rid: i64,
    pub item: ItemName,
    pub name_key: String,
    pub category: Option<String>,
    /// Over all places.
    pub on_hand: Qty,
    pub min: Qty,
    pub max: Option<Qty>,
    pub step: Qty,
    /// None for what has been low from the first, which nobody was told.
    pub since: Option<Moment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qty(text: &str) -> Qty {
        Qty::parse(text).unwrap()
    }

    fn standing(on_hand: &str, is_raised: bool) -> Standing {
        Standing { on_hand: qty(on_hand), min: Some(qty("5")), is_deleted: false, is_raised }
    }

    #[test]
    fn only_crossing_the_minimum_is_news() {
        for (on_hand, is_raised, becomes) in [
            ("5", false, None),
            ("4.999", false, Some(Change::Raise)),
            ("4.998", true, None),
            ("-1", true, None),
            ("5", true, Some(Change::Settle)),
            ("5.001", true, Some(Change::Settle)),
        ] {
            assert_eq!(change(standing(on_hand, is_raised)), becomes, "{on_hand} {is_raised}");
        }
    }

    #[test]
    fn names_fill_one_gap_after_the_other_and_what_is_left_out_is_hinted_at() {
        let said = |telling: &Telling| NAME_GAPS.map(|gap| telling.params[gap].clone()).concat();
        let few = ran_low(&["Cod".to_owned(), "Salmon".to_owned()], 2);
        assert_eq!((&*said(&few), &*few.params["count"]), ("Cod, Salmon", "2"));

        let names: Vec<_> = (0..NAMES_MAX).map(|number| format!("Thing number {number}")).collect();
        assert_eq!(said(&ran_low(&names, 40)), names.join(", "));
        assert_eq!(said(&ran_low(&names, 41)), format!("{}, …", names.join(", ")));

        // Two names of eighty fit into a gap.
        let long: Vec<_> = (0..9).map(|number| number.to_string().repeat(200)).collect();
        let telling = ran_low(&long, 9);
        assert!(said(&telling).ends_with("7, …") && said(&telling).starts_with("000"));
        assert!(telling.params.values().all(|text| text.chars().count() <= 200));
    }

    #[test]
    fn every_language_says_the_same() {
        let gaps = |text: &NoticeText| text.detail.matches('{').count();
        let [english, german] = RAN_LOW.texts else { panic!("two languages") };
        assert_eq!([english.language, german.language], ["en", "de"]);
        assert_eq!(gaps(english), gaps(german));
    }

    #[test]
    fn what_is_deleted_or_has_no_minimum_is_not_low() {
        let deleted = |is_raised| Standing { is_deleted: true, ..standing("0", is_raised) };
        let without = |is_raised| Standing { min: None, ..standing("-3", is_raised) };

        assert_eq!([change(deleted(false)), change(without(false))], [None, None]);
        let settled = [Some(Change::Settle), Some(Change::Settle)];
        assert_eq!([change(deleted(true)), change(without(true))], settled);
        let of_nothing = Standing { min: Some(Qty::ZERO), ..standing("0", false) };
        assert_eq!(change(of_nothing), None);
    }
}
