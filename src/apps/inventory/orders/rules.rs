//! What an order may be and what may be done with it.

pub mod receiving;
pub mod restocking;

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::{Faults, ItemId};
use crate::apps::inventory::movements::rules::ItemName;
use crate::apps::inventory::suppliers::rules::SupplierId;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Refusal, Result, code, refuse};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

/// A purchase order.
pub enum Order {}
pub type OrderId = Id<Order>;
/// A line of an order.
pub enum OrderLine {}
pub type OrderLineId = Id<OrderLine>;

pub const PO_NUMBER_CHARS_MAX: usize = 64;
pub const ORDER_NOTES_CHARS_MAX: usize = 4_000;
pub const LINE_NOTE_CHARS_MAX: usize = 500;
/// Lines of one order.
pub const ORDER_LINES_MAX: usize = 1_000;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code(
        "order-number-taken",
        "Another order already has this number.",
        "Use another number, or leave it out to get the next one.",
    ),
    code(
        "order-numbers-used-up",
        "There is no next number for an order.",
        "Give the order a number of your own.",
    ),
    code(
        "order-lines-too-many",
        "An order has more than 1,000 lines.",
        "Divide it into several orders.",
    ),
    code("order-day", "The expected day cannot be read.", "Use a day like 2026-11-30."),
    code(
        "order-not-draft",
        "The order was sent; it does not change any more.",
        "Cancel it while nothing has arrived, and duplicate it.",
    ),
    code("order-empty", "An order without lines would be sent.", "Add what is to be ordered."),
    code(
        "order-not-open",
        "The order is not on its way: it is a draft, received or canceled.",
        "Look at its state; send a draft first.",
    ),
    code(
        "order-has-receipts",
        "Some of the order has arrived.",
        "Take the receipts back, or close the order short.",
    ),
    code(
        "order-nothing-received",
        "Nothing of the order has arrived, so it cannot be closed short.",
        "Cancel it.",
    ),
    code(
        "order-total-too-large",
        "The total of the order would be larger than can be kept.",
        "Check the prices, or divide the order.",
    ),
    code(
        "order-status",
        "There is no such state of an order.",
        "Use draft, submitted, received or canceled.",
    ),
    code(
        "order-lines-or-place",
        "A receipt has either lines or a place for all that is left.",
        "Send lines, or remaining_to.",
    ),
    code("unknown-order-line", "The order has no line with this id.", "Look the order up again."),
    code(
        "unknown-receipt-line",
        "The receipt has no movement with this id.",
        "Look the receipt up again.",
    ),
    code(
        "over-receipt",
        "More would have been received than was ordered and is let through beyond.",
        "Receive what is left. Post a movement for what came beyond, or raise the tolerance.",
    ),
    code(
        "over-receipt-percent",
        "The tolerance is not 0 to 100 percent.",
        "Write a number such as 5, with at most three decimals.",
    ),
    code(
        "receipt-empty",
        "Nothing would be received.",
        "Write what came; all of the order may have arrived already.",
    ),
    code(
        "receipts-too-many",
        "The order has as many receipts as it may.",
        "Close it short, and order the rest anew.",
    ),
    code(
        "receipt-op-mismatch",
        "The client_op belongs to another receipt.",
        "Make a new client_op for each delivery, and repeat it only with the same content.",
    ),
];

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Draft,
    Submitted,
    Received,
    Canceled,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Draft, Self::Submitted, Self::Received, Self::Canceled];

    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Received => "received",
            Self::Canceled => "canceled",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// How much of an order has arrived; it follows from the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptState {
    Nothing,
    Partial,
    Complete,
}

impl ReceiptState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Partial => "partial",
            Self::Complete => "complete",
        }
    }

    /// From whether any line got something, and whether any is short.
    pub fn of(has_some: bool, is_short: bool) -> Self {
        match (has_some, is_short) {
            (false, _) => Self::Nothing,
            (true, true) => Self::Partial,
            (true, false) => Self::Complete,
        }
    }
}

/// What somebody wrote, unchecked.
#[derive(Debug, Clone, Default)]
pub struct OrderInput {
    /// None takes the next number, or keeps the one that is there.
    pub po_number: Option<String>,
    pub supplier: Option<SupplierId>,
    pub expected_on: Option<String>,
    pub notes: Option<String>,
    pub lines: Vec<LineInput>,
}

