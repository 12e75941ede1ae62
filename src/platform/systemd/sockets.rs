//! Listening sockets that the service manager opened and hands over. It keeps them while the box is
//! started anew, so whoever comes meanwhile waits instead of being refused.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

use crate::platform::error::{Error, Result};
use crate::platform::reach::HTTPS_PORT;

/// Names of the sockets, separated by colons, as `FileDescriptorName=` gives them.
const NAMES: &str = "LISTEN_FDNAMES";
/// The first number that is no standard stream.
const FIRST: usize = 3;

/// A socket that was handed over.
#[derive(Debug)]
pub struct Passed {
    pub part: Part,
    pub address: SocketAddr,
    pub listener: TcpListener,
}

/// What a socket serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Plain HTTP, which only leads to HTTPS and serves `/trust`.
    Redirect,
    Https,
}

impl Part {
    /// By the name the unit gives, or else by the port: only port 80 is plain.
    pub fn of(name: &str, port: u16) -> Self {
        match (name, port) {
            ("https", _) => Self::Https,
            ("http", _) | (_, 80) => Self::Redirect,
            _ => Self::Https,
        }
    }
}

/// Takes the sockets meant for this process, those of port 443 first. Changes the environment and
/// takes file numbers over, so call it before anything else opens files or starts threads.
pub fn take() -> Result<Vec<Passed>> {
    let names = std::env::var(NAMES).unwrap_or_default();
    let mut names = names.split(':');
    let mut passed = ListenFd::from_env();
    let mut taken = Vec::with_capacity(passed.len());
    for nth in 0..passed.len() {
        let name = names.next().unwrap_or_default();
        let unfit = |why: &str| {
            let number = FIRST + nth;
            Error::internal(format!(
                "The service manager handed over a socket that cannot be served: number \
                 {number}, called \"{name}\", {why}. Each ListenStream= of holdfast.socket is a \
                 port, with Accept=no."
            ))
        };
        let listener = passed.take_tcp_listener(nth).map_err(|_| unfit("is no TCP socket"))?;
        let Some(listener) = listener else { continue };
        if !rustix::net::sockopt::socket_acceptconn(&listener).unwrap_or(false) {
            return Err(unfit("does not listen"));
        }
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        taken.push(Passed { part: Part::of(name, address.port()), address, listener });
    }
    taken.sort_by_key(|one| one.address.port() != HTTPS_PORT);
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn names_decide_before_ports_and_only_port_80_is_plain() {
        let cases = [
            ("http", 8080, Part::Redirect),
            ("https", 80, Part::Https),
            ("holdfast.socket", 80, Part::Redirect),
            ("holdfast.socket", 443, Part::Https),
            ("holdfast.socket", 8443, Part::Https),
            ("", 80, Part::Redirect),
            ("unknown", 4711, Part::Https),
        ];
        for (name, port, part) in cases {
            assert_eq!(Part::of(name, port), part, "{name} {port}");
        }
    }
}
