//! The sockets that outlive every worker: bound once, or taken from the service manager, and handed
//! to each worker in turn. Whoever comes while no worker accepts waits in their queues.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::protocol::SocketKind;
use crate::config::Config;
use crate::platform::control;
use crate::platform::error::{Error, Result};
use crate::platform::systemd::sockets::{Part, Passed};

/// `sockaddr_un` holds 108 bytes, the last of them zero.
const ADDRESS_LENGTH_BYTES_MAX: usize = 107;
/// How long a port is waited for that another process has, and how often it is looked at.
const TAKEN_PATIENCE: Duration = Duration::from_secs(3);
const TAKEN_LOOKED_AT: Duration = Duration::from_millis(10);

/// A listening socket and what it serves.
#[derive(Debug)]
pub struct Listening {
    pub kind: SocketKind,
    pub socket: OwnedFd,
}

/// Takes what was handed over, or binds what the configuration names, as a box without a
/// supervisor does; and the socket of the command line in the data folder. Blocks shortly.
pub fn listen(config: &Config, passed: Vec<Passed>) -> Result<Vec<Listening>> {
    let mut listening = Vec::new();
    if let Some(own) = config.server.https {
        for Passed { part, listener, .. } in passed {
            let kind = match part {
                Part::Https => SocketKind::Https,
                Part::Redirect => SocketKind::Redirect,
            };
            listening.push(Listening { kind, socket: listener.into() });
        }
        if listening.is_empty()
            && let Some(address) = config.server.http
        {
            listening.push(Listening { kind: SocketKind::Redirect, socket: bind(address)? });
        }
        if !listening.iter().any(|one| one.kind == SocketKind::Https) {
            listening.push(Listening { kind: SocketKind::Https, socket: bind(own)? });
        }
    }
    if let Some(address) = config.server.behind_proxy {
        let socket = bind(address.socket())?;
        listening.push(Listening { kind: SocketKind::BehindProxy, socket });
    }
    let control = bind_unix(&config.data().join(control::SOCKET))?;
    listening.push(Listening { kind: SocketKind::Control, socket: control });
    Ok(listening)
}

fn bind(address: SocketAddr) -> Result<OwnedFd> {
    let began = Instant::now();
    let bound = loop {
        let bound = match TcpListener::bind(address) {
            // `[::]` means every address, also on a machine without IPv6.
            Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port()))
            }
            bound => bound,
        };
        // The worker of a supervisor that was killed lets go of the data before it ends.
        let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
        if !bound.as_ref().is_err_and(is_taken) || began.elapsed() > TAKEN_PATIENCE {
            break bound;
        }
        std::thread::park_timeout(TAKEN_LOOKED_AT);
    };
    let failed = |error| Error::internal(format!("{address} cannot be listened on: {error}"));
    let listener = bound.map_err(failed)?;
    listener.set_nonblocking(true)?;
    Ok(listener.into())
}

/// Binds a unix socket for this user alone, in place of one that a dead process left.
pub fn bind_unix(path: &Path) -> io::Result<OwnedFd> {
    if std::fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    let (short, _folder) = address_of(path)?;
    let listener = UnixListener::bind(short)?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener.into())
}

/// A way to a socket that fits into an address, whatever its path; it leads there as long as the
/// folder that comes with it is held.
pub fn address_of(path: &Path) -> io::Result<(PathBuf, Option<OwnedFd>)> {
    if path.as_os_str().as_bytes().len() <= ADDRESS_LENGTH_BYTES_MAX {
        return Ok((path.to_owned(), None));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok((short, Some(folder)))
}

/// All sockets with what they serve, as they go beside a message.
pub fn described(listening: &[Listening]) -> (Vec<SocketKind>, Vec<BorrowedFd<'_>>) {
    listening.iter().map(|one| (one.kind, one.socket.as_fd())).unzip()
}
