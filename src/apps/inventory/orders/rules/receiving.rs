//! What may arrive of an order.

use super::{KeptLine, OrderLineId};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::Faults;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::{
    ItemName, MovementId, PlaceName, REFERENCE_CHARS_MAX,
};
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Refusal, Result, refuse};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

/// A delivery that was received.
pub enum Receipt {}
pub type ReceiptId = Id<Receipt>;
/// What the sender made so that a delivery sent twice is one receipt.
pub enum ClientOp {}
pub type ClientOpId = Id<ClientOp>;

/// Lines of one receipt.
pub const RECEIPT_LINES_MAX: usize = 1_000;
/// Receipts of one order.
pub const RECEIPTS_MAX: i64 = 200;
/// The whole of a line, in thousandths of a percent.
const WHOLE: i64 = 100_000;

/// What came, as somebody wrote it, unchecked.
#[derive(Debug, Clone)]
pub struct ReceiptInput {
    pub client_op: ClientOpId,
    pub delivery_reference: Option<String>,
    pub lines: Vec<ReceiptLineInput>,
    /// All that is left goes to this place, in place of lines.
    pub remaining_to: Option<LocationId>,
}

#[derive(Debug, Clone)]
pub struct ReceiptLineInput {
    pub line: OrderLineId,
    pub qty: String,
    pub place: LocationId,
    /// None takes the price of the order.
    pub unit_price: Option<String>,
}

/// What came; its own fields are within their bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptDraft {
    pub client_op: ClientOpId,
    pub delivery_reference: String,
    pub lines: Vec<ReceiptLineDraft>,
    pub remaining_to: Option<LocationId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptLineDraft {
    pub line: OrderLineId,
    pub qty: Qty,
    pub place: LocationId,
    pub unit_price: Option<Money>,
}

impl ReceiptDraft {
    /// All it says but its `client_op`, in one spelling: what makes a repetition one.
    pub fn canonical(&self, order: super::OrderId) -> String {
        let reference = &self.delivery_reference;
        let rest = self.remaining_to.map(|place| place.to_string()).unwrap_or_default();
        let head = format!("{order}\n{}\n{reference}\n{rest}\n", reference.len());
        let lines = self.lines.iter().map(|line| {
            let price = line.unit_price.map(|price| price.to_string()).unwrap_or_default();
            format!("{} {} {} {price}\n", line.line, line.qty, line.place)
        });
        std::iter::once(head).chain(lines).collect()
    }
}

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReceipt {
    pub rid: i64,
    pub id: ReceiptId,
    pub delivery_reference: String,
    pub received_at: Moment,
    pub received_by: Option<UserId>,
    pub lines: Vec<KeptReceiptLine>,
}

/// What came of a line to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReceiptLine {
    pub line: OrderLineId,
    pub line_rid: i64,
    pub item: ItemName,
    pub place: PlaceName,
    pub qty: Qty,
    pub unit_price: Money,
    pub value: Money,
    pub movement: MovementId,
    /// The movement that took it back.
    pub reversed_by: Option<MovementId>,
}

/// How much more of a line than was ordered may come, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tolerance(i64);

impl Tolerance {
    /// Reads percent with at most three decimals.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |detail: &str| Error::invalid("over_receipt", "over-receipt-percent", detail);
        let percent = Qty::parse_limit(text).map_err(|fault| wrong(&fault.to_string()))?;
        Self::from_thousandths(percent.thousandths())
            .ok_or_else(|| wrong("Write 0 to 100 percent."))
    }

    pub fn from_thousandths(thousandths: i64) -> Option<Self> {
        (0..=WHOLE).contains(&thousandths).then_some(Self(thousandths))
    }

    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// The most that may arrive of a quantity, cut to thousandths.
    fn most(self, qty: Qty) -> Qty {
        let most = i128::from(qty.thousandths()) * i128::from(WHOLE + self.0) / i128::from(WHOLE);
        let most = i64::try_from(most).ok().and_then(Qty::from_thousandths);
        most.unwrap_or(qty)
    }
}

/// `5.000`, percent with all three decimals.
impl std::fmt::Display for Tolerance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Checks what somebody wrote and names every field that is wrong.
pub fn check(input: &ReceiptInput) -> Result<ReceiptDraft> {
    let mut faults = Faults::default();
    let reference = input.delivery_reference.as_deref().unwrap_or_default();
    if input.lines.is_empty() != input.remaining_to.is_some() {
        let detail = "Send lines, or the place that all that is left goes to.".to_owned();
        faults.add("lines", "order-lines-or-place", detail);
    }
    if input.lines.len() > RECEIPT_LINES_MAX {
        let detail = format!("A receipt has at most {RECEIPT_LINES_MAX} lines.");
        faults.add("lines", "order-lines-too-many", detail);
    }
    let draft = ReceiptDraft {
        client_op: input.client_op,
        delivery_reference: faults
            .text("delivery_reference", texts::one_line(reference, REFERENCE_CHARS_MAX)),
        lines: input
            .lines
            .iter()
            .take(RECEIPT_LINES_MAX)
            .enumerate()
            .map(|(position, line)| check_line(position, line, &mut faults))
            .collect(),
        remaining_to: input.remaining_to,
    };
    faults.none_or(draft).map_err(Error::Invalid)
}

