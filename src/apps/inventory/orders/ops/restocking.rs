//! Drafts from low stock.

use super::{Full, create_in, full};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts;
use crate::apps::inventory::items;
use crate::apps::inventory::items::rules::{ItemId, KeptItem};
use crate::apps::inventory::orders::rules::restocking::{Stock, to_order};
use crate::apps::inventory::orders::rules::{KeptLine, LineDraft, ORDER_LINES_MAX, OrderDraft};
use crate::apps::inventory::orders::store;
use crate::apps::inventory::suppliers;
use crate::apps::inventory::suppliers::rules::SupplierId;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::Result;

/// Low items that one request looks at.
const LOW_ITEMS_MAX: usize = 10_000;

/// Drafts for what is low and not coming yet: one for each preferred supplier, and one for what
/// nobody is known to deliver. `only` names items; empty means all. Asked again it makes nothing,
/// for what is on a draft is coming.
pub async fn from_low_stock(ctx: &Ctx, only: Vec<ItemId>) -> Result<Vec<Full>> {
    ctx.write(move |scope| {
        scope.need("inventory.write")?;
        counts::ops::hidden_in(scope)?.check_told()?;
        let mut orders: Vec<(Option<SupplierId>, Vec<LineDraft>)> = Vec::new();
        for item in items::ops::low_in(scope, LOW_ITEMS_MAX)? {
            if !only.is_empty() && !only.contains(&item.id) {
                continue;
            }
            let Some((supplier, line)) = wanted(scope, &item)? else { continue };
            let has_room = |lines: &[LineDraft]| lines.len() < ORDER_LINES_MAX;
            let order = orders.iter_mut().find(|(of, lines)| *of == supplier && has_room(lines));
            match order {
                Some((_, lines)) => lines.push(line),
                None => orders.push((supplier, vec![line])),
            }
        }
        let make = |(supplier, lines)| {
            let draft = OrderDraft {
                po_number: None,
                supplier,
                expected_on: None,
                notes: String::new(),
                lines,
            };
            full(scope, create_in(scope, &draft)?)
        };
        orders.into_iter().map(make).collect()
    })
    .await
}

/// The line that brings an item to its maximum, and who delivers it.
fn wanted(scope: &Scope<'_>, item: &KeptItem) -> Result<Option<(Option<SupplierId>, LineDraft)>> {
    let Some(min) = item.min_qty else { return Ok(None) };
    let needs = Needs {
        item_rid: item.rid,
        on_hand: item.totals.qty,
        min,
        max: item.max_qty,
        step: item.qty_step,
    };
    let restock = restock_in(scope, &needs)?;
    let line = restock.to_order.map(|req_qty| LineDraft {
        item: item.id,
        req_qty,
        unit_price: None,
        note: String::new(),
    });
    Ok(line.map(|line| (restock.supplier, line)))
}

/// What is known of an item that may have to be ordered.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    pub item_rid: i64,
    /// Over all places.
    pub on_hand: Qty,
    pub min: Qty,
    pub max: Option<Qty>,
    pub step: Qty,
}

/// How an item comes back to its maximum.
#[derive(Debug, Clone, Copy)]
pub struct Restock {
    /// On drafts and orders on their way.
    pub on_order: Qty,
    /// None when enough is coming.
    pub to_order: Option<Qty>,
    /// Who delivers it first.
    pub supplier: Option<SupplierId>,
}

/// How an item comes back to its maximum, for other resources of the app. Only for those who see
/// prices: it tells of orders.
pub fn restock_in(scope: &Scope<'_>, needs: &Needs) -> Result<Restock> {
    let preferred = suppliers::ops::preferred_in(scope, needs.item_rid)?;
    let coming = store::on_order(scope, needs.item_rid)?.into_iter().map(KeptLine::left);
    let on_order = coming.fold(Qty::ZERO, |sum, left| sum.plus(left).unwrap_or(sum));
    let stock = Stock {
        on_hand: needs.on_hand,
        on_order,
        min: needs.min,
        max: needs.max,
        pack: preferred.as_ref().map_or(needs.step, |(_, one)| one.terms.pack_qty),
        step: needs.step,
    };
    let supplier = preferred.map(|(id, _)| id);
    Ok(Restock { on_order, to_order: to_order(&stock), supplier })
}
