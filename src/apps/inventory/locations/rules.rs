//! What a place may be and where in the tree it may stand.

use std::collections::HashMap;
use std::hash::Hash;

use crate::apps::inventory::items::rules::{Faults, TempZone};
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Refusal, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

/// A place.
pub enum Location {}
pub type LocationId = Id<Location>;

pub const LOCATION_CODE_CHARS_MAX: usize = 32;
pub const LOCATION_NAME_CHARS_MAX: usize = 200;
/// Places of a workspace; the whole tree is one answer.
pub const LOCATIONS_MAX: usize = 1_000;
/// Levels of the tree; a place without parent is on the first.
pub const LOCATION_LEVELS_MAX: usize = 10;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code(
        "location-code-taken",
        "Another place already has this code.",
        "Use another code, or change the other place.",
    ),
    code(
        "location-parent-deleted",
        "The place stood below another one that is deleted as well.",
        "Restore that one first.",
    ),
    code(
        "location-cycle",
        "A place would stand below itself.",
        "Choose another place to stand below.",
    ),
    code(
        "location-too-deep",
        "The tree of places would have more levels than it may.",
        "Choose a place further up.",
    ),
    code(
        "locations-full",
        "A workspace has no room for more places.",
        "Delete places that are not used.",
    ),
    code(
        "location-in-use",
        "There is stock at the place, or places stand below it.",
        "Transfer the stock, and move the places below.",
    ),
    code(
        "location-inactive",
        "The place is not in use any more.",
        "Choose another place, or take it into use again.",
    ),
    code(
        "unknown-location",
        "There is no place with this id, or it is deleted.",
        "Look the place up again.",
    ),
];

/// What somebody wrote, unchecked.
#[derive(Debug, Clone, Default)]
pub struct LocationInput {
    pub code: String,
    pub name: String,
    pub temp_zone: Option<String>,
    pub parent: Option<LocationId>,
    pub is_active: bool,
}

/// What is kept of a place; everything in it is within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationDraft {
    pub code: String,
    pub name: String,
    pub temp_zone: Option<TempZone>,
    pub parent: Option<LocationId>,
    pub is_active: bool,
}

impl LocationDraft {
    pub fn code_key(&self) -> String {
        texts::identity_key(&self.code)
    }
}

/// Which places to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Living,
    /// Those that were deleted as well.
    All,
}

/// A place as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLocation {
    /// The row's number inside the file.
    pub rid: i64,
    pub id: LocationId,
    pub version: i64,
    pub code: String,
    pub name: String,
    pub temp_zone: Option<TempZone>,
    pub parent: Option<LocationId>,
    pub is_active: bool,
    /// How many items there are some of here.
    pub stock_items: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub deleted_at: Option<Moment>,
    pub deleted_by: Option<UserId>,
}

impl KeptLocation {
    pub fn as_draft(&self) -> LocationDraft {
        LocationDraft {
            code: self.code.clone(),
            name: self.name.clone(),
            temp_zone: self.temp_zone,
            parent: self.parent,
            is_active: self.is_active,
        }
    }
}

/// Checks what somebody wrote and names every field that is wrong.
pub fn check(input: &LocationInput) -> Result<LocationDraft, Vec<FieldError>> {
    let mut faults = Faults::default();
    let draft = LocationDraft {
        code: faults.text("code", texts::needed_line(&input.code, LOCATION_CODE_CHARS_MAX)),
        name: faults.text("name", texts::needed_line(&input.name, LOCATION_NAME_CHARS_MAX)),
        temp_zone: faults.temp_zone("temp_zone", input.temp_zone.as_deref()),
        parent: input.parent,
        is_active: input.is_active,
    };
    faults.none_or(draft)
}

/// Who stands below whom: a place without entry has no parent. The import names places by their
/// codes, everybody else by their ids.
pub type Parents<Place> = HashMap<Place, Place>;

/// Checks that `place` (None while it is being made) may stand below `parent`.
pub fn check_parent<Place: Copy + Eq + Hash>(
    place: Option<Place>,
    parent: Option<Place>,
    parents: &Parents<Place>,
) -> Result<(), Error> {
    let mut above = 0;
    let mut next = parent;
    while let Some(ancestor) = next {
        if Some(ancestor) == place {
            return Err(refused("location-cycle", "A place cannot stand below itself."));
        }
        above += 1;
        if above > LOCATION_LEVELS_MAX {
            break;
        }
        next = parents.get(&ancestor).copied();
    }
    let below = place.map_or(0, |place| levels_below(place, parents));
    if above + 1 + below > LOCATION_LEVELS_MAX {
        let detail = format!("The tree of places has at most {LOCATION_LEVELS_MAX} levels.");
        return Err(refused("location-too-deep", &detail));
    }
    Ok(())
}

fn refused(code: &'static str, detail: &str) -> Error {
    Refusal::new(code, detail).field("parent_id", code, detail).into()
}

/// How many levels stand below `place`.
fn levels_below<Place: Copy + Eq + Hash>(place: Place, parents: &Parents<Place>) -> usize {
    let distance = |mut from: Place| {
        // A chain longer than the tree may be is cut: it is refused anyhow.
        for levels in 1..=LOCATION_LEVELS_MAX {
            match parents.get(&from) {
                Some(parent) if *parent == place => return levels,
                Some(parent) => from = *parent,
                None => return 0,
            }
        }
        0
    };
    parents.keys().map(|descendant| distance(*descendant)).max().unwrap_or(0)
}

