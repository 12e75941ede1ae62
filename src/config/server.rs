//! `[server]`: where the box listens, what it is called and how much it takes at once.

use std::net::SocketAddr;

use ipnet::IpNet;

use super::address::{HostName, LoopbackAddress, WebOrigin};
use super::key::{list, section, switch, text, whole};

section! {
    /// Where the box listens, what it is called, and how much it takes at once.
    Server = "server" {
        /// Address for HTTPS. Empty switches it off, which needs `behind_proxy`.
        https: Option<SocketAddr> = text("[::]:8443"),
        /// Address for plain HTTP, which only leads to HTTPS and serves `/trust`.
        http: Option<SocketAddr> = text(""),
        /// Loopback address where the whole application is served over plain HTTP to a reverse
        /// proxy on this machine.
        behind_proxy: Option<LoopbackAddress> = text(""),
        /// The address people type, used in links and to check where requests come from. Empty
        /// means: whatever known name the request used.
        public_url: Option<WebOrigin> = text(""),
        /// More names and addresses of this box, beside those it finds itself. They go into its
        /// certificate, and requests under any other name are refused.
        names: Vec<HostName> = list(&[]),
        /// Whether the box tells the local network its name, the host's with `.local`. Only where
        /// `https` listens on an address of that network.
        mdns: bool = switch(true),
        /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
        trusted_proxies: Vec<IpNet> = list(&[]),
        /// Other web origins whose pages may call the API from a browser.
        cors_origins: Vec<WebOrigin> = list(&[]),
        /// The longest time one request may take before it is answered with an error. What somebody
        /// known sends may take longer: as long as something of it comes within this time, and all
        /// of it within this time and a second for each 16 KiB.
        request_timeout_s: u64 = whole(30, "seconds", 1, 600),
        /// How long a connection may stay silent before it is closed.
        idle_timeout_s: u64 = whole(75, "seconds", 5, 3600),
        /// How long requests in flight may take to end when the box stops.
        stop_timeout_s: u64 = whole(10, "seconds", 1, 300),
        /// The largest request body where a route does not say otherwise.
        body_size_bytes_max: usize = whole(524_288, "bytes", 1024, 104_857_600),
        /// Connections open at once; more wait to be accepted.
        connections_max: usize = whole(1024, "connections", 8, 100_000),
    }
}
