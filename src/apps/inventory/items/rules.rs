//! What an item may be. One check for the form, the API and the import.

pub mod costing;
pub mod listing;
pub mod several;
#[cfg(test)]
mod tests;

use costing::{CostMethod, ItemCost};

use crate::apps::inventory::amounts::{AmountFault, Money, Qty};
use crate::apps::inventory::movements::rules::Totals;
use crate::apps::inventory::texts::TextFault;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Refusal, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

/// A kept thing.
pub enum Item {}
pub type ItemId = Id<Item>;

pub const ITEM_NUMBER_CHARS_MAX: usize = 64;
pub const ITEM_NAME_CHARS_MAX: usize = 200;
pub const UNIT_CHARS_MAX: usize = 32;
pub const CATEGORY_CHARS_MAX: usize = 100;
pub const NOTES_CHARS_MAX: usize = 4_000;
pub const BARCODE_CHARS_MAX: usize = 128;
pub const BARCODES_MAX: usize = 20;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code(
        "item-number-taken",
        "Another item already has this number.",
        "Use another number, or change the other item.",
    ),
    code("barcode-taken", "Another item already has this code.", "Remove the code there first."),
    code("barcode-twice", "A code is twice in the list of an item.", "Remove one of them."),
    code(
        "barcode-kind",
        "There is no such kind of code.",
        "Use ean, qr, code128 or supplier, or leave it out.",
    ),
    code(
        "barcode-check-digit",
        "The check digit of a GTIN is wrong, so it was probably mistyped.",
        "Compare it with the label.",
    ),
    code("too-many-barcodes", "An item has more codes than are kept.", "Remove some."),
    code("max-below-min", "The maximum is below the minimum.", "Exchange them or correct one."),
    code(
        "temp-zone",
        "There is no such temperature zone.",
        "Use dry, cooler or freezer, or leave it empty.",
    ),
    code(
        "unit-in-use",
        "The unit cannot change while there is stock: quantities would mean something else.",
        "Adjust the stock to zero, change the unit, and receive it again.",
    ),
    code(
        "item-in-use",
        "The item is in stock or on an open order.",
        "Adjust the stock to zero, and close or cancel the order.",
    ),
    code(
        "unknown-item",
        "There is no item with this id, or it is deleted.",
        "Look the item up again.",
    ),
    code(
        "sort-unknown",
        "A list cannot be sorted by this.",
        "Sort by name, item_number, on_hand or updated_at.",
    ),
];

/// The temperature something is kept at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TempZone {
    Dry,
    Cooler,
    Freezer,
}

impl TempZone {
    pub const ALL: [Self; 3] = [Self::Dry, Self::Cooler, Self::Freezer];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dry => "dry",
            Self::Cooler => "cooler",
            Self::Freezer => "freezer",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zone| zone.name() == name)
    }
}

/// What kind of mark a code is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarcodeKind {
    Ean,
    Qr,
    Code128,
    Supplier,
}

impl BarcodeKind {
    pub const ALL: [Self; 4] = [Self::Ean, Self::Qr, Self::Code128, Self::Supplier];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ean => "ean",
            Self::Qr => "qr",
            Self::Code128 => "code128",
            Self::Supplier => "supplier",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a code looks like when nobody said.
    fn guess(code: &str) -> Self {
        if has_check_digit(code) {
            Self::Ean
        } else if code.contains("://") {
            Self::Qr
        } else {
            Self::Code128
        }
    }
}

/// A code that finds the item, and how much of it one scan stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barcode {
    pub code: String,
    pub kind: BarcodeKind,
    pub pack_qty: Qty,
}

/// A field that a request may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Given<T> {
    #[default]
    Keep,
    To(T),
}

impl<T> Given<T> {
    pub fn or(self, kept: T) -> T {
        match self {
            Self::Keep => kept,
            Self::To(value) => value,
        }
    }
}

