//! `holdfast keys rotate`.

use clap::Subcommand;
use serde_json::json;

use super::Common;
use super::output::{self, Answer};
use super::running::read;
use crate::platform::control::{self, KeyRotation};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a new master key, seals everything anew with it and forgets the old one.
    Rotate,
}

/// Done by the running box, or in its files while it does not run.
pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    let Verb::Rotate = verb;
    let KeyRotation { key_id, is_done } = read(common.perform(control::Verb::RotateKeys)?)?;
    if common.json {
        return output::print_json(&json!({ "key_id": key_id, "done": is_done }));
    }
    let rest = if is_done { "the old one is forgotten" } else { "fields are still sealed anew" };
    output::print(&format!("Master key {key_id} is in use; {rest}.\n"))
}
