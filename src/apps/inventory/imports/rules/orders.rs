//! Rows of purchase orders: each is a line, and rows of one number are one order.

use std::collections::{HashMap, VecDeque};

use super::Action;
use super::plan::{Change, OrderChange, Step, cell_faults};
use super::table::{RowFault, TableRow};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::{Faults, ITEM_NUMBER_CHARS_MAX, ItemId};
use crate::apps::inventory::orders::rules::{
    self, KeptLine, KeptOrder, LineDraft, LineTerms, ORDER_LINES_MAX, OrderDraft,
    PO_NUMBER_CHARS_MAX, Status, WrittenTerms,
};
use crate::apps::inventory::suppliers::rules::SUPPLIER_NAME_CHARS_MAX;
use crate::apps::inventory::texts::rules as texts;

/// What a row does, or why it cannot.
pub type Outcome = Result<Step, Vec<RowFault>>;

/// The rows of one order.
pub struct Group<'a> {
    pub po_number: String,
    /// With their positions in the file, from 0.
    pub rows: Vec<(usize, &'a TableRow)>,
}

/// The item that a row orders.
#[derive(Debug, Clone, Copy)]
pub struct Ordered {
    pub id: ItemId,
    /// None where it was deleted since; then only what was ordered already can be said again.
    pub qty_step: Option<Qty>,
    /// What is asked for it where the file says nothing: by the supplier, else the item's own.
    pub usual: Option<Money>,
}

/// Puts rows of one number together, also where others stand between them.
pub fn groups(rows: &[TableRow]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for (position, row) in rows.iter().enumerate() {
        let Ok(po_number) = number(row) else { continue };
        let at = *by_key.entry(rules::number_key(&po_number)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.rows.push((position, row)),
            None => groups.push(Group { po_number, rows: vec![(position, row)] }),
        }
    }
    groups
}

/// What happens to a row as long as no order took it: without a number none will.
pub fn without_number(row: &TableRow) -> Outcome {
    number(row).map(|_| Step::skip(row.line, None)).map_err(|fault| vec![fault])
}

fn number(row: &TableRow) -> Result<String, RowFault> {
    let written = row.cell("po_number").unwrap_or_default();
    let fault = |code, detail| RowFault::cell(row, "po_number", code, detail);
    let number = texts::one_line(written, PO_NUMBER_CHARS_MAX)
        .map_err(|found| fault(found.code(), found.to_string()))?;
    if number.is_empty() {
        return Err(fault("text-empty", "Write the number of the order.".to_owned()));
    }
    Ok(number)
}

/// The key of the item that a row orders.
pub fn item_key(row: &TableRow) -> Option<String> {
    let number = texts::one_line(row.filled("item_number")?, ITEM_NUMBER_CHARS_MAX).ok()?;
    Some(texts::identity_key(&number))
}

/// The item with this key in an order that is kept, which may have been deleted since.
pub fn ordered_before(lines: &[KeptLine], key: &str) -> Option<ItemId> {
    let found = lines.iter().find(|line| texts::identity_key(&line.item.item_number) == key)?;
    Some(found.item.id)
}

/// Decides what the rows of an order do, one outcome for each. `items` stand in the order of the
/// rows, none where there is no such item.
pub fn plan(
    group: &Group<'_>,
    items: &[Option<Ordered>],
    existing: Option<(&KeptOrder, &[KeptLine])>,
) -> Vec<Outcome> {
    let supplier = supplier_of(group);
    let usual: Vec<_> = items.iter().map(|item| item.and_then(|item| item.usual)).collect();
    let mut outcomes = Vec::with_capacity(group.rows.len());
    let mut lines = Vec::with_capacity(group.rows.len());
    for (position, ((_, row), item)) in group.rows.iter().zip(items).enumerate() {
        let mut faults = supplier_faults(row, supplier.as_deref());
        if position == ORDER_LINES_MAX {
            let detail = format!("An order has at most {ORDER_LINES_MAX} lines.");
            faults.push(RowFault::cell(row, "po_number", "order-lines-too-many", detail));
        }
        match line(row, item.as_ref()) {
            Ok(line) => lines.push(line),
            Err(found) => faults.extend(found),
        }
        outcomes.push(if faults.is_empty() { Ok(step(row, Action::Create)) } else { Err(faults) });
    }
    if outcomes.iter().all(Result::is_ok) {
        let kept = existing.map_or(&[][..], |(_, kept)| kept);
        complete(group, &mut lines, kept, &usual);
        decide(group, lines, supplier, existing, &mut outcomes);
    }
    outcomes
}

