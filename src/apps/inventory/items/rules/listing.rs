//! Which items a list shows, in which order, and where its next page begins.

use super::KeptItem;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::search::rules::Query;
use crate::apps::inventory::texts::rules as texts;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Name,
    ItemNumber,
    OnHand,
    UpdatedAt,
    /// How well an item fits what was looked for, then its name.
    Fit,
}

impl SortKey {
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ItemNumber => "item_number",
            Self::OnHand => "on_hand",
            Self::UpdatedAt => "updated_at",
            Self::Fit => "fit",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub direction: Direction,
}

impl Sort {
    pub const BY_NAME: Self = Self { key: SortKey::Name, direction: Direction::Ascending };
    pub const BY_FIT: Self = Self { key: SortKey::Fit, direction: Direction::Ascending };

    /// Reads `name`, `-on_hand` and so on.
    pub fn read(text: &str) -> Option<Self> {
        let (direction, name) = match text.strip_prefix('-') {
            Some(name) => (Direction::Descending, name),
            None => (Direction::Ascending, text),
        };
        let keys =
            [SortKey::Name, SortKey::ItemNumber, SortKey::OnHand, SortKey::UpdatedAt, SortKey::Fit];
        let key = keys.into_iter().find(|key| *key != SortKey::Fit && key.name() == name)?;
        Some(Self { key, direction })
    }

    /// What `read` reads.
    pub fn written(self) -> String {
        let sign = if self.direction == Direction::Descending { "-" } else { "" };
        format!("{sign}{}", self.key.name())
    }
}

/// Which items to list.
#[derive(Debug, Clone)]
pub struct Listing {
    pub search: Option<Query>,
    pub category: Option<String>,
    /// Only what there is some of at this place.
    pub location: Option<LocationId>,
    pub is_low: bool,
    pub sort: Sort,
}

impl Listing {
    /// Whether what it shows, or in which order, tells how much there is.
    pub fn tells_quantities(&self) -> bool {
        self.is_low || self.sort.key == SortKey::OnHand
    }
}

/// A value of the sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Text(String),
    Number(i64),
    /// Behind every text.
    AfterTexts,
}

/// Where a page begins: behind this key and row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub key: Key,
    pub rid: i64,
}

impl Position {
    /// Before the first item.
    pub fn start(sort: Sort) -> Self {
        let is_number = matches!(sort.key, SortKey::OnHand | SortKey::UpdatedAt);
        match (is_number, sort.direction) {
            (true, Direction::Ascending) => Self { key: Key::Number(i64::MIN), rid: 0 },
            (true, Direction::Descending) => Self { key: Key::Number(i64::MAX), rid: i64::MAX },
            (false, Direction::Ascending) => Self { key: Key::Text(String::new()), rid: 0 },
            (false, Direction::Descending) => Self { key: Key::AfterTexts, rid: i64::MAX },
        }
    }

    /// Behind an item. `tier` is how well it fits a search.
    pub fn behind(item: &KeptItem, tier: i64, sort: Sort) -> Self {
        let name_key = || texts::sort_key(&item.name);
        let key = match sort.key {
            SortKey::Name => Key::Text(name_key()),
            SortKey::ItemNumber => Key::Text(texts::identity_key(&item.item_number)),
            SortKey::OnHand => Key::Number(item.totals.qty.thousandths()),
            SortKey::UpdatedAt => Key::Number(item.updated_at.0),
            SortKey::Fit => Key::Text(format!("{tier}{}", name_key())),
        };
        Self { key, rid: item.rid }
    }

    /// True if the key is of the kind that `sort` compares; a cursor may come from another list.
    pub fn fits(&self, sort: Sort) -> bool {
        matches!(self.key, Key::Number(_)) == matches!(Self::start(sort).key, Key::Number(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_are_read_with_their_direction() {
        assert_eq!(Sort::read("name"), Some(Sort::BY_NAME));
        let expected = Sort { key: SortKey::OnHand, direction: Direction::Descending };
        assert_eq!(Sort::read("-on_hand"), Some(expected));
        for text in ["", "-", "--name", "price", "fit", "Name"] {
            assert_eq!(Sort::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_sort_is_written_as_it_is_read() {
        for text in ["name", "-name", "item_number", "-on_hand", "updated_at"] {
            assert_eq!(Sort::read(text).map(Sort::written).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_cursor_of_another_order_does_not_fit() {
        let on_hand = Sort::read("on_hand").unwrap();
        assert!(Position::start(on_hand).fits(on_hand));
        assert!(!Position::start(Sort::BY_NAME).fits(on_hand));
    }
}
