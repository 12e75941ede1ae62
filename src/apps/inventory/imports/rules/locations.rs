//! Rows of places. A parent may stand anywhere in the file or be there already.

use std::collections::{HashMap, HashSet};

use super::Action;
use super::plan::{Change, LocationChange, Plan, Seen, Step, cell_faults};
use super::table::{RowFault, TableRow};
use crate::apps::inventory::items::rules::Faults;
use crate::apps::inventory::locations::rules::{
    self, KeptLocation, LOCATION_CODE_CHARS_MAX, LOCATION_LEVELS_MAX, LOCATIONS_MAX, LocationInput,
    Parents,
};
use crate::apps::inventory::texts::rules as texts;
use crate::platform::error::Error;

/// Decides what a whole file does to the tree of places.
pub fn plan(rows: &[TableRow], kept: &[KeptLocation]) -> Plan {
    let by_key: HashMap<String, &KeptLocation> =
        kept.iter().map(|place| (texts::identity_key(&place.code), place)).collect();
    let tree = Tree::of(rows, &by_key, kept);
    let parents = tree.parents();
    let (mut plan, mut seen) = (Plan::default(), Seen::default());
    let mut places = kept.len();
    for row in rows {
        let key = key_of(row, "code");
        let existing = key.as_ref().and_then(|key| by_key.get(key).copied());
        let outcome = plan_row(row, key, existing, &tree, &parents, &mut seen);
        if matches!(&outcome, Ok(step) if step.action == Action::Create) {
            places += 1;
            if places > LOCATIONS_MAX {
                let detail = format!("A workspace has at most {LOCATIONS_MAX} places.");
                plan.add(row, Err(vec![RowFault::row(row.line, "locations-full", detail)]));
                continue;
            }
        }
        plan.add(row, outcome);
    }
    plan
}

fn key_of(row: &TableRow, column: &str) -> Option<String> {
    let code = texts::one_line(row.filled(column)?, LOCATION_CODE_CHARS_MAX).ok()?;
    Some(texts::identity_key(&code))
}

/// The tree as it stands when all is done, by keys.
struct Tree {
    places: HashSet<String>,
    above: HashMap<String, String>,
    /// As it is now.
    above_now: HashMap<String, String>,
}

impl Tree {
    fn of(
        rows: &[TableRow],
        by_key: &HashMap<String, &KeptLocation>,
        kept: &[KeptLocation],
    ) -> Self {
        let ids: HashMap<_, _> =
            by_key.iter().map(|(key, place)| (place.id, key.clone())).collect();
        let mut places: HashSet<String> = by_key.keys().cloned().collect();
        let mut above: HashMap<String, String> = HashMap::new();
        for place in kept {
            let parent = place.parent.and_then(|parent| ids.get(&parent).cloned());
            if let (Some(parent), Some(key)) = (parent, ids.get(&place.id)) {
                above.insert(key.clone(), parent);
            }
        }
        let above_now = above.clone();
        for row in rows {
            let Some(key) = key_of(row, "code") else { continue };
            places.insert(key.clone());
            match (row.cell("parent_code"), key_of(row, "parent_code")) {
                (None, _) => {}
                (Some(_), Some(parent)) => {
                    above.insert(key, parent);
                }
                (Some(_), None) => {
                    above.remove(&key);
                }
            }
        }
        Self { places, above, above_now }
    }

    fn parents(&self) -> Parents<&str> {
        self.above.iter().map(|(place, parent)| (place.as_str(), parent.as_str())).collect()
    }

    fn level(&self, key: &str) -> usize {
        let mut level = 0;
        let mut at = key;
        while let Some(parent) = self.above.get(at) {
            at = parent;
            level += 1;
            if level > LOCATION_LEVELS_MAX {
                break;
            }
        }
        level
    }
}

