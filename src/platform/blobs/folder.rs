//! The bytes: `blobs/<workspace>/<ab>/<sha256>`. A file is written beside, is on disk with its name
//! before anybody may refer to it, and never changes afterwards.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::rules::{Blob, BlobHash, HEAD_SIZE_BYTES, ORPHANS_KEPT, damaged, media_type};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result, is_of_the_file};
use crate::platform::id::ObjectId;
use crate::platform::workspaces::WorkspaceId;

/// Below the data folder.
pub const FOLDER: &str = "blobs";
/// Below that: bytes that are no blob yet.
const INCOMING: &str = "incoming";
/// Read at once.
const PIECE_SIZE_BYTES: usize = 64 * 1024;

/// All blobs of a box.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    /// Taken wherever a file gets its name or loses it.
    naming: Arc<Mutex<Naming>>,
}

#[derive(Debug, Default)]
struct Naming {
    /// How many want that no file loses its name.
    pins: usize,
    /// What lies there for workspaces that were asked about, in bytes.
    lying: HashMap<WorkspaceId, u64>,
}

impl Naming {
    /// Notes that one file took the place of another, or that one came or went.
    fn changed(&mut self, workspace: WorkspaceId, before: u64, after: u64) {
        if let Some(bytes) = self.lying.get_mut(&workspace) {
            *bytes = bytes.saturating_sub(before).saturating_add(after);
        }
    }
}

/// As long as one is held, no blob is removed, whatever refers to it: a cut over the databases and
/// the bytes that it names belong together.
#[derive(Debug)]
pub struct Pin(Arc<Mutex<Naming>>);

impl Drop for Pin {
    fn drop(&mut self) {
        locked(&self.0).pins -= 1;
    }
}

