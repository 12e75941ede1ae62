//! The PEM files below `<data>/tls`: written whole or not at all, keys for the owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::rules::ROOTS_MAX;
use crate::platform::error::{Error, Result};
use crate::platform::secret::Secret;

/// A chain with a key is a few kilobytes; more is no PEM file of ours or anybody's.
const PEM_SIZE_BYTES_MAX: u64 = 1024 * 1024;
const MODE_DIRECTORY: u32 = 0o700;
const MODE_SECRET: u32 = 0o600;
const MODE_PUBLIC: u32 = 0o644;

/// The directory of the local CA.
#[derive(Debug)]
pub(super) struct TlsFiles {
    directory: PathBuf,
}

/// A root as it lies on disk.
pub(super) struct StoredRoot {
    pub(super) certificate: String,
    /// Absent when somebody took the key away: the root is still offered, but signs no more.
    pub(super) key: Option<Secret>,
}

impl TlsFiles {
    pub(super) fn open(directory: &Path) -> Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(MODE_DIRECTORY).create(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The roots, oldest first.
    pub(super) fn read_roots(&self) -> Result<Vec<StoredRoot>> {
        let mut roots = Vec::new();
        for number in 1..=ROOTS_MAX {
            let Some(certificate) = read_if_there(&self.root_certificate(number))? else { break };
            let key = read_if_there(&self.root_key(number))?.map(Secret::new);
            roots.push(StoredRoot { certificate, key });
        }
        Ok(roots)
    }

    /// Keeps root `number` (from 1). The key goes first: a certificate without key would be a
    /// root that cannot sign, a key without certificate is overwritten by the next try.
    pub(super) fn write_root(&self, number: usize, root: &StoredRoot) -> Result<()> {
        if let Some(key) = &root.key {
            write_whole(&self.root_key(number), key.reveal().as_bytes(), MODE_SECRET)?;
        }
        write_whole(&self.root_certificate(number), root.certificate.as_bytes(), MODE_PUBLIC)
    }

    /// The leaf: certificate and key in one file, so that they always fit.
    pub(super) fn read_leaf(&self) -> Result<Option<Secret>> {
        Ok(read_if_there(&self.leaf())?.map(Secret::new))
    }

    pub(super) fn write_leaf(&self, pem: &Secret) -> Result<()> {
        write_whole(&self.leaf(), pem.reveal().as_bytes(), MODE_SECRET)
    }

    fn root_certificate(&self, number: usize) -> PathBuf {
        self.directory.join(format!("root-{number}.pem"))
    }

    fn root_key(&self, number: usize) -> PathBuf {
        self.directory.join(format!("root-{number}.key"))
    }

    fn leaf(&self) -> PathBuf {
        self.directory.join("leaf.pem")
    }
}

/// Reads a PEM file, at most [`PEM_SIZE_BYTES_MAX`] of it.
pub(super) fn read_pem(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let size = File::open(path)?.take(PEM_SIZE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(size).unwrap_or(u64::MAX) > PEM_SIZE_BYTES_MAX {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "the file is over 1 MiB"));
    }
    Ok(text)
}

fn read_if_there(path: &Path) -> Result<Option<String>> {
    match read_pem(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(format!("{}: {error}", path.display()))),
    }
}

/// Writes a file so that after a crash it is either the old or the new one, whole.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let temporary = path.with_extension("new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_for_the_owner_alone_and_no_temporary_file_stays() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("tls");
        let files = TlsFiles::open(&directory).unwrap();
        fs::write(directory.join("leaf.new"), "left by a crash").unwrap();
        let root =
            StoredRoot { certificate: "certificate".to_owned(), key: Some(Secret::new("key")) };

        files.write_root(1, &root).unwrap();
        files.write_leaf(&Secret::new("leaf")).unwrap();

        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&directory.join("root-1.key")), 0o600);
        assert_eq!(mode(&directory.join("leaf.pem")), 0o600);
        assert_eq!(files.read_leaf().unwrap().unwrap().reveal(), "leaf");
        let roots = files.read_roots().unwrap();
        assert_eq!((roots.len(), roots[0].certificate.as_str()), (1, "certificate"));
        let mut names: Vec<_> =
            fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["leaf.pem", "root-1.key", "root-1.pem"]);
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("large.pem");
        fs::write(&path, vec![b'x'; usize::try_from(PEM_SIZE_BYTES_MAX).unwrap() + 1]).unwrap();

        assert_eq!(read_pem(&path).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
