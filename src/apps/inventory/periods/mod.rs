//! Days, and runs of them, where the workspace is.

pub mod rules;
