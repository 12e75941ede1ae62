//! How people reach the running box.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use super::mdns::rules::announcement;
use super::tls::{Certificates, Name, box_names, host_name};
use crate::config::Config;

/// Listeners by name: `https`, `http`, `behind_proxy`. Of several with one name the first is the
/// one that links lead to.
pub type Addresses = Vec<(&'static str, SocketAddr)>;
/// The port of HTTPS addresses without one.
pub const HTTPS_PORT: u16 = 443;

/// Known once the listeners are bound; a process that does not serve has none.
pub struct Reach {
    /// What links begin with, e.g. `https://kitchen.local:8443`.
    pub origin: String,
    /// Where the set-up link leads.
    pub set_up: SetUpAt,
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
    https_origin(&named.unwrap_or_else(own_name), https.port())
}

fn https_origin(name: &str, port: u16) -> String {
    let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    match port {
        HTTPS_PORT => format!("https://{name}"),
        port => format!("https://{name}:{port}"),
    }
}

/// Where the set-up link leads. A phone rarely knows the machine's name, so where nobody chose an
/// address or a name it is an address that the network reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUpAt {
    pub origin: String,
    /// The same by the name that the box announces on the local network.
    local: Option<String>,
}

impl SetUpAt {
    pub fn of(config: &Config, addresses: &[(&'static str, SocketAddr)]) -> Self {
        let https = addresses.iter().find(|(name, _)| *name == "https").map(|(_, at)| *at);
        let is_chosen = config.server.public_url.is_some() || !config.server.names.is_empty();
        let Some(https) = https.filter(|_| !is_chosen) else {
            return Self { origin: origin(config, addresses), local: None };
        };
        let own = own_addresses();
        let name = reachable_name(https.ip(), outward(), &own, &host_name());
        let announced = announcement(&host_name(), https, &own).filter(|_| config.server.mdns);
        let local = announced.map(|it| https_origin(&format!("{}.local", it.host), it.port));
        Self { origin: https_origin(&name, https.port()), local }
    }

    /// A link that begins with the origin, by the name on the local network.
    pub fn on_local_network(&self, link: &str) -> Option<String> {
        let rest = link.strip_prefix(&self.origin)?;
        self.local.as_ref().map(|local| format!("{local}{rest}"))
    }
}

/// What others on the network reach the box by that listens at `bound`: the address of the way out,
/// or else the first private one, or else the machine's name.
fn reachable_name(bound: IpAddr, outward: Option<IpAddr>, own: &[IpAddr], host: &str) -> String {
    if bound.is_loopback() {
        return "localhost".to_owned();
    }
    if !bound.is_unspecified() {
        return bound.to_canonical().to_string();
    }
    // `[::]` takes IPv4 as well.
    let is_bound = |one: &IpAddr| one.is_ipv4() || bound.is_ipv6();
    let is_private = |one: &&IpAddr| match one {
        IpAddr::V4(one) => one.is_private(),
        IpAddr::V6(one) => one.is_unique_local(),
    };
    // The certificate names the machine's own addresses alone.
    let way_out = outward.filter(|one| own.contains(one) && !one.is_loopback());
    let private = || own.iter().find(is_private).copied();
    let found = way_out.filter(is_bound).or_else(|| private().filter(is_bound));
    found.map_or_else(|| host.to_owned(), |one| one.to_string())
}

fn own_addresses() -> Vec<IpAddr> {
    let address = |name| match name {
        Name::Address(address) => Some(address),
        Name::Domain(_) => None,
    };
    box_names(&[]).into_iter().filter_map(address).collect()
}

/// The address this machine has towards the rest of the world. Asks the kernel alone: nothing is
/// sent, and nobody has the address that is named.
fn outward() -> Option<IpAddr> {
    const NOBODY: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(NOBODY).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Where the box will listen, for a process that does not serve.
pub fn planned_addresses(config: &Config) -> Addresses {
    let https = config.server.https.map(|address| ("https", address));
    let http = config.server.http.map(|address| ("http", address));
    let behind_proxy = config.server.behind_proxy.map(|one| ("behind_proxy", one.socket()));
    [https, http, behind_proxy].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_up_link_leads_where_a_phone_can_come() {
        let own = ["127.0.0.1", "::1", "203.0.113.9", "192.168.1.20", "10.0.0.7"].map(ip);
        let name = |bound, outward: Option<&str>| {
            reachable_name(ip(bound), outward.map(ip), &own, "kitchen")
        };

        assert_eq!(name("127.0.0.1", Some("192.168.1.20")), "localhost");
        assert_eq!(name("::1", None), "localhost");
        assert_eq!(name("10.0.0.7", Some("192.168.1.20")), "10.0.0.7");
        assert_eq!(name("::ffff:10.0.0.7", None), "10.0.0.7");
        for bound in ["::", "0.0.0.0"] {
            assert_eq!(name(bound, Some("10.0.0.7")), "10.0.0.7");
            assert_eq!(name(bound, Some("203.0.113.9")), "203.0.113.9");
            // An address that the certificate would not name.
            assert_eq!(name(bound, Some("10.9.9.9")), "192.168.1.20");
            assert_eq!(name(bound, Some("127.0.0.1")), "192.168.1.20");
            assert_eq!(name(bound, None), "192.168.1.20");
            assert_eq!(reachable_name(ip(bound), None, &own[..3], "kitchen"), "kitchen");
        }
        let v6 = [ip("fd00::2")];
        assert_eq!(reachable_name(ip("::"), None, &v6, "kitchen"), "fd00::2");
        assert_eq!(reachable_name(ip("0.0.0.0"), None, &v6, "kitchen"), "kitchen");
    }

    #[test]
    fn the_link_has_a_twin_with_the_local_name_where_that_is_announced() {
        let at = |local: Option<&str>| SetUpAt {
            origin: https_origin("192.168.1.20", HTTPS_PORT),
            local: local.map(|name| https_origin(name, 8443)),
        };
        let link = "https://192.168.1.20/setup#token=a";

        let local = at(Some("kitchen.local")).on_local_network(link);
        assert_eq!(local.unwrap(), "https://kitchen.local:8443/setup#token=a");
        assert_eq!(at(None).on_local_network(link), None);
        assert_eq!(at(Some("kitchen.local")).on_local_network("https://other/"), None);
        assert_eq!(https_origin("fd00::2", 8443), "https://[fd00::2]:8443");
    }
}
