//! SQLite: the only place that opens files. One writer thread per open file commits in groups,
//! a small pool of read-only connections answers reads under a deadline.

mod apart;
mod before;
mod damage;
mod error;
mod file;
mod held;
mod meters;
pub mod migrations;
mod open;
mod pages;
mod readers;
pub mod rows;
#[cfg(test)]
mod tests;
mod values;
mod writer;

pub(in crate::platform) use apart::{Apart, alone, fold, fold_now, format_of_file};
pub use before::Before;
pub(in crate::platform) use damage::fault_behind;
pub use error::OnConstraint;
pub use file::{Begun, DatabaseFile, FileOptions};
pub use held::{Gate, Held};
pub use meters::FileMeters;
pub use migrations::{FORMAT, FORMAT_READ_MAX, Migration, MigrationSet};
pub use open::{Snapshot, Synchronous, quick_check, self_test};
pub use pages::Pages;
pub use values::integer;
