//! `holdfast update`.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Subcommand;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure, megabytes};
use super::running::{ASKED_EVERY, read};
use crate::platform::control::{self, UpdateHistory, UpdateVerb};
use crate::platform::updates::report::{
    UpdateCheck, UpdateEntry, UpdatePlan, UpdateReason, UpdatesStatusResponse,
};

/// A box that changes its release may not answer for so long.
const SILENT_MAX: Duration = Duration::from_mins(5);

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Says which release runs, which one is offered, and what goes on.
    Status,
    /// Asks the feed whether there is a new release.
    Check,
    /// Fetches the offered release, tries it on a copy of this box, and says what would be done.
    /// Nothing changes by that.
    Plan {
        /// Takes the release of the bundle that was sent, not that of the feed.
        #[arg(long)]
        from_bundle: bool,
        /// Takes metadata of a bundle that is past its time. That stands in the audit log.
        #[arg(long, requires = "from_bundle")]
        accept_stale: bool,
    },
    /// Shows the plan, asks, and carries it out; waits until the new release is kept or left.
    Apply {
        /// Does not ask.
        #[arg(long)]
        yes: bool,
        /// Takes the release of the bundle that was sent, not that of the feed.
        #[arg(long)]
        from_bundle: bool,
        /// Takes metadata of a bundle that is past its time. That stands in the audit log.
        #[arg(long, requires = "from_bundle")]
        accept_stale: bool,
    },
    /// Goes back to the release before, which keeps all data; waits until that is done.
    Rollback {
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Lists what was tried, the newest first.
    History,
    /// Takes a release in from a bundle, the file that `holdfast release bundle` wrote.
    Upload {
        /// The file, which the box reads.
        file: PathBuf,
        /// Takes metadata that is past its time. That stands in the audit log.
        #[arg(long)]
        accept_stale: bool,
    },
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    match verb {
        Verb::Status => show_status(common, UpdateVerb::Status),
        Verb::Check => show_status(common, UpdateVerb::Check),
        Verb::Plan { from_bundle, accept_stale } => {
            let plan = planned(common, from_bundle, accept_stale)?;
            show_plan(common, &plan)
        }
        Verb::Apply { yes, from_bundle, accept_stale } => {
            let plan = planned(common, from_bundle, accept_stale)?;
            carry_out(common, plan, yes, |digest| UpdateVerb::Apply { digest })
        }
        Verb::Rollback { yes } => {
            let plan = ask(common, UpdateVerb::PlanRollback)?;
            carry_out(common, plan, yes, |digest| UpdateVerb::Rollback { digest })
        }
        Verb::History => history(common),
        Verb::Upload { file, accept_stale } => upload(common, file, accept_stale),
    }
}

/// Asks the running box; one that does not run has nothing to say about updates.
fn ask<T: DeserializeOwned>(common: &Common, verb: UpdateVerb) -> Answer<T> {
    match common.ask(&control::Verb::Update(verb))? {
        Some(answer) => read(answer),
        None => Err(Failure::Failed("The box does not run. Start it first.".to_owned())),
    }
}

fn show_status(common: &Common, verb: UpdateVerb) -> Answer {
    let status: UpdatesStatusResponse = ask(common, verb)?;
    if common.json {
        return output::print_json(&json!(status));
    }
    let mut lines = vec![
        format!("release: {}", status.current.version),
        format!("channel: {}", status.settings.channel),
        format!("feed: {}", status.feed.place.as_deref().unwrap_or("none, releases come as files")),
    ];
    if !status.supervision.is_supervised {
        lines.push("This box runs without a supervisor and cannot update itself.".to_owned());
    }
    if let Some(back) = &status.supervision.fallback {
        lines.push(format!("way back: {}", back.version));
    }
    lines.extend(status.feed.problem.as_ref().map(|why| format!("the feed: {}", said(why))));
    lines.extend(status.supervision.alerts.iter().map(said));
    match (&status.offer, &status.under_way) {
        (_, Some(open)) => lines.push(format!("goes on: {}", going(&open.update, &open.state))),
        (Some(offer), None) => {
            let size = megabytes(offer.size_bytes);
            lines.push(format!("offered: {} ({}, {size})", offer.version, offer.severity));
        }
        (None, None) if status.feed.answered_at.is_some() => {
            lines.push("This is the newest release that the box is offered.".to_owned());
        }
        (None, None) => {}
    }
    output::print(&(lines.join("\n") + "\n"))
}

