//! The review of the box's security from the command line.

use serde::{Deserialize, Serialize};

use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::security_review::ops;
use crate::platform::security_review::report::{self, SecurityLookResponse};

/// How the security of the box is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct SecurityLook {
    #[serde(flatten)]
    pub found: SecurityLookResponse,
    /// The review that was kept just now, where one was asked for.
    pub kept: Option<String>,
}

/// Goes through it, and keeps it with a note where there is one.
pub(super) async fn review(ctx: &BoxCtx, note: Option<&str>) -> Result<SecurityLook> {
    let found = report::look(ctx).await?;
    let kept = match note {
        Some(note) => Some(ops::keep(ctx, note).await?.value.id.to_string()),
        None => None,
    };
    Ok(SecurityLook { found, kept })
}
