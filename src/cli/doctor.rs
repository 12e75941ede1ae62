//! `holdfast doctor`: what is wrong, and the command that mends it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use super::security;
use crate::platform::control::{DoctorVerb, Verb};
use crate::platform::doctor::report::{DoctorFinding, DoctorResponse};
use crate::platform::doctor::rules::{self, Finding, Report, Spec, Status};
use crate::platform::doctor::{Done, Look, apply, bundle, ops, run};
use crate::platform::error::Error;

/// Where the manual says more.
const MANUAL: &str = "/help/troubleshooting";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Mends what can be mended safely: modes, owners, left-over files, long logs, a dead socket.
    #[arg(long)]
    fix: bool,
    /// Runs these checks alone.
    #[arg(long, value_name = "CODE", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Writes a support bundle without secrets and names of people: a .tar.zst to send to somebody.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Lists the checks that find nothing, too.
    #[arg(long)]
    all: bool,
    /// Goes through the security of the box instead: people, tokens, settings, keys, backups, and
    /// what every address asks of its caller.
    #[arg(long, conflicts_with_all = ["fix", "only", "bundle", "all"])]
    security: bool,
    /// Keeps that review with a note on what was agreed; an empty one is a note, too.
    #[arg(long, value_name = "NOTE", requires = "security")]
    keep: Option<String>,
}

pub(super) fn run_doctor(common: &Common, options: &Options) -> Answer {
    if options.security {
        return security::review(common, options.keep.clone());
    }
    let specs = rules::chosen(&options.only).map_err(unknown)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(look_and_say(common, options, &specs));
    // A check that hangs must not hold up the end.
    runtime.shutdown_background();
    outcome
}

/// The error says which field of a request is meant; here it is an option.
fn unknown(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => {
            let said = fields.iter().map(|field| field.detail.clone()).collect::<Vec<_>>();
            Failure::NotFound(said.join(" "))
        }
        other => Failure::of(other),
    }
}

async fn look_and_say(common: &Common, options: &Options, specs: &[&'static Spec]) -> Answer {
    let look = Arc::new(Look::from_outside(&common.sources(Vec::new())));
    let mut report = run(&look, specs).await.map_err(Failure::of)?;
    let mut done = BTreeMap::new();
    if options.fix {
        done = mend(common, &look, &report)?;
        // The modes of files and the socket were looked at before.
        let again = Arc::new(Look::from_outside(&common.sources(Vec::new())));
        report = run(&again, specs).await.map_err(Failure::of)?;
    }
    if let Some(path) = &options.bundle {
        let inside = common.ask(&Verb::Doctor(DoctorVerb::Inside)).ok().flatten();
        let inside = inside.map(read).transpose()?;
        let bytes = bundle::make(&look, &report, inside.as_ref()).map_err(Failure::of)?;
        write(path, &bytes)?;
    }
    say(common, options, &report, &done)?;
    if report.is_well() { Ok(()) } else { Err(Failure::CheckFailed) }
}

/// Mends what was found. A running box does what it can do itself, and writes it down.
fn mend(common: &Common, look: &Look, report: &Report) -> Answer<BTreeMap<String, Done>> {
    let fixable = |finding: &&Finding| finding.verdict.is_fixable;
    let codes: Vec<&str> =
        report.findings.iter().filter(fixable).map(|finding| finding.spec.code).collect();
    let (by_box, here): (Vec<&str>, Vec<&str>) =
        codes.into_iter().partition(|code| look.is_running() && ops::is_mended_by_box(code));
    let mut done = BTreeMap::new();
    if !by_box.is_empty() {
        let codes = by_box.iter().map(|code| (*code).to_owned()).collect();
        if let Some(answer) = common.ask(&Verb::Doctor(DoctorVerb::Fix { codes }))? {
            done = read(answer)?;
        }
    }
    for code in here {
        match apply(look, code) {
            Ok(said) => done.insert(code.to_owned(), said),
            Err(error) => done.insert(code.to_owned(), vec![format!("Not mended: {error}.")]),
        };
    }
    Ok(done)
}

/// A new file that only its owner reads.
fn write(path: &Path, bytes: &[u8]) -> Answer {
    let refused = |error: std::io::Error| {
        Failure::Failed(format!("{} cannot be written: {error}", path.display()))
    };
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(refused)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(refused)
}

fn say(
    common: &Common,
    options: &Options,
    report: &Report,
    done: &BTreeMap<String, Done>,
) -> Answer {
    let response = DoctorResponse::from(report);
    if common.json {
        let mut value = json!(response);
        value["done"] = json!(done);
        value["bundle"] = json!(options.bundle);
        return output::print_json(&value);
    }
    let mut text = String::new();
    for sentence in done.values().flatten() {
        line(&mut text, &format!("mended   {sentence}"));
    }
    for (said, finding) in response.findings.iter().zip(&report.findings) {
        if options.all || finding.verdict.status >= Status::Hint {
            one(&mut text, said);
        }
    }
    let counts = &response.counts;
    line(
        &mut text,
        &format!(
            "{} failed, {} warnings, {} hints, {} well, {} skipped. More: {MANUAL} on the box.",
            counts.failed, counts.warning, counts.hint, counts.ok, counts.skipped
        ),
    );
    if let Some(path) = &options.bundle {
        line(&mut text, &format!("Written: {}", path.display()));
    }
    output::print(&text)
}

fn one(text: &mut String, finding: &DoctorFinding) {
    let DoctorFinding { status, code, title, cause, .. } = finding;
    line(text, &format!("{status:<8} {code}: {title}. {cause}"));
    if let Some(effect) = &finding.effect {
        line(text, &format!("         {effect}"));
    }
    for command in &finding.fix {
        line(text, &format!("         > {command}"));
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a text cannot fail.
    writeln!(text, "{line}").unwrap_or_default();
}
