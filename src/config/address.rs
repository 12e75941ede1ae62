//! Names and addresses as settings hold them: read once, then trusted.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// An address that only programs on this machine can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopbackAddress(SocketAddr);

impl LoopbackAddress {
    pub fn parse(text: &str) -> Option<Self> {
        let address: SocketAddr = text.parse().ok()?;
        address.ip().is_loopback().then_some(Self(address))
    }

    pub fn socket(self) -> SocketAddr {
        self.0
    }
}

/// A host name or IP address under which the box is reached, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// The longest host name DNS allows, and the longest part between two dots.
const HOST_NAME_BYTES_MAX: usize = 253;
const HOST_LABEL_BYTES_MAX: usize = 63;

impl HostName {
    /// Reads a DNS name (ASCII) or an IP address without brackets.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self(address.to_string()));
        }
        let name = text.to_ascii_lowercase();
        // A last label of digits would read as an IP address in some places and not in others.
        let is_number = name.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_ok());
        let is_name = name.len() <= HOST_NAME_BYTES_MAX && name.split('.').all(is_label);
        (is_name && !is_number).then_some(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, when it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

fn is_label(label: &str) -> bool {
    (1..=HOST_LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Scheme, host and port of a web address, as browsers write it in `Origin`: lower case, no
/// default port, no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebOrigin {
    text: String,
    host: HostName,
    port: u16,
    is_https: bool,
}

impl WebOrigin {
    /// Reads `https://host[:port]`; one slash at the end is forgiven.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (is_https, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return None,
        };
        let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest))?;
        let host = HostName::parse(host)?;
        let scheme = if is_https { "https" } else { "http" };
        let mut text = match host.address() {
            Some(IpAddr::V6(address)) => format!("{scheme}://[{address}]"),
            _ => format!("{scheme}://{}", host.as_str()),
        };
        let port = port.unwrap_or(default_port);
        if port != default_port {
            text = format!("{text}:{port}");
        }
        Some(Self { text, host, port, is_https })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn host(&self) -> &HostName {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_https(&self) -> bool {
        self.is_https
    }
}

/// Splits `host`, `host:port`, `[v6]` and `[v6]:port`.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.contains(':').then_some((host, after))?
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    match port.strip_prefix(':') {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            port.parse().ok().map(|port| (host, Some(port)))
        }
        Some(_) => None,
        None => port.is_empty().then_some((host, None)),
    }
}

impl fmt::Display for LoopbackAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (written, normal) in [
            ("HTTPS://Box.Example.org", "https://box.example.org"),
            ("https://box.example.org:443/", "https://box.example.org"),
            ("http://box.lan:80", "http://box.lan"),
            ("https://box.lan:8443", "https://box.lan:8443"),
            ("https://[0:0::1]:8443", "https://[::1]:8443"),
            ("https://192.168.1.5", "https://192.168.1.5"),
        ] {
            let origin = WebOrigin::parse(written).expect(written);
            assert_eq!(origin.as_str(), normal);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for written in [
            "",
            "*",
            "box.lan",
            "ftp://box.lan",
            "https://",
            "https://box.lan/app",
            "https://box.lan?x=1",
            "https://me@box.lan",
            "https://*.lan",
            "https://box.lan:",
            "https://box.lan:+44",
            "https://box.lan:99999",
            "https://box.lan:1:2",
            "https://[192.168.1.5]",
            "https://[::1",
            "https://::1",
        ] {
            assert_eq!(WebOrigin::parse(written), None, "{written}");
        }
    }

    #[test]
    fn a_host_name_is_a_dns_name_or_an_address() {
        for name in ["box", "Box.LAN", "a-b.example.org", "192.168.1.5", "fe80::1"] {
            assert!(HostName::parse(name).is_some(), "{name}");
        }
        let long = format!("{}.lan", "a".repeat(64));
        for name in ["", "a..b", "-a", "a-", "a b", "a_b", "bücher.de", "1.2.3", "a.lan.", &long] {
            assert!(HostName::parse(name).is_none(), "{name}");
        }
    }

    #[test]
    fn only_a_loopback_address_is_one() {
        assert!(LoopbackAddress::parse("127.0.0.1:8080").is_some());
        assert!(LoopbackAddress::parse("[::1]:8080").is_some());
        assert!(LoopbackAddress::parse("0.0.0.0:8080").is_none());
        assert!(LoopbackAddress::parse("localhost:8080").is_none());
    }
}
