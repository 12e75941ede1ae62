//! `holdfast setup-link`.

use serde_json::json;

use super::Common;
use super::output::{self, Answer};
use super::running::read;
use crate::platform::control::{SetupLink, Verb};

/// Makes the link in the running box, or in its files while it does not run.
pub(super) fn run(common: &Common) -> Answer {
    let SetupLink { link } = read(common.perform(Verb::SetupLink)?)?;
    if common.json {
        return output::print_json(&json!({ "link": link }));
    }
    output::print(&format!("{link}\n"))
}
