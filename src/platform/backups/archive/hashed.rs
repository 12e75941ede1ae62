//! What an archive or a part of one is written to: hashed and counted on the way, and brought to
//! the disk steadily.

use std::fs::File;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::platform::secret::to_hex;
use crate::platform::steady::SteadyFile;

/// A file that is being written from its beginning.
pub struct HashedFile {
    file: SteadyFile,
    hash: Sha256,
    size_bytes: u64,
}

/// What was written.
pub struct Sum {
    pub size_bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl HashedFile {
    /// Begins in an empty file.
    pub fn new(file: File) -> Self {
        Self { file: SteadyFile::new(file), hash: Sha256::new(), size_bytes: 0 }
    }

    /// Bytes so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Brings the rest to the disk. Blocks.
    pub fn finish(mut self) -> io::Result<Sum> {
        self.file.sync_all()?;
        Ok(Sum { size_bytes: self.size_bytes, sha256: to_hex(&self.hash.finalize()) })
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
