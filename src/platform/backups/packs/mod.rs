//! The catalogue of packs: which blob lies in which, which base needs which, and where they are.

pub(in crate::platform::backups) mod ops;
pub(in crate::platform::backups) mod packing;
pub(in crate::platform::backups) mod rules;
mod store;
