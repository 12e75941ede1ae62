//! The bounds of the server.

use std::time::Duration;

/// What one listener allows. The defaults suit a box on a LAN or a small server.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Open connections at once; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// The same from one address; further ones are closed at once. Loop-back (a reverse proxy)
    /// and unix sockets are not counted.
    pub connections_per_address_max: usize,
    /// TLS handshake, from accept on.
    pub handshake_timeout: Duration,
    /// The first request's head, from accept or handshake on; every later head, from its first
    /// byte on.
    pub head_timeout: Duration,
    /// Without a request a connection is closed after this. Browsers reuse one for about a
    /// minute, so not below 75 s.
    pub idle_timeout: Duration,
    /// A client that takes no byte of an answer for this long is cut off.
    pub write_timeout: Duration,
    /// Request line and headers, bytes.
    pub head_size_bytes_max: usize,
    /// Requests at once in one HTTP/2 connection.
    pub streams_max: u32,
    /// An HTTP/2 connection is probed after this long without a frame, and ends when nothing
    /// comes back for as long again.
    pub http2_ping_interval: Duration,
    /// After a stop is requested: how long idle HTTP/1 connections may still put one request,
    /// which is answered with `Connection: close`. Nobody's click is lost to a race.
    pub lame_duck: Duration,
    /// After a stop is requested: when requests still running are cut off. Longer than
    /// `lame_duck`.
    pub stop_deadline: Duration,
    /// After another worker took over: how long idle connections may still put one request, which
    /// is passed on.
    pub forwarding: Duration,
    /// After another worker took over: when connections that are still open are cut off. Longer
    /// than `forwarding`.
    pub forwarding_deadline: Duration,
}

/// How connections end, from a moment on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    /// Idle ones may still put a request for so long.
    pub(super) lame_duck: Duration,
    /// What is left is cut off then.
    pub(super) deadline: Duration,
}

impl ServerLimits {
    pub(super) fn stopping(&self) -> Ending {
        Ending { lame_duck: self.lame_duck, deadline: self.stop_deadline }
    }

    pub(super) fn forwarding(&self) -> Ending {
        Ending { lame_duck: self.forwarding, deadline: self.forwarding_deadline }
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            connections_per_address_max: 256,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            write_timeout: Duration::from_mins(1),
            head_size_bytes_max: 16 * 1024,
            streams_max: 128,
            http2_ping_interval: Duration::from_secs(20),
            lame_duck: Duration::from_millis(500),
            stop_deadline: Duration::from_secs(10),
            forwarding: Duration::from_secs(80),
            forwarding_deadline: Duration::from_secs(90),
        }
    }
}