/// Decides about an order whose rows are fine by themselves.
fn decide(
    group: &Group<'_>,
    lines: Vec<LineDraft>,
    supplier: Option<String>,
    existing: Option<(&KeptOrder, &[KeptLine])>,
    outcomes: &mut Vec<Outcome>,
) {
    let Some((_, first)) = group.rows.first() else { return };
    let refused = |code, detail| vec![RowFault::cell(first, "po_number", code, detail)];
    // Who delivers it is not looked up by a name that may have changed since.
    let supplier = supplier
        .filter(|name| existing.is_none_or(|(order, _)| !is_named(name, &order.supplier_name)));
    let is_same = existing.is_some_and(|(_, kept)| supplier.is_none() && is_same(&lines, kept));
    let action = match existing {
        _ if is_same => Action::Skip,
        Some(_) => Action::Update,
        None => Action::Create,
    };
    let target = existing.map(|(order, _)| (order.id.cast(), order.version));
    *outcomes =
        group.rows.iter().map(|(_, row)| Ok(Step { target, ..step(row, action) })).collect();
    if is_same {
        return;
    }
    let order = existing.map(|(order, _)| order);
    let amounts = lines.iter().filter_map(|line| Some((line.req_qty, line.unit_price?)));
    if let Some(order) = order.filter(|order| order.status != Status::Draft) {
        let status = order.status.name();
        let detail = format!("This order is {status}, and differs; only drafts change.");
        outcomes[0] = Err(refused("order-not-draft", detail));
    } else if rules::sum(amounts).is_none() {
        let detail = "The total is larger than can be kept. Check the prices.".to_owned();
        outcomes[0] = Err(refused("order-total-too-large", detail));
    } else {
        let draft = OrderDraft {
            po_number: Some(order.map_or(&group.po_number, |kept| &kept.po_number).clone()),
            supplier: order.and_then(|kept| kept.supplier),
            expected_on: order.and_then(|kept| kept.expected_on.clone()),
            notes: order.map(|kept| kept.notes.clone()).unwrap_or_default(),
            lines,
        };
        let change = OrderChange { existing: order.cloned(), supplier, draft };
        let change = Change::Order(Box::new(change));
        outcomes[0] = Ok(Step { line: first.line, action, target, change });
    }
}

/// A row that does nothing by itself.
fn step(row: &TableRow, action: Action) -> Step {
    Step { line: row.line, action, target: None, change: Change::None }
}

/// The line that a row orders.
fn line(row: &TableRow, item: Option<&Ordered>) -> Result<LineDraft, Vec<RowFault>> {
    let mut faults = Faults::default();
    let written = WrittenTerms {
        req_qty: row.cell("req_qty").unwrap_or_default(),
        unit_price: row.filled("unit_price"),
        note: row.cell("note").unwrap_or_default(),
    };
    let terms = rules::check_terms("", written, &mut faults);
    let terms = faults.none_or(terms).map_err(|found| cell_faults(row, found));
    let Some(item) = item else {
        let detail = "There is no item with this number.".to_owned();
        let unknown = RowFault::cell(row, "item_number", "unknown-item", detail);
        return Err(std::iter::once(unknown).chain(terms.err().unwrap_or_default()).collect());
    };
    let LineTerms { req_qty, unit_price, note } = terms?;
    if let Some(step) = item.qty_step
        && !req_qty.is_multiple_of(step)
    {
        let detail = format!("The quantity must be a multiple of {step}.");
        return Err(vec![RowFault::cell(row, "req_qty", "qty-step", detail)]);
    }
    Ok(LineDraft { item: item.id, req_qty, unit_price, note })
}

/// Fills in what the file does not say: a price and a note stay as the order has them for that
/// item, wherever the line stands now; a line that is new has the usual price.
fn complete(
    group: &Group<'_>,
    lines: &mut [LineDraft],
    kept: &[KeptLine],
    usual: &[Option<Money>],
) {
    let mut of_item: HashMap<ItemId, VecDeque<&KeptLine>> = HashMap::new();
    for line in kept {
        of_item.entry(line.item.id).or_default().push_back(line);
    }
    for (((_, row), line), usual) in group.rows.iter().zip(lines).zip(usual) {
        let kept = of_item.get_mut(&line.item).and_then(VecDeque::pop_front);
        let price = kept.map(|kept| kept.unit_price).or(*usual).unwrap_or_default();
        line.unit_price = line.unit_price.or(Some(price));
        if let Some(kept) = kept
            && row.cell("note").is_none()
        {
            line.note.clone_from(&kept.note);
        }
    }
}

fn is_same(lines: &[LineDraft], kept: &[KeptLine]) -> bool {
    let same = |(line, kept): (&LineDraft, &KeptLine)| {
        line.item == kept.item.id
            && line.req_qty == kept.req_qty
            && line.unit_price == Some(kept.unit_price)
            && line.note == kept.note
    };
    lines.len() == kept.len() && lines.iter().zip(kept).all(same)
}

fn is_named(name: &str, other: &str) -> bool {
    texts::identity_key(name) == texts::identity_key(other)
}

/// Who delivers it, by the first row that says so.
pub fn supplier_of(group: &Group<'_>) -> Option<String> {
    let written = group.rows.iter().find_map(|(_, row)| row.filled("supplier"))?;
    texts::one_line(written, SUPPLIER_NAME_CHARS_MAX).ok()
}

fn supplier_faults(row: &TableRow, supplier: Option<&str>) -> Vec<RowFault> {
    let Some(written) = row.filled("supplier") else { return Vec::new() };
    let fault = |code, detail| vec![RowFault::cell(row, "supplier", code, detail)];
    match texts::one_line(written, SUPPLIER_NAME_CHARS_MAX) {
        Err(found) => fault(found.code(), found.to_string()),
        Ok(name) => match supplier {
            Some(first) if !is_named(first, &name) => {
                let detail = format!("Another row of this order names {first}.");
                fault("supplier-differs", detail)
            }
            _ => Vec::new(),
        },
    }
}
