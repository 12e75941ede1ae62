//! The listening sockets that a worker is handed.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use crate::platform::error::{Error, Result};
use crate::platform::updates::supervisor::protocol::SocketKind;

/// Connections that may wait to be accepted; the kernel's own bound is lower on some machines.
const WAITING_MAX: i32 = 4_096;

/// The sockets of a worker.
#[derive(Debug)]
pub struct Sockets {
    pub shared: Shared,
    /// Where the supervisor looks at it and other workers pass requests on.
    pub private: UnixListener,
    /// Where the command line asks.
    pub control: Option<UnixListener>,
}

/// The sockets that all workers share, by what they serve.
#[derive(Debug, Default)]
pub struct Shared {
    pub https: Vec<TcpListener>,
    /// Plain HTTP that leads to HTTPS.
    pub redirect: Vec<TcpListener>,
    pub behind_proxy: Vec<TcpListener>,
}

impl Sockets {
    /// Tells sockets apart by what the supervisor called them. An error: they do not fit to it, or
    /// there is no private one.
    pub fn of(kinds: &[SocketKind], descriptors: Vec<OwnedFd>) -> Result<Self> {
        if kinds.len() != descriptors.len() {
            let (named, came) = (kinds.len(), descriptors.len());
            return Err(Error::internal(format!("{named} sockets were named and {came} came")));
        }
        let (mut shared, mut private, mut control) = (Shared::default(), None, None);
        for (kind, descriptor) in kinds.iter().zip(descriptors) {
            match kind {
                SocketKind::Https => shared.https.push(tcp(descriptor)?),
                SocketKind::Redirect => shared.redirect.push(tcp(descriptor)?),
                SocketKind::BehindProxy => shared.behind_proxy.push(tcp(descriptor)?),
                SocketKind::Private => private = Some(unix(descriptor)?),
                SocketKind::Control => control = Some(unix(descriptor)?),
            }
        }
        let private = private.ok_or_else(|| Error::internal("there is no private socket"))?;
        Ok(Self { shared, private, control })
    }
}

fn tcp(descriptor: OwnedFd) -> Result<TcpListener> {
    let listener = TcpListener::from(widened(descriptor)?);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn unix(descriptor: OwnedFd) -> Result<UnixListener> {
    let listener = UnixListener::from(widened(descriptor)?);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Gives a socket room for everybody who comes during a hold.
fn widened(descriptor: OwnedFd) -> Result<OwnedFd> {
    rustix::net::listen(&descriptor, WAITING_MAX).map_err(std::io::Error::from)?;
    Ok(descriptor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_told_apart_by_their_names_and_one_must_be_private() {
        let home = tempfile::tempdir().unwrap();
        let tcp = || OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
        let unix = |name: &str| OwnedFd::from(UnixListener::bind(home.path().join(name)).unwrap());
        let (https, private) = (SocketKind::Https, SocketKind::Private);

        let sockets = Sockets::of(
            &[https, private, SocketKind::Redirect, https, SocketKind::Control],
            vec![tcp(), unix("one"), tcp(), tcp(), unix("two")],
        );

        let Sockets { shared, control, .. } = sockets.unwrap();
        assert_eq!((shared.https.len(), shared.redirect.len()), (2, 1));
        assert!(shared.behind_proxy.is_empty() && control.is_some());
        assert!(Sockets::of(&[https, private], vec![tcp()]).is_err());
        assert!(Sockets::of(&[https], vec![tcp()]).is_err());
    }
}
