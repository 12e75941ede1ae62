//! What every app stands on. Knows no app.

pub mod clock;
pub mod db;
pub mod error;
pub mod id;
pub mod random;
pub mod secret;
pub mod tasks;
