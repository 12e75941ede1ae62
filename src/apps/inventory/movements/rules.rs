//! What may be posted. Nothing here knows where facts come from; `ops` brings them.

use crate::apps::inventory::amounts::{Money, Qty};
use crate::apps::inventory::items::rules::costing::ItemCost;
use crate::apps::inventory::items::rules::{Faults, ItemId, TempZone};
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code, refuse};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

pub mod journal;
mod valuation;

pub use valuation::Totals;
use valuation::{qty_too_large, value_of, value_of_reversal, value_too_large};

#[cfg(test)]
mod tests;

/// An entry of the ledger.
pub enum Movement {}
pub type MovementId = Id<Movement>;
/// Both legs of a transfer.
pub enum Transfer {}
pub type TransferId = Id<Transfer>;

pub const NOTE_CHARS_MAX: usize = 500;
pub const REFERENCE_CHARS_MAX: usize = 200;
pub const OVERRIDE_REASON_CHARS_MAX: usize = 500;
/// How far ahead of ours a sender's clock may be; later moments are refused.
pub const CLOCK_AHEAD_S_MAX: u64 = 300;
/// 2000-01-01: nothing is entered before.
pub const EFFECTIVE_AT_MIN: Moment = Moment(946_684_800_000);

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code("movement-empty", "A movement of nothing.", "Write a quantity other than zero."),
    code(
        "movement-sign",
        "A receipt, use or transfer has a quantity below zero.",
        "Write it above zero; only adjustments have a sign.",
    ),
    code(
        "movement-type",
        "There is no such kind of movement.",
        "Use receive, use, adjust or transfer.",
    ),
    code(
        "movement-gone",
        "The item or the place of the movement was deleted.",
        "Restore it first.",
    ),
    code(
        "moment-bad",
        "A time cannot be read.",
        "Use a time with its offset, like 2026-11-21T14:00:00Z.",
    ),
    code(
        "effective-in-future",
        "A movement would take effect in the future.",
        "Look at the clock of the device.",
    ),
    code(
        "effective-too-old",
        "A movement would take effect before the year 2000.",
        "Correct the date.",
    ),
    code(
        "unit-cost-unexpected",
        "A price was given for goods that go out.",
        "Leave it out: what goes out has the average cost.",
    ),
    code(
        "stock-short",
        "There is less at the place than is to go out, now or at a moment since then.",
        "Take less, correct the stock, or ask an admin to allow it with a reason.",
    ),
    code("above-stock", "The quantity is above what is there.", "Take less."),
    code(
        "qty-step",
        "The quantity is not a multiple of the item's step.",
        "Use whole steps; all that is left may always be taken.",
    ),
    code(
        "qty-too-large",
        "The quantity on hand would be larger than can be kept.",
        "Use a larger unit.",
    ),
    code(
        "value-too-large",
        "The worth of the stock would be larger than can be kept.",
        "Check the price.",
    ),
    code(
        "transfer-same-place",
        "Goods would be transferred to where they are.",
        "Choose another place.",
    ),
    code("already-reversed", "The movement was already taken back.", "Nothing is left to do."),
    code(
        "reversal-of-reversal",
        "A movement that takes another back cannot be taken back itself.",
        "Post a new movement instead.",
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementType {
    Receive,
    Use,
    Adjust,
    Transfer,
}

impl MovementType {
    pub const ALL: [Self; 4] = [Self::Receive, Self::Use, Self::Adjust, Self::Transfer];

    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Use => "use",
            Self::Adjust => "adjust",
            Self::Transfer => "transfer",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What somebody wrote, unchecked. A transfer has neither cost nor moment.
#[derive(Debug, Clone)]
pub struct MovementInput {
    pub kind: MovementType,
    pub qty: String,
    pub unit_cost: Option<String>,
    pub note: Option<String>,
    pub reference: Option<String>,
    pub effective_at: Option<Moment>,
    pub override_reason: Option<String>,
}

/// A movement as asked for; its own fields are within their bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementDraft {
    pub kind: MovementType,
    /// Signed; for a transfer what leaves the first place, below zero.
    pub qty: Qty,
    pub unit_cost: Option<Money>,
    pub remarks: Remarks,
    pub effective_at: Moment,
}

/// What somebody wrote beside a movement, within its bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    pub note: String,
    pub reference: String,
    pub override_reason: Option<String>,
}

