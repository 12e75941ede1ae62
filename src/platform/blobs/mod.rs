//! Files that lie beside the databases: pictures, documents. They are kept by what their bytes hash
//! to, apart for each workspace, and never change.
//!
//! The bytes are on disk before the transaction that refers to them (`ops::put`, then
//! `ops::refer_in`). Where that is refused they are taken back; else nothing but the nightly sweep
//! removes one: what nothing refers to, a day after it was put last.

pub mod folder;
pub mod ops;
pub mod rules;
mod store;

pub use folder::{Blobs, Pin, Received};
pub use rules::{Blob, BlobHash};
