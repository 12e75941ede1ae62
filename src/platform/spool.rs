//! Files on their way to somebody: made by a job, fetched within a day, then gone. Their names
//! say until when they are kept.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Platform;
use super::clock::Moment;
use super::error::{Code, Error, Result, code};
use super::id::ObjectId;
use super::tasks;
use super::workspaces::WorkspaceId;

/// Below the data folder.
const FOLDER: &str = "spool";
/// Below that: workspaces on their way to another box, and from one.
const ARCHIVES: &str = "archives";
const UPLOADS: &str = "uploads";
/// Such files on a box; how large they may be is decided by the room there is.
const ARCHIVES_MAX: usize = 20;
/// A file can be fetched for so long.
pub const KEPT: Duration = Duration::from_hours(24);
/// Bytes of one file.
pub const FILE_SIZE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Characters of an id.
const ID_LENGTH: usize = 36;
/// Bytes of all files; whoever needs more waits until old ones are gone.
const ALL_SIZE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

pub const CODES: &[Code] = &[
    code(
        "spool-full",
        "Too many files wait to be fetched.",
        "Fetch them, or try again tomorrow: files are kept for a day.",
    ),
    code(
        "file-too-large",
        "The file would be larger than one may be.",
        "Export less at once, or use the download that is written while it is read.",
    ),
];

/// The folder of waiting files.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
    bound: Bound,
}

/// What a folder may hold at most.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Bytes,
    Files,
}

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub workspace: WorkspaceId,
    pub id: ObjectId,
    pub until: Moment,
}

impl Kept {
    fn name(self) -> String {
        format!("{}-{}-{}", self.until.0, self.workspace, self.id)
    }

    /// What a file's name says of it; none where nobody of ours gave it.
    fn named(path: &Path) -> Option<Self> {
        let (until, rest) = path.file_name()?.to_str()?.split_once('-')?;
        let (workspace, id) = (rest.get(..ID_LENGTH)?, rest.get(ID_LENGTH + 1..)?);
        Some(Self {
            workspace: workspace.parse().ok()?,
            id: id.parse().ok()?,
            until: until.parse().ok().map(Moment)?,
        })
    }
}

impl Spool {
    pub fn of(platform: &Platform) -> Self {
        Self { folder: platform.config.data().join(FOLDER), bound: Bound::Bytes }
    }

    /// Workspaces that wait to be taken to another box.
    pub fn of_archives(data: &Path) -> Self {
        Self { folder: data.join(FOLDER).join(ARCHIVES), bound: Bound::Files }
    }

    /// Workspaces that came from another box and wait to be read.
    pub fn of_uploads(data: &Path) -> Self {
        Self { folder: data.join(FOLDER).join(UPLOADS), bound: Bound::Files }
    }

    /// Where a file lies on this machine.
    pub fn path(&self, kept: Kept) -> PathBuf {
        self.folder.join(kept.name())
    }

