//! What is left at targets of copies that never became a backup.

use super::ops::KIND;
use super::rules::{Backup, Copy};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;

/// Copies that failed and that nobody has tidied up after, with their backups.
pub(in crate::platform::backups) fn list_in(scope: &BoxScope<'_>) -> Result<Vec<(Backup, Copy)>> {
    let mut found = Vec::new();
    for copy in store::unswept(scope)? {
        let backup = store::get(scope, copy.backup)?.filter(|backup| backup.folder.is_some());
        found.extend(backup.map(|backup| (backup, copy)));
    }
    Ok(found)
}

/// Notes that nothing is left of a copy that was no backup.
pub(in crate::platform::backups) fn removed_in(scope: &BoxScope<'_>, copy: &Copy) -> Result<()> {
    let entry = Entry::new("box.backup.pruned", KIND, copy.backup);
    scope.audit(entry.set("target", &copy.target_name))?;
    kept_in(scope, copy)
}

/// Notes that what lies there of a copy is a backup, if a damaged one, and stays.
pub(in crate::platform::backups) fn kept_in(scope: &BoxScope<'_>, copy: &Copy) -> Result<()> {
    store::set_swept(scope, copy)
}
