//! What is done with suppliers.

use super::store;
use crate::apps::inventory::texts::rules as texts;
use crate::platform::audit::Entry;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// Audit and event kind.
pub const KIND: &str = "inventory.supplier";

/// The row of the supplier with this name, who is made when there is none, inside the caller's
/// transaction.
pub fn ensure_in(scope: &Scope<'_>, name: &str) -> Result<i64> {
    let key = texts::identity_key(name);
    if let Some(rid) = store::rid_by_name(scope, &key)? {
        return Ok(rid);
    }
    let id = scope.new_id();
    let rid = store::insert(scope, id, name, &key)?;
    let entry = Entry::new("inventory.supplier.created", KIND, id).version(1);
    scope.audit(entry.personal("name", name))?;
    Ok(rid)
}
