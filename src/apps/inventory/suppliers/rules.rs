//! What is kept of a supplier.

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::Faults;
use crate::apps::inventory::movements::rules::ItemName;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Refusal, Result, code, refuse};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

/// Who delivers.
pub enum Supplier {}
pub type SupplierId = Id<Supplier>;

pub const SUPPLIER_NAME_CHARS_MAX: usize = 200;
pub const SUPPLIER_SKU_CHARS_MAX: usize = 64;
pub const SUPPLIER_EMAIL_CHARS_MAX: usize = 400;
pub const SUPPLIER_PHONE_CHARS_MAX: usize = 64;
pub const SUPPLIER_NOTES_CHARS_MAX: usize = 4_000;
/// Days between an order and its delivery.
pub const LEAD_DAYS_MAX: i64 = 999;
/// Suppliers of one item.
pub const SUPPLIERS_PER_ITEM_MAX: usize = 20;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code(
        "supplier-name-taken",
        "Another supplier already has this name.",
        "Use another name, or change the other supplier.",
    ),
    code(
        "supplier-in-use",
        "The supplier has an order that is a draft or on its way.",
        "Close or cancel the order first.",
    ),
    code(
        "supplier-email",
        "This is no e-mail address.",
        "Write one like orders@example.com, or leave it empty.",
    ),
    code("lead-days", "The days of delivery are not 0 to 999.", "Write whole days, or nothing."),
    code(
        "suppliers-too-many",
        "An item has as many suppliers as it may.",
        "Remove one that does not deliver it any more.",
    ),
    code(
        "unknown-supplier",
        "There is no supplier with this id, or it is deleted.",
        "Look the supplier up again.",
    ),
];

/// Who delivers an item, and what they call it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SupplierLink {
    pub name: String,
    pub sku: String,
}

/// What somebody wrote, unchecked.
#[derive(Debug, Clone, Default)]
pub struct SupplierInput {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub lead_days: Option<i64>,
    pub notes: Option<String>,
}

/// What is kept of a supplier; everything in it is within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierDraft {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub lead_days: Option<i64>,
    pub notes: String,
}

impl SupplierDraft {
    pub fn name_key(&self) -> String {
        texts::identity_key(&self.name)
    }
}

/// A supplier as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSupplier {
    /// The row's number inside the file.
    pub rid: i64,
    pub id: SupplierId,
    pub version: i64,
    pub draft: SupplierDraft,
    /// How many items they deliver.
    pub items: i64,
    /// Orders that are on their way.
    pub open_orders: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub deleted_at: Option<Moment>,
    pub deleted_by: Option<UserId>,
}

/// Checks what somebody wrote and names every field that is wrong.
pub fn check(input: &SupplierInput) -> Result<SupplierDraft, Vec<FieldError>> {
    let mut faults = Faults::default();
    let line = |text: &Option<String>, chars_max| {
        texts::one_line(text.as_deref().unwrap_or_default(), chars_max)
    };
    let draft = SupplierDraft {
        name: faults.text("name", texts::needed_line(&input.name, SUPPLIER_NAME_CHARS_MAX)),
        email: faults.text("email", line(&input.email, SUPPLIER_EMAIL_CHARS_MAX)),
        phone: faults.text("phone", line(&input.phone, SUPPLIER_PHONE_CHARS_MAX)),
        lead_days: input.lead_days,
        notes: faults.text(
            "notes",
            texts::many_lines(input.notes.as_deref().unwrap_or_default(), SUPPLIER_NOTES_CHARS_MAX),
        ),
    };
    if !draft.email.is_empty() && !is_address(&draft.email) {
        let detail = "Write an address like orders@example.com, or leave it empty.".to_owned();
        faults.add("email", "supplier-email", detail);
    }
    if draft.lead_days.is_some_and(|days| !(0..=LEAD_DAYS_MAX).contains(&days)) {
        let detail = format!("Write 0 to {LEAD_DAYS_MAX} days, or leave it empty.");
        faults.add("lead_days", "lead-days", detail);
    }
    faults.none_or(draft)
}

/// Something, an at sign, something, without blanks. Whether it arrives only a mail can tell.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    let is_part = |part: &str| !part.is_empty() && !part.contains(['@', ' ', ',', ';', '<', '>']);
    parts.is_some_and(|(name, host)| is_part(name) && is_part(host))
}

/// What a supplier calls and asks for an item, unchecked.
#[derive(Debug, Clone, Default)]
pub struct TermsInput {
    pub sku: Option<String>,
    pub pack_qty: Option<String>,
    pub last_price: Option<String>,
    pub is_preferred: bool,
}

/// What a supplier calls and asks for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub sku: String,
    /// They deliver whole multiples of this.
    pub pack_qty: Qty,
    /// Price of one unit, not of a pack.
    pub last_price: Option<Money>,
}

/// An item of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    pub item_rid: i64,
    pub item: ItemName,
    pub terms: Terms,
    /// The item is ordered here unless somebody says otherwise.
    pub is_preferred: bool,
}

/// Who delivers an item, in the item's own order: the first is preferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliverer {
    pub supplier_rid: i64,
    pub terms: Terms,
}

/// Checks what somebody wrote of an item and names every field that is wrong.
pub fn check_terms(input: &TermsInput) -> Result<Terms, Vec<FieldError>> {
    let mut faults = Faults::default();
    let sku = input.sku.as_deref().unwrap_or_default();
    let terms = Terms {
        sku: faults.text("sku", texts::one_line(sku, SUPPLIER_SKU_CHARS_MAX)),
        pack_qty: faults
            .amount("pack_qty", input.pack_qty.as_deref(), Qty::parse_step)
            .unwrap_or(Qty::ONE),
        last_price: faults.amount("last_price", input.last_price.as_deref(), Money::parse_price),
    };
    faults.none_or(terms)
}

