//! What a review found as programs read it: the same over HTTP and on the command line.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ops;
use super::rules::{Point, tally};
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;

/// One thing that a review looks at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SecurityPoint {
    pub code: String,
    /// `good`, `look`: somebody should have looked, or `bad`: it should be changed.
    pub verdict: String,
    /// What was found.
    pub said: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Whom it is about, at most 20; empty in reviews that were kept.
    #[serde(default)]
    #[schema(required)]
    pub people: Vec<String>,
}

impl From<Point> for SecurityPoint {
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

/// How the security of the box is now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SecurityLookResponse {
    pub good: u32,
    pub look: u32,
    pub bad: u32,
    pub points: Vec<SecurityPoint>,
    /// Who may call which route: verb, address, and what it asks of its caller.
    pub routes: Vec<String>,
    /// When somebody last went through it and kept that.
    pub last_reviewed_at: Option<String>,
    /// Whether it is time to do it again: once a month.
    pub is_due: bool,
}

/// Goes through the box's security.
pub async fn look(ctx: &BoxCtx) -> Result<SecurityLookResponse> {
    let points = ops::look(ctx).await?;
    let (last, is_due) = ops::standing(ctx).await?;
    let [good, look, bad] = tally(&points);
    Ok(SecurityLookResponse {
        good,
        look,
        bad,
        points: points.into_iter().map(Into::into).collect(),
        routes: ops::routes(ctx).into_iter().collect(),
        last_reviewed_at: last.map(|at| at.to_string()),
        is_due,
    })
}
