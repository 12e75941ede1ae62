//! Who passes requests on without being trusted to say whose they are.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Counts them. Loopback and the network alike: a proxy that nobody named is either.
#[derive(Debug, Default)]
pub struct Forwarded(Mutex<Option<(u64, IpAddr)>>);

impl Forwarded {
    /// Notes one request that `peer` passed on.
    pub fn note(&self, peer: IpAddr) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = seen.map_or(0, |(count, _)| count);
        *seen = Some((count + 1, peer));
    }

    /// How many there were, and the last of them.
    pub fn seen(&self) -> Option<(u64, String)> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map(|(count, peer)| (count, peer.to_string()))
    }
}