/// There is no such place to stand below.
pub fn parent_unknown() -> Error {
    Error::invalid("parent_id", "unknown-location", "There is no such place, or it is deleted.")
}

/// The code belongs to another place.
pub fn code_taken(code: &str) -> Error {
    let detail = format!("Another place already has the code {code}.");
    Refusal::new("location-code-taken", &detail)
        .field("code", "location-code-taken", &detail)
        .into()
}

/// A deleted place cannot have its code back: another one has it now.
pub fn code_taken_meanwhile(owner: &KeptLocation) -> Error {
    let KeptLocation { code, name, .. } = owner;
    let detail = format!(
        "{code} is the code of another place now: {name}. Give that one another code, then restore \
         this one."
    );
    let refusal = Refusal::new("location-code-taken", &detail);
    let refusal = refusal.field("code", "location-code-taken", &detail);
    Error::Conflict(refusal.with("taken_by", owner.id.to_string()))
}

/// A deleted place cannot come back below one that is deleted as well.
pub fn parent_deleted(parent: &KeptLocation) -> Error {
    let KeptLocation { code, name, .. } = parent;
    let detail = format!(
        "It stood below {code} ({name}), which is deleted as well. Restore that one first."
    );
    let refusal = Refusal::new("location-parent-deleted", &detail);
    let refusal = refusal.field("parent_id", "location-parent-deleted", &detail);
    Error::Conflict(refusal.with("parent", parent.id.to_string()))
}

/// Refuses one place more than the tree may hold.
pub fn check_count(places: usize) -> Result<(), Error> {
    if places < LOCATIONS_MAX {
        return Ok(());
    }
    let detail = format!("A workspace has at most {LOCATIONS_MAX} places.");
    Err(Refusal::new("locations-full", detail).into())
}

/// Refuses to delete or close a place that still holds something.
pub fn check_unused(has_stock: bool, has_places_below: bool) -> Result<(), Error> {
    if has_stock {
        let detail = "There is stock at this place. Transfer it or adjust it to zero first.";
        return Err(Error::conflict("location-in-use", detail));
    }
    if has_places_below {
        let detail = "Other places stand below this one. Move or delete them first.";
        return Err(Error::conflict("location-in-use", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn place(number: u8) -> LocationId {
        Id::from_uuid(Uuid::from_bytes([number; 16]))
    }

    /// A chain 1 ← 2 ← 3 …, each below the one before.
    fn chain(length: u8) -> Parents<LocationId> {
        (2..=length).map(|number| (place(number), place(number - 1))).collect()
    }

    fn code(outcome: Result<(), Error>) -> Option<&'static str> {
        match outcome {
            Ok(()) => None,
            Err(Error::Rule(refusal)) => Some(refusal.code),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_place_cannot_stand_below_itself_or_what_is_below_it() {
        let parents = chain(4);
        assert_eq!(
            code(check_parent(Some(place(1)), Some(place(1)), &parents)),
            Some("location-cycle")
        );
        assert_eq!(
            code(check_parent(Some(place(1)), Some(place(4)), &parents)),
            Some("location-cycle")
        );
        assert_eq!(code(check_parent(Some(place(4)), Some(place(1)), &parents)), None);
        assert_eq!(code(check_parent(Some(place(1)), None, &parents)), None);
    }

    #[test]
    fn the_tree_has_at_most_ten_levels() {
        assert_eq!(code(check_parent(None, Some(place(9)), &chain(9))), None);
        assert_eq!(
            code(check_parent(None, Some(place(10)), &chain(10))),
            Some("location-too-deep")
        );
    }

    #[test]
    fn a_moved_place_takes_what_stands_below_it_along() {
        let mut parents = chain(8);
        parents.insert(place(101), place(100));
        parents.insert(place(102), place(101));
        let moved = |below| code(check_parent(Some(place(100)), Some(place(below)), &parents));
        assert_eq!(moved(7), None);
        assert_eq!(moved(8), Some("location-too-deep"));
    }

    #[test]
    fn a_place_in_use_is_neither_closed_nor_deleted() {
        assert!(check_unused(false, false).is_ok());
        assert!(check_unused(true, false).is_err());
        assert!(check_unused(false, true).is_err());
    }

    proptest! {
        #[test]
        fn accepted_moves_never_make_a_cycle_or_a_tree_too_deep(
            moves in prop::collection::vec((0u8..20, prop::option::of(0u8..20)), 0..60),
        ) {
            let mut parents = Parents::new();
            for (child, parent) in moves {
                let (child, parent) = (place(child), parent.map(place));
                if check_parent(Some(child), parent, &parents).is_ok() {
                    match parent {
                        Some(parent) => parents.insert(child, parent),
                        None => parents.remove(&child),
                    };
                }
                for start in (0u8..20).map(place) {
                    let mut levels = 1;
                    let mut at = start;
                    while let Some(parent) = parents.get(&at) {
                        at = *parent;
                        levels += 1;
                        prop_assert!(levels <= LOCATION_LEVELS_MAX);
                    }
                }
            }
        }
    }
}
