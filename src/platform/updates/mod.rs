//! Signed updates that can be undone: what a release is, the metadata that vouches for it, who
//! publishes it, and the supervisor that starts it, watches it and goes back.

pub mod api;
pub mod bundle;
pub mod digest;
pub mod facts;
pub mod jobs;
pub mod link;
pub mod metadata;
pub mod ops;
pub mod publisher;
pub mod rehearsal;
pub mod release;
pub mod report;
pub mod rules;
pub mod runner;
pub mod scorecard;
mod store;
pub mod supervisor;
pub mod worker;

use crate::platform::error::Code;

/// The codes of everything here.
pub const CODES: &[&[Code]] = &[
    bundle::CODES,
    metadata::codes::CODES,
    metadata::fetch::CODES,
    publisher::rules::CODES,
    rehearsal::rules::CODES,
    rules::CODES,
    supervisor::reasons::CODES,
];
