//! Trying a release out on the box's own data before it takes over: on a copy by both releases,
//! and by the new one on the data itself, where nothing of it stays.

pub mod copying;
pub mod looking;
pub mod preflight;
pub mod report;
pub mod rules;
pub mod smoke;
