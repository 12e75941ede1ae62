//! Trying a release out on the box's own data before it takes over: on a copy by both releases,
//! and by the new one on the data itself, where nothing of it stays. And what is done with the data
//! when it takes over: a snapshot, the migration, and the way back.

pub mod copying;
pub mod copying_apart;
pub mod kept;
pub mod looking;
pub mod migrating;
pub mod points;
pub mod preflight;
pub mod report;
pub mod restoring;
pub mod rules;
pub mod smoke;
pub mod snapshots;
