//! What the command line does about people.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ops::to_value;
use super::protocol::UserVerb;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::resets::ops::Issued;
use crate::platform::identity::{User, resets, tokens, users};
use crate::platform::jobs::{JobId, runner};
use crate::platform::{privacy, setup};

/// The command line gives up only after this, and asks again how it goes.
const WORK_WAITED_FOR: Duration = Duration::from_secs(5);

/// A person after a change.
#[derive(Debug, Serialize, Deserialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub is_operator: bool,
    pub is_disabled: bool,
}

/// A person and the link with which they choose a password. It is a secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct PersonLink {
    pub user: Person,
    pub link: String,
    pub expires_at: String,
}

/// A person and a new personal token of theirs. It is a secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct PersonToken {
    pub user: Person,
    pub id: String,
    pub token: String,
    pub expires_at: String,
}

/// Work about a person that takes its time.
#[derive(Debug, Serialize, Deserialize)]
pub struct PersonWork {
    pub job: String,
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// Why it was not done.
    pub detail: Option<String>,
    /// The file it wrote, on this machine.
    pub file: Option<PathBuf>,
}

/// Waits for a job for a while. A box that does not serve does what is due here and now.
async fn work(ctx: &BoxCtx, id: JobId) -> Result<PersonWork> {
    if ctx.platform.reach.get().is_none() {
        runner::run_due(&ctx.platform).await?;
    }
    let mut changes = ctx.platform.jobs.changes();
    let ended = async {
        while !privacy::ops::job(ctx, id).await?.state.has_ended() {
            // However many changes were missed, the job itself is looked at.
            drop(changes.recv().await);
        }
        Ok::<(), Error>(())
    };
    if let Ok(outcome) = tokio::time::timeout(WORK_WAITED_FOR, ended).await {
        outcome?;
    }
    let job = privacy::ops::job(ctx, id).await?;
    Ok(PersonWork {
        file: privacy::ops::exported_file(ctx, &job),
        job: id.to_string(),
        state: job.state.name().to_owned(),
        detail: job.fault.map(|fault| fault.detail),
    })
}

pub(super) async fn perform(ctx: &BoxCtx, verb: UserVerb) -> Result<Value> {
    setup::ops::need_claimed(ctx).await?;
    match verb {
        UserVerb::Create { name, email, is_operator } => {
            let made = users::ops::create(ctx, name, email, is_operator).await?.value;
            to_value(&PersonLink::of((made.details.user, made.issued)))
        }
        UserVerb::Disable { who } => {
            to_value(&Person::of(users::ops::set_disabled(ctx, who, true).await?))
        }
        UserVerb::Enable { who } => {
            to_value(&Person::of(users::ops::set_disabled(ctx, who, false).await?))
        }
        UserVerb::Reset { who } => {
            to_value(&PersonLink::of(resets::ops::issue_for(ctx, who).await?))
        }
        UserVerb::Recover { who } => {
            to_value(&PersonLink::of(users::ops::recover(ctx, who).await?))
        }
        UserVerb::Erase { who } => {
            let job = privacy::ops::ask_for(ctx, who).await?;
            to_value(&work(ctx, job.id).await?)
        }
        UserVerb::Export { who } => {
            let job = privacy::ops::ask_for_export_of(ctx, who).await?;
            to_value(&work(ctx, job.id).await?)
        }
        UserVerb::Look { job } => {
            let id = job.parse().map_err(|_| Error::NotFound)?;
            to_value(&work(ctx, id).await?)
        }
        UserVerb::Token { who, name, days } => {
            let (user, token) = tokens::ops::create_for(ctx, who, &name, days).await?;
            let value = token.value.ok_or_else(|| Error::internal("a new token has no value"))?;
            to_value(&PersonToken {
                user: Person::of(user),
                id: token.listed.id.to_string(),
                token: value.reveal().to_owned(),
                expires_at: token.listed.expires_at.to_string(),
            })
        }
    }
}

impl Person {
    fn of(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            is_operator: user.is_operator,
            is_disabled: user.disabled_at.is_some(),
        }
    }
}

impl PersonLink {
    fn of((user, issued): (User, Issued)) -> Self {
        let expires_at = issued.expires_at.to_string();
        Self { user: Person::of(user), link: issued.link, expires_at }
    }
}
