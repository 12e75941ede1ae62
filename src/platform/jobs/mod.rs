//! Jobs: work on a schedule or asked for, done once however often the box stops in the middle.

pub mod api;
mod in_hand;
pub mod ops;
pub mod rules;
pub mod runner;
pub mod schedules;
mod state;
mod store;
mod work;

pub use rules::{Job, JobId};
pub use state::{JobChange, Jobs};
pub use work::{JobSpec, Per, Work, Working};
