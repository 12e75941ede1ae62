//! Rows of items. A column that is missing keeps what is there, an empty cell removes it.

use super::Action;
use super::plan::{Change, ItemChange, Step, cell_faults};
use super::table::{RowFault, TableRow};
use crate::apps::inventory::items::rules::{
    self, Barcode, BarcodeInput, Faults, Given, ItemInput, KeptItem,
};
use crate::apps::inventory::suppliers::rules::{
    SUPPLIER_NAME_CHARS_MAX, SUPPLIER_SKU_CHARS_MAX, SupplierLink,
};
use crate::apps::inventory::texts::rules as texts;

/// Between codes of one cell.
const BARCODE_SEPARATOR: char = '|';

/// The key of the item that a row speaks of; none when its number is no number.
pub fn number_key(row: &TableRow) -> Option<String> {
    let number = texts::one_line(row.filled("item_number")?, rules::ITEM_NUMBER_CHARS_MAX).ok()?;
    Some(texts::identity_key(&number))
}

/// Decides what a row does to the item with its number.
pub fn plan(
    row: &TableRow,
    existing: Option<KeptItem>,
    supplier: Option<&SupplierLink>,
) -> Result<Step, Vec<RowFault>> {
    let input = input(row, existing.as_ref());
    let mut faults = Vec::new();
    let draft = rules::check(&input).map_err(|found| faults.extend(cell_faults(row, found))).ok();
    let given = supplier_of(row, supplier);
    let given = given.map_err(|found| faults.extend(found)).ok();
    let (Some(draft), Some(given)) = (draft, given) else { return Err(faults) };
    let target = existing.as_ref().map(|item| (item.id.cast(), item.version));
    let is_same = existing.as_ref().is_some_and(|item| item.as_draft() == draft.over(item.cost));
    if is_same && given == Given::Keep {
        return Ok(Step::skip(row.line, target));
    }
    let action = if existing.is_some() { Action::Update } else { Action::Create };
    let change = Change::Item(Box::new(ItemChange { existing, draft, supplier: given }));
    Ok(Step { line: row.line, action, target, change })
}

fn input(row: &TableRow, existing: Option<&KeptItem>) -> ItemInput {
    let text = |column: &str, kept: fn(&KeptItem) -> Option<String>| match row.cell(column) {
        Some(cell) => Some(cell.to_owned()),
        None => existing.and_then(kept),
    };
    let filled = |column: &str, kept: fn(&KeptItem) -> Option<String>| {
        text(column, kept).filter(|cell| !cell.is_empty())
    };
    ItemInput {
        item_number: row.cell("item_number").unwrap_or_default().to_owned(),
        name: row.cell("name").unwrap_or_default().to_owned(),
        unit: row.cell("unit").unwrap_or_default().to_owned(),
        qty_step: filled("qty_step", |item| Some(item.qty_step.to_string())),
        category: text("category", |item| item.category.clone()),
        min_qty: filled("min_qty", |item| item.min_qty.map(|qty| qty.to_string())),
        max_qty: filled("max_qty", |item| item.max_qty.map(|qty| qty.to_string())),
        unit_cost: match row.cell("unit_cost") {
            None => Given::Keep,
            Some("") => Given::To(None),
            Some(cell) => Given::To(Some(cell.to_owned())),
        },
        cost_method: None,
        temp_zone: text("temp_zone", |item| item.temp_zone.map(|zone| zone.name().to_owned())),
        notes: text("notes", |item| Some(item.notes.clone())),
        barcodes: barcodes(row, existing),
    }
}

/// The codes of the cell; those that the item has already stay as they are, because a cell says
/// nothing of packs.
fn barcodes(row: &TableRow, existing: Option<&KeptItem>) -> Vec<BarcodeInput> {
    let kept = existing.map_or(&[] as &[Barcode], |item| &item.barcodes);
    let input = |barcode: &Barcode| BarcodeInput {
        code: barcode.code.clone(),
        kind: Some(barcode.kind.name().to_owned()),
        pack_qty: Some(barcode.pack_qty.to_string()),
    };
    let Some(cell) = row.cell("barcodes") else { return kept.iter().map(input).collect() };
    split_codes(cell)
        .into_iter()
        .map(|code| match kept.iter().find(|barcode| barcode.code == code) {
            Some(barcode) => input(barcode),
            None => BarcodeInput { code, ..BarcodeInput::default() },
        })
        .collect()
}

