//! Work that takes its time: erasing a person, writing the archive of one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ops;
use crate::platform::error::{Error, Result};
use crate::platform::identity::UserId;
use crate::platform::jobs::{JobSpec, Per, Work};
use crate::platform::spool::KEPT;

pub const ERASE: JobSpec = JobSpec {
    kind: "platform.erase-person",
    title: "Erasure of a person",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: true,
    is_heavy: true,
    is_backup: false,
    attempts_max: 10,
    time_max: Duration::from_hours(6),
    run: |work| Box::pin(erase(work)),
};

pub const EXPORT: JobSpec = JobSpec {
    kind: "platform.export-person",
    title: "Export of what is held on a person",
    per: Per::Box,
    schedule: None,
    can_be_asked: false,
    permission: None,
    changes: false,
    is_heavy: true,
    is_backup: false,
    attempts_max: 3,
    time_max: Duration::from_hours(1),
    run: |work| Box::pin(export(work)),
};

/// What both are given.
#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    /// Whom it is about. Their id says nothing once they are erased.
    pub user: String,
}

fn about(work: &Work) -> Result<UserId> {
    work.input::<Input>()?.user.parse().map_err(Error::internal)
}

async fn erase(work: Work) -> Result<Value> {
    let user = about(&work)?;
    ops::erase(&work, user).await
}

async fn export(work: Work) -> Result<Value> {
    let user = about(&work)?;
    let until = work.on_box().now().plus(KEPT);
    let size_bytes = ops::write_export(&work, user, until).await?;
    Ok(json!({
        "file": format!("/api/v1/users/{user}/exports/{}", work.id()),
        "size_bytes": size_bytes,
        "kept_until": until.to_string(),
    }))
}