/// The deliverers of an item with what one of them asks now; who is new comes last, and who is
/// preferred first.
pub fn with_terms(
    mut deliverers: Vec<Deliverer>,
    supplier_rid: i64,
    terms: Terms,
    is_preferred: bool,
) -> Result<Vec<Deliverer>> {
    let place = deliverers.iter().position(|one| one.supplier_rid == supplier_rid);
    let new = Deliverer { supplier_rid, terms };
    let was_first = place == Some(0);
    if let Some(place) = place {
        deliverers.remove(place);
    } else if deliverers.len() >= SUPPLIERS_PER_ITEM_MAX {
        let detail = format!("An item has at most {SUPPLIERS_PER_ITEM_MAX} suppliers.");
        return refuse("suppliers-too-many", detail);
    }
    let last = deliverers.len();
    let place = match (is_preferred, was_first) {
        (true, _) => 0,
        // Whoever is preferred no more goes behind the next one.
        (false, true) => last.min(1),
        (false, false) => place.unwrap_or(last).min(last),
    };
    deliverers.insert(place, new);
    Ok(deliverers)
}

/// The deliverers of an item with another first one, whose pack and price stay if they delivered
/// it before. None only takes the first one away.
pub fn with_first(mut deliverers: Vec<Deliverer>, first: Option<(i64, &str)>) -> Vec<Deliverer> {
    let known = |rid: i64, all: &[Deliverer]| {
        let found = all.iter().find(|one| one.supplier_rid == rid);
        found.map(|one| (one.terms.pack_qty, one.terms.last_price))
    };
    let new = first.map(|(supplier_rid, sku)| {
        let (pack_qty, last_price) = known(supplier_rid, &deliverers).unwrap_or((Qty::ONE, None));
        let terms = Terms { sku: sku.to_owned(), pack_qty, last_price };
        Deliverer { supplier_rid, terms }
    });
    if !deliverers.is_empty() {
        deliverers.remove(0);
    }
    deliverers.retain(|one| Some(one.supplier_rid) != new.as_ref().map(|new| new.supplier_rid));
    new.into_iter().chain(deliverers).collect()
}

/// The name belongs to another supplier.
pub fn name_taken(name: &str) -> Error {
    let detail = format!("Another supplier is called {name} already.");
    let refusal = Refusal::new("supplier-name-taken", &detail);
    refusal.field("name", "supplier-name-taken", &detail).into()
}

/// Refuses to delete a supplier whose orders are not at their end.
pub fn check_delete(order_numbers: &[String]) -> Result<()> {
    if order_numbers.is_empty() {
        return Ok(());
    }
    let orders = order_numbers.join(", ");
    let detail = format!("Orders are not at their end: {orders}. Close or cancel them first.");
    Err(Error::Conflict(Refusal::new("supplier-in-use", detail).with("orders", orders)))
}

/// There is no such supplier (any more).
pub fn supplier_unknown() -> Error {
    let detail = "There is no such supplier, or it is deleted.";
    Error::invalid("supplier_id", "unknown-supplier", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(sku: &str) -> Terms {
        Terms { sku: sku.to_owned(), pack_qty: Qty::ONE, last_price: None }
    }

    fn rows(deliverers: &[Deliverer]) -> Vec<i64> {
        deliverers.iter().map(|one| one.supplier_rid).collect()
    }

    #[test]
    fn who_is_preferred_stands_first_and_who_is_new_last() {
        let one = with_terms(Vec::new(), 1, terms("a"), false).unwrap();
        let two = with_terms(one, 2, terms("b"), false).unwrap();
        assert_eq!(rows(&two), [1, 2]);
        let three = with_terms(two, 3, terms("c"), true).unwrap();
        assert_eq!(rows(&three), [3, 1, 2]);
        let kept = with_terms(three.clone(), 1, terms("z"), false).unwrap();
        assert_eq!((rows(&kept), kept[1].terms.sku.as_str()), (vec![3, 1, 2], "z"));
        let stepped_back = with_terms(three, 3, terms("c"), false).unwrap();
        assert_eq!(rows(&stepped_back), [1, 3, 2]);
    }

    #[test]
    fn a_list_that_names_the_supplier_again_keeps_the_pack_and_the_price() {
        let priced = Terms { last_price: Some(Money::from_ten_thousandths(5)), ..terms("a") };
        let one = Deliverer { supplier_rid: 1, terms: priced.clone() };
        let two = Deliverer { supplier_rid: 2, terms: terms("b") };
        let again = with_first(vec![one.clone(), two.clone()], Some((1, "z")));
        assert_eq!(again[0].terms, Terms { sku: "z".to_owned(), ..priced });
        assert_eq!(rows(&again), [1, 2]);
        assert_eq!(rows(&with_first(vec![one.clone(), two.clone()], Some((3, "c")))), [3, 2]);
        assert_eq!(rows(&with_first(vec![one, two], None)), [2]);
    }

    #[test]
    fn an_item_has_at_most_twenty_suppliers() {
        let full: Vec<_> =
            (0..20).map(|supplier_rid| Deliverer { supplier_rid, terms: terms("") }).collect();
        let refused = with_terms(full.clone(), 20, terms(""), false).unwrap_err();
        assert!(refused.to_string().starts_with("suppliers-too-many"));
        assert_eq!(with_terms(full, 19, terms(""), true).unwrap().len(), 20);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let input = SupplierInput {
            name: " ".to_owned(),
            email: Some("a b@c".to_owned()),
            phone: Some("1".repeat(65)),
            lead_days: Some(1_000),
            notes: None,
        };
        let fields: Vec<_> = check(&input).unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["name", "phone", "email", "lead_days"]);
    }
}
