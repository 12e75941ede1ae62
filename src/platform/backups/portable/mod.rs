//! A workspace in a file of its own: taken out of one box and brought into another. The file is an
//! archive as backups are, encrypted to whoever is to read it and signed by the box that made it.

pub mod api;
mod archive;
mod checking;
pub mod jobs;
pub mod ops;
pub mod rules;
mod schema;
mod store;