/// What somebody wrote, unchecked.
#[derive(Debug, Clone, Default)]
pub struct ItemInput {
    pub item_number: String,
    pub name: String,
    pub unit: String,
    pub qty_step: Option<String>,
    pub category: Option<String>,
    pub min_qty: Option<String>,
    pub max_qty: Option<String>,
    pub unit_cost: Given<Option<String>>,
    /// `average` or `standard`; none keeps what is kept.
    pub cost_method: Option<String>,
    pub temp_zone: Option<String>,
    pub notes: Option<String>,
    pub barcodes: Vec<BarcodeInput>,
}

#[derive(Debug, Clone, Default)]
pub struct BarcodeInput {
    pub code: String,
    pub kind: Option<String>,
    pub pack_qty: Option<String>,
}

/// What is kept of an item; everything in it is within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemDraft {
    pub item_number: String,
    pub name: String,
    pub unit: String,
    pub qty_step: Qty,
    pub category: Option<String>,
    pub min_qty: Option<Qty>,
    pub max_qty: Option<Qty>,
    pub unit_cost: Given<Option<Money>>,
    pub cost_method: Given<CostMethod>,
    pub temp_zone: Option<TempZone>,
    pub notes: String,
    pub barcodes: Vec<Barcode>,
}

impl ItemDraft {
    pub fn item_number_key(&self) -> String {
        texts::identity_key(&self.item_number)
    }

    pub fn name_key(&self) -> String {
        texts::sort_key(&self.name)
    }

    /// How its stock is to be valued, over what is kept.
    pub fn cost(&self, kept: ItemCost) -> ItemCost {
        let (price, method) = (self.unit_cost.or(kept.price), self.cost_method.or(kept.method));
        ItemCost { method, price }
    }

    /// The draft with what it leaves as it is filled in.
    #[must_use]
    pub fn over(&self, kept: ItemCost) -> Self {
        let ItemCost { price, method } = self.cost(kept);
        let (unit_cost, cost_method) = (Given::To(price), Given::To(method));
        Self { unit_cost, cost_method, ..self.clone() }
    }

    /// The minimum, where it is above the maximum.
    pub fn min_above_max(&self) -> Option<Qty> {
        self.min_qty.filter(|min| self.max_qty.is_some_and(|max| *min > max))
    }
}

/// An item as it is kept, with what there is of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptItem {
    /// The row's number inside the file.
    pub rid: i64,
    pub id: ItemId,
    pub version: i64,
    pub item_number: String,
    pub name: String,
    pub unit: String,
    pub qty_step: Qty,
    pub category: Option<String>,
    pub min_qty: Option<Qty>,
    pub max_qty: Option<Qty>,
    pub cost: ItemCost,
    pub temp_zone: Option<TempZone>,
    pub notes: String,
    pub barcodes: Vec<Barcode>,
    pub totals: Totals,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub deleted_at: Option<Moment>,
    pub deleted_by: Option<UserId>,
}

impl KeptItem {
    /// Low: less than the minimum is there.
    pub fn is_low(&self) -> bool {
        self.min_qty.is_some_and(|min| self.totals.qty < min)
    }

    /// What a draft leads to when it is taken over.
    pub fn as_draft(&self) -> ItemDraft {
        ItemDraft {
            item_number: self.item_number.clone(),
            name: self.name.clone(),
            unit: self.unit.clone(),
            qty_step: self.qty_step,
            category: self.category.clone(),
            min_qty: self.min_qty,
            max_qty: self.max_qty,
            unit_cost: Given::To(self.cost.price),
            cost_method: Given::To(self.cost.method),
            temp_zone: self.temp_zone,
            notes: self.notes.clone(),
            barcodes: self.barcodes.clone(),
        }
    }
}

/// Refuses a change to another version than the one that is kept.
pub fn check_version(kept: i64, expected: i64) -> Result<(), Error> {
    if kept == expected { Ok(()) } else { Err(Error::Stale { version: kept }) }
}

