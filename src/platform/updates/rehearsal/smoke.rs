//! The platform's own checks, and how all of them are run on a box that is open.

use std::sync::Arc;
use std::time::Duration;

use super::rules::{differs, trial_failed};
use crate::platform::Platform;
use crate::platform::access::Role;
use crate::platform::app::{AppSpec, SmokeKind, SmokeSpec};
use crate::platform::audit::Entry;
use crate::platform::audit::ops::carrying::end_in;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Ctx, Membership, Scope, Unit};
use crate::platform::error::{Error, Result};
use crate::platform::identity::users;
use crate::platform::jobs;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::ops::{
    KIND, add_member_in, count_members_in, get_in, list_in, record_in,
};
use crate::platform::workspaces::rules::{Draft, States};

/// Rows that a check reads at most.
const ROWS_MAX: usize = 50;
/// Workspaces that a trial goes into at most: the oldest, which hold the most.
const TRIED_WORKSPACES_MAX: usize = 8;
/// After so long a trial begins with no further workspace. People wait for it.
const TRIAL_MAX: Duration = Duration::from_secs(5);

/// Something of the box's own file that is tried. As [`SmokeSpec`] for apps.
#[derive(Debug, Clone, Copy)]
pub struct BoxCheck {
    pub name: &'static str,
    pub title: &'static str,
    pub kind: SmokeKind,
    pub run: fn(&BoxScope<'_>) -> Result<()>,
}

pub const ON_BOX: &[BoxCheck] = &[
    on_box("people-read", "List people", SmokeKind::Read, read_people),
    on_box("workspaces-read", "List workspaces and their members", SmokeKind::Read, read_all),
    on_box("jobs-read", "Look at jobs", SmokeKind::Read, read_jobs),
    on_box("workspace-made", "Make a workspace and add a member", SmokeKind::Write, make),
    on_box("box-log-written", "Write the box's log", SmokeKind::Write, write_box_log),
];

/// Those of every workspace's file, whichever apps it has.
pub const IN_WORKSPACES: &[SmokeSpec] = &[
    SmokeSpec { name: "log-read", title: "Read the log", kind: SmokeKind::Read, run: read_log },
    SmokeSpec {
        name: "log-written",
        title: "Write the log",
        kind: SmokeKind::Write,
        run: write_log,
    },
];

const fn on_box(
    name: &'static str,
    title: &'static str,
    kind: SmokeKind,
    run: fn(&BoxScope<'_>) -> Result<()>,
) -> BoxCheck {
    BoxCheck { name, title, kind, run }
}

/// All checks of a workspace's file, each with the app it is of.
pub fn of_workspaces(
    apps: &'static [AppSpec],
) -> impl Iterator<Item = (&'static str, &'static SmokeSpec)> {
    let own = IN_WORKSPACES.iter().map(|check| ("platform", check));
    own.chain(apps.iter().flat_map(|app| app.smoke.iter().map(|check| (app.id, check))))
}

/// What was tried on an open box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    pub checks: usize,
    pub workspaces: usize,
}

/// Runs all checks on the data itself: on the box's own file and in some workspaces. Nothing of it
/// stays: no row, no entry, no number.
///
/// # Errors
/// `update-trial-failed` says which check failed, and where.
pub async fn trial(platform: &Arc<Platform>) -> Result<Tried> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let mut tried = Tried { checks: 0, workspaces: 0 };
    for check in ON_BOX {
        let outcome = ctx.try_out(move |scope| (check.run)(scope)).await;
        settled(outcome, check.title, "the box")?;
        tried.checks += 1;
    }
    let listed = |scope: &BoxScope<'_>| list_in(scope, States::Usable, None, TRIED_WORKSPACES_MAX);
    let deadline = tokio::time::Instant::now() + TRIAL_MAX;
    for workspace in ctx.read(listed).await? {
        if platform.workspaces.is_damaged(workspace.id) {
            continue;
        }
        if tokio::time::Instant::now() > deadline {
            break;
        }
        let grant = platform.roles.grant(Role::Owner);
        let inside = Ctx::new(ctx.clone(), Membership::new(workspace.id, Role::Owner, grant));
        for (_, check) in of_workspaces(platform.apps) {
            let outcome = inside.try_out(move |scope| (check.run)(scope)).await;
            if platform.workspaces.is_damaged(workspace.id) {
                break;
            }
            settled(outcome, check.title, &workspace.name)?;
            tried.checks += 1;
        }
        tried.workspaces += 1;
    }
    Ok(tried)
}

/// What says something of the release, and not of the disk or of how much there is to do.
fn settled(outcome: Result<()>, title: &str, place: &str) -> Result<()> {
    match outcome {
        Ok(()) | Err(Error::StorageFull | Error::StorageFailed(_) | Error::Busy { .. }) => Ok(()),
        Err(error) => Err(trial_failed(title, place, &why(&error))),
    }
}

/// A failure as a person reads it.
pub(super) fn why(error: &Error) -> String {
    match error {
        Error::Conflict(refusal) | Error::Rule(refusal) => refusal.detail.clone(),
        other => other.to_string(),
    }
}

fn read_people(scope: &BoxScope<'_>) -> Result<()> {
    for person in users::ops::list_in(scope, None, ROWS_MAX)? {
        if users::ops::get_in(scope, person.id)?.id != person.id {
            return Err(differs("Somebody else is found by a person's id."));
        }
    }
    Ok(())
}

fn read_all(scope: &BoxScope<'_>) -> Result<()> {
    for workspace in list_in(scope, States::All, None, ROWS_MAX)? {
        count_members_in(scope, workspace.id)?;
        if get_in(scope, workspace.id)? != workspace {
            return Err(differs("A workspace differs from its line in the list."));
        }
    }
    Ok(())
}

fn read_jobs(scope: &BoxScope<'_>) -> Result<()> {
    jobs::ops::figures_in(scope).map(drop)
}

fn make(scope: &BoxScope<'_>) -> Result<()> {
    let draft = Draft { name: "Tried out".to_owned(), ..Draft::default() };
    let workspace = draft.check(scope.new_id(), "", &[], scope.now())?;
    record_in(scope, &workspace)?;
    let people = users::ops::list_in(scope, None, 1)?;
    if let Some(person) = people.first() {
        add_member_in(scope, workspace.id, person.id, Role::Owner)?;
    }
    let members = count_members_in(scope, workspace.id)?;
    let expected = i64::try_from(people.len()).unwrap_or_default();
    if get_in(scope, workspace.id)?.name == workspace.name && members == expected {
        return Ok(());
    }
    Err(differs("A workspace that was just made is not there as it was made."))
}

fn write_box_log(scope: &BoxScope<'_>) -> Result<()> {
    let subject: WorkspaceId = scope.new_id();
    grows_by_one(scope, Entry::new("workspace.changed", KIND, subject))
}

fn read_log(scope: &Scope<'_>) -> Result<()> {
    end_in(scope).map(drop)
}

fn write_log(scope: &Scope<'_>) -> Result<()> {
    grows_by_one(scope, Entry::new("workspace.changed", KIND, scope.workspace()))
}

/// Appends an entry and looks whether the log goes on from where it ended.
fn grows_by_one(unit: &Unit<'_>, entry: Entry) -> Result<()> {
    let (before, head) = end_in(unit)?;
    let seq = unit.audit(entry)?;
    let (after, new_head) = end_in(unit)?;
    if seq == before + 1 && after == seq && new_head != head {
        return Ok(());
    }
    Err(differs(format!("The log ended at {before} and ends at {after} after one entry.")))
}
