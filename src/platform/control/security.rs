//! The review of the box's security from the command line.

use serde::{Deserialize, Serialize};

use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;
use crate::platform::security_review::ops;
use crate::platform::security_review::rules::{Point, tally};

/// How the security of the box is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct SecurityLook {
    pub good: u32,
    pub look: u32,
    pub bad: u32,
    pub points: Vec<SecurityRow>,
    /// Who may call which route, a line each.
    pub routes: Vec<String>,
    /// Before this one.
    pub last_reviewed_at: Option<String>,
    pub is_due: bool,
    /// The review that was kept just now, where one was asked for.
    pub kept: Option<String>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct SecurityRow {
    pub code: String,
    /// `good`, `look` or `bad`.
    pub verdict: String,
    pub said: String,
    pub remedy: Option<String>,
    pub people: Vec<String>,
}

impl From<Point> for SecurityRow {
    fn from(point: Point) -> Self {
        Self {
            code: point.code.to_owned(),
            verdict: point.verdict.name().to_owned(),
            said: point.said,
            remedy: point.remedy.map(ToOwned::to_owned),
            people: point.people,
        }
    }
}

/// Goes through it, and keeps it with a note where there is one.
pub(super) async fn review(ctx: &BoxCtx, note: Option<&str>) -> Result<SecurityLook> {
    let points = ops::look(ctx).await?;
    let (last, is_due) = ops::standing(ctx).await?;
    let kept = match note {
        Some(note) => Some(ops::keep(ctx, note).await?.value.id.to_string()),
        None => None,
    };
    let [good, look, bad] = tally(&points);
    Ok(SecurityLook {
        good,
        look,
        bad,
        points: points.into_iter().map(Into::into).collect(),
        routes: ops::routes(ctx).into_iter().collect(),
        last_reviewed_at: last.map(|at| at.to_string()),
        is_due,
        kept,
    })
}
