//! The nightly clean-up: what is past its time goes.

pub mod jobs;
pub mod ops;