/// A line as somebody wrote it, unchecked.
#[derive(Debug, Clone)]
pub struct LineInput {
    pub item: ItemId,
    pub req_qty: String,
    /// None takes the supplier's price, else the item's, else 0.
    pub unit_price: Option<String>,
    pub note: Option<String>,
}

/// An order whose own fields are within their bounds; its items are looked up later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDraft {
    pub po_number: Option<String>,
    pub supplier: Option<SupplierId>,
    pub expected_on: Option<String>,
    pub notes: String,
    pub lines: Vec<LineDraft>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDraft {
    pub item: ItemId,
    pub req_qty: Qty,
    pub unit_price: Option<Money>,
    pub note: String,
}

/// What a line says, whatever its item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTerms {
    /// Zero beside a fault.
    pub req_qty: Qty,
    pub unit_price: Option<Money>,
    pub note: String,
}

/// A line with all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    pub item_rid: i64,
    pub req_qty: Qty,
    pub unit_price: Money,
    pub pack_qty: Qty,
    pub note: String,
}

/// A line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    pub rid: i64,
    pub id: OrderLineId,
    pub item_rid: i64,
    pub item: ItemName,
    /// What the supplier calls it now.
    pub supplier_sku: String,
    pub req_qty: Qty,
    pub unit_price: Money,
    pub received_qty: Qty,
    pub pack_qty: Qty,
    pub note: String,
}

impl KeptLine {
    /// What is still to come; zero when more came than was ordered.
    pub fn remaining(&self) -> Qty {
        Self::left((self.req_qty, self.received_qty))
    }

    /// What is still to come of a quantity that was ordered, given what arrived.
    pub fn left((req_qty, received_qty): (Qty, Qty)) -> Qty {
        let left = req_qty.minus(received_qty).unwrap_or_default();
        if left.is_negative() { Qty::ZERO } else { left }
    }

    /// Quantity × price, rounded once. It fitted when the line was made.
    pub fn value(&self) -> Money {
        self.req_qty.times(self.unit_price).unwrap_or_default()
    }
}

/// An order as it is kept, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOrder {
    /// The row's number inside the file.
    pub rid: i64,
    pub id: OrderId,
    pub version: i64,
    pub po_number: String,
    pub supplier: Option<SupplierId>,
    pub supplier_rid: Option<i64>,
    /// As it was when the order was made.
    pub supplier_name: String,
    pub status: Status,
    /// It was closed although not all had arrived.
    pub is_short: bool,
    pub receipt_state: ReceiptState,
    pub expected_on: Option<String>,
    pub notes: String,
    pub total_cost: Money,
    pub lines: i64,
    pub created_at: Moment,
    pub created_by: Option<UserId>,
    pub updated_at: Moment,
    pub submitted_at: Option<Moment>,
    pub closed_at: Option<Moment>,
}

/// Which orders to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub status: Option<Status>,
    pub supplier: Option<SupplierId>,
    /// Expected from the first day to the last; what is not expected on a day is left out then.
    pub expected: (Option<String>, Option<String>),
}

/// Checks what somebody wrote and names every field that is wrong.
pub fn check(input: &OrderInput) -> Result<OrderDraft, Vec<FieldError>> {
    let mut faults = Faults::default();
    let number = input.po_number.as_deref();
    let draft = OrderDraft {
        po_number: faults.optional_line("po_number", number, PO_NUMBER_CHARS_MAX),
        supplier: input.supplier,
        expected_on: check_day(input.expected_on.as_deref(), &mut faults),
        notes: faults.text(
            "notes",
            texts::many_lines(input.notes.as_deref().unwrap_or_default(), ORDER_NOTES_CHARS_MAX),
        ),
        lines: check_lines(&input.lines, &mut faults),
    };
    faults.none_or(draft)
}

fn check_day(text: Option<&str>, faults: &mut Faults) -> Option<String> {
    match read_day("expected_on", text) {
        Ok(day) => day,
        Err(fault) => {
            faults.add("expected_on", fault.code, fault.detail);
            None
        }
    }
}

