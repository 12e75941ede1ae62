//! `holdfast audit verify`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::audit::ops::Verdict;
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Recomputes the chain of every audit log and names the first entry that does not fit.
    Verify,
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    match verb {
        Verb::Verify => verify(common),
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
            Ok(Verdict { checked, head, bad: None }) => {
                format!("ok   {log}  {name}: {checked} entries, head {}\n", to_hex(head))
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
        })
    }
}

fn unreadable(error: &Error) -> String {
    match error {
        Error::NotFound => "the file is missing".to_owned(),
        other => format!("the file cannot be read: {other}"),
    }
}

fn verify(common: &Common) -> Answer {
    let offline = common.offline()?;
    let on_box = Finding {
        log: "box".to_owned(),
        name: "the box".to_owned(),
        outcome: offline.verify_box(),
    };
    let mut findings = vec![on_box];
    match offline.workspaces() {
        Ok(workspaces) => findings.extend(workspaces.into_iter().map(|workspace| Finding {
            log: workspace.id.to_string(),
            name: workspace.name,
            outcome: offline.verify_workspace(workspace.id),
        })),
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
