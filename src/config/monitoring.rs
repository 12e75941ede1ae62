//! `[monitoring]`: who may look at the box from outside, and what it remembers of failures.

use ipnet::IpNet;

use super::key::{Declared, Fallback, Range, list, section, whole};
use crate::platform::secret::Secret;

section! {
    /// Who may read `/metrics` and the detailed `/health` without signing in, and how long failures
    /// are remembered.
    Monitoring = "monitoring" {
        /// Addresses that may read them.
        allowed: Vec<IpNet> = list(&["127.0.0.0/8", "::1/128"]),
        /// A secret that a program elsewhere sends as `Authorization: Bearer …` to read them.
        token: Secret = TOKEN,
        /// Failures of the program that did not come again for so long are forgotten.
        errors_kept_days: u64 = whole(90, "days", 1, 3650),
    }
}

/// A guessable token is worse than none: at least 20 characters.
const TOKEN: Declared = Declared {
    default: Fallback::Text(""),
    range: Range { min: 20, max: 1024, unit: "characters" },
};