impl Remarks {
    fn read(
        note: Option<&str>,
        reference: Option<&str>,
        override_reason: Option<&str>,
        faults: &mut Faults,
    ) -> Self {
        let note = texts::many_lines(note.unwrap_or_default(), NOTE_CHARS_MAX);
        let reference = texts::one_line(reference.unwrap_or_default(), REFERENCE_CHARS_MAX);
        Self {
            note: faults.text("note", note),
            reference: faults.text("reference", reference),
            override_reason: faults.optional_line(
                "override_reason",
                override_reason,
                OVERRIDE_REASON_CHARS_MAX,
            ),
        }
    }

    /// Checks what somebody wrote beside a reversal.
    pub fn check(note: Option<&str>, override_reason: Option<&str>) -> Result<Self> {
        let mut faults = Faults::default();
        let remarks = Self::read(note, None, override_reason, &mut faults);
        faults.none_or(remarks).map_err(Error::Invalid)
    }
}

/// Checks the fields and gives the quantity its sign.
pub fn check(input: &MovementInput, now: Moment) -> Result<MovementDraft> {
    let mut faults = Faults::default();
    let qty = faults.amount("qty", Some(&input.qty), Qty::parse);
    let cost = faults.amount("unit_cost", input.unit_cost.as_deref(), Money::parse_price);
    let remarks = Remarks::read(
        input.note.as_deref(),
        input.reference.as_deref(),
        input.override_reason.as_deref(),
        &mut faults,
    );
    let effective_at = check_moment(input.effective_at, now, &mut faults);
    let qty = faults.none_or(qty).map_err(Error::Invalid)?.unwrap_or_default();
    let qty = signed(input.kind, qty)?;
    if cost.is_some() && (qty.is_negative() || input.kind == MovementType::Transfer) {
        let detail = "What goes out has the average cost; only what comes in has a price.";
        return Err(Error::invalid("unit_cost", "unit-cost-unexpected", detail));
    }
    Ok(MovementDraft { kind: input.kind, qty, unit_cost: cost, remarks, effective_at })
}

fn check_moment(wished: Option<Moment>, now: Moment, faults: &mut Faults) -> Moment {
    let Some(wished) = wished else { return now };
    if wished.since(now).as_secs() > CLOCK_AHEAD_S_MAX {
        let detail = "This moment has not come yet.".to_owned();
        faults.add("effective_at", "effective-in-future", detail);
    }
    if wished < EFFECTIVE_AT_MIN {
        let detail = "Nothing is entered before the year 2000.".to_owned();
        faults.add("effective_at", "effective-too-old", detail);
    }
    // A clock slightly ahead means now: stock never waits for its own time.
    wished.min(now)
}

/// The quantity as the ledger counts it.
fn signed(kind: MovementType, qty: Qty) -> Result<Qty> {
    if qty.is_zero() {
        let detail = "A movement needs a quantity other than zero.";
        let refusal = Refusal::new("movement-empty", detail);
        return Err(refusal.field("qty", "movement-empty", detail).into());
    }
    match kind {
        MovementType::Adjust => Ok(qty),
        _ if qty.is_negative() => {
            let detail = format!("Write what to {} as a quantity above zero.", kind.name());
            let refusal = Refusal::new("movement-sign", &detail);
            Err(refusal.field("qty", "movement-sign", &detail).into())
        }
        MovementType::Receive => Ok(qty),
        MovementType::Use | MovementType::Transfer => Ok(qty.negated()),
    }
}

/// An entry of the ledger as it is kept, with the names of what it moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMovement {
    pub seq: i64,
    pub id: MovementId,
    pub kind: MovementType,
    pub item: ItemName,
    pub place: PlaceName,
    pub qty: Qty,
    pub unit_cost: Option<Money>,
    pub value: Money,
    pub note: String,
    pub reference: String,
    pub effective_at: Moment,
    pub posted_at: Moment,
    pub posted_by: Option<UserId>,
    pub transfer: Option<TransferId>,
    /// The movement it takes back, and the one that takes it back.
    pub reverses: Option<MovementId>,
    pub reversed_by: Option<MovementId>,
    pub override_reason: Option<String>,
    /// The row of the line of a receipt that brought the goods.
    pub receipt_line: Option<i64>,
}

/// What an item is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemName {
    pub id: ItemId,
    pub item_number: String,
    pub name: String,
    pub unit: String,
}

/// What a place is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceName {
    pub id: LocationId,
    pub code: String,
    pub name: String,
}

