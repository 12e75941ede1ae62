//! `holdfast openapi`.

use super::output::{self, Answer, Failure};
use crate::wiring;

/// Prints the same document that the box serves at `/api/v1/openapi.json`.
pub(super) fn run() -> Answer {
    output::print_json(&wiring::document().map_err(Failure::of)?)
}
