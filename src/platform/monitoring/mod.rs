//! Looking at the box from outside: is it alive, is it well, what has it done, what is it.

pub mod api;
mod exposition;
pub mod families;
mod figures;
pub mod host;
pub mod lines;
pub mod logs;
pub mod ops;
pub mod panics;
mod process;
mod recorder;
pub mod rules;
pub mod score;
mod state;
mod store;
pub mod watch;

pub use figures::metrics;
pub use process::open_files;
pub use recorder::{install, keep};
pub use state::Watching;
