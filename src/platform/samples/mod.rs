//! Sample data: what the apps bring along to try things out with, loaded into a workspace of its
//! own.

mod jobs;
pub mod ops;
mod store;

pub use jobs::LOAD;
