//! The story as a row of steps: first the places, then the goods, then what happened.

mod catalogue;
mod dice;
mod places;
mod story;

use std::time::Duration;

use self::catalogue::Goods;
use self::places::Kitchen;
use crate::apps::inventory::items::rules::ItemInput;
use crate::apps::inventory::suppliers::rules::SupplierLink;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, code};

pub(super) use places::{PLACES, Place};
pub(super) use story::{Move, What};

/// Steps in one transaction. Their entries are in the ledger and in the audit log well within
/// the time a workspace's writes may be held.
pub(super) const STEPS_AT_ONCE: usize = 500;
const DAY_MS: i64 = 86_400_000;

pub const CODES: &[Code] = &[
    code(
        "sample-data-not-alone",
        "Sample data goes only into a workspace with nothing in it.",
        "Make a workspace of its own for it.",
    ),
    code(
        "sample-data-changed",
        "Somebody changed the sample data while it was being loaded.",
        "Wipe the workspace and load it anew.",
    ),
];

/// One step of loading.
pub(super) enum Step<'a> {
    Place(&'static Place),
    Item(&'a Goods),
    Move(&'a Move),
}

pub(super) struct Story {
    goods: Vec<Goods>,
    moves: Vec<Move>,
}

impl Story {
    pub(super) fn tell() -> Self {
        Self { goods: catalogue::all().collect(), moves: story::tell() }
    }

    pub(super) fn steps(&self) -> usize {
        PLACES.len() + self.goods.len() + self.moves.len()
    }

    fn step(&self, at: usize) -> Option<Step<'_>> {
        if let Some(place) = PLACES.get(at) {
            return Some(Step::Place(place));
        }
        let at = at - PLACES.len();
        let goods = self.goods.get(at).map(Step::Item);
        goods.or_else(|| self.moves.get(at - self.goods.len()).map(Step::Move))
    }

    /// The steps of the next transaction. An entry and what takes it back are never parted.
    pub(super) fn steps_from(&self, first: usize) -> impl Iterator<Item = Step<'_>> {
        let is_reversal = |at| match self.step(at) {
            Some(Step::Move(one)) => matches!(one.what, What::Reversed { .. }),
            _ => false,
        };
        let mut end = first + STEPS_AT_ONCE;
        while is_reversal(end) {
            end += 1;
        }
        (first..end).map_while(|at| self.step(at))
    }

    pub(super) fn item_number(&self, goods: usize) -> String {
        self.goods.get(goods).map(Goods::item_number).unwrap_or_default()
    }
}

impl Goods {
    /// The item as somebody would have written it, and who delivers it.
    pub(super) fn written(&self) -> (ItemInput, SupplierLink) {
        (self.item(catalogue::whole(Kitchen::of(self).count())), self.supplier())
    }
}

impl Move {
    /// When it happened in a story told at `now`: on a day before today, by the world's clock.
    pub(super) fn at(&self, now: Moment) -> Moment {
        let midnight = Moment(now.0 - now.0.rem_euclid(DAY_MS));
        let day = midnight.minus(Duration::from_hours(24) * self.days_ago);
        day.plus(Duration::from_mins(u64::from(self.minute)))
    }
}

/// Refuses a file that has anything in it.
pub(super) fn check_alone(is_empty: bool) -> Result<(), Error> {
    if is_empty {
        return Ok(());
    }
    let detail = "This workspace has items or places of its own. Make one for the sample data.";
    Err(Error::conflict("sample-data-not-alone", detail))
}

