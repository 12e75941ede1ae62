//! `[notices]`: mail and webhooks.

use std::path::PathBuf;

use super::key::{section, text};

section! {
    /// What leaves the box to tell people and programs. The mail server and the receivers are
    /// set in the browser.
    Notices = "notices" {
        /// PEM file with authorities that mail servers and receivers are trusted by, besides
        /// those of this machine.
        ca_file: Option<PathBuf> = text(""),
        /// Time zone of the box such as `Europe/Berlin`, for daily summaries; empty for UTC.
        time_zone: Option<jiff::tz::TimeZone> = text(""),
    }
}