fn plan_row(
    row: &TableRow,
    key: Option<String>,
    existing: Option<&KeptLocation>,
    tree: &Tree,
    parents: &Parents<&str>,
    seen: &mut Seen,
) -> Result<Step, Vec<RowFault>> {
    let mut faults = Vec::new();
    let mut active = Faults::default();
    let is_active = read_active(row, existing, &mut active);
    let input = LocationInput {
        code: row.cell("code").unwrap_or_default().to_owned(),
        name: row.cell("name").unwrap_or_default().to_owned(),
        temp_zone: match row.cell("temp_zone") {
            Some(cell) => Some(cell.to_owned()),
            None => existing.and_then(|place| place.temp_zone).map(|zone| zone.name().to_owned()),
        },
        parent: None,
        is_active,
    };
    let draft = rules::check(&input).map_err(|found| faults.extend(cell_faults(row, found))).ok();
    if let Err(found) = active.none_or(()) {
        faults.extend(cell_faults(row, found));
    }
    let (Some(draft), Some(key)) = (draft, key) else { return Err(faults) };
    if let Err(fault) = seen.first(row, "code", key.clone()) {
        faults.push(fault);
    }
    let parent_key = tree.above.get(&key).cloned();
    faults.extend(parent_fault(row, &key, parent_key.as_deref(), tree, parents));
    if existing.is_some_and(|place| place.is_active && !is_active && place.stock_items > 0) {
        let detail = "There is stock at this place. Transfer it first.".to_owned();
        faults.push(RowFault::cell(row, "active", "location-in-use", detail));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let target = existing.map(|place| (place.id.cast(), place.version));
    let is_same = existing.is_some_and(|place| {
        let kept = rules::LocationDraft { parent: None, ..place.as_draft() };
        kept == draft && tree.above.get(&key) == tree.above_now.get(&key)
    });
    if is_same {
        return Ok(Step::skip(row.line, target));
    }
    let action = if existing.is_some() { Action::Update } else { Action::Create };
    let level = tree.level(&key);
    let existing = existing.cloned();
    let change = Change::Location(Box::new(LocationChange { existing, draft, parent_key, level }));
    Ok(Step { line: row.line, action, target, change })
}

fn parent_fault(
    row: &TableRow,
    key: &str,
    parent: Option<&str>,
    tree: &Tree,
    parents: &Parents<&str>,
) -> Option<RowFault> {
    let fault =
        |code: &'static str, detail: String| Some(RowFault::cell(row, "parent_code", code, detail));
    match parent {
        Some(parent) if !tree.places.contains(parent) => {
            let detail = "There is no place with this code, here or in the file.".to_owned();
            fault("unknown-location", detail)
        }
        parent => match rules::check_parent(Some(key), parent, parents) {
            Ok(()) => None,
            Err(Error::Rule(refusal)) => fault(refusal.code, refusal.detail),
            Err(other) => fault("location-cycle", other.to_string()),
        },
    }
}

fn read_active(row: &TableRow, existing: Option<&KeptLocation>, faults: &mut Faults) -> bool {
    let kept = existing.is_none_or(|place| place.is_active);
    let Some(cell) = row.filled("active") else { return kept };
    match cell.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => true,
        "false" | "no" | "0" => false,
        _ => {
            faults.add("active", "yes-or-no", "Write true or false.".to_owned());
            kept
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[[&str; 2]]) -> Vec<TableRow> {
        let row = |(line, [code, parent]): (u32, &[&str; 2])| TableRow {
            line,
            cells: [("code", *code), ("name", "Place"), ("parent_code", *parent)]
                .into_iter()
                .map(|(column, cell)| (column, cell.to_owned()))
                .collect(),
        };
        (2..).zip(cells).map(row).collect()
    }

    fn faults(plan: &Plan) -> Vec<(u32, &'static str)> {
        plan.faults.iter().map(|fault| (fault.line, fault.code)).collect()
    }

    #[test]
    fn parents_may_stand_below_their_children_in_the_file() {
        let plan = plan(&rows(&[["C", "B"], ["B", "A"], ["A", ""]]), &[]);

        assert_eq!(faults(&plan), []);
        let levels: Vec<usize> = plan
            .steps
            .iter()
            .map(|step| match &step.change {
                Change::Location(change) => change.level,
                _ => panic!("{step:?}"),
            })
            .collect();
        assert_eq!(levels, [2, 1, 0]);
    }

    #[test]
    fn circles_doubles_and_unknown_parents_are_named() {
        let plan = plan(&rows(&[["A", "B"], ["B", "A"], ["b", ""], ["C", "X"]]), &[]);
        // The second row of B, though refused, stands at the top, so there is no circle left.
        assert_eq!(faults(&plan), [(4, "row-twice"), (5, "unknown-location")]);

        let circle = super::plan(&rows(&[["A", "B"], ["B", "A"]]), &[]);
        assert_eq!(faults(&circle), [(2, "location-cycle"), (3, "location-cycle")]);
    }

    #[test]
    fn more_places_than_a_workspace_has_are_refused() {
        let codes: Vec<String> = (0..=LOCATIONS_MAX).map(|number| format!("P{number}")).collect();
        let cells: Vec<[&str; 2]> = codes.iter().map(|code| [code.as_str(), ""]).collect();
        assert_eq!(faults(&plan(&rows(&cells), &[])).len(), 1);
    }
}
