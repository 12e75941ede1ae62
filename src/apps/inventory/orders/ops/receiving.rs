//! Goods arrive, and are taken back.

use sha2::{Digest, Sha256};

use super::{Full, KIND, full};
use crate::apps::inventory::locations;
use crate::apps::inventory::movements;
use crate::apps::inventory::movements::rules::{
    MovementDraft, MovementId, MovementType, Remarks, place_unknown,
};
use crate::apps::inventory::orders::rules::receiving::{
    self, Arrival, KeptReceipt, ReceiptDraft, ReceiptId, ReceiptInput,
};
use crate::apps::inventory::orders::rules::{self, OrderId, ReceiptState, Status};
use crate::apps::inventory::orders::store::{self, NewReceiptLine};
use crate::platform::audit::Entry;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;

/// A receipt, its order after it, and what to mind.
#[derive(Debug, Clone)]
pub struct Received {
    pub receipt: KeptReceipt,
    pub full: Full,
    /// Some goods need another temperature than the place they went to has.
    pub is_wrong_zone: bool,
}

/// The receipts of an order, oldest first.
pub async fn receipts(ctx: &Ctx, id: OrderId) -> Result<Vec<KeptReceipt>> {
    ctx.read(move |scope| store::receipts(scope, store::get(scope, id)?.rid)).await
}

/// Receives what came of an order. The same operation sent again is the same receipt.
pub async fn receive(ctx: &Ctx, id: OrderId, input: ReceiptInput) -> Result<Created<Received>> {
    let draft = receiving::check(&input)?;
    let hash: [u8; 32] = Sha256::digest(draft.canonical(id).as_bytes()).into();
    ctx.write(move |scope| {
        scope.need("inventory.move")?;
        if let Some((receipt, order, kept_hash)) = store::receipt_by_op(scope, draft.client_op)? {
            if order != id || kept_hash != hash {
                return Err(receiving::op_mismatch());
            }
            let value = received(scope, id, receipt, false)?;
            return Ok(Created { value, is_replay: true });
        }
        let value = receive_in(scope, id, &draft, hash)?;
        Ok(Created { value, is_replay: false })
    })
    .await
}

fn received(
    scope: &Scope<'_>,
    id: OrderId,
    receipt: ReceiptId,
    is_wrong_zone: bool,
) -> Result<Received> {
    let full = full(scope, id)?;
    let receipt = store::receipt(scope, full.order.rid, receipt)?;
    Ok(Received { receipt, full, is_wrong_zone })
}

fn receive_in(
    scope: &Scope<'_>,
    id: OrderId,
    draft: &ReceiptDraft,
    hash: [u8; 32],
) -> Result<Received> {
    let Full { order, lines } = full(scope, id)?;
    rules::check_open(&order)?;
    receiving::check_count(store::receipts_count(scope, order.rid)?)?;
    let arrivals = receiving::plan(draft, &lines, store::settings(scope)?.tolerance)?;
    let receipt = scope.new_id();
    let reference = &draft.delivery_reference;
    let rid = store::insert_receipt(scope, receipt, order.rid, draft.client_op, hash, reference)?;
    let mut is_wrong_zone = false;
    for (position, arrival) in arrivals.iter().enumerate() {
        let posted = arrive(scope, rid, arrival, reference);
        is_wrong_zone |= posted.map_err(|error| match draft.remaining_to {
            Some(_) => error,
            None => rules::in_line(position, error),
        })?;
    }
    let after = store::get(scope, id)?;
    let status = match after.receipt_state {
        ReceiptState::Complete => Status::Received,
        ReceiptState::Nothing | ReceiptState::Partial => Status::Submitted,
    };
    store::set_status(scope, order.rid, status, false)?;
    let entry = Entry::new("inventory.order.received", KIND, id)
        .version(order.version + 1)
        .set("po_number", order.po_number)
        .set("receipt_id", receipt.to_string())
        .set("lines", arrivals.len().to_string())
        .set("receipt_state", after.receipt_state.name());
    scope.audit(match reference.as_str() {
        "" => entry,
        reference => entry.personal("delivery_reference", reference),
    })?;
    received(scope, id, receipt, is_wrong_zone)
}

/// Posts what arrived of a line. True when the place has another temperature than the goods need.
fn arrive(
    scope: &Scope<'_>,
    receipt_rid: i64,
    arrival: &Arrival<'_>,
    reference: &str,
) -> Result<bool> {
    let place_rid = locations::ops::row_in(scope, arrival.place)?
        .ok_or_else(|| place_unknown("location_id"))?;
    let new = NewReceiptLine {
        receipt_rid,
        line_rid: arrival.line.rid,
        place_rid,
        qty: arrival.qty,
        unit_price: arrival.unit_price,
    };
    let receipt_line = store::insert_receipt_line(scope, &new)?;
    let movement = MovementDraft {
        kind: MovementType::Receive,
        qty: arrival.qty,
        unit_cost: Some(arrival.unit_price),
        remarks: Remarks { reference: reference.to_owned(), ..Remarks::default() },
        effective_at: scope.now(),
    };
    let item = arrival.line.item.id;
    let posted = movements::ops::receive_in(scope, item, arrival.place, &movement, receipt_line)?;
    Ok(posted.is_wrong_zone)
}

/// Takes back what a receipt brought: the movements named, or all that are not taken back yet.
pub async fn reverse(
    ctx: &Ctx,
    id: OrderId,
    receipt: ReceiptId,
    wanted: Vec<MovementId>,
    note: Option<String>,
) -> Result<Received> {
    let remarks = Remarks::check(note.as_deref(), None)?;
    ctx.write(move |scope| {
        scope.need("inventory.move")?;
        let order = store::get(scope, id)?;
        let kept = store::receipt(scope, order.rid, receipt)?;
        for movement in receiving::to_reverse(&kept, &wanted)? {
            movements::ops::reverse_in(scope, movement, &remarks, scope.now())?;
        }
        settle_in(scope, id, receipt)?;
        received(scope, id, receipt, false)
    })
    .await
}

/// Brings an order up to date after a movement of one of its receipts was taken back, inside the
/// caller's transaction. `receipt_line` is the row of the receipt's line.
pub fn taken_back_in(scope: &Scope<'_>, receipt_line: i64) -> Result<()> {
    let (order, receipt) = store::order_of_line(scope, receipt_line)?;
    settle_in(scope, order, receipt)
}

/// An order that had all of it is on its way again; one that was closed short stays closed.
fn settle_in(scope: &Scope<'_>, id: OrderId, receipt: ReceiptId) -> Result<()> {
    let order = store::get(scope, id)?;
    let is_open_again = order.status == Status::Received
        && !order.is_short
        && order.receipt_state != ReceiptState::Complete;
    let status = if is_open_again { Status::Submitted } else { order.status };
    store::set_status(scope, order.rid, status, order.is_short)?;
    let entry = Entry::new("inventory.order.receipt-reversed", KIND, id)
        .version(order.version + 1)
        .set("po_number", order.po_number)
        .set("receipt_id", receipt.to_string())
        .set("receipt_state", order.receipt_state.name());
    scope.audit(entry)?;
    Ok(())
}
