//! Posting to the ledger: the only way stock changes.

use super::rules::journal::{Journal, JournalPosition, running_balances};
use super::rules::{
    self, Facts, KeptMovement, MovementDraft, MovementId, MovementInput, MovementType, Original,
    Overriding, Posting, Remarks, Transfer, TransferId,
};
use super::store::{self, Found, FoundPlace, NewMovement};
use crate::apps::inventory::alerts;
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::{locks, orders};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::idempotency::rules::Created;

/// Audit and event kind.
pub const KIND: &str = "inventory.movement";

/// A posted movement and what to mind about it.
#[derive(Debug, Clone)]
pub struct Posted {
    pub movement: KeptMovement,
    /// The goods need another temperature than the place has.
    pub is_wrong_zone: bool,
}

impl Posted {
    fn kept(movement: KeptMovement) -> Self {
        Self { movement, is_wrong_zone: false }
    }
}

/// Posts a receipt, a use or an adjustment.
pub async fn record(
    ctx: &Ctx,
    item: ItemId,
    place: LocationId,
    input: MovementInput,
) -> Result<Created<Posted>> {
    let draft = rules::check(&input, ctx.now())?;
    ctx.create(
        |scope, id| store::get(scope, id).map(Posted::kept),
        move |scope| {
            let posted = record_in(scope, item, place, &draft, None);
            let posted = posted.map_err(|error| counts::ops::veiled(scope, error))?;
            Ok((posted.movement.id, posted))
        },
    )
    .await
}

/// Posts inside the caller's transaction.
pub fn record_in(
    scope: &Scope<'_>,
    item: ItemId,
    place: LocationId,
    draft: &MovementDraft,
    reason_code: Option<&'static str>,
) -> Result<Posted> {
    record_of(scope, item, place, draft, (reason_code, None))
}

/// Posts what a line of a receipt brought, inside the caller's transaction. `receipt_line` is the
/// line's row; what arrived of the order follows from the movement.
pub fn receive_in(
    scope: &Scope<'_>,
    item: ItemId,
    place: LocationId,
    draft: &MovementDraft,
    receipt_line: i64,
) -> Result<Posted> {
    record_of(scope, item, place, draft, (None, Some(receipt_line)))
}

