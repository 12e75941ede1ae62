//! Carrying out a confirmed plan. The supervisor switches; whoever answers afterwards, the new
//! release or the one before, follows until it has ended and finishes the history.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::planning::{described, end_in, link};
use super::telling;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::updates::jobs::Given;
use crate::platform::updates::link::{Link, Refused};
use crate::platform::updates::rehearsal::rules::WayBack;
use crate::platform::updates::report::UpdatePlan;
use crate::platform::updates::rules::{Kind, Outcome, Reason, Stage, Update, UpdateId};
use crate::platform::updates::store;
use crate::platform::updates::supervisor::boot::Kind as Switched;
use crate::platform::updates::supervisor::protocol::{SwitchLimits, Wish};
use crate::platform::updates::supervisor::reasons;
use crate::platform::updates::supervisor::standing::{End, Ended, Entered, Standing, State};
use crate::platform::updates::worker::points::point;

/// How often the supervisor is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(250);

/// The update of a job.
pub(super) async fn of_job(work: &Work) -> Result<Update> {
    let given: Given = work.input()?;
    let id: UpdateId = given.update.parse().map_err(|_| Error::NotFound)?;
    work.on_box().read(move |scope| store::get(scope, id)?.ok_or(Error::NotFound)).await
}

pub(in crate::platform::updates) async fn switch(work: &Work) -> Result<Value> {
    let (ctx, update) = (work.on_box(), of_job(work).await?);
    if update.outcome.is_some() {
        return Ok(described(&update));
    }
    point("confirmed");
    let link = link(ctx)?;
    let transaction = update.id.to_string();
    let standing = standing(link).await?;
    if !knows(&standing, &transaction) {
        // After a restart in which nothing had begun it is not begun by itself either.
        if work.attempt() > 1 {
            let lost = Reason::new("update-lost", "The supervisor knows nothing of this update.");
            return finish(ctx, update, Outcome::Failed, Some(lost), Vec::new()).await;
        }
        if let Err(refused) = wish(link, &update).await? {
            let reason = Reason::new(refused.code, &refused.detail);
            return finish(ctx, update, Outcome::Failed, Some(reason), Vec::new()).await;
        }
        point("wished");
    }
    follow(work, link, update, &transaction).await
}

/// How everything stands.
pub(super) async fn standing(link: &Link) -> Result<Standing> {
    let answered = link.ask::<Standing>(Wish::Standing).await?;
    answered.map_err(|refused| Error::internal(refused.detail))
}

fn knows(standing: &Standing, transaction: &str) -> bool {
    let runs = standing.under_way.as_ref().is_some_and(|one| one.transaction == transaction);
    runs || standing.last.as_ref().is_some_and(|one| one.transaction == transaction)
}

async fn wish(link: &Link, update: &Update) -> Result<std::result::Result<Value, Refused>> {
    let transaction = update.id.to_string();
    let plan = update.plan.as_deref().unwrap_or_default();
    let plan: UpdatePlan = serde_json::from_str(plan).map_err(Error::internal)?;
    if update.kind == Kind::Rollback {
        let probation_s = Some(plan.probation_s);
        return link.ask(Wish::Rollback { transaction, probation_s }).await;
    }
    let limits =
        SwitchLimits { probation_s: plan.probation_s, migration_ms_max: plan.migration_ms_max };
    let (seq, migrates) = (update.to.seq, plan.migrates);
    let needs_restore = WayBack::named(&plan.rollback, migrates) == WayBack::NeedsRestore;
    link.ask(Wish::Switch { seq, transaction, migrates, needs_restore, limits }).await
}

/// Waits until it has ended. The process may be told to end meanwhile: the next one goes on.
async fn follow(work: &Work, link: &Link, update: Update, transaction: &str) -> Result<Value> {
    let ctx = work.on_box();
    let mut turn = interval(ASKED_EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        work.check()?;
        let standing = standing(link).await?;
        if let Some(one) = standing.under_way.filter(|one| one.transaction == transaction) {
            if let Some(progress) = one.progress {
                work.progress(progress.done, progress.total);
            }
            continue;
        }
        let Some(ended) = standing.last.filter(|one| one.transaction == transaction) else {
            let lost = Reason::new("update-lost", "The supervisor knows nothing of this update.");
            return finish(ctx, update, Outcome::Failed, Some(lost), Vec::new()).await;
        };
        let (outcome, reason) = outcome_of(&update, &ended);
        let done = finish(ctx, update, outcome, reason, ended.states).await?;
        point("end-written");
        // Whatever becomes of the mark: the history has it.
        if let Ok(Err(refused)) = link.ask::<Value>(Wish::Seen).await {
            tracing::warn!("The supervisor keeps the end of the update: {}", refused.detail);
        }
        point("end-seen");
        return Ok(done);
    }
}

pub(super) fn outcome_of(update: &Update, ended: &Ended) -> (Outcome, Option<Reason>) {
    let reason = ended.why.as_ref().map(|why| Reason::new(why.code.clone(), &why.detail));
    match ended.end {
        // It was kept in the moment in which somebody took it back.
        End::Committed if update.kind == Kind::Update && ended.kind == Switched::Rollback => {
            let asked = Reason::new(reasons::ASKED_BACK, "Somebody asked to go back.");
            (Outcome::RolledBack, Some(reason.unwrap_or(asked)))
        }
        End::Committed => (Outcome::Committed, reason),
        End::RolledBack => (Outcome::RolledBack, reason),
        End::Disarmed => {
            let stopped = "The box stopped before anything was changed.";
            (Outcome::Failed, Some(reason.unwrap_or(Reason::new(reasons::INTERRUPTED, stopped))))
        }
    }
}

/// Writes the end into the history, with the supervisor's parts of it, and tells people.
async fn finish(
    ctx: &BoxCtx,
    update: Update,
    outcome: Outcome,
    reason: Option<Reason>,
    entered: Vec<Entered>,
) -> Result<Value> {
    let said = described(&update);
    ctx.write(move |scope: &BoxScope<'_>| {
        let stages = entered.iter().map(stage);
        stages.into_iter().try_for_each(|stage| store::enter(scope, update.id, &stage))?;
        let ended = end_in(scope, update, outcome, reason)?;
        telling::ended_in(scope, &ended)
    })
    .await?;
    Ok(said)
}

/// What a state of the supervisor is called in the history.
pub(super) fn stage(entered: &Entered) -> Stage {
    Stage { state: name(entered.state).to_owned(), began_at: Moment(entered.at) }
}

pub(super) fn name(state: State) -> &'static str {
    match state {
        State::Armed => "armed",
        State::Hold => "hold",
        State::Snapshot => "snapshot",
        State::Switched => "switched",
        State::Migrated => "migrated",
        State::Trial => "trial",
        State::Exposed => "exposed",
        State::Probation => "probation",
        State::Committed => "committed",
        State::Cleaned => "cleaned",
        State::Restore => "restore",
        State::RolledBack => "rolled-back",
        State::Disarmed => "disarmed",
    }
}
