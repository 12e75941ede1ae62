//! What the command line does about workspaces.

use serde::{Deserialize, Serialize};

use super::protocol::NewWorkspace;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::workspaces::rules::Draft;
use crate::platform::{setup, workspaces};

/// A workspace that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    pub name: String,
    pub time_zone: String,
    pub currency: String,
    pub locale: String,
    /// Id of the person who owns it.
    pub owner: String,
}

pub(super) async fn create(ctx: &BoxCtx, new: NewWorkspace) -> Result<Made> {
    setup::ops::need_claimed(ctx).await?;
    let NewWorkspace { name, owner, time_zone, currency, locale } = new;
    let draft = Draft { name, time_zone, currency, locale, ..Draft::default() };
    let (workspace, owner) = workspaces::ops::create_for(ctx, owner, draft).await?;
    Ok(Made {
        id: workspace.id.to_string(),
        name: workspace.name,
        time_zone: workspace.time_zone,
        currency: workspace.currency,
        locale: workspace.locale,
        owner: owner.to_string(),
    })
}
