//! What a route asks, as tables show it.

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

/// Whether a browser session needs a fresh proof of who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepUp {
    No,
    Needed,
}
