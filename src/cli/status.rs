//! `holdfast status`.

use std::fmt::Write;

use serde_json::json;

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::control::ops::{Process, figures_in};
use crate::platform::control::{Status, Verb};

/// Reports also on a box that does not run: what its files tell.
pub(super) fn run(common: &Common) -> Answer {
    let status = match common.ask(&Verb::Status)? {
        Some(answer) => read(answer)?,
        None => Status::at_rest(common.offline()?.on_box(figures_in).map_err(Failure::of)?),
    };
    if common.json {
        return output::print_json(&json!(status));
    }
    output::print(&text(&status))
}

fn text(status: &Status) -> String {
    let version = &status.version;
    let state = match &status.process {
        Some(process) => {
            format!("running for {} (since {})", spoken(process.uptime_s), process.started_at)
        }
        None => "not running".to_owned(),
    };
    let mut lines = vec![("holdfast", format!("{version}, {state}"))];
    let figures = &status.figures;
    lines.push(("box", figures.name.clone().unwrap_or_else(|| "not set up yet".to_owned())));
    lines.push(("id", figures.id.clone()));
    if let Some(process) = &status.process {
        lines.extend(process_lines(process));
    }
    lines.push(("workspaces", figures.workspaces.to_string()));
    lines.push(("people", figures.people.to_string()));
    let jobs = &figures.jobs;
    let (waiting, running, failed) = (jobs.waiting, jobs.running, jobs.failed);
    lines.push(("jobs", format!("{waiting} waiting, {running} running, {failed} failed")));
    let backups = &figures.backups;
    let verified = backups.last_verified_at.as_ref();
    let verified =
        verified.map_or_else(|| "none verified".to_owned(), |at| format!("verified {at}"));
    lines.push(("backups", verified));
    lines.extend(backups.verified_places.iter().map(|place| ("", place.clone())));
    lines.extend(backups.trouble.iter().map(|detail| ("", detail.clone())));
    let mut text = String::new();
    for (name, value) in lines {
        // Writing to a text cannot fail.
        writeln!(text, "{name:<14}{value}").unwrap_or_default();
    }
    text
}

fn process_lines(process: &Process) -> Vec<(&'static str, String)> {
    let mut lines: Vec<_> = process
        .addresses
        .iter()
        .map(|one| ("listens on", format!("{} ({})", one.address, one.listener)))
        .collect();
    match &process.certificate {
        Some(certificate) => {
            let (kind, ends) = (&certificate.kind, &certificate.not_after);
            lines.push(("certificate", format!("{kind}, until {ends}")));
            lines.push(("names", certificate.names.join(", ")));
            lines.push(("fingerprint", certificate.fingerprint.clone()));
            let root = certificate.root_fingerprint.iter();
            lines.extend(root.map(|root| ("root", root.clone())));
            let trouble = certificate.trouble.iter();
            lines.extend(trouble.map(|trouble| ("trouble", trouble.clone())));
        }
        None => lines.push(("certificate", "none, a reverse proxy speaks TLS".to_owned())),
    }
    let files = process.open_files.map_or("unknown".to_owned(), |files| files.to_string());
    let workspaces = process.workspaces_open;
    lines.push(("open files", format!("{files}, workspaces open: {workspaces}")));
    lines
}

/// Seconds in the two largest units that say something.
fn spoken(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        DAY.. => format!("{} d {} h", seconds / DAY, seconds % DAY / HOUR),
        HOUR.. => format!("{} h {} min", seconds / HOUR, seconds % HOUR / MINUTE),
        MINUTE.. => format!("{} min {} s", seconds / MINUTE, seconds % MINUTE),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_two_units() {
        let said = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 90_061].map(spoken);
        let wanted = [
            "0 s",
            "59 s",
            "1 min 0 s",
            "59 min 59 s",
            "1 h 0 min",
            "23 h 59 min",
            "1 d 0 h",
            "1 d 1 h",
        ];
        assert_eq!(said, wanted);
    }
}
