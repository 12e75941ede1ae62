//! `[sessions]`: how long people stay signed in.

use super::key::{section, whole};

section! {
    /// How long people stay signed in.
    Sessions = "sessions" {
        /// Time without any request after which a person has to sign in again.
        idle_min: u64 = whole(480, "minutes", 5, 43_200),
        /// Age at which a session ends even when it is used all the time.
        life_days: u64 = whole(30, "days", 1, 365),
        /// Age at which the secret in the cookie is replaced by a new one.
        rotate_min: u64 = whole(15, "minutes", 1, 1440),
    }
}
