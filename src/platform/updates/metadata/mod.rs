//! The signed metadata of releases, in the format of The Update Framework: what is trusted, what a
//! feed says anew, and which release is for this box. The format is described in
//! `docs/formats/release.md`.
//!
//! Each file is read strictly and looked at by rules of this product, each with a reason of its
//! own; then the `tough` crate looks at all of it once more, by the workflow of the framework.
//! What either refuses is refused. The same code serves a feed on the web, a folder, an unpacked
//! bundle, and every start.

mod chain;
pub mod codes;
pub mod documents;
pub mod feed;
pub mod fetch;
mod folder;
mod judge;
mod refresh;
pub mod rules;
mod signatures;
mod strict;
mod targets;
pub mod web;

pub use codes::Reason;
pub use feed::Feed;
pub use folder::Trusted;
pub use refresh::{Check, Fresh, Staleness};
pub use targets::{Target, fault_of};

/// Why something is not done, or what was asked for.
pub type Result<T, E = Reason> = std::result::Result<T, E>;
