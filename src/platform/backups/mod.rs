//! Backups that the box itself cannot read.
//!
//! A base backup is one cut over all files of the box: their pages go from SQLite through tar, zstd
//! and age into parts on the disk, and from there to the targets. No plain copy is ever written.
//! Private keys that open a backup exist in recovery kits alone.

pub mod archive;
pub mod bases;
pub mod contents;
pub mod keys_in_hand;
pub mod kits;
pub mod packs;
pub mod portable;
pub mod recovery;
pub mod restores;
pub mod retention;
pub mod standing;
pub mod targets;
pub mod verification;
mod watched;

use super::app::Routes;
use super::error::Code;

pub const CODES: &[&[Code]] = &[
    bases::rules::CODES,
    kits::rules::CODES,
    portable::rules::CODES,
    restores::rules::CODES,
    targets::rules::CODES,
    verification::rules::CODES,
    retention::rules::CODES,
];

pub fn routes() -> Routes {
    Routes::new()
        .merge(bases::api::routes())
        .merge(verification::api::routes())
        .merge(retention::api::routes())
        .merge(standing::api::routes())
        .merge(kits::api::routes())
        .merge(portable::api::routes())
        .merge(restores::api::routes())
        .merge(targets::api::routes())
}
