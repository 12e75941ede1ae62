//! Changes to several items at once. Only what is sent changes, each item by its own change, so
//! that what several became can be taken back the same way.

use std::collections::HashSet;

use super::{CATEGORY_CHARS_MAX, Faults, Given, ItemDraft, ItemId, KeptItem, TempZone};
use crate::apps::inventory::amounts::Qty;
use crate::platform::error::{Code, Error, FieldError, Refusal, code};

/// Changes in one request.
pub const CHANGES_MAX: usize = 500;

pub const CODES: &[Code] = &[
    code("changes-missing", "Nothing was chosen to be changed.", "Choose one item or more."),
    code("too-many-changes", "More items are changed at once than can be.", "Choose fewer items."),
    code("item-twice", "An item is changed twice at once.", "Put both changes into one."),
    code(
        "items-changed",
        "Somebody else changed some of these items meanwhile.",
        "Look at them again, then repeat the change.",
    ),
];

/// What somebody wants of one item, unchecked.
#[derive(Debug, Clone)]
pub struct ChangeInput {
    pub id: ItemId,
    /// The version that was seen.
    pub version: i64,
    pub category: Given<Option<String>>,
    pub min_qty: Given<Option<String>>,
    pub max_qty: Given<Option<String>>,
    pub temp_zone: Given<Option<String>>,
}

/// A change whose parts are each within their bounds.
#[derive(Debug, Clone)]
pub struct Change {
    pub id: ItemId,
    pub version: i64,
    category: Given<Option<String>>,
    min_qty: Given<Option<Qty>>,
    max_qty: Given<Option<Qty>>,
    temp_zone: Given<Option<TempZone>>,
}

impl Change {
    /// The item as it is to be, its price left alone. Its maximum may be below its minimum.
    pub fn over(&self, kept: &KeptItem) -> ItemDraft {
        let draft = kept.as_draft();
        ItemDraft {
            unit_cost: Given::Keep,
            cost_method: Given::Keep,
            category: self.category.clone().or(draft.category),
            min_qty: self.min_qty.or(draft.min_qty),
            max_qty: self.max_qty.or(draft.max_qty),
            temp_zone: self.temp_zone.or(draft.temp_zone),
            ..draft
        }
    }
}

/// Checks all that can be told without the items and names every field that is wrong.
pub fn check(inputs: &[ChangeInput]) -> Result<Vec<Change>, Error> {
    if inputs.is_empty() {
        return Err(Error::invalid("changes", "changes-missing", "Choose one item or more."));
    }
    if inputs.len() > CHANGES_MAX {
        let detail = format!("At most {CHANGES_MAX} items are changed at once.");
        return Err(Error::invalid("changes", "too-many-changes", detail));
    }
    let (mut faults, mut seen) = (Faults::default(), HashSet::new());
    let mut changes = Vec::with_capacity(inputs.len());
    for (place, input) in inputs.iter().enumerate() {
        if !seen.insert(input.id) {
            let field = at(place, "id");
            faults.add(&field, "item-twice", "This item is in the list twice.".into());
        }
        changes.push(read(place, input, &mut faults));
    }
    faults.none_or(changes).map_err(Error::Invalid)
}

fn read(place: usize, input: &ChangeInput, faults: &mut Faults) -> Change {
    let mut limit = |name: &str, amount: &Given<Option<String>>| match amount {
        Given::Keep => Given::Keep,
        Given::To(text) => {
            let text = text.as_deref().filter(|text| !text.is_empty());
            Given::To(faults.amount(&at(place, name), text, Qty::parse_limit))
        }
    };
    let (min_qty, max_qty) = (limit("min_qty", &input.min_qty), limit("max_qty", &input.max_qty));
    let category = match &input.category {
        Given::Keep => Given::Keep,
        Given::To(text) => {
            let field = at(place, "category");
            Given::To(faults.optional_line(&field, text.as_deref(), CATEGORY_CHARS_MAX))
        }
    };
    let temp_zone = match &input.temp_zone {
        Given::Keep => Given::Keep,
        Given::To(name) => {
            let field = at(place, "temp_zone");
            Given::To(faults.temp_zone(&field, name.as_deref()))
        }
    };
    Change { id: input.id, version: input.version, category, min_qty, max_qty, temp_zone }
}

/// What the items themselves say against the changes.
#[derive(Debug, Default)]
pub struct Objections {
    stale: Vec<FieldError>,
    wrong: Vec<FieldError>,
}

impl Objections {
    /// The item at this place is gone.
    pub fn gone(&mut self, place: usize) {
        let detail = "There is no such item, or it is deleted.";
        let field = at(place, "id");
        self.wrong.push(FieldError::new(field, "unknown-item", detail));
    }

    /// Looks at what a change would make of an item. Who repeats a change that was made is right.
    pub fn look(&mut self, place: usize, change: &Change, kept: &KeptItem, draft: &ItemDraft) {
        if draft.over(kept.cost) == kept.as_draft() {
            return;
        }
        if kept.version != change.version {
            let detail = format!("Somebody else changed {} meanwhile.", kept.item_number);
            let field = at(place, "version");
            self.stale.push(FieldError::new(field, "items-changed", detail));
        }
        if let Some(min) = draft.min_above_max() {
            let detail =
                format!("The maximum of {} would be below its minimum {min}.", kept.item_number);
            let field = at(place, "max_qty");
            self.wrong.push(FieldError::new(field, "max-below-min", detail));
        }
    }

    /// Refuses all changes when one of them cannot be made.
    pub fn none_or_refuse(self) -> Result<(), Error> {
        if !self.wrong.is_empty() {
            return Err(Error::Invalid(self.wrong));
        }
        let Some(first) = self.stale.first() else { return Ok(()) };
        let detail = match self.stale.len() {
            1 => first.detail.clone(),
            count => format!("Somebody else changed {count} of these items meanwhile."),
        };
        Err(Error::Conflict(Refusal {
            fields: self.stale,
            ..Refusal::new("items-changed", detail)
        }))
    }
}

fn at(place: usize, name: &str) -> String {
    format!("changes[{place}].{name}")
}