fn locked(naming: &Mutex<Naming>) -> MutexGuard<'_, Naming> {
    naming.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Blobs {
    /// The blobs below a data folder that nobody else uses. What was on its way when the box
    /// stopped is removed. Blocks.
    pub fn open(data: &Path) -> Result<Self> {
        let folder = data.join(FOLDER);
        gone(fs::remove_dir_all(folder.join(INCOMING)))?;
        Ok(Self { folder, naming: Arc::default() })
    }

    /// Keeps all blobs where they are until the pin is dropped.
    pub fn pin(&self) -> Pin {
        locked(&self.naming).pins += 1;
        Pin(Arc::clone(&self.naming))
    }

    /// Where a blob lies.
    pub fn path(&self, workspace: WorkspaceId, hash: BlobHash) -> PathBuf {
        let name = hash.to_string();
        let fan = name.get(..2).unwrap_or_default();
        self.of_workspace(workspace).join(fan).join(&name)
    }

    fn of_workspace(&self, workspace: WorkspaceId) -> PathBuf {
        self.folder.join(workspace.to_string())
    }

    /// Begins to take in bytes, at most so many. Blocks.
    fn begin(&self, id: ObjectId, size_bytes_max: u64) -> Result<Incoming> {
        let folder = self.folder.join(INCOMING);
        make_folder(&folder)?;
        let path = folder.join(id.to_string());
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        let nothing = Blob { hash: BlobHash([0; 32]), size_bytes: 0, media_type: media_type(&[]) };
        let received = Received { path, blob: nothing };
        Ok(Incoming { file, received, hasher: Sha256::new(), head: Vec::new(), size_bytes_max })
    }

    /// Takes in all that a reader gives, at most so many bytes. Blocks.
    pub fn receive(
        &self,
        id: ObjectId,
        from: &mut dyn Read,
        size_bytes_max: u64,
    ) -> Result<Received> {
        let mut incoming = self.begin(id, size_bytes_max)?;
        let mut piece = vec![0; PIECE_SIZE_BYTES];
        loop {
            match from.read(&mut piece) {
                Ok(0) => return Ok(incoming.finish()),
                Ok(read) => incoming.write(&piece[..read])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes in a file on the same disk whose bytes were compared with the hash. Kept, it is moved
    /// and not copied. Blocks shortly.
    pub fn take(&self, path: PathBuf, hash: BlobHash) -> Result<Received> {
        let mut head = Vec::new();
        let file = File::open(&path)?;
        let size_bytes = file.metadata()?.len();
        file.take(HEAD_SIZE_BYTES as u64).read_to_end(&mut head)?;
        Ok(Received { path, blob: Blob { hash, size_bytes, media_type: media_type(&head) } })
    }

    /// Makes bytes that were received a blob of a workspace: from now on it lies on the disk under
    /// its name, whatever happens, and stays for a day though nothing refers to it. One with the
    /// same bytes is there once, and is whole again if it was damaged. Blocks.
    pub fn keep(&self, workspace: WorkspaceId, received: &Received, now: Moment) -> Result<Blob> {
        Ok(self.put(workspace, received, now)?.blob)
    }

    /// The same for whoever may be refused to refer to it. Blocks.
    pub(super) fn put(
        &self,
        workspace: WorkspaceId,
        received: &Received,
        now: Moment,
    ) -> Result<Put> {
        let path = self.path(workspace, received.blob.hash);
        let folder = path.parent().unwrap_or(&self.folder);
        make_folder(folder)?;
        let file = File::options().write(true).open(&received.path)?;
        file.set_modified(time(now))?;
        file.sync_all()?;
        let before = {
            let mut naming = locked(&self.naming);
            let before = size_of(&path)?;
            fs::rename(&received.path, &path)?;
            naming.changed(workspace, before.unwrap_or_default(), received.blob.size_bytes);
            before
        };
        // The name, and those of the folders on the way where they are new.
        for folder in folder.ancestors().take(4) {
            File::open(folder)?.sync_all()?;
        }
        Ok(Put { blob: received.blob, file, is_new: before.is_none() })
    }

    /// Removes what was put and nothing refers to: where no such bytes were there before, nobody
    /// put them again since, and nobody holds a pin. Blocks shortly.
    pub(super) fn take_back(&self, workspace: WorkspaceId, put: &Put) -> Result<()> {
        let path = self.path(workspace, put.blob.hash);
        let mut naming = locked(&self.naming);
        if !put.is_new || naming.pins > 0 {
            return Ok(());
        }
        let there = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            there => there?,
        };
        let mine = put.file.metadata()?;
        if (there.dev(), there.ino()) == (mine.dev(), mine.ino()) {
            fs::remove_file(&path)?;
            naming.changed(workspace, there.len(), 0);
        }
        Ok(())
    }

    /// Bytes that lie there for a workspace, whatever refers to them. Blocks.
    pub(super) fn lying_bytes(&self, workspace: WorkspaceId) -> Result<u64> {
        // Nothing comes or goes between the counting and the noting.
        let mut naming = locked(&self.naming);
        if let Some(bytes) = naming.lying.get(&workspace) {
            return Ok(*bytes);
        }
        let mut bytes = 0;
        for hash in self.list(workspace)? {
            bytes += size_of(&self.path(workspace, hash))?.unwrap_or_default();
        }
        naming.lying.insert(workspace, bytes);
        Ok(bytes)
    }

    /// Opens a blob after reading all of it: bytes that are not those of its name, or that the disk
    /// does not give, are not given out. Blocks.
    pub fn fetch(&self, workspace: WorkspaceId, hash: BlobHash) -> Result<File> {
        let said = |error: io::Error| {
            let is_lost = error.kind() == io::ErrorKind::NotFound || is_of_the_file(&error);
            if is_lost { damaged(hash) } else { error.into() }
        };
        let mut file = File::open(self.path(workspace, hash)).map_err(said)?;
        let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE_SIZE_BYTES]);
        loop {
            let read = file.read(&mut piece).map_err(said)?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
        }
        if hasher.finalize()[..] != hash.0 {
            return Err(damaged(hash));
        }
        file.rewind()?;
        Ok(file)
    }

    /// Hashes of what lies there for a workspace, whatever refers to it. Blocks.
    pub fn list(&self, workspace: WorkspaceId) -> Result<Vec<BlobHash>> {
        let mut found = Vec::new();
        for fan in entries(&self.of_workspace(workspace))? {
            let names = entries(&fan)?;
            let hash = |path: &PathBuf| path.file_name()?.to_str()?.parse::<BlobHash>().ok();
            found.extend(names.iter().filter_map(hash));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Ids of workspaces that have a folder here. Blocks.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceId>> {
        let id = |path: &PathBuf| path.file_name()?.to_str()?.parse().ok();
        Ok(entries(&self.folder)?.iter().filter_map(id).collect())
    }

    /// Removes those of some blobs that were put longer ago than they are kept for nothing, and
    /// none while somebody holds a pin. Gives how many. Blocks.
    pub(super) fn remove_old(
        &self,
        workspace: WorkspaceId,
        hashes: &[BlobHash],
        now: Moment,
    ) -> Result<usize> {
        let youngest = time(now.minus(ORPHANS_KEPT));
        let mut removed = 0;
        for hash in hashes {
            let path = self.path(workspace, *hash);
            let mut naming = locked(&self.naming);
            if naming.pins > 0 {
                return Ok(removed);
            }
            // Looked at with the lock held: whoever puts it again meanwhile makes it young.
            let about = match fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about?,
            };
            if about.modified()? < youngest {
                fs::remove_file(&path)?;
                naming.changed(workspace, about.len(), 0);
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes all blobs of a workspace that is gone. Blocks.
    pub fn remove_all(&self, workspace: WorkspaceId) -> Result<()> {
        locked(&self.naming).lying.remove(&workspace);
        gone(fs::remove_dir_all(self.of_workspace(workspace)))
    }
}

/// A blob that was put just now.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) blob: Blob,
    /// Held open, so that no other file is taken for it.
    file: File,
    is_new: bool,
}

/// Bytes of a file; none where there is none.
fn size_of(path: &Path) -> Result<Option<u64>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        about => Ok(Some(about?.len())),
    }
}

/// Bytes on their way in. Dropped before its end, it leaves nothing.
#[derive(Debug)]
struct Incoming {
    file: File,
    received: Received,
    hasher: Sha256,
    head: Vec<u8>,
    size_bytes_max: u64,
}

impl Incoming {
    /// Takes in some bytes. Blocks shortly.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let size_bytes = self.received.blob.size_bytes.saturating_add(bytes.len() as u64);
        if size_bytes > self.size_bytes_max {
            return Err(Error::TooLarge { limit_bytes: self.size_bytes_max });
        }
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        let missing = HEAD_SIZE_BYTES - self.head.len();
        self.head.extend(bytes.iter().take(missing));
        self.received.blob.size_bytes = size_bytes;
        Ok(())
    }

    /// Says what was received. It is on disk only when it was kept.
    fn finish(self) -> Received {
        let Self { mut received, hasher, head, .. } = self;
        received.blob.hash = BlobHash(hasher.finalize().into());
        received.blob.media_type = media_type(&head);
        received
    }
}

/// Bytes that were received and are no blob of a workspace yet. Dropped, they are gone.
#[derive(Debug)]
pub struct Received {
    path: PathBuf,
    blob: Blob,
}

impl Received {
    /// What it will be.
    pub fn blob(&self) -> Blob {
        self.blob
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        // One that was kept has another name by now.
        if let Err(error) = gone(fs::remove_file(&self.path)) {
            tracing::warn!("An unfinished file could not be removed: {error}");
        }
    }
}

fn gone(outcome: io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        // Files where folders are expected are nobody's.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Vec::new()),
        entries => Ok(entries?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?),
    }
}

fn time(at: Moment) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(at.0).unwrap_or_default());
    SystemTime::UNIX_EPOCH + since
}

#[cfg(test)]
mod tests;
