//! What a route asks, as tables show it.

use std::fmt;

use http::Method;

use super::Access;

/// What a route asks of its caller, for tables.
#[derive(Debug, Clone)]
pub struct Asked {
    /// A template.
    pub path: String,
    pub method: Method,
    pub access: Access,
    pub step_up: StepUp,
    pub is_for_enrolling: bool,
}

/// One line: verb, address, what is asked, and whether that takes a fresh proof.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step_up = if self.step_up == StepUp::Needed { " +proof" } else { "" };
        write!(f, "{} {} {}{step_up}", self.method, self.path, self.access)
    }
}

/// Whether a browser session needs a fresh proof of who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepUp {
    No,
    Needed,
}
