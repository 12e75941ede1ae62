//! How people reach the running box.

use std::net::SocketAddr;
use std::sync::Arc;

use super::tls::{Certificates, host_name};
use crate::config::Config;

/// Listeners by name: `https`, `http`, `behind_proxy`.
pub type Addresses = Vec<(&'static str, SocketAddr)>;
/// The port of HTTPS addresses without one.
const HTTPS_PORT: u16 = 443;

/// Known once the listeners are bound; a process that does not serve has none.
pub struct Reach {
    /// What links begin with, e.g. `https://kitchen.local:8443`.
    pub origin: String,
    /// Every name the box answers to besides addresses.
    pub names: Vec<String>,
    /// The bound addresses.
    pub addresses: Addresses,
    /// None where a reverse proxy speaks TLS.
    pub certificates: Option<Arc<Certificates>>,
}

/// What links begin with: the address people type, or else the machine's name and the port.
pub fn origin(config: &Config, addresses: &[(&'static str, SocketAddr)]) -> String {
    if let Some(url) = &config.server.public_url {
        return url.to_string();
    }
    let of = |name| addresses.iter().find(|(one, _)| *one == name).map(|(_, address)| *address);
    let Some(https) = of("https") else {
        return of("behind_proxy").map_or_else(String::new, |address| format!("http://{address}"));
    };
    let named = config.server.names.first().map(ToString::to_string);
    let own_name = || if https.ip().is_loopback() { "localhost".to_owned() } else { host_name() };
    let name = named.unwrap_or_else(own_name);
    let name = if name.contains(':') { format!("[{name}]") } else { name };
    match https.port() {
        HTTPS_PORT => format!("https://{name}"),
        port => format!("https://{name}:{port}"),
    }
}

/// Where the box will listen, for a process that does not serve.
pub fn planned_addresses(config: &Config) -> Addresses {
    let https = config.server.https.map(|address| ("https", address));
    let http = config.server.http.map(|address| ("http", address));
    let behind_proxy = config.server.behind_proxy.map(|one| ("behind_proxy", one.socket()));
    [https, http, behind_proxy].into_iter().flatten().collect()
}