fn record_of(
    scope: &Scope<'_>,
    item: ItemId,
    place: LocationId,
    draft: &MovementDraft,
    (reason_code, receipt_line): (Option<&'static str>, Option<i64>),
) -> Result<Posted> {
    let mut found = store::find(scope, item, place)?.ok_or_else(rules::item_unknown)?;
    let at = open_place(&mut found, "location_id")?;
    let facts = facts(scope, &found, &at, draft.qty, draft.effective_at)?;
    let posting = rules::plan(draft, &facts, overriding(scope))?;
    let zones = (found.item_zone, at.zone);
    let planned = Planned {
        kind: draft.kind,
        posting,
        effective_at: draft.effective_at,
        remarks: draft.remarks.clone(),
        reason_code,
        transfer: None,
        reverses: None,
        count_line: None,
        receipt_line,
    };
    let movement = post(scope, found, at, planned)?;
    let is_wrong_zone = draft.qty.is_positive() && rules::is_wrong_zone(zones.0, zones.1);
    Ok(Posted { movement, is_wrong_zone })
}

/// An adjustment that a count found.
pub struct CountedChange {
    pub item: ItemId,
    pub place: LocationId,
    /// Signed, not zero.
    pub qty: Qty,
    /// The count's name.
    pub reference: String,
    /// The row of the line it settles; the ledger takes one movement for each.
    pub line_rid: i64,
}

/// Posts what a count found inside the caller's transaction.
pub fn record_counted_in(scope: &Scope<'_>, change: CountedChange) -> Result<KeptMovement> {
    let mut found =
        store::find(scope, change.item, change.place)?.ok_or_else(rules::item_unknown)?;
    let at = open_place(&mut found, "location_id")?;
    let now = scope.now();
    let remarks = Remarks { reference: change.reference, ..Remarks::default() };
    let draft = MovementDraft {
        kind: MovementType::Adjust,
        qty: change.qty,
        unit_cost: None,
        remarks: remarks.clone(),
        effective_at: now,
    };
    let facts = facts(scope, &found, &at, change.qty, now)?;
    let planned = Planned {
        kind: MovementType::Adjust,
        posting: rules::plan_counted(&draft, &facts, overriding(scope))?,
        effective_at: now,
        remarks,
        reason_code: Some(COUNTED),
        transfer: None,
        reverses: None,
        count_line: Some(change.line_rid),
        receipt_line: None,
    };
    post(scope, found, at, planned)
}

/// Why a count's adjustments were posted.
const COUNTED: &str = "counted";

/// What a transfer made: the leg out, then the leg in.
#[derive(Debug, Clone)]
pub struct Transferred {
    pub id: TransferId,
    pub legs: Vec<KeptMovement>,
    pub is_wrong_zone: bool,
}

/// Moves goods from one place to another.
pub async fn transfer(
    ctx: &Ctx,
    item: ItemId,
    from: LocationId,
    to: LocationId,
    input: MovementInput,
) -> Result<Created<Transferred>> {
    rules::check_places(from, to)?;
    let draft = rules::check(&input, ctx.now())?;
    ctx.create(
        |scope, id: Id<Transfer>| {
            let legs = store::legs(scope, id)?;
            Ok(Transferred { id, legs, is_wrong_zone: false })
        },
        move |scope| {
            let transferred = transfer_in(scope, item, from, to, &draft);
            let transferred = transferred.map_err(|error| counts::ops::veiled(scope, error))?;
            Ok((transferred.id, transferred))
        },
    )
    .await
}

/// Moves goods inside the caller's transaction.
pub fn transfer_in(
    scope: &Scope<'_>,
    item: ItemId,
    from: LocationId,
    to: LocationId,
    draft: &MovementDraft,
) -> Result<Transferred> {
    let mut source = store::find(scope, item, from)?.ok_or_else(rules::item_unknown)?;
    let source_place = open_place(&mut source, "from_location_id")?;
    let mut target = store::find(scope, item, to)?.ok_or_else(rules::item_unknown)?;
    let target_place = open_place(&mut target, "to_location_id")?;
    let is_wrong_zone = rules::is_wrong_zone(target.item_zone, target_place.zone);
    let facts = facts(scope, &source, &source_place, draft.qty, draft.effective_at)?;
    let (out, into) = rules::plan_transfer(draft, &facts, target.on_hand, overriding(scope))?;
    let id = scope.new_id();
    let leg = |posting| Planned {
        kind: MovementType::Transfer,
        posting,
        effective_at: draft.effective_at,
        remarks: draft.remarks.clone(),
        reason_code: None,
        transfer: Some(id),
        reverses: None,
        count_line: None,
        receipt_line: None,
    };
    let out = post(scope, source, source_place, leg(out))?;
    let into = post(scope, target, target_place, leg(into))?;
    Ok(Transferred { id, legs: vec![out, into], is_wrong_zone })
}

/// Takes a movement back by posting its opposite; of a transfer both legs.
pub async fn reverse(
    ctx: &Ctx,
    id: MovementId,
    note: Option<String>,
    override_reason: Option<String>,
) -> Result<Created<Posted>> {
    let remarks = Remarks::check(note.as_deref(), override_reason.as_deref())?;
    ctx.create(
        |scope, id| store::get(scope, id).map(Posted::kept),
        move |scope| {
            let reversal = reverse_in(scope, id, &remarks, scope.now());
            let reversal = reversal.map_err(|error| counts::ops::veiled(scope, error))?;
            if let Some(line) = reversal.receipt_line {
                orders::ops::taken_back_in(scope, line)?;
            }
            Ok((reversal.id, Posted::kept(reversal)))
        },
    )
    .await
}

/// Takes a movement back inside the caller's transaction, as of a moment that is not before it.
pub fn reverse_in(
    scope: &Scope<'_>,
    id: MovementId,
    remarks: &Remarks,
    effective_at: Moment,
) -> Result<KeptMovement> {
    let original = store::get(scope, id)?;
    let Some(transfer) = original.transfer else {
        return reverse_one(scope, &original, remarks, None, effective_at);
    };
    // The leg out was posted first, so its goods are back before the other leg gives them up.
    let reversal = Some(scope.new_id());
    let mut asked_for = None;
    for leg in store::legs(scope, transfer)? {
        let reversed = reverse_one(scope, &leg, remarks, reversal, effective_at)?;
        if leg.id == id {
            asked_for = Some(reversed);
        }
    }
    asked_for.ok_or_else(|| Error::internal("a transfer without its own leg"))
}

fn reverse_one(
    scope: &Scope<'_>,
    kept: &KeptMovement,
    remarks: &Remarks,
    transfer: Option<TransferId>,
    effective_at: Moment,
) -> Result<KeptMovement> {
    let original = Original {
        kind: kept.kind,
        qty: kept.qty,
        unit_cost: kept.unit_cost,
        value: kept.value,
        is_reversal: kept.reverses.is_some(),
        is_reversed: kept.reversed_by.is_some(),
    };
    rules::check_reversible(&original)?;
    let mut found = store::find(scope, kept.item.id, kept.place.id)?.ok_or_else(rules::gone)?;
    let place = found.place.take().ok_or_else(rules::gone)?;
    rules::check_place_active("location_id", place.is_active)?;
    let facts = facts(scope, &found, &place, kept.qty.negated(), effective_at)?;
    let reason = remarks.override_reason.as_deref();
    let posting = rules::plan_reversal(&original, &facts, reason, overriding(scope))?;
    let planned = Planned {
        kind: kept.kind,
        posting,
        effective_at,
        remarks: remarks.clone(),
        reason_code: None,
        transfer,
        reverses: Some((kept.seq, kept.id)),
        count_line: None,
        receipt_line: kept.receipt_line,
    };
    post(scope, found, place, planned)
}

/// A page of the ledger.
pub struct Listed {
    pub movements: Vec<KeptMovement>,
    /// Where the next page begins; none on the last.
    pub next: Option<JournalPosition>,
    /// Counted to the bound that was asked for.
    pub total: Option<u64>,
}

/// The ledger, newest first.
pub async fn list(
    ctx: &Ctx,
    journal: Journal,
    behind: Option<JournalPosition>,
    limit: usize,
    count_max: Option<u64>,
) -> Result<Listed> {
    ctx.read(move |scope| {
        let listed = page(scope, &journal, journal.start(behind), limit)?;
        let total = count_max.map(|max| store::count(scope, &journal, max)).transpose()?;
        Ok(Listed { total, ..listed })
    })
    .await
}

/// An item's history, newest first, with the balance over all places after each movement.
pub async fn history(
    ctx: &Ctx,
    item: ItemId,
    behind: Option<JournalPosition>,
    limit: usize,
) -> Result<(Listed, Vec<Qty>)> {
    let journal = Journal { item: Some(item), ..Journal::ALL };
    ctx.read(move |scope| {
        let start = journal.start(behind);
        let balance = store::balance_before(scope, item, start)?;
        let listed = page(scope, &journal, start, limit)?;
        let balances = running_balances(balance, &listed.movements);
        Ok((listed, balances))
    })
    .await
}

/// A page of the ledger inside the caller's transaction, for other resources of the app.
pub fn page_in(scope: &Scope<'_>, limit: usize) -> Result<Listed> {
    page(scope, &Journal::ALL, Journal::ALL.start(None), limit)
}

fn page(
    scope: &Scope<'_>,
    journal: &Journal,
    start: JournalPosition,
    limit: usize,
) -> Result<Listed> {
    let mut movements = store::list(scope, journal, start, limit + 1)?;
    let has_more = movements.len() > limit;
    movements.truncate(limit);
    let next = movements.last().filter(|_| has_more).map(JournalPosition::of);
    Ok(Listed { movements, next, total: None })
}

fn overriding(scope: &Scope<'_>) -> Overriding {
    if scope.may("inventory.override") { Overriding::Allowed } else { Overriding::NotAllowed }
}

fn open_place(found: &mut Found, field: &str) -> Result<FoundPlace> {
    let place = found.place.take().ok_or_else(|| rules::place_unknown(field))?;
    rules::check_place_active(field, place.is_active)?;
    Ok(place)
}

fn facts(
    scope: &Scope<'_>,
    found: &Found,
    place: &FoundPlace,
    qty: Qty,
    effective_at: Moment,
) -> Result<Facts> {
    if !qty.is_negative() {
        return Ok(found.facts(found.on_hand));
    }
    let since = store::moved_since(scope, found.item_rid, place.rid, effective_at)?;
    Ok(found.facts(rules::lowest_since(found.on_hand, since)))
}

/// A decided movement on its way into the ledger.
struct Planned {
    kind: MovementType,
    posting: Posting,
    effective_at: Moment,
    remarks: Remarks,
    reason_code: Option<&'static str>,
    transfer: Option<TransferId>,
    reverses: Option<(i64, MovementId)>,
    count_line: Option<i64>,
    receipt_line: Option<i64>,
}

fn post(
    scope: &Scope<'_>,
    found: Found,
    place: FoundPlace,
    planned: Planned,
) -> Result<KeptMovement> {
    locks::ops::check_open_in(scope, planned.effective_at)?;
    let id = scope.new_id();
    let Planned { kind, posting, effective_at, remarks, .. } = planned;
    let seq = store::insert(
        scope,
        &NewMovement {
            id,
            kind,
            item_rid: found.item_rid,
            place_rid: place.rid,
            qty: posting.qty,
            unit_cost: posting.unit_cost,
            value: posting.value,
            effective_at,
            remarks: &remarks,
            reason_code: planned.reason_code,
            override_reason: posting.override_reason.as_deref(),
            transfer: planned.transfer,
            reverses_seq: planned.reverses.map(|(seq, _)| seq),
            count_line_rid: planned.count_line,
            receipt_line: planned.receipt_line,
        },
    )?;
    let movement = KeptMovement {
        seq,
        id,
        kind,
        item: found.item,
        place: place.name,
        qty: posting.qty,
        unit_cost: posting.unit_cost,
        value: posting.value,
        note: remarks.note,
        reference: remarks.reference,
        effective_at,
        posted_at: scope.now(),
        posted_by: scope.user(),
        transfer: planned.transfer,
        reverses: planned.reverses.map(|(_, id)| id),
        reversed_by: None,
        override_reason: posting.override_reason,
        receipt_line: planned.receipt_line,
    };
    scope.audit(describe(&movement))?;
    if found.has_minimum {
        alerts::ops::look_at_end(scope, found.item_rid);
    }
    Ok(movement)
}

/// What the log says of a movement. What people wrote may speak of people, so it is kept beside
/// the chain.
fn describe(movement: &KeptMovement) -> Entry {
    let action = match movement.reverses {
        None => "inventory.movement.recorded",
        Some(_) => "inventory.movement.reversed",
    };
    let mut entry = Entry::new(action, KIND, movement.id)
        .set("type", movement.kind.name())
        .set("item_id", movement.item.id.to_string())
        .set("location_id", movement.place.id.to_string())
        .set("qty", movement.qty.to_string())
        .set("value", movement.value.to_string());
    if let Some(transfer) = movement.transfer {
        entry = entry.set("transfer_id", transfer.to_string());
    }
    if let Some(original) = movement.reverses {
        entry = entry.set("reverses", original.to_string());
    }
    let remarks = [
        ("note", Some(&movement.note)),
        ("reference", Some(&movement.reference)),
        ("override_reason", movement.override_reason.as_ref()),
    ];
    for (name, text) in remarks {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            entry = entry.personal(name, text.clone());
        }
    }
    entry
}
