//! Sessions of browsers and personal tokens: opaque values, of which the database keeps only
//! hashes, in families that are listed and revoked as a whole.

pub mod api;
pub mod ops;
pub mod rules;
mod store;

pub use ops::{Credential, Resolved};
pub use rules::Principal;
