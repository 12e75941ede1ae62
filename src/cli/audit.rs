//! `holdfast audit verify`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::audit::ops::{Verdict, bundle};
use crate::platform::audit::rules::checkpoints::{NOTE_SIZE_BYTES_MAX, Note};
use crate::platform::error::{Error, Result};
use crate::platform::offline::Said;
use crate::platform::secret::to_hex;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Recomputes every audit log and names the first entry that does not fit.
    Verify(VerifyOptions),
}

#[derive(Debug, Args)]
pub(super) struct VerifyOptions {
    /// An exported log instead of a data folder.
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    bundle: Option<PathBuf>,
    /// A checkpoint of that log that you trust: from a journal, a print, a colleague.
    #[arg(long, value_name = "FILE", requires = "bundle")]
    checkpoint: Option<PathBuf>,
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    match verb {
        Verb::Verify(VerifyOptions { bundle: Some(bundle), checkpoint: Some(checkpoint) }) => {
            verify_bundle(common, bundle, checkpoint)
        }
        Verb::Verify(_) => verify(common),
    }
}

/// One log and what was found in it.
struct Finding {
    /// `box`, or the workspace's id.
    log: String,
    name: String,
    outcome: Result<Verdict>,
}

impl Finding {
    fn is_good(&self) -> bool {
        matches!(&self.outcome, Ok(verdict) if verdict.bad.is_none())
    }

    fn line(&self) -> String {
        let (log, name) = (&self.log, &self.name);
        match &self.outcome {
            Ok(Verdict { checked, head, checkpoints, bad: None, .. }) => {
                let head = to_hex(head);
                format!(
                    "ok   {log}  {name}: {checked} entries, {checkpoints} checkpoints, \
                     head {head}\n"
                )
            }
            Ok(Verdict { checked, bad: Some(bad), .. }) => {
                format!("BAD  {log}  {name}: {}; {checked} entries before it fit\n", bad.detail)
            }
            Err(error) => format!("BAD  {log}  {name}: {}\n", unreadable(error)),
        }
    }

    fn to_json(&self) -> Value {
        let (checked, head, first_bad_seq, detail) = match &self.outcome {
            Ok(verdict) => (
                verdict.checked,
                Some(to_hex(&verdict.head)),
                verdict.bad.as_ref().map(|bad| bad.seq),
                verdict.bad.as_ref().map(|bad| bad.detail.clone()),
            ),
            Err(error) => (0, None, None, Some(unreadable(error))),
        };
        json!({
            "log": self.log, "name": self.name, "ok": self.is_good(), "checked": checked,
            "head": head, "first_bad_seq": first_bad_seq, "detail": detail,
            "root": self.outcome.as_ref().ok().map(|verdict| to_hex(&verdict.root)),
            "checkpoints": self.outcome.as_ref().ok().map(|verdict| verdict.checkpoints),
        })
    }
}

fn unreadable(error: &Error) -> String {
    match error {
        Error::NotFound => "the file is missing".to_owned(),
        Error::Rule(refusal) => refusal.detail.clone(),
        other => format!("the file cannot be read: {other}"),
    }
}

fn verify(common: &Common) -> Answer {
    let offline = common.offline()?;
    let (on_box, said) = match offline.verify_box() {
        Ok((verdict, said)) => (Ok(verdict), said),
        Err(error) => (Err(error), Said::default()),
    };
    let name = "the box".to_owned();
    let mut findings = vec![Finding { log: "box".to_owned(), name, outcome: on_box }];
    match offline.workspaces() {
        Ok(workspaces) => {
            let known: Vec<_> = workspaces.iter().map(|workspace| workspace.id).collect();
            findings.extend(workspaces.into_iter().map(|workspace| Finding {
                log: workspace.id.to_string(),
                name: workspace.name,
                outcome: offline.verify_workspace(workspace.id, &said),
            }));
            findings.extend(said.missing(&known).into_iter().map(|id| Finding {
                log: id.to_string(),
                name: "a workspace that the box's log names".to_owned(),
                outcome: Err(Error::NotFound),
            }));
        }
        Err(error) => findings.push(Finding {
            log: "box".to_owned(),
            name: "the list of workspaces".to_owned(),
            outcome: Err(error),
        }),
    }
    let is_good = findings.iter().all(Finding::is_good);
    if common.json {
        let logs: Vec<Value> = findings.iter().map(Finding::to_json).collect();
        output::print_json(&json!({ "ok": is_good, "logs": logs }))?;
    } else {
        output::print(&findings.iter().map(Finding::line).collect::<String>())?;
    }
    if is_good { Ok(()) } else { Err(Failure::CheckFailed) }
}

/// Bytes read of a bundle at once.
const BUNDLE_BUFFER_BYTES: usize = 1024 * 1024;

fn verify_bundle(common: &Common, bundle: &Path, checkpoint: &Path) -> Answer {
    let note = read_note(checkpoint)?;
    let file = File::open(bundle).map_err(|error| {
        Failure::Failed(format!("{} cannot be read: {error}", bundle.display()))
    })?;
    let file = BufReader::with_capacity(BUNDLE_BUFFER_BYTES, file);
    let finding = Finding {
        log: note.statement.origin.clone(),
        name: bundle.display().to_string(),
        outcome: bundle::verify(file, &note),
    };
    let trusted = note.statement.size;
    if common.json {
        let mut answer = finding.to_json();
        answer["trusted"] = json!(trusted);
        output::print_json(&answer)?;
    } else {
        output::print(&finding.line())?;
        if let Ok(Verdict { checked, bad: None, .. }) = &finding.outcome
            && *checked > trusted
        {
            let first = trusted + 1;
            output::print(&format!(
                "     entries from {first} on are newer than the trusted checkpoint\n"
            ))?;
        }
    }
    if finding.is_good() { Ok(()) } else { Err(Failure::CheckFailed) }
}

fn read_note(path: &Path) -> Result<Note, Failure> {
    let mut text = String::new();
    let most = u64::try_from(NOTE_SIZE_BYTES_MAX).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_string(&mut text));
    read.map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", path.display())))?;
    Note::read(&text).ok_or_else(|| Failure::Failed(format!("{} is no checkpoint", path.display())))
}
