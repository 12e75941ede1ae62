//! What the supervisor does to files, so that a test can stand in for a disk that forgets whatever
//! was not brought to it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Whatever is written is sure to be there after a power cut only once the file was synced, and its
/// name only once the folder was. All of it blocks.
pub trait Disk: Send + Sync {
    /// The bytes of a file; none where there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Makes a file, or writes over the one that is there. For its owner alone. One of the same
    /// length needs no more room.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Adds to the end of a file, which is made where there is none. For its owner alone.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Brings a file to the disk.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Brings the names in a folder to the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Makes a folder and those above it, for their owner alone. They may be there.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file or a folder with everything in it. It may be gone. Follows no links.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a folder; none where there is no such folder.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
}

/// The disk of the machine.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        none_if_missing(std::fs::read(path))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).open(path)?.write_all(bytes)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let about = none_if_missing(std::fs::symlink_metadata(path))?;
        let removed = match about {
            None => return Ok(()),
            Some(about) if about.is_dir() => std::fs::remove_dir_all(path),
            Some(_) => std::fs::remove_file(path),
        };
        none_if_missing(removed).map(|_| ())
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let Some(entries) = none_if_missing(std::fs::read_dir(folder))? else {
            return Ok(Vec::new());
        };
        let name = |entry: io::Result<std::fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        entries.map(name).collect()
    }
}

fn none_if_missing<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}
