//! What a file would do, row by row.

use std::collections::HashMap;

use super::table::{RowFault, TableRow};
use super::{Action, ImportKind};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::{Given, ItemDraft, ItemId, KeptItem};
use crate::apps::inventory::locations::rules::{KeptLocation, LocationDraft, LocationId};
use crate::apps::inventory::orders::rules::{KeptOrder, LineDraft, OrderDraft};
use crate::apps::inventory::suppliers::rules::SupplierLink;
use crate::platform::error::FieldError;
use crate::platform::id::ObjectId;

/// What one row does.
#[derive(Debug, Clone)]
pub struct Step {
    pub line: u32,
    pub action: Action,
    /// What it changes, and in which version.
    pub target: Option<(ObjectId, i64)>,
    pub change: Change,
}

#[derive(Debug, Clone)]
pub enum Change {
    None,
    Item(Box<ItemChange>),
    Location(Box<LocationChange>),
    Opening(OpeningChange),
    Order(Box<OrderChange>),
}

#[derive(Debug, Clone)]
pub struct ItemChange {
    pub existing: Option<KeptItem>,
    pub draft: ItemDraft,
    /// None removes it.
    pub supplier: Given<Option<SupplierLink>>,
}

#[derive(Debug, Clone)]
pub struct LocationChange {
    pub existing: Option<KeptLocation>,
    /// Without its parent, which may stand further down in the file.
    pub draft: LocationDraft,
    pub parent_key: Option<String>,
    /// How many places stand above it when all is done.
    pub level: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct OpeningChange {
    pub item: ItemId,
    pub place: LocationId,
    pub qty: Qty,
    pub unit_cost: Option<Money>,
}

/// An order, which stands at the first of its rows; its other rows do nothing more.
#[derive(Debug, Clone)]
pub struct OrderChange {
    pub existing: Option<KeptOrder>,
    /// None keeps who delivers it.
    pub supplier: Option<String>,
    /// Without its supplier, who may have to be made.
    pub draft: OrderDraft,
}

impl Step {
    pub fn skip(line: u32, target: Option<(ObjectId, i64)>) -> Self {
        Self { line, action: Action::Skip, target, change: Change::None }
    }

    pub fn error(line: u32) -> Self {
        Self { line, action: Action::Error, target: None, change: Change::None }
    }
}

/// What a file would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub faults: Vec<RowFault>,
}

impl Plan {
    /// Adds what one row would do, or why it cannot.
    pub fn add(&mut self, row: &TableRow, outcome: Result<Step, Vec<RowFault>>) {
        match outcome {
            Ok(step) => self.steps.push(step),
            Err(faults) => {
                self.faults.extend(faults);
                self.steps.push(Step::error(row.line));
            }
        }
    }

    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }

    /// What the plan says, for telling whether it still says the same later.
    pub fn text(&self, kind: ImportKind) -> String {
        let lines = self.steps.iter().map(|step| {
            let target = step.target.map(|(id, version)| format!("{id} {version}"));
            let said = [step.line.to_string(), step.action.name().to_owned()];
            let said = said.into_iter().chain([target.unwrap_or_default()]);
            said.chain(ordered(&step.change)).collect::<Vec<_>>().join(" ")
        });
        std::iter::once(kind.name().to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

/// What an order would say: its prices may come from elsewhere than the file.
fn ordered(change: &Change) -> Vec<String> {
    let Change::Order(order) = change else { return Vec::new() };
    let line = |line: &LineDraft| {
        let price = line.unit_price.map(|price| price.to_string()).unwrap_or_default();
        format!("{} {} {price} {:?}", line.item, line.req_qty, line.note)
    };
    let lines = order.draft.lines.iter().map(line);
    std::iter::once(format!("{:?}", order.supplier)).chain(lines).collect()
}

/// Which row of a file came first with a key; a second one is a fault.
#[derive(Debug, Default)]
pub struct Seen(HashMap<String, u32>);

impl Seen {
    pub fn first(&mut self, row: &TableRow, column: &str, key: String) -> Result<(), RowFault> {
        match self.0.insert(key, row.line) {
            None => Ok(()),
            Some(line) => {
                let detail = format!("Line {line} has the same {column}.");
                Err(RowFault::cell(row, column, "row-twice", detail))
            }
        }
    }
}

/// Faults of fields as faults of cells: `barcodes[2]` stands in the column `barcodes`.
pub fn cell_faults(row: &TableRow, faults: Vec<FieldError>) -> Vec<RowFault> {
    let fault = |fault: FieldError| {
        let column = fault.field.split('[').next().unwrap_or_default();
        RowFault::cell(row, column, fault.code, fault.detail)
    };
    faults.into_iter().map(fault).collect()
}
