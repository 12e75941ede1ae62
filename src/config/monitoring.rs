//! `[monitoring]`: who may look at the box from outside.

use ipnet::IpNet;

use super::key::{Declared, Fallback, Range, list, section};
use crate::platform::secret::Secret;

section! {
    /// Who may read `/metrics` and the detailed `/health` without signing in.
    Monitoring = "monitoring" {
        /// Addresses that may read them.
        allowed: Vec<IpNet> = list(&["127.0.0.0/8", "::1/128"]),
        /// A secret that a program elsewhere sends as `Authorization: Bearer …` to read them.
        token: Secret = TOKEN,
    }
}

/// A guessable token is worse than none: at least 20 characters.
const TOKEN: Declared = Declared {
    default: Fallback::Text(""),
    range: Range { min: 20, max: 1024, unit: "characters" },
};
