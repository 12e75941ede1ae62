//! What happened in a switch, a line each, for whoever looks later. Nothing is decided by it. A
//! line is the first half of the SHA-256 of its text in hexadecimal, a space, and the text.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::crash;
use super::disk::Disk;
use super::standing::Entered;
use crate::platform::secret::to_hex;

/// Below the folder of the switch.
pub const FILE: &str = "journal";
const CHECKSUM_LENGTH: usize = 32;

/// The journal of one switch.
pub struct Journal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Journal {
    pub fn of(disk: Arc<dyn Disk>, folder: &Path) -> Self {
        Self { disk, folder: folder.to_owned() }
    }

    /// Adds a line and brings it to the disk.
    pub fn append(&self, entered: Entered) -> io::Result<()> {
        let path = self.folder.join(FILE);
        let before = self.disk.read(&path)?;
        if before.is_none() {
            self.disk.make_folder(&self.folder)?;
        }
        // What a power cut tore off is left, and ends here.
        let is_torn =
            before.as_ref().is_some_and(|bytes| !bytes.is_empty() && !bytes.ends_with(b"\n"));
        let text = serde_json::to_string(&entered).map_err(io::Error::other)?;
        let line = format!("{}{} {text}\n", if is_torn { "\n" } else { "" }, checksum(&text));
        self.disk.append(&path, line.as_bytes())?;
        crash::point("journal-appended");
        self.disk.sync(&path)?;
        if before.is_none() {
            self.disk.sync_folder(&self.folder)?;
            if let Some(parent) = self.folder.parent() {
                self.disk.sync_folder(parent)?;
            }
        }
        crash::point("journal-synced");
        Ok(())
    }

    /// Every line that is whole.
    pub fn read(&self) -> io::Result<Vec<Entered>> {
        let bytes = self.disk.read(&self.folder.join(FILE))?.unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| whole(std::str::from_utf8(line).ok()?)).collect())
    }
}

fn checksum(text: &str) -> String {
    let mut checksum = to_hex(&Sha256::digest(text));
    checksum.truncate(CHECKSUM_LENGTH);
    checksum
}

fn whole(line: &str) -> Option<Entered> {
    let (found, text) = line.split_once(' ')?;
    if found != checksum(text) {
        return None;
    }
    serde_json::from_str(text).ok()
}