/// Checks what somebody wrote and names every field that is wrong.
pub fn check(input: &ItemInput) -> Result<ItemDraft, Vec<FieldError>> {
    let mut faults = Faults::default();
    let draft = ItemDraft {
        item_number: faults
            .text("item_number", texts::needed_line(&input.item_number, ITEM_NUMBER_CHARS_MAX)),
        name: faults.text("name", texts::needed_line(&input.name, ITEM_NAME_CHARS_MAX)),
        unit: faults.text("unit", texts::needed_line(&input.unit, UNIT_CHARS_MAX)),
        qty_step: faults
            .amount("qty_step", input.qty_step.as_deref(), Qty::parse_step)
            .unwrap_or(Qty::FINEST),
        category: faults.optional_line("category", input.category.as_deref(), CATEGORY_CHARS_MAX),
        min_qty: faults.amount("min_qty", input.min_qty.as_deref(), Qty::parse_limit),
        max_qty: faults.amount("max_qty", input.max_qty.as_deref(), Qty::parse_limit),
        unit_cost: match &input.unit_cost {
            Given::Keep => Given::Keep,
            Given::To(cost) => {
                Given::To(faults.amount("unit_cost", cost.as_deref(), Money::parse_price))
            }
        },
        cost_method: costing::read(input.cost_method.as_deref(), &mut faults),
        temp_zone: faults.temp_zone("temp_zone", input.temp_zone.as_deref()),
        notes: faults.text(
            "notes",
            texts::many_lines(input.notes.as_deref().unwrap_or_default(), NOTES_CHARS_MAX),
        ),
        barcodes: check_barcodes(&input.barcodes, &mut faults),
    };
    if let Some(min) = draft.min_above_max() {
        faults.add("max_qty", "max-below-min", format!("The maximum is below the minimum {min}."));
    }
    faults.none_or(draft)
}

fn check_barcodes(inputs: &[BarcodeInput], faults: &mut Faults) -> Vec<Barcode> {
    if inputs.len() > BARCODES_MAX {
        let detail = format!("An item has at most {BARCODES_MAX} barcodes.");
        faults.add("barcodes", "too-many-barcodes", detail);
        return Vec::new();
    }
    let mut barcodes: Vec<Barcode> = Vec::with_capacity(inputs.len());
    for (position, input) in inputs.iter().enumerate() {
        let field = format!("barcodes[{position}]");
        let code = faults.text(&field, texts::needed_line(&input.code, BARCODE_CHARS_MAX));
        let pack = faults.amount(&field, input.pack_qty.as_deref(), Qty::parse_step);
        let kind = match input.kind.as_deref() {
            None | Some("") => BarcodeKind::guess(&code),
            Some(name) => BarcodeKind::from_name(name).unwrap_or_else(|| {
                faults.add(&field, "barcode-kind", "Use ean, qr, code128 or supplier.".to_owned());
                BarcodeKind::Code128
            }),
        };
        if kind == BarcodeKind::Ean && !has_check_digit(&code) {
            let detail = "The check digit of this number is wrong.".to_owned();
            faults.add(&field, "barcode-check-digit", detail);
        }
        if !code.is_empty() && barcodes.iter().any(|other| other.code == code) {
            faults.add(&field, "barcode-twice", "This code is already in the list.".to_owned());
        }
        barcodes.push(Barcode { code, kind, pack_qty: pack.unwrap_or(Qty::ONE) });
    }
    barcodes
}

/// True for a GTIN-8, -12, -13 or -14 with the right check digit.
fn has_check_digit(code: &str) -> bool {
    if !matches!(code.len(), 8 | 12..=14) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let weighted = code.bytes().rev().enumerate().map(|(place, digit)| {
        let weight = if place % 2 == 1 { 3 } else { 1 };
        u32::from(digit - b'0') * weight
    });
    weighted.sum::<u32>() % 10 == 0
}

