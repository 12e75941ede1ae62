//! Looking at the box from outside: is it alive, is it well, what has it done, what is it.

pub mod api;
pub mod logs;
pub mod ops;
pub mod panics;
mod process;
mod recorder;
pub mod rules;
mod store;
pub mod watch;

pub use process::open_files;
pub use recorder::{install, keep};
