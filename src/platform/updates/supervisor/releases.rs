//! The folder of installed releases: `<seq>-<version>-<start of the hash>/holdfast`. Only the
//! supervisor writes it. A release is opened once, looked at whole, and started through the very
//! descriptor that was looked at.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, StatVfsMountFlags};
use sha2::{Digest, Sha256};

use super::boot::Installed;
use super::crash;
use super::disk::Disk;
use super::reasons;
use super::standing::Alert;
use crate::platform::secret::to_hex;
use crate::platform::updates::release::folder_name;

/// Below the folder of the supervisor.
pub const FOLDER: &str = "releases";
/// The program in the folder of a release.
pub const PROGRAM: &str = "holdfast";
/// What the folder says of itself.
const ABOUT: &str = "release.json";
/// What a release is called until it is whole.
const UNFINISHED: &str = ".new-";
/// Copied and hashed at once.
const PIECE_SIZE_BYTES: usize = 256 * 1024;
/// Everybody may read and run it, nobody may change it.
const PROGRAM_MODE: u32 = 0o555;

/// A program that was looked at whole and can be started as it was then.
#[derive(Debug)]
pub struct Verified {
    pub release: Installed,
    pub program: OwnedFd,
}

/// The installed releases.
#[derive(Clone)]
pub struct Releases {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Releases {
    /// Makes the folder where there is none, and removes what an earlier process did not finish.
    pub fn open(disk: Arc<dyn Disk>, state: &Path) -> io::Result<Self> {
        let folder = state.join(FOLDER);
        disk.make_folder(&folder)?;
        for name in disk.names(&folder)? {
            if name.starts_with(UNFINISHED) {
                disk.remove(&folder.join(name))?;
            }
        }
        disk.sync_folder(state)?;
        Ok(Self { disk, folder })
    }

    /// Refuses a folder on a disk whose programs must not be started.
    pub fn check_executable(&self) -> Result<(), Alert> {
        let about = rustix::fs::statvfs(&self.folder).map_err(|error| {
            let detail = format!("{} cannot be looked at: {error}", self.folder.display());
            Alert::new(reasons::RELEASE_UNUSABLE, detail)
        })?;
        if about.f_flag.contains(StatVfsMountFlags::NOEXEC) {
            let detail = format!(
                "Programs in {} cannot be started, because the disk is mounted with noexec. Mount \
                 it without, or choose another folder: holdfast supervise --state DIR",
                self.folder.display()
            );
            return Err(Alert::new(reasons::STATE_NOEXEC, detail));
        }
        Ok(())
    }

    /// Copies a program in. It is there whole and on the disk, or not at all; one that is there
    /// already is left as it is. `release` says what it has to be; its folder is chosen here.
    pub fn install(&self, from: &mut File, release: &Installed) -> Result<Installed, Alert> {
        let name = folder_name(release.seq, &release.version, &release.sha256);
        let installed = Installed { folder: Some(name.clone()), ..release.clone() };
        if self.verify(&installed).is_ok() {
            return Ok(installed);
        }
        let unfinished = self.folder.join(format!("{UNFINISHED}{name}"));
        let outcome = self.copy_in(from, &installed, &unfinished, &self.folder.join(name));
        match outcome {
            Ok(()) => Ok(installed),
            Err(alert) => {
                // What cannot even be removed is removed at the next start.
                self.disk.remove(&unfinished).unwrap_or_default();
                Err(alert)
            }
        }
    }

    fn copy_in(
        &self,
        from: &mut File,
        release: &Installed,
        unfinished: &Path,
        folder: &Path,
    ) -> Result<(), Alert> {
        let failed = |error: io::Error| {
            let detail = format!("The release could not be installed: {error}");
            let is_full = error.kind() == io::ErrorKind::StorageFull;
            Alert::new(if is_full { reasons::DISK_FULL } else { reasons::NOT_INSTALLED }, detail)
        };
        crash::point("install-begun");
        self.disk.remove(unfinished).map_err(failed)?;
        self.disk.make_folder(unfinished).map_err(failed)?;
        let program = unfinished.join(PROGRAM);
        let sha256 = self.copy(from, &program).map_err(failed)?;
        crash::point("install-copied");
        if sha256 != release.sha256 {
            let detail = format!("Its hash is {sha256}, {} was signed", release.sha256);
            return Err(Alert::new(reasons::RELEASE_CHANGED, detail));
        }
        let about = serde_json::to_vec(release).map_err(|error| failed(error.into()))?;
        self.disk.write(&unfinished.join(ABOUT), &about).map_err(failed)?;
        self.disk.sync(&unfinished.join(ABOUT)).map_err(failed)?;
        self.disk.set_mode(&program, PROGRAM_MODE).map_err(failed)?;
        self.disk.sync(&program).map_err(failed)?;
        self.disk.sync_folder(unfinished).map_err(failed)?;
        crash::point("install-synced");
        self.disk.remove(folder).map_err(failed)?;
        self.disk.rename(unfinished, folder).map_err(failed)?;
        self.disk.sync_folder(&self.folder).map_err(failed)?;
        crash::point("install-named");
        Ok(())
    }