/// What an earlier step made is not there.
pub(super) fn changed() -> Error {
    let detail = "Somebody changed the sample data while it was being loaded. Wipe the workspace.";
    Error::conflict("sample-data-changed", detail)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::apps::inventory::items;

    /// Thousandths by goods and place at the end of the story, after checking every moment of it.
    fn stocks(story: &Story) -> HashMap<(usize, &'static str), i64> {
        let mut stocks: HashMap<(usize, &'static str), i64> = HashMap::new();
        let mut before: Option<&Move> = None;
        for one in &story.moves {
            let mut add = |place, qty| {
                let stock = stocks.entry((one.goods, place)).or_default();
                *stock += qty;
                assert!(*stock >= 0, "{} at {place} falls below zero", one.goods);
            };
            match one.what {
                What::Opening | What::Received { .. } | What::Adjusted { .. } => {
                    add(one.place, one.qty);
                }
                What::Used { .. } => add(one.place, -one.qty),
                What::Transferred { to } => {
                    add(one.place, -one.qty);
                    add(to, one.qty);
                }
                What::Reversed { .. } => {
                    let taken_back = before.expect("something before it");
                    assert_eq!(
                        (taken_back.goods, taken_back.place, taken_back.qty),
                        (one.goods, one.place, one.qty)
                    );
                    let is_use = matches!(taken_back.what, What::Used { .. });
                    add(one.place, if is_use { one.qty } else { -one.qty });
                }
            }
            before = Some(one);
        }
        stocks
    }

    #[test]
    fn there_are_420_items_at_24_places_and_thousands_of_movements() {
        let story = Story::tell();

        assert_eq!((story.goods.len(), PLACES.len()), (420, 24));
        let count = |is: fn(&What) -> bool| story.moves.iter().filter(|one| is(&one.what)).count();
        let counts = [
            count(|what| matches!(what, What::Opening)),
            count(|what| matches!(what, What::Received { .. })),
            count(|what| matches!(what, What::Used { .. })),
            count(|what| matches!(what, What::Transferred { .. })),
            count(|what| matches!(what, What::Adjusted { .. })),
            count(|what| matches!(what, What::Reversed { .. })),
        ];
        assert_eq!(counts, [903, 2_515, 4_514, 1_386, 162, 11]);
    }

    #[test]
    fn every_item_is_one_that_people_could_have_written() {
        let mut codes = std::collections::HashSet::new();
        for goods in Story::tell().goods {
            let (input, supplier) = goods.written();
            let draft = items::rules::check(&input).unwrap_or_else(|faults| panic!("{faults:?}"));
            assert!(!supplier.name.is_empty());
            for barcode in draft.barcodes {
                assert!(codes.insert(barcode.code), "{} has another's code", input.name);
            }
        }
        assert!(codes.len() > 200, "only {} codes", codes.len());
    }

    #[test]
    fn nothing_falls_below_zero_and_a_few_items_run_low() {
        let story = Story::tell();

        let stocks = stocks(&story);

        let is_low = |goods: &&Goods| {
            let (input, _) = goods.written();
            let min = items::rules::check(&input).unwrap().min_qty.unwrap().thousandths();
            let of_goods = stocks.iter().filter(|((one, _), _)| *one == goods.number);
            of_goods.map(|(_, qty)| qty).sum::<i64>() < min
        };
        let low: Vec<_> = story.goods.iter().filter(is_low).map(Goods::item_number).collect();
        assert_eq!(low.len(), 15, "{low:?}");
    }

    #[test]
    fn the_story_is_told_in_order_and_ends_before_today() {
        let now = Moment(1_795_240_800_000);
        let moments: Vec<_> = Story::tell().moves.iter().map(|one| one.at(now)).collect();

        assert!(moments.is_sorted());
        let days = |moment: Moment| now.since(moment).as_secs() / 86_400;
        assert_eq!(moments.first().map(|first| days(*first)), Some(181));
        assert_eq!(moments.last().map(|last| days(*last)), Some(0));
        assert!(moments.last().is_some_and(|last| *last < now));
    }

    #[test]
    fn the_story_is_always_the_same() {
        let [first, second] = [Story::tell(), Story::tell()].map(|story| {
            let one = |one: &Move| (one.at(Moment(0)), one.goods, one.place, one.qty);
            story.moves.iter().map(one).collect::<Vec<_>>()
        });

        assert_eq!(first, second);
    }

    #[test]
    fn what_takes_an_entry_back_is_done_together_with_it() {
        let story = Story::tell();
        let mut first = 0;
        while first < story.steps() {
            let batch: Vec<_> = story.steps_from(first).collect();
            let begins = batch.first().is_some_and(
                |step| matches!(step, Step::Move(one) if matches!(one.what, What::Reversed { .. })),
            );
            assert!(!begins);
            first += batch.len();
        }
        assert_eq!(first, story.steps());
    }
}
