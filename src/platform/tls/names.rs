//! The names and addresses this machine answers to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::rules::Name;

/// The names people may reach the box by: those somebody chose, the host's name, its `.local`
/// name, `localhost` and the addresses of its interfaces. Chosen ones come first and survive
/// when there are too many; what no certificate can carry is left out.
pub fn box_names(chosen: &[String]) -> Vec<Name> {
    let mut names: Vec<Name> = chosen.iter().filter_map(|text| Name::parse(text)).collect();
    names.extend(names_of_host(&host_name()));
    names.push(Name::Domain("localhost".to_owned()));
    names.push(Name::Address(Ipv4Addr::LOCALHOST.into()));
    names.push(Name::Address(Ipv6Addr::LOCALHOST.into()));
    names.extend(local_addresses().into_iter().map(Name::Address));
    names
}

/// The machine's name as the kernel knows it.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn names_of_host(host: &str) -> Vec<Name> {
    let short = host.split('.').next().unwrap_or(host);
    [host.to_owned(), short.to_owned(), format!("{short}.local")]
        .iter()
        .filter_map(|text| Name::parse(text))
        .collect()
}

/// The addresses of the interfaces that a browser can use. Below `self`, because `/proc/net` is
/// hidden from a hardened service.
fn local_addresses() -> Vec<IpAddr> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let v4 = read_fib_trie(&read("/proc/self/net/fib_trie"));
    let v6 = read_if_inet6(&read("/proc/self/net/if_inet6"));
    v4.into_iter().map(IpAddr::from).chain(v6.into_iter().map(IpAddr::from)).collect()
}

/// Reads the machine's own IPv4 addresses: those marked `/32 host LOCAL`.
fn read_fib_trie(text: &str) -> Vec<Ipv4Addr> {
    let mut addresses = Vec::new();
    let mut current = None;
    for line in text.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            current = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            addresses.extend(current.filter(|one| !addresses.contains(one)));
        }
    }
    addresses
}

/// Reads the IPv6 addresses worth naming: private ones, and public ones that were set by hand.
/// A public one the provider hands out changes with the line, and each change would need a new
/// root; temporary ones change daily; link-local ones cannot stand in a URL.
fn read_if_inet6(text: &str) -> Vec<Ipv6Addr> {
    const TEMPORARY: u32 = 0x01;
    const PERMANENT: u32 = 0x80;
    let mut addresses = Vec::new();
    for line in text.lines() {
        let mut fields = line.split_whitespace();
        let address = fields.next().and_then(|hex| u128::from_str_radix(hex, 16).ok());
        let flags = fields.nth(3).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let (Some(address), Some(flags)) = (address.map(Ipv6Addr::from), flags) else { continue };
        let is_steady = address.is_unique_local() || flags & PERMANENT != 0;
        if is_steady && flags & TEMPORARY == 0 && !address.is_unicast_link_local() {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_ipv4_addresses_are_read_once_each() {
        let text = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
            \x20    |-- 127.0.0.0\n        /8 host LOCAL\n\
            \x20    |-- 192.168.1.0\n        /24 link UNICAST\n\
            \x20    |-- 192.168.1.20\n        /32 host LOCAL\n\
            \x20    |-- 192.168.1.255\n        /32 link BROADCAST\n\
            Local:\n     |-- 192.168.1.20\n        /32 host LOCAL\n";

        assert_eq!(read_fib_trie(text), [Ipv4Addr::new(192, 168, 1, 20)]);
        assert!(read_fib_trie("nonsense\n|-- x\n/32 host LOCAL").is_empty());
    }

    #[test]
    fn ipv6_addresses_that_change_or_have_no_url_are_left_out() {
        let text = "\
            00000000000000000000000000000001 01 80 10 80       lo\n\
            fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n\
            fd000000000000000000000000000002 04 40 00 00     eth0\n\
            fd000000000000000000000000000003 04 40 00 01     eth0\n\
            20010db8000000000000000000000001 04 40 00 00     eth0\n\
            20010db8000000000000000000000002 04 40 00 80     eth0\n\
            nonsense\n";

        let expected: Vec<Ipv6Addr> =
            ["::1", "fd00::2", "2001:db8::2"].map(|one| one.parse().unwrap()).to_vec();
        assert_eq!(read_if_inet6(text), expected);
    }

    #[test]
    fn the_host_is_known_by_its_full_its_short_and_its_local_name() {
        let names = names_of_host("Box.example.com").into_iter().map(|name| name.to_string());
        assert_eq!(names.collect::<Vec<_>>(), ["box.example.com", "box", "box.local"]);
        assert!(names_of_host("not a name").is_empty());
    }

    #[test]
    fn this_machine_has_names() {
        let names = box_names(&["Ops.Example.com".to_owned(), "no name".to_owned()]);

        assert_eq!(names[0], Name::Domain("ops.example.com".to_owned()));
        assert!(names.contains(&Name::Domain("localhost".to_owned())));
        assert!(names.contains(&Name::Address(Ipv4Addr::LOCALHOST.into())));
        assert!(!names.iter().any(|name| name.to_string() == "no name"));
    }
}