/// What is known about the item and the place when a movement is posted.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub qty_step: Qty,
    /// The item's own price: for what comes in without one, or for all that comes in.
    pub cost: ItemCost,
    pub totals: Totals,
    /// At the place, now.
    pub on_hand: Qty,
    /// At the place, the lowest balance from the movement's moment until now.
    pub lowest: Qty,
}

/// Who asks, as far as going below zero is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overriding {
    Allowed,
    NotAllowed,
}

/// What to insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub qty: Qty,
    pub unit_cost: Option<Money>,
    pub value: Money,
    pub override_reason: Option<String>,
    /// The item's totals after it.
    pub totals: Totals,
}

/// Decides a receipt, a use or an adjustment.
pub fn plan(draft: &MovementDraft, facts: &Facts, overriding: Overriding) -> Result<Posting> {
    check_step(draft.qty, facts)?;
    plan_counted(draft, facts, overriding)
}

/// Decides an adjustment that was counted: what is left over may be of any size.
pub fn plan_counted(
    draft: &MovementDraft,
    facts: &Facts,
    overriding: Overriding,
) -> Result<Posting> {
    let override_reason =
        check_stock(draft.qty, facts, draft.remarks.override_reason.as_deref(), overriding)?;
    let price = price(draft, facts);
    let value = value_of(facts.totals, draft.qty, price)?;
    let paid = draft.unit_cost.filter(|_| facts.cost.standard().is_none());
    let unit_cost = paid.or_else(|| value.per_unit(draft.qty));
    let totals = facts.totals.plus(draft.qty, value)?;
    check_place_range(draft.qty, facts)?;
    Ok(Posting { qty: draft.qty, unit_cost, value, override_reason, totals })
}

/// Decides both legs of a transfer: out of the first place, into the second. Worth moves along
/// and its sum stays.
pub fn plan_transfer(
    draft: &MovementDraft,
    from: &Facts,
    to_on_hand: Qty,
    overriding: Overriding,
) -> Result<(Posting, Posting)> {
    let out = plan(draft, from, overriding)?;
    let back = draft.qty.negated();
    let to = Facts { on_hand: to_on_hand, ..*from };
    check_place_range(back, &to)?;
    let value = out.value.negated().ok_or_else(value_too_large)?;
    let into = Posting {
        qty: back,
        unit_cost: out.unit_cost,
        value,
        override_reason: None,
        totals: from.totals,
    };
    Ok((out, into))
}

/// A movement that is to be taken back.
#[derive(Debug, Clone, Copy)]
pub struct Original {
    pub kind: MovementType,
    pub qty: Qty,
    pub unit_cost: Option<Money>,
    pub value: Money,
    pub is_reversal: bool,
    pub is_reversed: bool,
}

/// Refuses what cannot be taken back.
pub fn check_reversible(original: &Original) -> Result<()> {
    if original.is_reversal {
        let detail = "This movement takes another one back. Post a new movement instead.";
        return refuse("reversal-of-reversal", detail);
    }
    if original.is_reversed {
        let detail = "This movement was already taken back.";
        return Err(Error::conflict("already-reversed", detail));
    }
    Ok(())
}

/// Decides the movement that takes `original` back, at its value.
pub fn plan_reversal(
    original: &Original,
    facts: &Facts,
    override_reason: Option<&str>,
    overriding: Overriding,
) -> Result<Posting> {
    let qty = original.qty.negated();
    let override_reason = check_stock(qty, facts, override_reason, overriding)?;
    let value = if original.kind == MovementType::Transfer {
        original.value.negated().ok_or_else(value_too_large)?
    } else {
        value_of_reversal(facts.totals, qty, original.value)?
    };
    let totals = facts.totals.plus(qty, value)?;
    check_place_range(qty, facts)?;
    Ok(Posting { qty, unit_cost: original.unit_cost, value, override_reason, totals })
}

/// What an adjustment would change the worth by as things are now; none beyond the range of money.
pub fn adjustment_value(totals: Totals, cost: ItemCost, qty: Qty) -> Option<Money> {
    value_of(totals, qty, price_of_found(totals, cost)).ok()
}

/// What is found has the average, else the item's price; at standard cost that alone.
fn price_of_found(totals: Totals, cost: ItemCost) -> Money {
    let usual = || totals.average().or(cost.price).unwrap_or_default();
    cost.standard().unwrap_or_else(usual)
}

/// What comes in has its own price, else the item's, else the average; at standard cost the item's
/// alone, whatever was paid.
fn price(draft: &MovementDraft, facts: &Facts) -> Money {
    if draft.kind != MovementType::Receive {
        return draft.unit_cost.unwrap_or_else(|| price_of_found(facts.totals, facts.cost));
    }
    let usual = || facts.cost.price.or(facts.totals.average()).unwrap_or_default();
    facts.cost.standard().unwrap_or_else(|| draft.unit_cost.unwrap_or_else(usual))
}