fn check_line(position: usize, line: &ReceiptLineInput, faults: &mut Faults) -> ReceiptLineDraft {
    let field = |name: &str| format!("lines[{position}].{name}");
    let qty = faults.amount(&field("qty"), Some(&line.qty), Qty::parse);
    if qty.is_some_and(|qty| !qty.is_positive()) {
        let detail = "Write what came, above zero; leave out what did not.".to_owned();
        faults.add(&field("qty"), "amount-zero", detail);
    }
    let price = line.unit_price.as_deref();
    ReceiptLineDraft {
        line: line.line,
        qty: qty.unwrap_or_default(),
        place: line.place,
        unit_price: faults.amount(&field("unit_price"), price, Money::parse_price),
    }
}

/// Refuses more receipts than an order can show.
pub fn check_count(receipts: i64) -> Result<()> {
    if receipts < RECEIPTS_MAX {
        return Ok(());
    }
    let detail = format!("An order has at most {RECEIPTS_MAX} receipts. Order the rest anew.");
    refuse("receipts-too-many", detail)
}

/// What arrives of a line of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    pub line: &'a KeptLine,
    pub qty: Qty,
    pub place: LocationId,
    pub unit_price: Money,
}

/// Decides what arrives, each line within what was ordered and what may come beyond.
pub fn plan<'a>(
    draft: &ReceiptDraft,
    lines: &'a [KeptLine],
    tolerance: Tolerance,
) -> Result<Vec<Arrival<'a>>> {
    let arrivals = match draft.remaining_to {
        Some(place) => remaining(lines, place),
        None => written(draft, lines)?,
    };
    if arrivals.is_empty() {
        return refuse("receipt-empty", "All of this order has arrived already.");
    }
    for line in lines {
        let comes = arrivals.iter().filter(|one| one.line.rid == line.rid);
        let sum = comes.clone().try_fold(line.received_qty, |sum, one| sum.plus(one.qty));
        if comes.count() > 0 && sum.is_none_or(|sum| sum > tolerance.most(line.req_qty)) {
            let position = arrivals.iter().rposition(|one| one.line.rid == line.rid);
            return Err(over_receipt(position.unwrap_or_default(), line, tolerance));
        }
    }
    Ok(arrivals)
}

fn remaining(lines: &[KeptLine], place: LocationId) -> Vec<Arrival<'_>> {
    let arrives = |line| {
        let qty = KeptLine::remaining(line);
        qty.is_positive().then_some(Arrival { line, qty, place, unit_price: line.unit_price })
    };
    lines.iter().filter_map(arrives).collect()
}

fn written<'a>(draft: &ReceiptDraft, lines: &'a [KeptLine]) -> Result<Vec<Arrival<'a>>> {
    let arrives = |(position, one): (usize, &ReceiptLineDraft)| {
        let line = lines.iter().find(|line| line.id == one.line).ok_or_else(|| {
            let field = format!("lines[{position}].line_id");
            Error::invalid(&field, "unknown-order-line", "The order has no such line.")
        })?;
        let unit_price = one.unit_price.unwrap_or(line.unit_price);
        Ok(Arrival { line, qty: one.qty, place: one.place, unit_price })
    };
    draft.lines.iter().enumerate().map(arrives).collect()
}

fn over_receipt(position: usize, line: &KeptLine, tolerance: Tolerance) -> Error {
    let left = tolerance.most(line.req_qty).minus(line.received_qty).unwrap_or_default();
    let left = if left.is_negative() { Qty::ZERO } else { left };
    let name = &line.item.item_number;
    let detail = format!(
        "Of {name}, {} were ordered and {} have arrived; at most {left} more may come.",
        line.req_qty, line.received_qty
    );
    let refusal = Refusal::new("over-receipt", &detail).with("remaining", left.to_string());
    refusal.field(&format!("lines[{position}].qty"), "over-receipt", &detail).into()
}

