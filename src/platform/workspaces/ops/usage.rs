//! How much a workspace holds.

use crate::platform::app::Count;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::identity::invitations;
use crate::platform::tasks;
use crate::platform::workspaces::{members, size_bytes_in};
use crate::platform::{audit, blobs};

/// What there is in a workspace.
pub struct Usage {
    /// By the name of the role.
    pub members: Vec<(String, i64)>,
    pub invitations_waiting: i64,
    pub database_bytes: u64,
    pub file_bytes: u64,
    pub audit_entries: i64,
    /// Of the apps switched on.
    pub objects: Vec<Count>,
}

/// Counts what is in the workspace of the request.
pub async fn usage(ctx: &Ctx) -> Result<Usage> {
    let id = ctx.workspace();
    let people = (**ctx).read(move |scope| {
        let members = members::ops::count_by_role_in(scope, id)?;
        Ok((members, invitations::ops::count_in(scope, id)?))
    });
    let (members, invitations_waiting) = people.await?;
    let apps = ctx.platform.apps;
    let standing = ctx.membership.standing.clone();
    let counted = ctx.read(move |scope| {
        let on = apps.iter().filter(|app| standing.apps.has(app.id));
        let counts = on.map(|app| (app.usage.count)(scope)).collect::<Result<Vec<_>>>()?;
        Ok((counts.into_iter().flatten().collect(), blobs::ops::kept_bytes_in(scope)?))
    });
    let (objects, file_bytes) = counted.await?;
    let folder = ctx.platform.workspaces.folder().to_owned();
    let database_bytes = tasks::blocking(move || size_bytes_in(&folder, id)).await?;
    let audit_entries = audit::ops::last_seq(ctx).await?;
    Ok(Usage { members, invitations_waiting, database_bytes, file_bytes, audit_entries, objects })
}

/// Whether any app, switched on or not, keeps amounts of money.
pub(super) async fn has_amounts(ctx: &Ctx) -> Result<bool> {
    let apps = ctx.platform.apps;
    ctx.read(move |scope| {
        for app in apps {
            if (app.usage.has_amounts)(scope)? {
                return Ok(true);
            }
        }
        Ok(false)
    })
    .await
}