/// Reads a day; an empty text is none.
pub fn read_day(field: &str, text: Option<&str>) -> Result<Option<String>, FieldError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let day: Option<jiff::civil::Date> = text.parse().ok();
    // Written as it is kept: years have four digits and nothing stands behind the day.
    let day = day.map(|day| day.to_string()).filter(|day| day == text);
    day.map(Some).ok_or_else(|| FieldError::new(field, "order-day", "Use a day like 2026-11-30."))
}

fn check_lines(inputs: &[LineInput], faults: &mut Faults) -> Vec<LineDraft> {
    if inputs.len() > ORDER_LINES_MAX {
        let detail = format!("An order has at most {ORDER_LINES_MAX} lines.");
        faults.add("lines", "order-lines-too-many", detail);
        return Vec::new();
    }
    let line = |(position, input): (usize, &LineInput)| {
        let written = WrittenTerms {
            req_qty: &input.req_qty,
            unit_price: input.unit_price.as_deref(),
            note: input.note.as_deref().unwrap_or_default(),
        };
        let LineTerms { req_qty, unit_price, note } =
            check_terms(&format!("lines[{position}]."), written, faults);
        LineDraft { item: input.item, req_qty, unit_price, note }
    };
    inputs.iter().enumerate().map(line).collect()
}

/// What somebody wrote of a line, unchecked.
#[derive(Debug, Clone, Copy)]
pub struct WrittenTerms<'a> {
    pub req_qty: &'a str,
    pub unit_price: Option<&'a str>,
    pub note: &'a str,
}

/// Checks what a line says. `place` stands before the names of its fields, like `lines[2].`.
pub fn check_terms(place: &str, written: WrittenTerms<'_>, faults: &mut Faults) -> LineTerms {
    let named = |name: &str| format!("{place}{name}");
    let qty_name = named("req_qty");
    let qty = faults.amount(&qty_name, Some(written.req_qty), Qty::parse);
    if qty.is_some_and(|qty| !qty.is_positive()) {
        let detail = "Write how much is to be ordered, above zero.".to_owned();
        faults.add(&qty_name, "amount-zero", detail);
    }
    LineTerms {
        req_qty: qty.unwrap_or_default(),
        unit_price: faults.amount(&named("unit_price"), written.unit_price, Money::parse_price),
        note: faults.text(&named("note"), texts::one_line(written.note, LINE_NOTE_CHARS_MAX)),
    }
}

/// The sum of the lines, each rounded once.
pub fn total(lines: &[NewLine]) -> Result<Money> {
    let sum = sum(lines.iter().map(|line| (line.req_qty, line.unit_price)));
    let detail = "The total is larger than can be kept. Check the prices.";
    sum.ok_or_else(|| Refusal::new("order-total-too-large", detail).into())
}

/// The sum of quantities at their prices, each rounded once; none where it is too large to keep.
pub fn sum(mut lines: impl Iterator<Item = (Qty, Money)>) -> Option<Money> {
    lines.try_fold(Money::ZERO, |sum, (qty, price)| sum.plus(qty.times(price)?))
}

/// Refuses a quantity that could never be received to the last of it.
pub fn check_step(position: usize, qty: Qty, qty_step: Qty) -> Result<()> {
    if qty.is_multiple_of(qty_step) {
        return Ok(());
    }
    let detail = format!("The quantity must be a multiple of {qty_step}.");
    let refusal = Refusal::new("qty-step", &detail).with("qty_step", qty_step.to_string());
    Err(refusal.field(&format!("lines[{position}].req_qty"), "qty-step", &detail).into())
}

/// Says of which line of a request an error speaks.
pub fn in_line(position: usize, error: Error) -> Error {
    let placed = |mut fault: FieldError| {
        fault.field = format!("lines[{position}].{}", fault.field);
        fault
    };
    match error {
        Error::Invalid(faults) => Error::Invalid(faults.into_iter().map(placed).collect()),
        Error::Rule(mut refusal) => {
            refusal.fields = refusal.fields.into_iter().map(placed).collect();
            Error::Rule(refusal)
        }
        other => other,
    }
}