/// Splits a cell at its bars; a bar or backslash of a code stands behind a backslash.
pub fn split_codes(cell: &str) -> Vec<String> {
    let mut codes = vec![String::new()];
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        match (character, codes.last_mut()) {
            (BARCODE_SEPARATOR, _) => codes.push(String::new()),
            ('\\', Some(code)) => code.extend(characters.next()),
            (other, Some(code)) => code.push(other),
            (_, None) => {}
        }
    }
    let trimmed = codes.iter().map(|code| code.trim().to_owned());
    trimmed.filter(|code| !code.is_empty()).collect()
}

/// Joins codes to a cell that `split_codes` reads back.
pub fn join_codes<'a>(codes: impl Iterator<Item = &'a str>) -> String {
    let escaped: Vec<String> =
        codes.map(|code| code.replace('\\', "\\\\").replace(BARCODE_SEPARATOR, "\\|")).collect();
    escaped.join("|")
}

/// Who delivers the item from now on.
fn supplier_of(
    row: &TableRow,
    kept: Option<&SupplierLink>,
) -> Result<Given<Option<SupplierLink>>, Vec<RowFault>> {
    if row.cell("supplier").is_none() && row.cell("supplier_sku").is_none() {
        return Ok(Given::Keep);
    }
    let mut faults = Faults::default();
    let kept_or_empty = kept.cloned().unwrap_or_default();
    let name = row.cell("supplier").unwrap_or(&kept_or_empty.name);
    let sku = row.cell("supplier_sku").unwrap_or(&kept_or_empty.sku);
    let link = SupplierLink {
        name: faults.text("supplier", texts::one_line(name, SUPPLIER_NAME_CHARS_MAX)),
        sku: faults.text("supplier_sku", texts::one_line(sku, SUPPLIER_SKU_CHARS_MAX)),
    };
    if link.name.is_empty() && !link.sku.is_empty() {
        let detail = "Name the supplier whose number this is.".to_owned();
        faults.add("supplier", "supplier-missing", detail);
    }
    let link = faults.none_or(link).map_err(|found| cell_faults(row, found))?;
    let wanted = (!link.name.is_empty()).then_some(link);
    let is_same = match (&wanted, kept) {
        (Some(wanted), Some(kept)) => {
            let key = |link: &SupplierLink| texts::identity_key(&link.name);
            key(wanted) == key(kept) && wanted.sku == kept.sku
        }
        (wanted, kept) => wanted.is_none() && kept.is_none(),
    };
    Ok(if is_same { Given::Keep } else { Given::To(wanted) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&'static str, &str)]) -> TableRow {
        let cells = cells.iter().map(|(column, cell)| (*column, (*cell).to_owned()));
        TableRow { line: 2, cells: cells.collect() }
    }

    #[test]
    fn codes_with_bars_and_backslashes_are_read_back() {
        let codes = ["a|b", "c\\d", "plain"];
        let cell = join_codes(codes.into_iter());
        assert_eq!(cell, "a\\|b|c\\\\d|plain");
        assert_eq!(split_codes(&cell), codes);
        assert_eq!(split_codes(" | 1 || 2 |"), ["1", "2"]);
    }

    #[test]
    fn every_wrong_cell_of_a_row_is_named_with_its_value() {
        let row = row(&[
            ("item_number", "S1"),
            ("name", ""),
            ("unit", "kg"),
            ("min_qty", "1,5"),
            ("supplier_sku", "X9"),
        ]);

        let faults = plan(&row, None, None).unwrap_err();

        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.column.as_deref().unwrap(), fault.value.as_deref(), fault.code))
            .collect();
        let expected = [
            ("name", Some(""), "text-empty"),
            ("min_qty", Some("1,5"), "amount-comma"),
            ("supplier", None, "supplier-missing"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_new_number_is_a_new_item() {
        let row = row(&[("item_number", "S1"), ("name", "Salmon"), ("unit", "kg")]);
        let step = plan(&row, None, None).unwrap();
        assert_eq!((step.action, step.line), (Action::Create, 2));
        assert_eq!(number_key(&row).as_deref(), Some("s1"));
    }
}
