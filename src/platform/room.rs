//! Room on disks. The rest of the program asks here, so that tests decide how full they are.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Result;

/// Free bytes and all bytes of the disk that a path lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub free_bytes: u64,
    pub size_bytes: u64,
}

/// As the system says it, unless a test pretends.
#[derive(Debug)]
pub struct Room(AtomicU64);

const AS_IT_IS: u64 = u64::MAX;

impl Default for Room {
    fn default() -> Self {
        Self(AtomicU64::new(AS_IT_IS))
    }
}

impl Room {
    /// Looks at the disk that a path lies on. Blocks shortly.
    pub fn of(&self, path: &Path) -> Result<Disk> {
        let about = rustix::fs::statvfs(path).map_err(std::io::Error::from)?;
        let size_bytes = about.f_blocks.saturating_mul(about.f_frsize);
        let free_bytes = match self.0.load(Ordering::Relaxed) {
            AS_IT_IS => about.f_bavail.saturating_mul(about.f_frsize),
            pretended => pretended,
        };
        Ok(Disk { free_bytes, size_bytes })
    }

    /// Pretends that so much is free on every disk; none: as it is. For tests.
    pub fn pretend(&self, free_bytes: Option<u64>) {
        self.0.store(free_bytes.unwrap_or(AS_IT_IS), Ordering::Relaxed);
    }
}