/// A quantity is a whole number of steps, or all that is left.
fn check_step(qty: Qty, facts: &Facts) -> Result<()> {
    let empties = facts.on_hand.plus(qty).is_some_and(Qty::is_zero);
    if qty.is_multiple_of(facts.qty_step) || empties {
        return Ok(());
    }
    let detail = format!("The quantity must be a multiple of {}.", facts.qty_step);
    let refusal = Refusal::new("qty-step", &detail).with("qty_step", facts.qty_step.to_string());
    Err(refusal.field("qty", "qty-step", &detail).into())
}

/// Refuses to go below zero, now or at any moment since the movement's own. Gives the reason to
/// keep when somebody allowed it.
fn check_stock(
    qty: Qty,
    facts: &Facts,
    override_reason: Option<&str>,
    overriding: Overriding,
) -> Result<Option<String>> {
    let least = facts.on_hand.min(facts.lowest);
    let is_short = least.plus(qty).is_none_or(Qty::is_negative);
    if !qty.is_negative() || !is_short {
        return Ok(None);
    }
    match (override_reason, overriding) {
        (Some(reason), Overriding::Allowed) => Ok(Some(reason.to_owned())),
        (Some(_), Overriding::NotAllowed) => Err(Error::Forbidden { needed: "inventory.override" }),
        (None, _) => Err(stock_short(qty.negated(), facts, least).into()),
    }
}

fn stock_short(wanted: Qty, facts: &Facts, least: Qty) -> Refusal {
    let on_hand = facts.on_hand;
    let detail = if on_hand < wanted {
        format!("Only {on_hand} on hand, {wanted} requested.")
    } else {
        format!(
            "{on_hand} on hand now, but only {least} at a moment since then, {wanted} requested."
        )
    };
    Refusal::new("stock-short", &detail)
        .field("qty", "above-stock", &detail)
        .with("on_hand", on_hand.to_string())
        .with("available", least.to_string())
}

fn check_place_range(qty: Qty, facts: &Facts) -> Result<()> {
    match facts.on_hand.plus(qty) {
        Some(_) => Ok(()),
        None => Err(qty_too_large()),
    }
}

/// The lowest balance of a place over the movements since a moment, given what is there now and
/// their quantities, newest first.
pub fn lowest_since(on_hand: Qty, newest_first: impl IntoIterator<Item = Qty>) -> Qty {
    let (mut balance, mut lowest) = (on_hand.thousandths(), on_hand.thousandths());
    for qty in newest_first {
        balance -= qty.thousandths();
        lowest = lowest.min(balance);
    }
    // Balances of the past were in range when they were posted.
    Qty::from_thousandths(lowest).unwrap_or(on_hand)
}

/// Refuses a transfer to where the goods already are.
pub fn check_places<T: PartialEq + Copy>(from: T, to: T) -> Result<()> {
    if from != to {
        return Ok(());
    }
    let detail = "Choose another place to transfer to.";
    let refusal = Refusal::new("transfer-same-place", detail);
    Err(refusal.field("to_location_id", "transfer-same-place", detail).into())
}

/// Refuses movements at places that are closed. `field` is the one that named the place.
pub fn check_place_active(field: &str, is_active: bool) -> Result<()> {
    if is_active {
        return Ok(());
    }
    let detail = "This place is not in use any more.";
    Err(Refusal::new("location-inactive", detail).field(field, "location-inactive", detail).into())
}

/// True when goods come to a place of another temperature than they need. Only a warning: whoever
/// unloads knows better than we do.
pub fn is_wrong_zone(needed: Option<TempZone>, place: Option<TempZone>) -> bool {
    matches!((needed, place), (Some(needed), Some(place)) if needed != place)
}

/// The item is not there (any more).
pub fn item_unknown() -> Error {
    Error::invalid("item_id", "unknown-item", "There is no such item, or it is deleted.")
}

/// The place is not there (any more). `field` is the one that named it.
pub fn place_unknown(field: &str) -> Error {
    Error::invalid(field, "unknown-location", "There is no such place, or it is deleted.")
}

/// What a movement to take back moved is not there any more.
pub fn gone() -> Error {
    let detail = "The item or the place was deleted. Restore it first.";
    Refusal::new("movement-gone", detail).into()
}