/// Only drafts change: what was sent to a supplier stands as it was sent.
pub fn check_draft(order: &KeptOrder) -> Result<()> {
    if order.status == Status::Draft {
        return Ok(());
    }
    let detail = format!(
        "Order {} is {}. Only drafts change; cancel it while nothing has arrived, and duplicate \
         it.",
        order.po_number,
        order.status.name()
    );
    Err(Error::conflict("order-not-draft", detail))
}

/// Refuses to send what orders nothing. That its quantities are above zero was checked before.
pub fn check_submit(order: &KeptOrder) -> Result<()> {
    check_draft(order)?;
    if order.lines == 0 {
        return refuse("order-empty", "Add what is to be ordered first.");
    }
    Ok(())
}

/// Goods arrive only on orders that are on their way.
pub fn check_open(order: &KeptOrder) -> Result<()> {
    if order.status == Status::Submitted {
        return Ok(());
    }
    let detail = format!("Order {} is {}.", order.po_number, order.status.name());
    Err(Error::conflict("order-not-open", detail))
}

/// An order is canceled while nothing of it is there.
pub fn check_cancel(order: &KeptOrder) -> Result<()> {
    if !matches!(order.status, Status::Draft | Status::Submitted) {
        return check_open(order);
    }
    if order.receipt_state != ReceiptState::Nothing {
        let detail = "Some of this order has arrived. Take the receipts back, or close it short.";
        return Err(Error::conflict("order-has-receipts", detail));
    }
    Ok(())
}

/// An order is closed short when some of it came and the rest will not.
pub fn check_close(order: &KeptOrder) -> Result<()> {
    check_open(order)?;
    if order.receipt_state == ReceiptState::Nothing {
        let detail = "Nothing of this order has arrived. Cancel it.";
        return Err(Error::conflict("order-nothing-received", detail));
    }
    Ok(())
}

/// The number belongs to another order.
pub fn number_taken(po_number: &str) -> Error {
    let detail = format!("Another order already has the number {po_number}.");
    let refusal = Refusal::new("order-number-taken", &detail);
    refusal.field("po_number", "order-number-taken", &detail).into()
}

/// What the box calls an order that came without a number.
pub fn made_number(number: i64) -> String {
    format!("PO-{number:04}")
}

pub fn number_key(po_number: &str) -> String {
    texts::identity_key(po_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(qty: i64, price: i64) -> NewLine {
        NewLine {
            item_rid: 1,
            req_qty: Qty::from_thousandths(qty).unwrap(),
            unit_price: Money::from_ten_thousandths(price),
            pack_qty: Qty::ONE,
            note: String::new(),
        }
    }

    #[test]
    fn each_line_is_rounded_once_and_then_added() {
        // 0.333 × 0.0500 = 0.01665, kept as 0.0167; three of them are 0.0501, not 0.0500.
        let lines = [line(333, 500), line(333, 500), line(333, 500)];
        assert_eq!(total(&lines).unwrap().to_string(), "0.0501");
        let huge = line(99_999_999_999_999, 99_999_999_999_999);
        let refused = total(&[huge]).unwrap_err().to_string();
        assert!(refused.starts_with("order-total-too-large"), "{refused}");
    }

    #[test]
    fn a_day_is_one_that_there_is() {
        for (text, kept) in [
            (Some("2026-11-30"), Some("2026-11-30")),
            (Some(""), None),
            (None, None),
            (Some("2026-02-30"), None),
            (Some("2026-11-30T10:00"), None),
            (Some("30.11.2026"), None),
        ] {
            let mut faults = Faults::default();
            let day = check_day(text, &mut faults);
            assert_eq!(day.as_deref(), kept, "{text:?}");
            let is_wrong = kept.is_none() && text.is_some_and(|text| !text.is_empty());
            assert_eq!(faults.none_or(()).is_err(), is_wrong, "{text:?}");
        }
    }

    #[test]
    fn how_much_arrived_follows_from_the_lines() {
        assert_eq!(ReceiptState::of(false, true), ReceiptState::Nothing);
        assert_eq!(ReceiptState::of(true, true), ReceiptState::Partial);
        assert_eq!(ReceiptState::of(true, false), ReceiptState::Complete);
    }
}
