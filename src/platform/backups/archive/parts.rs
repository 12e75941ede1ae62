//! A stream cut into files of one size, each hashed while it is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::hashed::{HashedFile, Sum};

/// A finished part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `part-0000.tar.zst.age`, counted up.
    pub name: String,
    pub size_bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// Writes into a folder. What `finish` gave is on the disk.
pub struct Parts {
    folder: PathBuf,
    size_bytes_max: u64,
    current: Option<Current>,
    done: Vec<Part>,
}

struct Current {
    name: String,
    file: HashedFile,
}

impl Parts {
    /// Begins in an empty folder.
    pub fn begin(folder: &Path, size_bytes_max: u64) -> Self {
        Self { folder: folder.to_owned(), size_bytes_max, current: None, done: Vec::new() }
    }

    /// Ends the last part and gives all of them.
    pub fn finish(mut self) -> io::Result<Vec<Part>> {
        self.end_current()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(self.done)
    }

    fn current(&mut self) -> io::Result<&mut Current> {
        if self.current.is_none() {
            let name = format!("part-{:04}.tar.zst.age", self.done.len());
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let file = HashedFile::new(options.open(self.folder.join(&name))?);
            self.current = Some(Current { name, file });
        }
        self.current.as_mut().ok_or_else(|| io::Error::other("a part was not begun"))
    }

    fn end_current(&mut self) -> io::Result<()> {
        let Some(Current { name, file }) = self.current.take() else { return Ok(()) };
        let Sum { size_bytes, sha256 } = file.finish()?;
        self.done.push(Part { name, size_bytes, sha256 });
        Ok(())
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size_max = self.size_bytes_max;
        let current = self.current()?;
        let room = usize::try_from(size_max - current.file.size_bytes()).unwrap_or(usize::MAX);
        let taken = current.file.write(&bytes[..bytes.len().min(room)])?;
        if current.file.size_bytes() == size_max {
            self.end_current()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.current.as_mut().map_or(Ok(()), |current| current.file.flush())
    }
}
