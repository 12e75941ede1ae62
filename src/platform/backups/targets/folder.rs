//! A folder as a target: another disk, a stick, a mounted share.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::faults::{Fault, Why};
use super::remote::{LISTED_MAX, Listed};
use crate::platform::backups::archive::PACKS;
use crate::platform::steady::SteadyFile;
use crate::platform::whole_file::{remove_if_there, sync_folder_of};

/// What is not finished yet is called by this ending.
const UNFINISHED: &str = "unfinished";
const COPIED_AT_ONCE_BYTES: usize = 256 * 1024;

/// A folder below which the backups of boxes lie.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// It must be there when it is used: a disk that is not mounted would else be written beside.
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn put_new(&self, name: &str, from: &Path) -> Result<(), Fault> {
        let said = |error| self.fault("cannot be written", name, &error);
        let path = self.place(name)?;
        let unfinished = path.with_added_extension(UNFINISHED);
        copy(from, &unfinished, u64::MAX).map_err(said)?;
        // A link fails where the name is taken; renaming would take its place.
        let linked = fs::hard_link(&unfinished, &path).or_else(|error| {
            let has_no_links =
                matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported);
            if !has_no_links || path.try_exists()? {
                return Err(error);
            }
            fs::rename(&unfinished, &path)
        });
        remove_if_there(&unfinished).map_err(said)?;
        linked.and_then(|()| sync_folder_of(&path)).map_err(said)
    }

    pub(super) fn put_over(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.place(name)?;
        let unfinished = path.with_added_extension(UNFINISHED);
        let write = || {
            let mut file = new_file(&unfinished)?;
            io::Write::write_all(&mut file, bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            sync_folder_of(&path)
        };
        write().map_err(|error| self.fault("cannot be written", name, &error))
    }

    pub(super) fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        self.check_there()?;
        match fs::metadata(self.0.join(name)) {
            Ok(about) => Ok(about.is_file().then_some(about.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault("cannot be read", name, &error)),
        }
    }

    pub(super) fn range(&self, name: &str, offset: u64, length: u64) -> Result<Vec<u8>, Fault> {
        self.check_there()?;
        let read = || {
            let mut file = File::open(self.0.join(name))?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error| self.fault("cannot be read", name, &error))
    }

    pub(super) fn fetch(&self, name: &str, into: &Path, bytes_max: u64) -> Result<u64, Fault> {
        self.check_there()?;
        let copied = copy(&self.0.join(name), into, bytes_max);
        copied.map_err(|error| self.fault("cannot be read", name, &error))
    }

    pub(super) fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        self.check_there()?;
        let mut found = Vec::new();
        let mut open = vec![PathBuf::from(below)];
        while let Some(folder) = open.pop() {
            let said = |error| self.fault("cannot be listed", &folder.to_string_lossy(), &error);
            let entries = match fs::read_dir(self.0.join(&folder)) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error)
                    if error.kind() == ErrorKind::PermissionDenied
                        && is_anothers(below, &folder) =>
                {
                    continue;
                }
                entries => entries.map_err(said)?,
            };
            for entry in entries {
                let entry = entry.map_err(said)?;
                let name = folder.join(entry.file_name());
                let about = entry.metadata().map_err(said)?;
                if about.is_dir() {
                    open.push(name);
                } else if let Some(name) = name.to_str()
                    && found.len() < LISTED_MAX
                {
                    found.push(Listed { name: name.to_owned(), size_bytes: about.len() });
                }
            }
        }
        Ok(found)
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), Fault> {
        self.check_there()?;
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            outcome => outcome.map_err(|error| self.fault("cannot be deleted", name, &error))?,
        }
        // A folder goes with its last file.
        let above = path.parent().filter(|above| *above != self.0);
        if above.is_some_and(|above| fs::remove_dir(above).is_ok()) {
            return Ok(());
        }
        sync_folder_of(&path).map_err(|error| self.fault("cannot be deleted", name, &error))
    }

    /// Where a file goes; the folders on the way are made, the target itself is not.
    fn place(&self, name: &str) -> Result<PathBuf, Fault> {
        self.check_there()?;
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| self.fault("cannot be written", name, &error))?;
        Ok(path)
    }

    fn check_there(&self) -> Result<(), Fault> {
        if self.0.is_dir() {
            return Ok(());
        }
        let detail = format!("There is no folder {}.", self.0.display());
        Err(Fault::new(Why::Unreachable, detail))
    }

    fn fault(&self, what: &str, name: &str, error: &io::Error) -> Fault {
        let why = match error.kind() {
            ErrorKind::NotFound => Why::Missing,
            ErrorKind::AlreadyExists => Why::Exists,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Why::Denied,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Why::Full,
            _ => Why::Other,
        };
        let path = self.0.join(name);
        Fault::new(why, format!("{} {what}: {error}.", path.display()))
    }
}

/// Whether a folder is somebody else's on the same disk, such as lost+found, and not ours to list.
/// One that a box may have made is: without it a backup would be passed over as if it were not
/// there.
fn is_anothers(below: &str, folder: &Path) -> bool {
    let is_on_top = below.is_empty() && folder.components().count() == 1;
    let name = folder.to_string_lossy();
    let is_of_a_box = name.starts_with("box-")
        || ["base", PACKS].contains(&&*name)
        || name.starts_with(|first: char| first.is_ascii_digit());
    is_on_top && !is_of_a_box
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn copy(from: &Path, to: &Path, bytes_max: u64) -> io::Result<u64> {
    let from = BufReader::with_capacity(COPIED_AT_ONCE_BYTES, File::open(from)?);
    let (mut from, mut to) = (from.take(bytes_max), SteadyFile::new(new_file(to)?));
    let copied = io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    Ok(copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_box_made_may_be_out_of_reach() {
        for name in ["lost+found", ".Trash-1000", "System Volume Information"] {
            assert!(is_anothers("", Path::new(name)), "{name}");
        }
        let made = ["", "box-0193", "base", PACKS, "000003-20261121T140307Z"];
        let below = ["box-0193/base", "box-0193/base/000003-20261121T140307Z", "copies/lost+found"];
        for name in made.iter().chain(&below) {
            assert!(!is_anothers("", Path::new(name)), "{name}");
        }
        assert!(!is_anothers("box-0193", Path::new("box-0193")));
        assert!(!is_anothers("photos", Path::new("photos")), "what was asked for is not there");
    }
}
