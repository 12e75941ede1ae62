//! How a verb reaches the running box.

use serde_json::Value;

use super::Common;
use super::output::{Answer, Failure};
use crate::platform::control::{self, Fault, Verb};

impl Common {
    /// Asks the running box; `None` when none runs.
    pub(super) fn ask(&self, verb: Verb) -> Answer<Option<Value>> {
        let config = self.load(Vec::new())?;
        match control::ask(config.data(), verb).map_err(Failure::of)? {
            None => Ok(None),
            Some(control::Answer::Ok(value)) => Ok(Some(value)),
            Some(control::Answer::Error(fault)) => Err(fault.into()),
        }
    }
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
