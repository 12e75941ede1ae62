//! Runs the checks beside each other, each with a time of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::checks::check;
use super::look::Look;
use super::rules::words::span;
use super::rules::{Finding, Report, Spec, Verdict};
use crate::platform::error::Result;
use crate::platform::tasks;

/// A check that takes longer is given up.
const CHECK_TIMEOUT: Duration = Duration::from_secs(9);

/// Runs the named checks. One that hangs, on a dead share or a name server, holds up none of the
/// others and is reported as skipped.
pub async fn run(look: &Arc<Look>, specs: &[&'static Spec]) -> Result<Report> {
    let findings = join_all(specs.iter().map(|spec| one(Arc::clone(look), spec))).await;
    Ok(Report::new(look.now(), look.is_running(), findings))
}

async fn one(look: Arc<Look>, spec: &'static Spec) -> Finding {
    let started = Instant::now();
    let finding = |mut verdict: Verdict| {
        verdict.cause.truncate(verdict.cause.trim_end().len());
        Finding { spec, verdict, took: started.elapsed() }
    };
    let Some(check) = check(spec.code) else {
        return finding(Verdict::skipped("There is no such check."));
    };
    let work = tasks::blocking(move || {
        let mut verdict = check(&look);
        for command in &mut verdict.fix {
            *command = look.command(command);
        }
        Ok(verdict)
    });
    match tokio::time::timeout(CHECK_TIMEOUT, work).await {
        Ok(Ok(verdict)) => finding(verdict),
        Ok(Err(error)) => finding(Verdict::skipped(format!("The check itself failed: {error}."))),
        Err(_) => {
            let cause = format!("It took longer than {}.", span(CHECK_TIMEOUT));
            finding(Verdict::skipped(cause))
        }
    }
}
