//! Finding what something stands beside.

use super::rules::{About, Place};
use crate::apps::inventory::items::rules::KeptItem;
use crate::apps::inventory::{items, orders};
use crate::platform::audit::Entry;
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};

/// An item or an order with what is said of it.
#[derive(Debug, Clone)]
pub struct Subject {
    pub about: About,
    pub place: Place,
    /// The number by which people know it.
    pub number: String,
    /// What it is called in a sentence.
    pub title: String,
}

impl Subject {
    pub fn of_item(item: KeptItem) -> Self {
        Self {
            about: About::Item(item.id),
            place: Place::Item(item.rid),
            number: item.item_number,
            title: item.name,
        }
    }

    /// The entry with its number.
    pub fn named_in(&self, entry: Entry) -> Entry {
        let field = match self.about {
            About::Item(_) => "item_number",
            About::Order(_) => "po_number",
        };
        entry.set(field, &self.number)
    }
}

/// Finds it, whoever asks; a deleted item is not found.
pub fn get_in(scope: &Scope<'_>, about: About) -> Result<Subject> {
    match about {
        About::Item(id) => {
            let item = items::ops::get_in(scope, id)?;
            if item.deleted_at.is_some() {
                Err(Error::NotFound)
            } else {
                Ok(Subject::of_item(item))
            }
        }
        About::Order(id) => {
            let order = orders::ops::get_in(scope, id)?;
            let (number, title) = (order.po_number.clone(), order.po_number);
            Ok(Subject { about, place: Place::Order(order.rid), number, title })
        }
    }
}
