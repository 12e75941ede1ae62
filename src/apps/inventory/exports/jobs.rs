//! Large files out, written while nobody waits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ops;
use super::rules::ExportKind;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::{JobSpec, Per, Work};
use crate::platform::spool::{KEPT, Kept};

pub const EXPORT: JobSpec = JobSpec {
    kind: "inventory.export",
    title: "Export",
    per: Per::Workspace,
    schedule: None,
    can_be_asked: false,
    permission: Some("inventory.export"),
    changes: false,
    is_heavy: true,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_mins(30),
    run: |work| Box::pin(export(work)),
};

/// What the job is given.
#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub kind: String,
}

async fn export(work: Work) -> Result<Value> {
    let input: Input = work.input()?;
    let kind = ExportKind::from_name(&input.kind).ok_or(Error::NotFound)?;
    let ctx = work.ctx()?;
    let note = move |scope: &crate::platform::ctx::Scope<'_>| {
        scope.audit(ops::exported(kind.name()))?;
        Ok(Value::Null)
    };
    work.step("noted", note).await?;
    let until = ctx.now().plus(KEPT);
    let kept = Kept { workspace: ctx.workspace(), id: work.id().cast(), until };
    let has_prices = ctx.may("inventory.prices");
    let file = format!("/api/v1/workspaces/{}/inventory/exports/{}", ctx.workspace(), work.id());
    let written = ops::write(&work, ctx, kind, kept).await?;
    Ok(json!({
        "file": file,
        "kind": kind.name(),
        "size_bytes": written.size_bytes,
        "rows": written.rows,
        "kept_until": until.to_string(),
        "has_prices": has_prices,
    }))
}
