//! Processes: who holds the data, who listens where.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::super::host::Host;
use super::super::rules::reach::Held;

/// The name of the lock in the data folder.
const LOCK: &str = "lock";
/// The state of a socket that listens, as `/proc/net/tcp` writes it.
const LISTENS: &str = "0A";

/// The process that holds the data, as far as it may be seen. Nothing is locked to find out: a box
/// that starts meanwhile must not stumble over it.
pub(in crate::platform::doctor) fn holder(host: &Host, data: &Path) -> Option<(u32, String)> {
    let about = fs::metadata(data.join(LOCK)).ok()?;
    let (major, minor) = (rustix::fs::major(about.dev()), rustix::fs::minor(about.dev()));
    let wanted = format!("{major:02x}:{minor:02x}:{}", about.ino());
    let locks = host.read("/proc/locks")?;
    let line = locks.lines().find(|line| line.split_whitespace().any(|one| one == wanted))?;
    let id = line.split_whitespace().find_map(|one| one.parse::<u32>().ok().filter(|id| *id > 0));
    let id = id.unwrap_or(0);
    Some((id, name(host, id)))
}

/// What a process is called.
pub(in crate::platform::doctor) fn name(host: &Host, id: u32) -> String {
    let said = host.read(&format!("/proc/{id}/comm"));
    said.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// Who listens on the ports that the box wants, each with the key that wants it.
pub(in crate::platform::doctor) fn held(
    host: &Host,
    wanted: &[(&'static str, std::net::SocketAddr)],
) -> Vec<Held> {
    let listening = listening(host);
    let mut held = Vec::new();
    for (key, address) in wanted.iter().filter(|(_, address)| address.port() != 0) {
        let clashes = |(ip, port, _): &&(IpAddr, u16, u64)| {
            *port == address.port() && (meets(*ip, address.ip()) || meets(address.ip(), *ip))
        };
        if let Some((_, port, inode)) = listening.iter().find(clashes) {
            held.push(Held { key, port: *port, process: owner(host, *inode) });
        }
    }
    held
}

fn meets(one: IpAddr, other: IpAddr) -> bool {
    one.is_unspecified() || one.to_canonical() == other.to_canonical()
}

/// Address, port and inode of every socket that listens.
fn listening(host: &Host) -> Vec<(IpAddr, u16, u64)> {
    let read = |at| host.read(at).unwrap_or_default();
    let (v4, v6) = (read("/proc/self/net/tcp"), read("/proc/self/net/tcp6"));
    v4.lines().chain(v6.lines()).filter_map(listens).collect()
}

fn listens(line: &str) -> Option<(IpAddr, u16, u64)> {
    let mut fields = line.split_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    fields.next()?;
    if fields.next()? != LISTENS {
        return None;
    }
    let inode = fields.nth(5)?.parse().ok()?;
    Some((address_of(address)?, u16::from_str_radix(port, 16).ok()?, inode))
}

/// Words of 32 bits, each in the order of this machine.
fn address_of(hex: &str) -> Option<IpAddr> {
    let words: Vec<[u8; 4]> = (0..hex.len() / 8)
        .map(|at| u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok())
        .map(|word| word.map(u32::to_ne_bytes))
        .collect::<Option<_>>()?;
    match words.as_slice() {
        [word] => Some(Ipv4Addr::from(*word).into()),
        [a, b, c, d] => {
            let bytes: [u8; 16] = [*a, *b, *c, *d].concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

/// The process that holds a socket, where it may be seen.
fn owner(host: &Host, inode: u64) -> Option<(u32, String)> {
    let wanted = format!("socket:[{inode}]");
    for process in host.names("/proc") {
        let Ok(id) = process.parse::<u32>() else { continue };
        let Ok(entries) = fs::read_dir(format!("/proc/{id}/fd")) else { continue };
        let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        if links.into_iter().any(|to| to.as_os_str() == wanted.as_str()) {
            return Some((id, name(host, id)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 \
                    0 0 4242 1 0000000000000000 100 0 0 10 0";
        assert_eq!(listens(line), Some((Ipv4Addr::LOCALHOST.into(), 8080, 4242)));
        assert_eq!(listens(&line.replace(" 0A ", " 01 ")), None);
        let six = address_of("00000000000000000000000001000000");
        assert_eq!(six, Some(Ipv6Addr::LOCALHOST.into()));
    }

    #[test]
    fn who_listens_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();

        let held = held(&Host::default(), &[("server.https", address)]);

        assert_eq!(held.len(), 1);
        assert_eq!(held[0].process.as_ref().map(|one| one.0), Some(std::process::id()));
    }
}
