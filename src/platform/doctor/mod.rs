//! What is wrong with a box, and the command that mends it. Facts are gathered from the machine,
//! the files and the running process; rules judge them; nothing is written but a small file that
//! shows how long the disk takes.

pub mod api;
pub mod bundle;
mod checks;
mod facts;
mod fix;
mod forwarded;
pub mod host;
mod lines;
pub mod live;
mod look;
pub mod ops;
pub mod report;
pub mod rules;
mod run;
mod store;

pub use fix::{Done, apply};
pub use forwarded::Forwarded;
pub use look::Look;
pub use run::run;
