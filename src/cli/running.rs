//! How a verb reaches the running box.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Common;
use super::output::{Answer, Failure};
use crate::platform::DATA_IN_USE;
use crate::platform::clock::Clock;
use crate::platform::control::{self, Fault, Verb};
use crate::platform::error::Error;
use crate::wiring::{self, serving};

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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let outcome = control::perform(&platform, verb).await;
            platform.close().await;
            outcome.map_err(Failure::of)
        })
    }
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
            _ => Self::Failed(fault.detail),
        }
    }
}
