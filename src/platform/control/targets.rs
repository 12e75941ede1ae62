//! What the command line does about where backups go.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ops::to_value;
use super::protocol::TargetVerb;
use crate::platform::backups::targets::ops::{self, Tested};
use crate::platform::backups::targets::rules::Target;
use crate::platform::backups::targets::{SignIn, TargetSettingsRequest};
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};

/// A place that backups go to.
#[derive(Debug, Serialize, Deserialize)]
pub struct TargetRow {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub place: String,
    pub last_at: Option<String>,
    pub ok: Option<bool>,
    pub detail: Option<String>,
    pub can_delete: Option<bool>,
}

impl From<Target> for TargetRow {
    fn from(target: Target) -> Self {
        let last = target.last.as_ref();
        Self {
            id: target.id.to_string(),
            kind: target.place.kind().to_owned(),
            place: target.place.said(),
            last_at: last.map(|last| last.at.to_string()),
            ok: last.map(|last| last.is_ok),
            detail: last.map(|last| last.detail.clone()),
            can_delete: last.and_then(|last| last.can_delete),
            name: target.name,
        }
    }
}

/// How a test of a target went.
#[derive(Debug, Serialize, Deserialize)]
pub struct TargetTest {
    pub ok: bool,
    pub detail: String,
    pub steps: Vec<TargetStep>,
    pub can_delete: Option<bool>,
    pub host_key: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct TargetStep {
    pub step: String,
    pub ok: bool,
    pub detail: Option<String>,
}

pub(super) async fn perform(ctx: &BoxCtx, verb: TargetVerb) -> Result<Value> {
    match verb {
        TargetVerb::Add { name, kind, settings } => {
            let read = serde_json::from_value::<TargetSettingsRequest>(settings.0);
            let settings = read
                .map_err(|error| Error::invalid("settings", "target-setting", error.to_string()))?;
            let made = ops::create(ctx, &name, &kind, settings.into()).await?.value;
            to_value(&TargetRow::from(made))
        }
        TargetVerb::List => {
            let all: Vec<TargetRow> = ops::list(ctx).await?.into_iter().map(Into::into).collect();
            to_value(&all)
        }
        TargetVerb::Remove { target } => {
            let target = named(ctx, &target).await?;
            ops::remove(ctx, target.id).await?;
            to_value(&TargetRow::from(target))
        }
        TargetVerb::Test { target } => {
            let target = named(ctx, &target).await?;
            let Tested { tried, host_key } = ops::test(ctx, target.id).await?;
            let steps = tried.steps.into_iter().map(|step| TargetStep {
                step: step.name.to_owned(),
                ok: step.is_ok,
                detail: step.detail,
            });
            let (ok, can_delete) = (tried.is_ok, tried.can_delete);
            let (detail, steps) = (tried.detail, steps.collect());
            to_value(&TargetTest { ok, detail, steps, can_delete, host_key })
        }
        TargetVerb::SignIn { target } => {
            if ctx.platform.reach.get().is_none() {
                let detail = "The box does not run. Start it first.";
                return Err(Error::conflict("box-not-running", detail));
            }
            let target = named(ctx, &target).await?;
            let code = ops::sign_in(ctx, target.id).await?;
            Ok(json!({ "user_code": code.typed, "verification_uri": code.verification_uri }))
        }
        TargetVerb::SignInState { target } => {
            let target = named(ctx, &target).await?;
            Ok(match ops::sign_in_state(ctx, target.id).await? {
                SignIn::None => json!({ "state": "none" }),
                SignIn::Waiting => json!({ "state": "waiting" }),
                SignIn::Done => json!({ "state": "done" }),
                SignIn::Failed(detail) => json!({ "state": "failed", "detail": detail }),
            })
        }
    }
}

async fn named(ctx: &BoxCtx, target: &str) -> Result<Target> {
    let all = ops::list(ctx).await?;
    let is_it = |one: &Target| one.name == target || one.id.to_string() == target;
    all.into_iter().find(is_it).ok_or(Error::NotFound)
}