/// What the checks of a whole input found.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    pub fn add(&mut self, field: &str, code: &'static str, detail: String) {
        self.0.push(FieldError::new(field, code, detail));
    }

    /// The text, or an empty one and a fault.
    pub fn text(&mut self, field: &str, text: Result<String, TextFault>) -> String {
        text.unwrap_or_else(|fault| {
            self.add(field, fault.code(), fault.to_string());
            String::new()
        })
    }

    /// A text where an empty one stands for none.
    pub fn optional_line(
        &mut self,
        field: &str,
        text: Option<&str>,
        chars_max: usize,
    ) -> Option<String> {
        let line = self.text(field, texts::one_line(text?, chars_max));
        (!line.is_empty()).then_some(line)
    }

    /// The amount, or none and a fault.
    pub fn amount<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, AmountFault>,
    ) -> Option<T> {
        match parse(text?) {
            Ok(amount) => Some(amount),
            Err(fault) => {
                self.add(field, fault.code(), fault.to_string());
                None
            }
        }
    }

    pub fn temp_zone(&mut self, field: &str, name: Option<&str>) -> Option<TempZone> {
        let name = name.filter(|name| !name.is_empty())?;
        let zone = TempZone::from_name(name);
        if zone.is_none() {
            let detail = "Use dry, cooler or freezer, or leave it empty.".to_owned();
            self.add(field, "temp-zone", detail);
        }
        zone
    }

    pub fn none_or<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// The number belongs to another item.
pub fn number_taken(item_number: &str) -> Error {
    let detail = format!("Another item already has the number {item_number}.");
    Refusal::new("item-number-taken", &detail)
        .field("item_number", "item-number-taken", &detail)
        .into()
}

/// A code belongs to another item; `position` is its place in the list.
pub fn barcode_taken(position: usize, code: &str, owner_number: &str) -> Error {
    let detail = format!("Item {owner_number} already has the code {code}.");
    Refusal::new("barcode-taken", &detail)
        .field(&format!("barcodes[{position}]"), "barcode-taken", &detail)
        .into()
}

/// Refuses another unit while there is stock, because its quantities would mean something else.
pub fn check_unit(kept: &str, draft: &str, on_hand_anywhere: bool) -> Result<(), Error> {
    if kept == draft || !on_hand_anywhere {
        return Ok(());
    }
    let detail = format!("There is stock counted in {kept}. Use it up or adjust it to zero first.");
    Err(Refusal::new("unit-in-use", &detail).field("unit", "unit-in-use", &detail).into())
}

/// Refuses to delete an item that is still there.
///
/// `orders` are the numbers of those that may still bring some; only who sees orders is told them.
pub fn check_delete(
    on_hand_anywhere: bool,
    orders: &[String],
    sees_orders: bool,
) -> Result<(), Error> {
    if on_hand_anywhere {
        let detail = "There is stock of this item. Adjust it to zero first.";
        return Err(Error::conflict("item-in-use", detail));
    }
    if orders.is_empty() {
        return Ok(());
    }
    if !sees_orders {
        let detail = "This item is on an open purchase order. Close or cancel that first.";
        return Err(Error::conflict("item-in-use", detail));
    }
    let orders = orders.join(", ");
    let detail = format!("This item is on open orders: {orders}. Close or cancel them first.");
    Err(Error::Conflict(Refusal::new("item-in-use", detail).with("orders", orders)))
}

/// A deleted item cannot have its number back: another one has it now.
pub fn number_taken_meanwhile(owner: &KeptItem) -> Error {
    let KeptItem { item_number, name, .. } = owner;
    let detail = format!(
        "{item_number} is the number of another item now: {name}. Give that one another number, \
         then restore this one."
    );
    let refusal = Refusal::new("item-number-taken", &detail);
    let refusal = refusal.field("item_number", "item-number-taken", &detail);
    Error::Conflict(refusal.with("taken_by", owner.id.to_string()))
}

/// A deleted item cannot have a code back: another one has it now.
pub fn barcode_taken_meanwhile(position: usize, code: &str, owner_number: &str) -> Error {
    let detail = format!(
        "Item {owner_number} has the code {code} now. Remove it there, then restore this one."
    );
    let refusal = Refusal::new("barcode-taken", &detail);
    Error::Conflict(refusal.field(&format!("barcodes[{position}]"), "barcode-taken", &detail))
}