    /// Opens a new file that only the service's user can read, after making room for it. Blocks.
    pub fn create(&self, kept: Kept, now: Moment) -> Result<File> {
        if !self.folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        }
        self.drop_expired(now)?;
        let is_full = match self.bound {
            Bound::Bytes => self.size_bytes()? + FILE_SIZE_BYTES_MAX > ALL_SIZE_BYTES_MAX,
            Bound::Files => self.files()?.len() >= ARCHIVES_MAX,
        };
        if is_full {
            let detail = "Too many files wait to be fetched. They are kept for a day.";
            return Err(Error::conflict("spool-full", detail));
        }
        let mut options = File::options();
        Ok(options.write(true).create(true).truncate(true).mode(0o600).open(self.path(kept))?)
    }

    /// Opens a file for whoever fetches it; past its time it is not found. Blocks.
    pub fn open(&self, kept: Kept, now: Moment) -> Result<File> {
        if kept.until <= now {
            return Err(Error::NotFound);
        }
        match File::open(self.path(kept)) {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotFound),
            Err(error) => Err(error.into()),
        }
    }

    /// Passes on what came of writing a file, which is removed where it came to nothing.
    pub async fn kept_if_done<T>(&self, kept: Kept, written: Result<T>) -> Result<T> {
        if written.is_err() {
            let spool = self.clone();
            tasks::blocking(move || {
                spool.remove(kept);
                Ok(())
            })
            .await?;
        }
        written
    }

    /// Removes a file that came to nothing. Blocks.
    pub fn remove(&self, kept: Kept) {
        if let Err(error) = fs::remove_file(self.path(kept)) {
            tracing::warn!("An unfinished file could not be removed: {error}");
        }
    }

    /// Removes files past their time and says how many. Blocks.
    pub fn drop_expired(&self, now: Moment) -> Result<usize> {
        let mut dropped = 0;
        for path in self.files()? {
            // A clock that went far back must not keep files for ever.
            let is_kept =
                until(&path).is_some_and(|until| until > now && until <= now.plus(KEPT * 2));
            if !is_kept {
                fs::remove_file(path)?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    /// What lies here, whatever its time. Blocks.
    pub fn list(&self) -> Result<Vec<Kept>> {
        Ok(self.files()?.iter().filter_map(|path| Kept::named(path)).collect())
    }

    fn size_bytes(&self) -> Result<u64> {
        let files = self.files()?;
        Ok(files.iter().filter_map(|path| fs::metadata(path).ok()).map(|about| about.len()).sum())
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        match fs::read_dir(&self.folder) {
            // Folders beside the files are somebody else's.
            Ok(entries) => Ok(entries
                .collect::<io::Result<Vec<_>>>()?
                .iter()
                .map(fs::DirEntry::path)
                .filter(|path| !path.is_dir())
                .collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Until when a file is kept, by its name.
fn until(path: &Path) -> Option<Moment> {
    path.file_name()?.to_str()?.split('-').next()?.parse().ok().map(Moment)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::platform::id::Id;

    fn kept(until: i64) -> Kept {
        let id = Id::from_bytes([u8::try_from(until % 256).unwrap(); 16]);
        Kept { workspace: Id::from_bytes([1; 16]), id, until: Moment(until) }
    }

    #[test]
    fn a_file_is_private_and_gone_after_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool { folder: folder.path().join("spool"), bound: Bound::Bytes };
        spool.create(kept(100), Moment(1)).unwrap().write_all(b"a,b").unwrap();
        spool.create(kept(200), Moment(1)).unwrap();
        let mut listed = spool.list().unwrap();
        listed.sort_by_key(|one| one.until);
        assert_eq!(listed, [kept(100), kept(200)]);

        let mode = fs::metadata(spool.path(kept(100))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(spool.open(kept(100), Moment(99)).is_ok());
        assert!(matches!(spool.open(kept(100), Moment(100)), Err(Error::NotFound)));
        assert_eq!(spool.drop_expired(Moment(150)).unwrap(), 1);
        assert!(matches!(spool.open(kept(100), Moment(99)), Err(Error::NotFound)));
        assert!(spool.open(kept(200), Moment(150)).is_ok());
    }

    #[test]
    fn what_nobody_put_there_and_what_lies_far_ahead_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool { folder: folder.path().to_owned(), bound: Bound::Bytes };
        fs::write(folder.path().join("stray"), "x").unwrap();
        spool.create(kept(1), Moment(0)).unwrap();
        let days = i64::try_from(KEPT.as_millis()).unwrap() * 3;
        File::create(spool.path(kept(days))).unwrap();

        assert_eq!(spool.drop_expired(Moment(0)).unwrap(), 1);
        assert!(spool.open(kept(1), Moment(0)).is_ok());
    }

    #[test]
    fn a_full_spool_takes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool { folder: folder.path().to_owned(), bound: Bound::Bytes };
        let large = spool.create(kept(100), Moment(0)).unwrap();
        large.set_len(FILE_SIZE_BYTES_MAX + 1).unwrap();

        let Err(Error::Conflict(refusal)) = spool.create(kept(200), Moment(0)) else {
            panic!("the bound does not hold")
        };
        assert_eq!(refusal.code, "spool-full");
    }
}
