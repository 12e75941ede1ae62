//! Where a request comes from, and under which name it came.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, header};
use ipnet::IpNet;

pub use crate::platform::throttle::network;

/// The client's address: the peer's, or, when the peer is a trusted proxy, the nearest address
/// in `X-Forwarded-For` that is not one.
pub fn client(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut nearest = peer;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        for hop in value.to_str().unwrap_or_default().rsplit(',') {
            let Ok(address) = hop.trim().parse::<IpAddr>() else { return nearest };
            nearest = address.to_canonical();
            if !is_trusted(nearest) {
                return nearest;
            }
        }
    }
    nearest
}

/// Whether the sender's own address is not known: the peer passes requests on and is not trusted,
/// so that its address says nothing about who sent them.
pub fn is_hidden(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let peer = peer.ip().to_canonical();
    let is_trusted = trusted.iter().any(|net| net.contains(&peer));
    !is_trusted && FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// Headers that proxies add.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// The host of a request as its sender wrote it: `:authority` on HTTP/2, `Host` before. None
/// when there is none, or when there are several to choose from.
pub fn host<'a>(uri: &'a http::Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(only), None) => only.to_str().ok(),
        _ => None,
    }
}

/// The name in a host, in lower case, without its port and the dot of the root. None for
/// anything that is not just a name or an address and perhaps a port.
pub fn name_of(host: &str) -> Option<String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, after)
        }
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |digits: &str| digits.bytes().all(|one| one.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return None;
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// Whether the box answers to this name. Addresses are always fine: a foreign page cannot make
/// a browser believe that its own name is an address.
pub fn is_own_name(host: &str, names: &[String]) -> bool {
    name_of(host).is_some_and(|name| {
        name.parse::<IpAddr>().is_ok() || names.iter().any(|own| own.eq_ignore_ascii_case(&name))
    })
}

/// Whether pages at this host come from the machine the browser runs on.
pub fn is_loopback(host: &str) -> bool {
    name_of(host).is_some_and(|name| {
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// What requests without a sign-in are counted by: the address, and of IPv6 the network, because
/// every machine may use all addresses of its /64.
pub fn sender(address: IpAddr) -> IpAddr {
    if address.is_ipv4() {
        return address;
    }
    IpNet::new(address, 64).map_or(address, |net| net.network())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["127.0.0.0/8".parse().unwrap(), "10.0.0.9/32".parse().unwrap()];
        client(SocketAddr::new(peer.parse().unwrap(), 1), &headers, &trusted).to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        assert_eq!(from("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(from("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.9"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["6.6.6.6", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(from("::ffff:127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn a_machine_cannot_walk_through_its_network() {
        let of = |text: &str| sender(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }

    #[test]
    fn a_name_is_read_without_port_and_case() {
        let names = ["kitchen.local".to_owned(), "localhost".to_owned()];
        for host in [
            "Kitchen.local:8443",
            "kitchen.local.",
            "kitchen.local.:8443",
            "kitchen.local:",
            "localhost",
            "192.168.1.5:8443",
            "[::1]:8443",
            "[FE80::1]",
        ] {
            assert!(is_own_name(host, &names), "{host}");
        }
        for host in [
            "evil.example",
            "kitchen.local.evil.example",
            "evil.example:kitchen.local",
            "kitchen.local:8443@evil.example",
            "kitchen.local@evil.example",
            "evil@kitchen.local",
            "kitchen.local:8443:8443",
            "kitchen.local:+1",
            "kitchen.local/evil",
            "kitchen.local..",
            "[kitchen.local]",
            "[::1]evil.example",
            "[::1",
            "::1",
            "2130706433",
            "0x7f.1",
            "kitchen.local\u{ff0e}",
            "",
            ".",
            ":8443",
            "kitchen.local:80 ",
            "[evil.example]:1",
            "0x7f000001",
            "127.1",
        ] {
            assert!(!is_own_name(host, &names), "{host}");
        }
    }

    #[test]
    fn one_host_counts_and_two_are_none() {
        let uri = http::Uri::from_static("/");
        let mut headers = HeaderMap::new();
        assert_eq!(host(&uri, &headers), None);
        headers.append(header::HOST, "kitchen.local".parse().unwrap());
        assert_eq!(host(&uri, &headers), Some("kitchen.local"));
        headers.append(header::HOST, "evil.example".parse().unwrap());
        assert_eq!(host(&uri, &headers), None);
        let named = http::Uri::from_static("https://evil.example/");
        assert_eq!(host(&named, &headers), Some("evil.example"));
    }
}
