//! Passkeys: a second factor that a phone, a computer or a security key keeps.

pub mod api;
pub mod ops;
mod relying_party;
pub mod rules;
mod store;
mod waiting;

pub use ops::Passkeys;
