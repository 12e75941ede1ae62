//! The socket's file: made private, reached also below a long path, taken away at the end.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tokio::net::UnixListener;
use tracing::warn;

use super::SOCKET;

/// `sockaddr_un` holds 108 bytes, the last of them zero.
const ADDRESS_LENGTH_BYTES_MAX: usize = 107;

/// A way to the socket that fits into an address, whatever the folder's path.
pub(super) struct Address {
    path: PathBuf,
    /// The path goes through this handle, so it is held as long as the path is used.
    _folder: Option<OwnedFd>,
}

impl Address {
    pub(super) fn below(data: &Path) -> io::Result<Self> {
        let path = data.join(SOCKET);
        if path.as_os_str().as_bytes().len() <= ADDRESS_LENGTH_BYTES_MAX {
            return Ok(Self { path, _folder: None });
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(data, flags, Mode::empty())?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET);
        Ok(Self { path, _folder: Some(folder) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The bound socket.
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    /// Its file, which goes with it. None where somebody else keeps it.
    path: Option<PathBuf>,
}

impl Socket {
    /// Binds below the data folder. A socket that lies there belongs to a dead process, because
    /// the caller holds the data's lock.
    pub(super) fn bind(data: &Path) -> io::Result<Self> {
        let path = data.join(SOCKET);
        remove_left_over(&path)?;
        let address = Address::below(data)?;
        let listener = UnixListener::bind(address.path())?;
        let socket = Self { listener, path: Some(path.clone()) };
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    /// Takes a socket that was handed over and does not block.
    pub(super) fn handed(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        Ok(Self { listener: UnixListener::from_std(listener)?, path: None })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let Some(path) = &self.path else { return };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!("{} could not be removed: {error}", path.display());
            }
            _ => {}
        }
    }
}

fn remove_left_over(path: &Path) -> io::Result<()> {
    let kind = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if kind.is_socket() {
        return std::fs::remove_file(path);
    }
    let name = path.file_name().unwrap_or(OsStr::new(SOCKET)).display();
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} is there and is no socket")))
}
