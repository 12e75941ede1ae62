//! Writing large files beside databases, whose commits wait for the same disk.

use std::fs::File;
use std::io::{self, Write};

/// As much may wait for the disk at once. A commit that comes meanwhile waits for it as well: some
/// 20 ms where the disk takes 200 MB/s.
const UNSYNCED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A file that is brought to the disk while it is written, so that a commit never waits for all of
/// it.
pub(in crate::platform) struct SteadyFile {
    file: File,
    unsynced_bytes: u64,
}

impl SteadyFile {
    pub(in crate::platform) fn new(file: File) -> Self {
        Self { file, unsynced_bytes: 0 }
    }

    /// Brings the rest to the disk. Blocks.
    pub(in crate::platform) fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for SteadyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced_bytes += written as u64;
        if self.unsynced_bytes >= UNSYNCED_BYTES_MAX {
            self.file.sync_data()?;
            self.unsynced_bytes = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
