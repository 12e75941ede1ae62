//! `holdfast update-step`: what a release does with the files of a box, started for an update and
//! never by hand. Each step prints how far it is, line by line, and what came of it as the last.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::Common;
use super::output::{Answer, Failure, note, print};
use crate::platform::clock::Clock;
use crate::platform::error::Result;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::updates::rehearsal::looking::rehearse;
use crate::platform::updates::rehearsal::report::{Done, Report};
use crate::platform::updates::rehearsal::restoring::{self, Order};
use crate::platform::updates::rehearsal::{copying_apart, migrating, snapshots};
use crate::wiring;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Brings a copy of the data along, looks at it whole and tries it out.
    Rehearse,
    /// Copies the databases of a box that may run, for a rehearsal.
    Copy {
        /// Folder for them, which does not exist yet.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
    /// Keeps the databases as they are.
    Snapshot {
        /// Folder for them, which holds no whole snapshot yet.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
    /// Brings the data itself along to this release.
    Migrate,
    /// Puts the databases back as they are in a snapshot.
    Restore {
        /// Folder of the snapshot.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Version whose data is kept as after-VERSION beside the snapshot; that of this release
        /// when left out.
        #[arg(long, value_name = "VERSION", default_value = VERSION)]
        after: String,
    },
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    let Some(data) = common.data.clone() else {
        return Err(Failure::Failed("Name the folder: --data DIR.".to_owned()));
    };
    match verb {
        Verb::Rehearse => rehearse_in(&data),
        Verb::Copy { into } => done(copying_apart::copy(&data, into, &Clock::System, &mut tell)),
        Verb::Snapshot { into } => done(snapshots::take(&data, into, &Clock::System, &mut tell)),
        Verb::Migrate => {
            done(migrating::migrate(&data, &wiring::parts(), &Clock::System, &mut tell))
        }
        Verb::Restore { from, after } => {
            let order = Order { data: &data, from, after, clock: &Clock::System };
            done(restoring::restore(&order, &mut tell))
        }
    }
}

fn done(outcome: Result<Done>) -> Answer {
    let done = outcome.unwrap_or_else(Done::from);
    let is_good = done.is_good();
    end(&done, is_good)
}

fn rehearse_in(data: &Path) -> Answer {
    // People use the box meanwhile.
    if let Err(error) = rustix::process::nice(NICENESS) {
        note(&format!("The rehearsal cannot step back: {error}"));
    }
    let found = rehearse(data, &wiring::parts(), &Clock::System, &mut tell);
    let report = found.unwrap_or_else(Report::from);
    let is_good = report.is_good();
    end(&report, is_good)
}

/// How little of the processor a rehearsal asks for.
const NICENESS: i32 = 19;

/// Says how far a step is. One whose reader is gone goes on: what it has begun is worth more.
fn tell(done: u64, total: u64) {
    let mut out = std::io::stdout().lock();
    let line = json!({ "done": done, "total": total });
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// Prints what came of a step as its last line.
fn end(report: &impl Serialize, is_good: bool) -> Answer {
    let report =
        serde_json::to_string(report).map_err(|error| Failure::Failed(error.to_string()))?;
    print(&format!("{report}\n"))?;
    if is_good { Ok(()) } else { Err(Failure::CheckFailed) }
}
