//! Asking for the erasure of a person, and what is told of it afterwards.

pub(in crate::platform) mod again;
mod erasing;
mod holding;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::jobs::{ERASE, Input};
use super::rules::{
    Counts, Erasure, ErasureId, Known, Needles, check_asker, check_confirmation, check_sender,
};
use super::store;
use crate::platform::Platform;
use crate::platform::app::ColumnMarks;
use crate::platform::audit::Entry;
use crate::platform::audit::ops::personal;
use crate::platform::columns;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx, Unit};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::users::ops::KIND;
use crate::platform::identity::users::rules::email_key;
use crate::platform::identity::{User, UserId, invitations, resets, sessions, users};
use crate::platform::jobs::ops::{UnderWay, View, Wanted, ask_in, get};
use crate::platform::jobs::{self, Job, JobId};
use crate::platform::notices;
use crate::platform::workspaces::members;

pub(super) use erasing::erase;
pub(super) use holding::write_export;
pub use holding::{
    Export, Ready, ask_for_export, ask_for_export_of, export_mine, exported_file, open_export,
};

/// Entries about a person that are looked through for what they were called before.
const ENTRIES_READ_MAX: usize = 1_000;

/// A file of the box: its own, or that of a workspace.
#[derive(Clone)]
enum File {
    Box(BoxCtx),
    Workspace(Ctx),
}

impl File {
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Unit<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self {
            Self::Box(ctx) => ctx.read(move |scope| work(scope)).await,
            Self::Workspace(ctx) => ctx.read(move |scope| work(scope)).await,
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Unit<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self {
            Self::Box(ctx) => ctx.write(move |scope| work(scope)).await,
            Self::Workspace(ctx) => ctx.write(move |scope| work(scope)).await,
        }
    }

    /// The marks of its tables.
    fn marks(&self) -> Vec<ColumnMarks> {
        match self {
            Self::Box(_) => columns::SYSTEM.to_vec(),
            Self::Workspace(ctx) => {
                let of_apps = ctx.platform.apps.iter().flat_map(|app| app.columns);
                columns::WORKSPACE.iter().chain(of_apps).copied().collect()
            }
        }
    }
}

/// What is kept of names and addresses while an erasure goes on.
#[derive(Serialize, Deserialize)]
struct LookedFor {
    names: Vec<String>,
    emails: Vec<String>,
}

/// Has all that is held on a person erased. They are out at once and have no name any more when
/// this answers; the job goes through every file. `confirm` is their e-mail address. Asking again
/// goes on where it stopped.
pub async fn ask(ctx: &BoxCtx, user: UserId, confirm: String) -> Result<Created<Job>> {
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| Ok((jobs::ops::find_in(scope, id)?, Vec::new()));
    let asked = ctx
        .create(load, move |scope| {
            // Nothing is done in their name any more. What runs for them ends before the job
            // begins: both are heavy.
            let ended = jobs::ops::cancel_of_in(scope, &platform.jobs, user)?;
            let job = begin_in(scope, &platform, user, &confirm)?;
            Ok((job.id, (job, ended)))
        })
        .await?;
    jobs::ops::ended(&ctx.platform.jobs, &asked.value.1);
    ctx.platform.jobs.nudge();
    Ok(asked.map(|(job, _)| job))
}

/// As `ask`, for somebody at the machine: by id or address, which is confirmation enough.
pub async fn ask_for(ctx: &BoxCtx, who: String) -> Result<Job> {
    let user = ctx.read(move |scope| users::ops::named_in(scope, &who)).await?;
    Ok(ask(ctx, user.id, user.email).await?.value)
}

/// A job as the box sees it, with how far it is.
pub async fn job(ctx: &BoxCtx, id: JobId) -> Result<Job> {
    get(ctx, View::Box, id).await
}

fn begin_in(scope: &BoxScope<'_>, platform: &Platform, user: UserId, confirm: &str) -> Result<Job> {
    let person = users::ops::get_in(scope, user)?;
    check_asker(scope.user(), user)?;
    check_confirmation(confirm, &person.email)?;
    let before = store::of(scope, user)?;
    if let Some(erasure) = before.as_ref().filter(|one| one.finished_at.is_none()) {
        let job = ask_in(scope, &platform.jobs, &wanted(user)?, UnderWay::Join)?;
        store::set_job(scope, erasure.id, job.id)?;
        return Ok(job);
    }
    users::ops::keep_operator_in(scope, &person)?;
    members::ops::keep_owners_in(scope, user)?;
    let known = known_in(scope, &person)?;
    let needles = Needles::new(&known, user, true);
    check_sender(notices::mail::ops::is_named_in(scope, |text| needles.is_in(text))?)?;
    if before.is_some() {
        store::forget(scope, user)?;
    }
    let job = ask_in(scope, &platform.jobs, &wanted(user)?, UnderWay::Join)?;
    let erasure = Erasure {
        id: scope.new_id(),
        user,
        asked_by: scope.user(),
        asked_at: scope.now(),
        job: job.id,
        counts: Counts::default(),
        closed_at: None,
        finished_at: None,
    };
    let looked_for = LookedFor { names: known.names, emails: known.emails };
    let looked_for = serde_json::to_string(&looked_for).map_err(Error::internal)?;
    store::insert(scope, &erasure, &looked_for)?;
    close_doors_in(scope, &person)?;
    scope.audit(
        Entry::new("identity.user.erasure_begun", KIND, user)
            .version(person.version + 1)
            .set("erasure", erasure.id.to_string()),
    )?;
    Ok(job)
}

/// Nobody can be them from now on, and nobody sees who they were.
fn close_doors_in(scope: &BoxScope<'_>, person: &User) -> Result<()> {
    sessions::ops::end_everything_in(scope, person.id, "erased")?;
    resets::ops::withdraw_in(scope, person.id)?;
    invitations::ops::withdraw_around_in(scope, person.id, &email_key(&person.email))?;
    members::ops::remove_everywhere_in(scope, person.id)?;
    users::ops::unname_in(scope, person)
}

fn wanted(user: UserId) -> Result<Wanted> {
    let input = serde_json::to_value(Input { user: user.to_string() });
    Ok(Wanted {
        kind: ERASE.kind,
        workspace: None,
        subject: user.to_string(),
        input: input.map_err(Error::internal)?,
    })
}

/// What the person is called, and what the log says they were called before.
fn known_in(scope: &BoxScope<'_>, person: &User) -> Result<Known> {
    let mut known = Known::default();
    known.add_name(&person.name);
    known.add_email(&person.email);
    for (name, value) in personal::about_in(scope, person.id.cast(), KIND, ENTRIES_READ_MAX)? {
        match name.as_str() {
            "name" => known.add_name(&value),
            "email" => known.add_email(&value),
            _ => {}
        }
    }
    Ok(known)
}

/// Erasures, newest first; what follows `before`.
pub async fn list(ctx: &BoxCtx, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>> {
    ctx.read(move |scope| store::list(scope, before, limit)).await
}

/// What a finished erasure says of itself.
fn told(erasure: &Erasure) -> serde_json::Value {
    let Counts { rows, texts, entries } = erasure.counts;
    json!({ "user_id": erasure.user.to_string(), "rows": rows, "texts": texts, "entries": entries })
}
