//! What the load generator is told and what it tells back, as JSON between the two processes.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One kind of request, sent over many connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    /// The box's root certificate; without it the load goes over plain HTTP.
    pub(crate) root: Option<PathBuf>,
    pub(crate) connections: usize,
    pub(crate) warm_up_ms: u64,
    pub(crate) measured_ms: u64,
    /// Ends the measurement earlier; a bound on how much the box has to keep.
    pub(crate) requests_max: u64,
    /// Whole requests. Every connection walks through a slice of its own, over and over.
    pub(crate) requests: Vec<Request>,
    /// Sends each with an Idempotency-Key of its own.
    pub(crate) has_keys: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Lines that end in CR LF.
    pub(crate) headers: String,
    pub(crate) body: String,
    pub(crate) expected: Expected,
}

/// What every answer must be.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    /// A piece of the body and how often it stands there.
    pub(crate) part: Option<(String, usize)>,
    /// The first bytes of the body and its whole length.
    pub(crate) beginning: Option<(Vec<u8>, usize)>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Answered and checked while it was measured.
    pub(crate) requests: u64,
    /// The same with those of the warm-up.
    pub(crate) requests_in_all: u64,
    pub(crate) elapsed_us: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    /// The first wrong answers; none is allowed.
    pub(crate) wrong: Vec<String>,
}
