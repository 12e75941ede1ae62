//! Decisions about the name on the local network: whether it is announced, and what with.

use std::net::{IpAddr, SocketAddr};

/// The longest a name may be between two dots.
const LABEL_LENGTH_MAX: usize = 63;

/// What is announced: this name has these addresses, and HTTPS answers there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The host's name without `.local`.
    pub host: String,
    /// In a steady order.
    pub addresses: Vec<IpAddr>,
    pub port: u16,
}

impl Announcement {
    /// With the dot of the root, as it is announced.
    pub fn name(&self) -> String {
        format!("{}.local.", self.host)
    }
}

/// What to announce for a machine with these addresses whose HTTPS listens at `bound`. None when
/// nobody on the network could come.
pub fn announcement(host: &str, bound: SocketAddr, own: &[IpAddr]) -> Option<Announcement> {
    let host = host.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = (1..=LABEL_LENGTH_MAX).contains(&host.len()) && host.bytes().all(is_plain);
    if !is_name || host == "localhost" {
        return None;
    }
    let is_bound = |address: &IpAddr| match bound.ip() {
        // `[::]` takes IPv4 as well.
        ip if ip.is_unspecified() => ip.is_ipv6() || address.is_ipv4(),
        ip => ip.to_canonical() == *address,
    };
    let is_reachable = |address: &&IpAddr| !address.is_loopback() && is_bound(address);
    let mut addresses: Vec<IpAddr> = own.iter().filter(is_reachable).copied().collect();
    addresses.sort_unstable();
    addresses.dedup();
    (!addresses.is_empty()).then(|| Announcement { host, addresses, port: bound.port() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at(host: &str, bound: &str) -> Option<Announcement> {
        let own = ["127.0.0.1", "::1", "192.168.1.20", "fd00::2", "10.0.0.7"].map(ip);
        announcement(host, bound.parse().unwrap(), &own)
    }

    #[test]
    fn the_name_is_announced_with_every_address_that_is_listened_on() {
        let all = at("Kitchen.example.com", "[::]:443").unwrap();

        assert_eq!((all.name().as_str(), all.port), ("kitchen.local.", 443));
        assert_eq!(all.addresses, [ip("10.0.0.7"), ip("192.168.1.20"), ip("fd00::2")]);
        let v4 = at("kitchen", "0.0.0.0:8443").unwrap();
        assert_eq!(v4.addresses, [ip("10.0.0.7"), ip("192.168.1.20")]);
        let one = at("kitchen", "192.168.1.20:8443").unwrap();
        assert_eq!(one.addresses, [ip("192.168.1.20")]);
    }

    #[test]
    fn nothing_is_announced_where_nobody_could_come() {
        assert_eq!(at("kitchen", "127.0.0.1:8443"), None);
        assert_eq!(at("kitchen", "[::1]:8443"), None);
        assert_eq!(announcement("kitchen", "[::]:443".parse().unwrap(), &[ip("::1")]), None);
        for host in ["", "localhost", "a b", &"x".repeat(64)] {
            assert_eq!(at(host, "[::]:443"), None, "{host}");
        }
    }
}