fn said(reason: &UpdateReason) -> String {
    format!("{} ({})", reason.detail, reason.code)
}

fn going(update: &UpdateEntry, state: &str) -> String {
    format!("{} → {}: {state}", update.from.version, update.to.version)
}

/// The plan that waits; one is made where none does.
fn planned(common: &Common, from_bundle: bool, accept_stale: bool) -> Answer<UpdatePlan> {
    let status: UpdatesStatusResponse = ask(common, UpdateVerb::Status)?;
    if !status.under_way.is_some_and(|open| open.is_planned) {
        let begun: Value = ask(common, UpdateVerb::Prepare { from_bundle, accept_stale })?;
        drop(begun);
        let is_over = |status: &UpdatesStatusResponse| {
            status.under_way.as_ref().is_none_or(|open| open.is_planned)
        };
        let status = follow(common, is_over)?;
        if status.under_way.is_none() {
            return Err(came_to(common, status.last.as_ref().map(|last| (last, false)))
                .err()
                .unwrap_or_else(|| Failure::Failed("There is no plan.".to_owned())));
        }
    }
    ask(common, UpdateVerb::Plan)
}

/// Asks again and again until something is so, also while the box changes its release.
fn follow(
    common: &Common,
    is_over: impl Fn(&UpdatesStatusResponse) -> bool,
) -> Answer<UpdatesStatusResponse> {
    let (mut heard_at, mut told) = (Instant::now(), String::new());
    loop {
        match ask::<UpdatesStatusResponse>(common, UpdateVerb::Status) {
            Ok(status) if is_over(&status) => return Ok(status),
            Ok(status) => {
                heard_at = Instant::now();
                if let Some(open) = &status.under_way {
                    let line = progress(open.progress.map(|one| (one.done, one.total)));
                    let line = format!("{}{line}", open.state);
                    if !common.json && line != told {
                        output::note(&line);
                        told = line;
                    }
                }
            }
            Err(failure) if heard_at.elapsed() > SILENT_MAX => return Err(failure),
            Err(_) => {}
        }
        std::thread::sleep(ASKED_EVERY);
    }
}

fn progress(progress: Option<(u64, u64)>) -> String {
    let percent = progress.and_then(|(done, total)| done.saturating_mul(100).checked_div(total));
    percent.map_or_else(String::new, |percent| format!(" {percent} %"))
}

fn show_plan(common: &Common, plan: &UpdatePlan) -> Answer {
    if common.json {
        return output::print_json(&json!(plan));
    }
    output::print(&plan_text(plan))
}

