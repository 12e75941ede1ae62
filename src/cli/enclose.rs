//! `holdfast enclose`: what the supervisor starts on the way to a release.

use super::output::{Answer, Failure};
use crate::platform::updates::supervisor::enclosing;

/// Returns only when the release could not take over.
pub(super) fn run() -> Answer {
    enclosing::become_release()
        .map_err(|error| Failure::Failed(format!("The release cannot be started: {error}")))
}
