//! What is started next. It lies in two copies, each with its checksum; the older one is written
//! over, so that a torn write leaves the other.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::crash;
use super::disk::Disk;
use super::protocol::SwitchLimits;
use super::standing::{Alert, Ended, Entered};
use crate::platform::secret::to_hex;

/// Below the folder of the supervisor.
pub const FOLDER: &str = "boot";
const COPIES: [&str; 2] = ["a", "b"];
/// What the first copy is called until it is whole: a copy that is there and not whole was damaged,
/// or torn when the other one was.
const UNFINISHED: &str = ".new";
/// A digest in hexadecimal and the end of its line.
const HEAD_LENGTH_BYTES: usize = 65;
/// The text is filled up with spaces to a multiple of this, so that writing over a copy needs no
/// room on a disk that is full.
const FILLED_TO_BYTES: usize = 8 * 1024;

/// A release that can be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// 0 where no metadata names it.
    pub seq: u64,
    pub version: String,
    /// In hexadecimal.
    pub sha256: String,
    /// Its folder among the releases. None: the program of the package, wherever that lies.
    pub folder: Option<String>,
    /// It came with a package, whose manager vouched for it, and not over a feed.
    pub is_packaged: bool,
}

/// Where a switch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing is under way.
    Steady,
    /// Nothing is changed yet.
    Armed,
    /// The files are, or are about to be, those of the pending release.
    Switched,
    /// People reach the pending release; files are not brought back any more.
    Exposed,
    /// The files are being brought back to what they were.
    Restoring,
}

/// Why there is a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Update,
    /// Somebody asked to go back.
    Rollback,
    /// The package manager brought another program.
    Package,
}

/// A release on its way to be the active one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub release: Installed,
    pub kind: Kind,
    pub transaction: String,
    pub migrates: bool,
    pub limits: SwitchLimits,
    /// Starts that are left. Counted down before each.
    pub tries_left: u32,
    /// Why it is given up, once it is.
    pub why: Option<Alert>,
    /// What was entered, and when.
    pub states: Vec<Entered>,
}

/// Everything that decides what is started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootState {
    /// The higher of two copies counts.
    pub generation: u64,
    pub phase: Phase,
    pub active: Installed,
    /// What was active before.
    pub fallback: Option<Installed>,
    pub pending: Option<Pending>,
    /// No release below this number is installed, and none is updated to.
    pub seq_floor: u64,
    /// Numbers of releases that were given up, and why. Not switched to again.
    pub quarantine: Vec<Quarantined>,
    /// How the last switch ended.
    pub last: Option<Ended>,
    /// Milliseconds since 1970.
    pub updated_at: i64,
}

/// A release that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub seq: u64,
    pub sha256: String,
    pub code: String,
}

impl BootState {
    /// The state of a box that was never updated.
    pub fn of(active: Installed) -> Self {
        Self {
            generation: 0,
            phase: Phase::Steady,
            seq_floor: active.seq,
            active,
            fallback: None,
            pending: None,
            quarantine: Vec::new(),
            last: None,
            updated_at: 0,
        }
    }

    pub fn is_quarantined(&self, release: &Installed) -> bool {
        let is_it = |one: &Quarantined| match release.seq {
            0 => one.sha256 == release.sha256,
            seq => one.seq == seq,
        };
        self.quarantine.iter().any(is_it)
    }
}

/// What was found where the boot state lies.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing was ever written.
    Nothing,
    /// The newest readable copy.
    State(Box<BootState>),
    /// Both copies are damaged, or one is and the other is gone.
    Damaged,
}

/// The boot state's two copies.
pub struct Boot {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Boot {
    /// The copies below the supervisor's folder; makes their folder.
    pub fn open(disk: Arc<dyn Disk>, state: &Path) -> io::Result<Self> {
        let folder = state.join(FOLDER);
        disk.make_folder(&folder)?;
        disk.sync_folder(state)?;
        Ok(Self { disk, folder })
    }

    /// Reads the valid copy of the highest generation.
    pub fn read(&self) -> io::Result<Found> {
        let copies = [self.copy(0)?, self.copy(1)?];
        let is_there = copies.iter().any(|(is_there, _)| *is_there);
        let newest = copies.into_iter().filter_map(|(_, state)| state);
        Ok(match newest.max_by_key(|state| state.generation) {
            Some(state) => Found::State(Box::new(state)),
            None if is_there => Found::Damaged,
            None => Found::Nothing,
        })
    }

    /// Writes the next generation over the older copy and brings it to the disk.
    pub fn write(&self, state: &mut BootState, now_ms: i64) -> io::Result<()> {
        let (first, second) = (self.copy(0)?, self.copy(1)?);
        let is_first = !first.0 && !second.0;
        let generation = |state: Option<BootState>| state.map(|state| state.generation);
        let (first, second) = (generation(first.1), generation(second.1));
        // A damaged copy is older than any.
        let older = usize::from(first > second);
        state.generation = first.max(second).unwrap_or(0).max(state.generation) + 1;
        state.updated_at = now_ms;
        let path = self.path(older);
        let written = if is_first { self.folder.join(UNFINISHED) } else { path.clone() };
        crash::point("boot-writing");
        self.disk.write(&written, &encoded(state)?)?;
        crash::point("boot-written");
        self.disk.sync(&written)?;
        if is_first {
            self.disk.rename(&written, &path)?;
        }
        self.disk.sync_folder(&self.folder)?;
        crash::point("boot-synced");
        Ok(())
    }

    fn path(&self, nth: usize) -> PathBuf {
        self.folder.join(COPIES[nth])
    }

    /// Whether there is a copy, and what it says if it is whole.
    fn copy(&self, nth: usize) -> io::Result<(bool, Option<BootState>)> {
        let bytes = self.disk.read(&self.path(nth))?;
        Ok((bytes.is_some(), bytes.and_then(|bytes| decoded(&bytes))))
    }
}

/// SHA-256 of the rest in hexadecimal, a line feed, and the state as JSON with spaces after it.
pub fn encoded(state: &BootState) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(state).map_err(io::Error::other)?;
    text.resize(text.len().next_multiple_of(FILLED_TO_BYTES), b' ');
    let mut bytes = to_hex(&Sha256::digest(&text)).into_bytes();
    bytes.push(b'\n');
    bytes.extend(text);
    Ok(bytes)
}

/// None: it is not what was written.
pub fn decoded(bytes: &[u8]) -> Option<BootState> {
    let (head, text) = bytes.split_at_checked(HEAD_LENGTH_BYTES)?;
    let expected = format!("{}\n", to_hex(&Sha256::digest(text)));
    if head != expected.as_bytes() {
        return None;
    }
    serde_json::from_slice(text).ok()
}
