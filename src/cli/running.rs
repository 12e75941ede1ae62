//! How a verb reaches the running box.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Common;
use super::output::{self, Answer, Failure, megabytes};
use super::owner;
use crate::platform::DATA_IN_USE;
use crate::platform::clock::Clock;
use crate::platform::control::{self, Fault, Running, Verb};
use crate::platform::error::Error;
use crate::wiring::{self, serving};

/// How often a job on its way is asked how far it is.
pub(super) const ASKED_EVERY: Duration = Duration::from_millis(500);

impl Common {
    /// Asks the running box; `None` when none runs.
    pub(super) fn ask(&self, verb: &Verb) -> Answer<Option<Value>> {
        let config = self.load(Vec::new())?;
        match control::ask(config.data(), verb).map_err(Failure::of)? {
            None => Ok(None),
            Some(control::Answer::Ok(value)) => Ok(Some(value)),
            Some(control::Answer::Error(fault)) => Err(fault.into()),
        }
    }
}

impl Common {
    /// Has the running box do it; with none running, takes the data folder and does it here.
    pub(super) fn perform(&self, verb: Verb) -> Answer<Value> {
        if let Some(answer) = self.ask(&verb)? {
            return Ok(answer);
        }
        let data = self.load(Vec::new())?.data().to_owned();
        owner::as_owner_of(&data, || self.perform_here(verb))
    }

    /// Takes the data folder and does it in this process.
    fn perform_here(&self, verb: Verb) -> Answer<Value> {
        // A slip in `--data` makes no box.
        drop(self.offline()?);
        let config = self.load(Vec::new())?;
        serving::keep_files_private();
        let platform = wiring::open(config, Clock::System).map_err(|error| match error {
            Error::Conflict(refusal) if refusal.code == DATA_IN_USE => {
                Failure::Failed("The box is starting or stopping; try again.".to_owned())
            }
            other => Failure::of(other),
        })?;
        if matches!(verb, Verb::SecurityReview { .. }) {
            let table = wiring::access_table(&platform).map_err(Failure::of)?;
            wiring::know_routes(&platform, &table);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let outcome = control::perform(&platform, verb).await;
            platform.close().await;
            outcome.map_err(Failure::of)
        })
    }
}

impl Common {
    /// Has the running box do a job and waits for it, saying how far it is; gives its answer.
    pub(super) fn have_done(&self, verb: Verb) -> Answer<Value> {
        let mut standing: Running = read(self.perform(verb)?)?;
        let (mut since, mut before, mut told) = (Instant::now(), 0, None);
        let mut trouble = None;
        while !standing.has_ended() {
            if standing.done < before {
                // It goes on with something else: sending after making.
                since = Instant::now();
            }
            before = standing.done;
            let percent = standing.done.saturating_mul(100).checked_div(standing.total);
            if !self.json && percent.is_some() && percent != told {
                output::note(&pace(standing.done, standing.total, since));
                told = percent;
            }
            if !self.json && standing.problem.is_some() && standing.problem != trouble {
                trouble.clone_from(&standing.problem);
                let said = trouble.as_deref().unwrap_or_default();
                output::note(&format!("{said} It is tried again in a while."));
            }
            std::thread::sleep(ASKED_EVERY);
            let job = standing.job.clone();
            match self.perform(Verb::Watch { job }) {
                Err(Failure::Busy(_)) => {}
                answer => standing = read(answer?)?,
            }
        }
        if standing.state == "done" {
            return Ok(standing.result.unwrap_or_default());
        }
        let why = standing.problem.unwrap_or_else(|| format!("It was {}.", standing.state));
        Err(Failure::Failed(why))
    }
}

/// How far something is, how fast it goes, and how long it will take.
pub(super) fn pace(done: u64, total: u64, since: Instant) -> String {
    let percent = done.saturating_mul(100) / total.max(1);
    let seconds = since.elapsed().as_secs().max(1);
    let rate = (done / seconds).max(1);
    let left = total.saturating_sub(done) / rate;
    let (total, rate) = (megabytes(total), megabytes(rate));
    format!("{percent} % of {total}, {rate}/s, {left} s left")
}

/// Reads what a verb answered.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Answer<T> {
    serde_json::from_value(answer).map_err(|error| {
        Failure::Failed(format!("The running box seems to be of another version: {error}."))
    })
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault.code.as_str() {
            "not-found" => Self::NotFound(fault.detail),
            "forbidden" => Self::Denied(fault.detail),
            "busy" => Self::Busy(fault.detail),
            _ => Self::Failed(fault.detail),
        }
    }
}
