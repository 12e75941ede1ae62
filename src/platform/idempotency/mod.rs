//! A POST sent twice with the same Idempotency-Key makes one object.

mod store;

pub mod rules;

pub(in crate::platform) use store::{drop_expired_in, find, remember};