    /// Copies from the beginning and gives the hash of what was copied.
    fn copy(&self, from: &mut File, to: &Path) -> io::Result<String> {
        from.rewind()?;
        let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE_SIZE_BYTES]);
        self.disk.write(to, &[])?;
        loop {
            let length = from.read(&mut piece)?;
            if length == 0 {
                return Ok(to_hex(&hash.finalize()));
            }
            hash.update(&piece[..length]);
            self.disk.append(to, &piece[..length])?;
            crash::point("install-copying");
        }
    }

    /// What lies installed, as each folder says of itself; the newest first.
    pub fn list(&self) -> io::Result<Vec<Installed>> {
        let mut found = Vec::new();
        for name in self.disk.names(&self.folder)? {
            let about = self.disk.read(&self.folder.join(&name).join(ABOUT));
            let about = about.ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            found.extend(about.filter(|one: &Installed| one.folder.as_ref() == Some(&name)));
        }
        found.sort_by(|one, other| (other.seq, &other.version).cmp(&(one.seq, &one.version)));
        Ok(found)
    }

    /// The copy of a package's program with this hash.
    pub fn kept(&self, sha256: &str) -> Option<Installed> {
        let found = self.list().unwrap_or_default();
        found.into_iter().find(|one| one.is_packaged && one.sha256 == sha256)
    }

    /// Where the program of an installed release lies; none for one that is not installed.
    pub fn program(&self, release: &Installed) -> Option<PathBuf> {
        Some(self.folder.join(release.folder.as_ref()?).join(PROGRAM))
    }

    /// Removes all releases but these and the newest of the rest.
    pub fn clean_up(&self, kept: &[&Installed]) -> io::Result<()> {
        let rest =
            self.list()?.into_iter().filter(|one| !kept.iter().any(|it| it.folder == one.folder));
        for old in rest.skip(1) {
            if let Some(folder) = &old.folder {
                self.disk.remove(&self.folder.join(folder))?;
            }
        }
        self.disk.sync_folder(&self.folder)
    }

    /// Opens an installed release, never through a link, and looks at all of it.
    pub fn verify(&self, release: &Installed) -> Result<Verified, Alert> {
        let missing = |error: rustix::io::Errno| {
            let name = release.folder.as_deref().unwrap_or_default();
            let detail = format!("The installed release {name} cannot be opened: {error}");
            Alert::new(reasons::RELEASE_MISSING, detail)
        };
        let plain = OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = release.folder.as_deref().unwrap_or_default();
        if folder.is_empty() || folder.contains('/') || folder.starts_with('.') {
            return Err(missing(rustix::io::Errno::INVAL));
        }
        let way = plain | OFlags::DIRECTORY | OFlags::PATH;
        let all = rustix::fs::open(&self.folder, way, Mode::empty()).map_err(missing)?;
        let own = rustix::fs::openat(all, folder, way, Mode::empty()).map_err(missing)?;
        // One that is no plain file must not keep the opener waiting.
        let flags = plain | OFlags::RDONLY | OFlags::NONBLOCK;
        let program = rustix::fs::openat(own, PROGRAM, flags, Mode::empty()).map_err(missing)?;
        looked_at(File::from(program), release)
    }
}

/// Compares a program with what it has to be.
fn looked_at(mut program: File, release: &Installed) -> Result<Verified, Alert> {
    let found = hash(&mut program);
    match found {
        Ok(sha256) if sha256 == release.sha256 => {
            Ok(Verified { release: release.clone(), program: program.into() })
        }
        Ok(_) => {
            let (seq, version) = (release.seq, &release.version);
            let detail = format!("The program of release {version} ({seq}) was changed on disk");
            Err(Alert::new(reasons::RELEASE_CHANGED, detail))
        }
        Err(error) => {
            let detail = format!("The program of release {} is not read: {error}", release.version);
            Err(Alert::new(reasons::RELEASE_UNUSABLE, detail))
        }
    }
}

/// SHA-256 of a plain file from its beginning, in hexadecimal.
pub fn hash(file: &mut File) -> io::Result<String> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    file.rewind()?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE_SIZE_BYTES]);
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(to_hex(&hash.finalize()));
        }
        hash.update(&piece[..length]);
    }
}