fn plan_text(plan: &UpdatePlan) -> String {
    let mut lines = vec![format!("{} → {}", plan.from.version, plan.to.version)];
    if !plan.signers.is_empty() {
        lines.push(format!("signed by: {}", plan.signers.join(", ")));
    }
    if let Some(found) = &plan.rehearsal {
        let (files, rows) = (found.files, found.rows);
        lines.push(format!("rehearsed: {files} databases, {rows} rows, {} ms", found.took_ms));
        let bad = |check: &&UpdateCheck| !check.is_ok;
        lines.extend(found.failed.iter().chain(&found.skipped).filter(bad).map(check_text));
    }
    lines.push(format!("way back: {}", plan.rollback));
    lines.extend(plan.rollback_reasons.iter().cloned());
    if plan.rows_lost > 0 {
        lines.push(format!("rows that would be set aside: {}", plan.rows_lost));
    }
    lines.push(format!("requests wait about {} ms", plan.predicted_hold_ms));
    if plan.probation_s > 0 {
        lines.push(format!("then watched for {} s", plan.probation_s));
    }
    if !plan.notes.is_empty() {
        lines.push(String::new());
        lines.push(plan.notes.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

fn check_text(check: &UpdateCheck) -> String {
    format!("  {}: {}", check.name, check.detail.as_deref().unwrap_or_default())
}

/// Shows a plan, asks, confirms it, and waits for its end.
fn carry_out(
    common: &Common,
    plan: UpdatePlan,
    yes: bool,
    verb: impl Fn(String) -> UpdateVerb,
) -> Answer {
    if !yes {
        output::note(plan_text(&plan).trim_end());
        if !is_confirmed()? {
            return Err(Failure::Failed("Nothing was changed.".to_owned()));
        }
    }
    let before: UpdatesStatusResponse = ask(common, UpdateVerb::Status)?;
    let before = before.last.map(|one| one.id);
    let is_back = plan.kind == "rollback";
    let begun: Value = ask(common, verb(plan.digest))?;
    drop(begun);
    let is_over = |status: &UpdatesStatusResponse| {
        status.under_way.is_none() && status.last.as_ref().map(|one| &one.id) != before.as_ref()
    };
    let status = follow(common, is_over)?;
    came_to(common, status.last.as_ref().map(|last| (last, is_back)))
}

/// Asks at the terminal. Without one nobody confirms.
fn is_confirmed() -> Answer<bool> {
    if !std::io::stdin().is_terminal() {
        let detail = "Nobody can be asked here. Say --yes to go on without a question.";
        return Err(Failure::Failed(detail.to_owned()));
    }
    output::note("Go on? [y/N]");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// Says how an update ended, with whether going back was wished for; what did not come through is
/// exit code 5.
fn came_to(common: &Common, ended: Option<(&UpdateEntry, bool)>) -> Answer {
    let Some((entry, is_back)) = ended else {
        return Err(Failure::Failed("The update is not in the history.".to_owned()));
    };
    let is_taken_back = is_back && entry.kind == "update" && entry.taken_back_as.is_some();
    let is_good = entry.outcome.as_deref() == Some("committed") || is_taken_back;
    if common.json {
        output::print_json(&json!(entry))?;
    } else if is_taken_back {
        output::print(&format!("This box runs {} again.\n", entry.from.version))?;
    } else if is_good {
        output::print(&format!("This box runs {} now.\n", entry.to.version))?;
    } else {
        output::complain(&match entry.outcome.as_deref() {
            Some("rolled-back") => format!("This box went back to {}.", entry.from.version),
            Some("discarded") => "The plan was given up. Nothing was changed.".to_owned(),
            Some(_) => "The update failed. Nothing was changed.".to_owned(),
            None => "The update goes on.".to_owned(),
        });
        if let Some(reason) = &entry.reason {
            output::complain(&said(reason));
        }
    }
    if is_good { Ok(()) } else { Err(Failure::CheckFailed) }
}

fn history(common: &Common) -> Answer {
    let UpdateHistory { updates } = ask(common, UpdateVerb::History)?;
    if common.json {
        return output::print_json(&json!({ "items": updates }));
    }
    let line = |entry: &UpdateEntry| {
        let at = entry.finished_at.as_ref().unwrap_or(&entry.requested_at);
        let outcome = entry.outcome.as_deref().unwrap_or("goes on");
        let reason = entry.reason.as_ref().map(|one| one.code.as_str()).unwrap_or_default();
        let versions = format!("{} → {}", entry.from.version, entry.to.version);
        [at, entry.kind.as_str(), &versions, outcome, reason].join("  ").trim_end().to_owned()
            + "\n"
    };
    output::print(&updates.iter().map(line).collect::<String>())
}

fn upload(common: &Common, file: PathBuf, accept_stale: bool) -> Answer {
    let file = std::path::absolute(file)?;
    let wish = UpdateVerb::Upload { file, accept_stale };
    let result = common.have_done(control::Verb::Update(wish))?;
    if common.json {
        return output::print_json(&result);
    }
    let version = result["offered"].as_str().unwrap_or("nothing");
    output::print(&format!("The bundle is good: it offers {version}. See: holdfast update plan\n"))
}