/// The movements of a receipt to take back: those that are named, or all that are left.
pub fn to_reverse(receipt: &KeptReceipt, wanted: &[MovementId]) -> Result<Vec<MovementId>> {
    let own = |id: &MovementId| receipt.lines.iter().any(|line| line.movement == *id);
    if let Some(position) = wanted.iter().position(|id| !own(id)) {
        let detail = "The receipt has no such movement.";
        let field = format!("movement_ids[{position}]");
        return Err(Error::invalid(&field, "unknown-receipt-line", detail));
    }
    if !wanted.is_empty() {
        return Ok(wanted.to_vec());
    }
    let left = receipt.lines.iter().filter(|line| line.reversed_by.is_none());
    let left: Vec<_> = left.map(|line| line.movement).collect();
    if left.is_empty() {
        let detail = "All of this receipt was already taken back.";
        return Err(Error::conflict("already-reversed", detail));
    }
    Ok(left)
}

/// The same operation was sent before with other words.
pub fn op_mismatch() -> Error {
    let detail = "This client_op belongs to another receipt. Make a new one for each delivery.";
    Error::conflict("receipt-op-mismatch", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qty(text: &str) -> Qty {
        Qty::parse(text).unwrap()
    }

    fn line(rid: i64, req: &str, received: &str) -> KeptLine {
        KeptLine {
            rid,
            id: OrderLineId::from_bytes([u8::try_from(rid).unwrap(); 16]),
            item_rid: rid,
            item: ItemName {
                id: Id::from_bytes([0; 16]),
                item_number: format!("I-{rid}"),
                name: "Thing".to_owned(),
                unit: "kg".to_owned(),
            },
            supplier_sku: String::new(),
            req_qty: qty(req),
            unit_price: Money::from_ten_thousandths(20_000),
            received_qty: qty(received),
            pack_qty: Qty::ONE,
            note: String::new(),
        }
    }

    fn came(lines: &[(i64, &str)]) -> ReceiptDraft {
        let line = |(rid, came): &(i64, &str)| ReceiptLineDraft {
            line: OrderLineId::from_bytes([u8::try_from(*rid).unwrap(); 16]),
            qty: qty(came),
            place: Id::from_bytes([9; 16]),
            unit_price: None,
        };
        ReceiptDraft {
            client_op: Id::from_bytes([7; 16]),
            delivery_reference: String::new(),
            lines: lines.iter().map(line).collect(),
            remaining_to: None,
        }
    }

    #[test]
    fn exactly_the_rest_may_come_and_a_thousandth_more_may_not() {
        let lines = [line(1, "4.200", "2.100")];
        let none = Tolerance::default();

        assert_eq!(plan(&came(&[(1, "2.100")]), &lines, none).unwrap().len(), 1);
        let over = plan(&came(&[(1, "2.101")]), &lines, none).unwrap_err();
        let Error::Rule(refusal) = over else { panic!("{over:?}") };
        assert_eq!(refusal.code, "over-receipt");
        assert_eq!(refusal.extra, [("remaining", "2.100".to_owned())]);
        // Divided between two places it is as much.
        let divided = came(&[(1, "2.000"), (1, "0.101")]);
        assert!(plan(&divided, &lines, none).is_err());
    }

    #[test]
    fn a_tolerance_lets_so_much_more_in() {
        let five = Tolerance::parse("5").unwrap();
        let lines = [line(1, "10", "0")];
        assert!(plan(&came(&[(1, "10.5")]), &lines, five).is_ok());
        assert!(plan(&came(&[(1, "10.501")]), &lines, five).is_err());
        assert_eq!(five.to_string(), "5.000");
        for wrong in ["100.001", "-1", "1e1", ""] {
            assert!(Tolerance::parse(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(Tolerance::parse("100").unwrap().most(qty("99999999999")), qty("99999999999"));
    }

    #[test]
    fn all_that_is_left_is_what_is_short() {
        let lines = [line(1, "10", "10"), line(2, "5", "2"), line(3, "1", "0")];
        let place = Id::from_bytes([9; 16]);
        let mut draft = came(&[]);
        draft.remaining_to = Some(place);
        let arrivals = plan(&draft, &lines, Tolerance::default()).unwrap();
        let told: Vec<_> = arrivals.iter().map(|one| (one.line.rid, one.qty)).collect();
        assert_eq!(told, [(2, qty("3")), (3, qty("1"))]);
        let full = [line(1, "10", "10")];
        let empty = plan(&draft, &full, Tolerance::default()).unwrap_err().to_string();
        assert!(empty.starts_with("receipt-empty"), "{empty}");
    }

    #[test]
    fn other_words_are_no_repetition() {
        let order = Id::from_bytes([1; 16]);
        let first = came(&[(1, "1")]);
        assert_eq!(first.canonical(order), came(&[(1, "1.000")]).canonical(order));
        assert_ne!(first.canonical(order), came(&[(1, "2")]).canonical(order));
        assert_ne!(first.canonical(order), first.canonical(Id::from_bytes([2; 16])));
    }
}
