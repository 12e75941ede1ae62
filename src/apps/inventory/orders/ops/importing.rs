//! Orders out of a file.

use super::{Full, create_in, update_in};
use crate::apps::inventory::orders::rules::{KeptOrder, OrderDraft, number_key};
use crate::apps::inventory::orders::store;
use crate::apps::inventory::suppliers;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// Refuses whoever may not both see and write orders.
pub fn need_all(scope: &Scope<'_>) -> Result<()> {
    scope.need("inventory.prices")?;
    scope.need("inventory.write")
}

/// The order with this number, for other resources of the app.
pub fn by_number_in(scope: &Scope<'_>, po_number: &str) -> Result<Option<Full>> {
    let Some(order) = store::by_number(scope, &number_key(po_number))? else { return Ok(None) };
    let lines = store::lines(scope, order.rid)?;
    Ok(Some(Full { order, lines }))
}

/// Makes a draft, or changes one, inside the caller's transaction. A supplier that is named takes
/// the place of the draft's own, and is made when there is none of that name.
pub fn import_in(
    scope: &Scope<'_>,
    existing: Option<&KeptOrder>,
    supplier: Option<&str>,
    mut draft: OrderDraft,
) -> Result<()> {
    need_all(scope)?;
    if let Some(name) = supplier {
        let (_, id) = suppliers::ops::ensure_in(scope, name)?;
        draft.supplier = Some(id);
    }
    match existing {
        None => create_in(scope, &draft).map(|_| ()),
        Some(kept) => update_in(scope, kept, &draft),
    }
}
