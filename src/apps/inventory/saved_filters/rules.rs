//! What is kept of a saved filter.

use crate::apps::inventory::items::rules::listing::Sort;
use crate::apps::inventory::items::rules::{CATEGORY_CHARS_MAX, Faults};
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::search::rules::QUERY_CHARS_MAX;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Refusal, Result, code, refuse};
use crate::platform::id::Id;

/// A filter of the items list under a name.
pub enum SavedFilter {}
pub type SavedFilterId = Id<SavedFilter>;

pub const SAVED_FILTER_NAME_CHARS_MAX: usize = 80;
/// Filters of one person in one workspace.
pub const SAVED_FILTERS_MAX: usize = 50;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code(
        "saved-filter-name-taken",
        "You have another saved filter with this name.",
        "Use another name, or replace the other filter.",
    ),
    code(
        "saved-filters-full",
        "You have as many saved filters as are kept.",
        "Delete one that you do not use any more.",
    ),
];

/// What somebody wrote, unchecked.
#[derive(Debug, Clone, Default)]
pub struct SavedFilterInput {
    pub name: String,
    pub q: Option<String>,
    pub category: Option<String>,
    pub location: Option<String>,
    pub is_low: bool,
    pub sort: Option<String>,
}

/// What is kept of a filter; everything in it is within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilterDraft {
    pub name: String,
    /// What is looked for; empty when nothing is.
    pub search: String,
    pub category: Option<String>,
    pub location: Option<LocationId>,
    pub is_low: bool,
    /// None: in the order that the list has by itself.
    pub sort: Option<Sort>,
}

impl SavedFilterDraft {
    pub fn name_key(&self) -> String {
        texts::identity_key(&self.name)
    }
}

/// A filter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSavedFilter {
    /// The row's number inside the file.
    pub rid: i64,
    pub id: SavedFilterId,
    pub version: i64,
    pub draft: SavedFilterDraft,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// Checks what somebody wrote and names every field that is wrong. Whether the place is there is
/// not known here.
pub fn check(input: &SavedFilterInput) -> Result<SavedFilterDraft, Vec<FieldError>> {
    let mut faults = Faults::default();
    let search = input.q.as_deref().unwrap_or_default();
    let name = texts::needed_line(&input.name, SAVED_FILTER_NAME_CHARS_MAX);
    let draft = SavedFilterDraft {
        name: faults.text("name", name),
        search: faults.text("q", texts::one_line(search, QUERY_CHARS_MAX)),
        category: faults.optional_line("category", input.category.as_deref(), CATEGORY_CHARS_MAX),
        location: read(&mut faults, input.location.as_deref(), location),
        is_low: input.is_low,
        sort: read(&mut faults, input.sort.as_deref(), sort),
    };
    faults.none_or(draft)
}

/// What is wrong with a field.
type Fault = (&'static str, &'static str, &'static str);

/// Reads a field in which an empty text stands for none.
fn read<T>(
    faults: &mut Faults,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, Fault>,
) -> Option<T> {
    match parse(text.filter(|text| !text.is_empty())?) {
        Ok(value) => Some(value),
        Err((field, code, detail)) => {
            faults.add(field, code, detail.to_owned());
            None
        }
    }
}

const NO_LOCATION: Fault = ("location", "unknown-location", "There is no place with this id.");

fn location(text: &str) -> Result<LocationId, Fault> {
    text.parse().map_err(|_| NO_LOCATION)
}

fn sort(text: &str) -> Result<Sort, Fault> {
    Sort::read(text).ok_or((
        "sort",
        "sort-unknown",
        "Sort by name, item_number, on_hand or updated_at.",
    ))
}

/// Refuses one more filter than a person may have.
pub fn check_count(count: usize) -> Result<()> {
    if count < SAVED_FILTERS_MAX {
        return Ok(());
    }
    let detail = format!(
        "You have {SAVED_FILTERS_MAX} saved filters already. Delete one that you do not use."
    );
    refuse("saved-filters-full", detail)
}

/// The name belongs to another filter of the same person.
pub fn name_taken(name: &str) -> Error {
    let detail = format!("Another filter of yours is called {name} already.");
    let refusal = Refusal::new("saved-filter-name-taken", &detail);
    refusal.field("name", "saved-filter-name-taken", &detail).into()
}

/// There is no such place (any more).
pub fn location_unknown() -> Error {
    let (field, code, detail) = NO_LOCATION;
    Error::invalid(field, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str) -> SavedFilterInput {
        SavedFilterInput { name: name.to_owned(), ..SavedFilterInput::default() }
    }

    #[test]
    fn a_filter_is_kept_as_the_list_would_read_it() {
        let some = |text: &str| Some(text.to_owned());
        let written = SavedFilterInput {
            q: some("  smoked   salmon "),
            category: some(" Fish "),
            sort: some("-on_hand"),
            is_low: true,
            ..input("  Order \u{a0}today ")
        };

        let draft = check(&written).unwrap();

        assert_eq!(draft.name, "Order today");
        assert_eq!(draft.search, "smoked salmon");
        assert_eq!(draft.category.as_deref(), Some("Fish"));
        assert_eq!(draft.sort, Sort::read("-on_hand"));
        assert!(draft.is_low && draft.location.is_none());
    }

    #[test]
    fn an_empty_field_filters_nothing() {
        let empty = || Some(String::new());
        let written = SavedFilterInput {
            q: empty(),
            category: empty(),
            location: empty(),
            sort: empty(),
            ..input("All")
        };

        assert_eq!(check(&written), check(&input("All")));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let some = |text: &str| Some(text.to_owned());
        let written = SavedFilterInput {
            q: some(&"x".repeat(QUERY_CHARS_MAX + 1)),
            category: some(&"x".repeat(CATEGORY_CHARS_MAX + 1)),
            location: some("the freezer"),
            sort: some("price"),
            ..input(" ")
        };

        let faults = check(&written).unwrap_err();

        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["name", "q", "category", "location", "sort"]);
    }

    #[test]
    fn names_that_read_alike_are_the_same_name() {
        let key = |name: &str| check(&input(name)).unwrap().name_key();

        assert_eq!(key("Order"), key(" ｏｒｄｅｒ "));
        assert_ne!(key("Order"), key("Orders"));
        let longest = "\u{fdfa}".repeat(SAVED_FILTER_NAME_CHARS_MAX);
        assert!(key(&longest).chars().count() < 1_500, "what the table takes, with room");
    }

    #[test]
    fn one_filter_more_than_there_may_be_is_refused() {
        assert!(check_count(SAVED_FILTERS_MAX - 1).is_ok());
        assert!(check_count(SAVED_FILTERS_MAX).is_err());
    }
}
