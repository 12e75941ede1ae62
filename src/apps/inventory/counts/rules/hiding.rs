//! What the book says is kept from whoever counts blind, as far as their counts go.

use std::collections::HashSet;

use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::KeptMovement;
use crate::platform::error::{Error, Refusal, Result};

/// What one open blind count is about: these items at these places; none stands for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Area {
    pub items: Option<HashSet<ItemId>>,
    pub places: Option<HashSet<LocationId>>,
}

impl Area {
    fn is_about(&self, item: ItemId) -> bool {
        self.items.as_ref().is_none_or(|items| items.contains(&item))
    }

    fn is_at(&self, place: LocationId) -> bool {
        self.places.as_ref().is_none_or(|places| places.contains(&place))
    }
}

/// Whose quantities are kept from somebody now; mostly nobody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    areas: Vec<Area>,
}

impl Hidden {
    pub fn new(areas: Vec<Area>) -> Self {
        Self { areas }
    }

    pub fn is_nothing(&self) -> bool {
        self.areas.is_empty()
    }

    /// Whether it is hidden how much of an item is at a place.
    pub fn hides(&self, item: ItemId, place: LocationId) -> bool {
        self.areas.iter().any(|area| area.is_about(item) && area.is_at(place))
    }

    /// Whether it is hidden how much of an item there is over all places: what is at a hidden
    /// place would follow from it and the other places.
    pub fn hides_total(&self, item: ItemId) -> bool {
        self.areas.iter().any(|area| area.is_about(item))
    }

    /// Whether it is hidden how much was moved. Each leg of a transfer tells the other one.
    pub fn hides_movement(&self, movement: &KeptMovement) -> bool {
        match movement.transfer {
            Some(_) => self.hides_total(movement.item.id),
            None => self.hides(movement.item.id, movement.place.id),
        }
    }

    /// Refuses what tells quantities as a whole: an order by them, a filter, a report, a file.
    pub fn check_told(&self) -> Result<()> {
        if self.is_nothing() {
            return Ok(());
        }
        let detail = "Quantities are hidden from you while you count blind. Ask again when the \
            count is handed in, or leave the order, filter or report by quantity out.";
        Err(Error::conflict("quantities-hidden", detail))
    }
}

/// A refusal that tells how much there is, without telling it.
pub fn without_figures(error: Error) -> Error {
    match error {
        Error::Rule(refusal) if refusal.code == "stock-short" => {
            let detail = "Less is there than was asked for. How much is hidden from you while you \
                count blind.";
            Refusal::new("stock-short", detail).field("qty", "above-stock", detail).into()
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::Id;

    const SALMON: ItemId = Id::from_bytes([1; 16]);
    const COD: ItemId = Id::from_bytes([2; 16]);
    const FREEZER: LocationId = Id::from_bytes([3; 16]);
    const BAR: LocationId = Id::from_bytes([4; 16]);

    fn hidden(items: Option<&[ItemId]>, places: Option<&[LocationId]>) -> Hidden {
        let items = items.map(|items| items.iter().copied().collect());
        let places = places.map(|places| places.iter().copied().collect());
        Hidden::new(vec![Area { items, places }])
    }

    #[test]
    fn without_a_blind_count_everything_is_told() {
        let hidden = Hidden::default();

        assert!(!hidden.hides(SALMON, FREEZER) && !hidden.hides_total(SALMON));
        assert!(hidden.check_told().is_ok());
    }

    #[test]
    fn a_count_of_a_place_hides_that_place_and_every_total() {
        let hidden = hidden(None, Some(&[FREEZER]));

        assert!(hidden.hides(SALMON, FREEZER) && !hidden.hides(SALMON, BAR));
        assert!(hidden.hides_total(SALMON) && hidden.hides_total(COD));
        assert!(hidden.check_told().is_err());
    }

    #[test]
    fn a_count_of_items_hides_them_everywhere_and_no_others() {
        let hidden = hidden(Some(&[SALMON]), None);

        assert!(hidden.hides(SALMON, FREEZER) && hidden.hides(SALMON, BAR));
        assert!(!hidden.hides(COD, FREEZER) && !hidden.hides_total(COD));
    }

    #[test]
    fn of_two_counts_each_hides_its_own() {
        let area = |item, place| Area {
            items: Some(HashSet::from([item])),
            places: Some(HashSet::from([place])),
        };
        let hidden = Hidden::new(vec![area(SALMON, FREEZER), area(COD, BAR)]);

        assert!(hidden.hides(SALMON, FREEZER) && hidden.hides(COD, BAR));
        assert!(!hidden.hides(SALMON, BAR) && !hidden.hides(COD, FREEZER));
    }
}
