//! The PEM files below `<data>/tls`: written whole or not at all, keys for the owner alone.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::rules::ROOTS_MAX;
use crate::platform::error::{Error, Result};
use crate::platform::secret::{Secret, from_base64, to_base64};
use crate::platform::secrets::{Place, Purpose, Secrets};
use crate::platform::whole_file;

/// A chain with a key is a few kilobytes; more is no PEM file of ours or anybody's.
const PEM_SIZE_BYTES_MAX: u64 = 1024 * 1024;
const MODE_DIRECTORY: u32 = 0o700;
const MODE_SECRET: u32 = 0o600;
const MODE_PUBLIC: u32 = 0o644;

/// In front of a sealed key in its file.
pub(super) const SEALED: &str = "holdfast-sealed:";

/// The directory of the local CA. Keys of roots lie there sealed.
pub(super) struct TlsFiles {
    directory: PathBuf,
    /// None for whoever only looks at certificates: keys stay sealed for them.
    secrets: Option<Arc<Secrets>>,
}

/// A root as it lies on disk.
pub(super) struct StoredRoot {
    pub(super) certificate: String,
    /// Absent when somebody took the key away: the root is still offered, but signs no more.
    pub(super) key: Option<Secret>,
    /// The key lies there as it is, because an earlier version wrote it.
    pub(super) is_plain: bool,
}

impl TlsFiles {
    pub(super) fn open(directory: &Path, secrets: Option<Arc<Secrets>>) -> Result<Self> {
        make_private(directory)?;
        Ok(Self { directory: directory.to_owned(), secrets })
    }

    /// The roots, oldest first.
    pub(super) fn read_roots(&self) -> Result<Vec<StoredRoot>> {
        let mut roots = Vec::new();
        for number in 1..=ROOTS_MAX {
            let Some(certificate) = read_if_there(&self.root_certificate(number))? else { break };
            let kept = read_if_there(&self.root_key(number))?.map(Secret::new);
            let is_plain = kept.as_ref().is_some_and(|kept| !kept.reveal().starts_with(SEALED));
            let key = kept.map(|kept| self.open_key(number, kept)).transpose()?;
            roots.push(StoredRoot { certificate, key, is_plain });
        }
        Ok(roots)
    }

    /// Keeps root `number` (from 1). The key goes first: a certificate without key would be a
    /// root that cannot sign, a key without certificate is overwritten by the next try.
    pub(super) fn write_root(&self, number: usize, root: &StoredRoot) -> Result<()> {
        if let Some(key) = &root.key {
            let kept = self.seal_key(number, key)?;
            whole_file::write(&self.root_key(number), kept.reveal().as_bytes(), MODE_SECRET)?;
        }
        whole_file::write(&self.root_certificate(number), root.certificate.as_bytes(), MODE_PUBLIC)
    }

    /// Seals the keys anew that an older master key sealed; gives how many.
    pub(super) fn seal_anew(&self, secrets: &Secrets) -> Result<usize> {
        let mut count = 0;
        for number in 1..=ROOTS_MAX {
            let path = self.root_key(number);
            let Some(kept) = read_if_there(&path)?.map(Secret::new) else { continue };
            let Some(sealed) = kept.reveal().strip_prefix(SEALED) else { continue };
            let row = row_of(number);
            let sealed = from_base64(sealed.trim_end()).unwrap_or_default();
            if let Some(anew) = secrets.seal_anew(Purpose::LocalCa, &place(&row), &sealed)? {
                whole_file::write(&path, written(&anew).reveal().as_bytes(), MODE_SECRET)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// The leaf: certificate and key in one file, so that they always fit.
    pub(super) fn read_leaf(&self) -> Result<Option<Secret>> {
        Ok(read_if_there(&self.leaf())?.map(Secret::new))
    }

    pub(super) fn write_leaf(&self, pem: &Secret) -> Result<()> {
        whole_file::write(&self.leaf(), pem.reveal().as_bytes(), MODE_SECRET)
    }

    fn seal_key(&self, number: usize, key: &Secret) -> Result<Secret> {
        let Some(secrets) = &self.secrets else {
            return Err(Error::internal("a key is kept without the means to seal it"));
        };
        let row = row_of(number);
        let sealed = secrets.seal(Purpose::LocalCa, &place(&row), key.reveal().as_bytes())?;
        Ok(written(&sealed))
    }

    /// Opens a sealed key; one of an earlier version is as it is.
    fn open_key(&self, number: usize, kept: Secret) -> Result<Secret> {
        let (Some(sealed), Some(secrets)) = (kept.reveal().strip_prefix(SEALED), &self.secrets)
        else {
            return Ok(kept);
        };
        let row = row_of(number);
        // What is no base64 is no sealed field either.
        let sealed = from_base64(sealed.trim_end()).unwrap_or_default();
        let plain = secrets.unseal(Purpose::LocalCa, &place(&row), &sealed)?;
        String::from_utf8(plain.to_vec()).map(Secret::new).map_err(Error::internal)
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

/// Makes a folder for its owner alone, if it is not there.
pub(super) fn make_private(directory: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(MODE_DIRECTORY).create(directory)?;
    Ok(())
}

/// A sealed key as its file holds it.
fn written(sealed: &[u8]) -> Secret {
    Secret::new(format!("{SEALED}{}\n", to_base64(sealed)))
}

fn row_of(number: usize) -> String {
    format!("root-{number}")
}

/// What a root's key is sealed for.
fn place(row: &str) -> Place<'_> {
    Place { table: "tls", column: "key", row: row.as_bytes() }
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

pub(super) fn read_if_there(path: &Path) -> Result<Option<String>> {
    match read_pem(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(format!("{}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::platform::clock::{Clock, Moment};
    use crate::platform::random::Random;

    fn secrets(home: &Path) -> Arc<Secrets> {
        let random = Random::new(Clock::fixed(Moment(1_790_000_000_000)));
        Arc::new(Secrets::open(home, None, &random).unwrap())
    }

    fn root(key: &str) -> StoredRoot {
        let certificate = "certificate".to_owned();
        StoredRoot { certificate, key: Some(Secret::new(key)), is_plain: false }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_for_the_owner_alone_and_no_temporary_file_stays() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("tls");
        let files = TlsFiles::open(&directory, Some(secrets(home.path()))).unwrap();
        fs::write(directory.join("leaf.new"), "left by a crash").unwrap();

        files.write_root(1, &root("key")).unwrap();
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
    fn a_root_key_lies_sealed_and_in_its_own_place_only() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("tls");
        let files = TlsFiles::open(&directory, Some(secrets(home.path()))).unwrap();
        files.write_root(1, &root("first key")).unwrap();
        files.write_root(2, &root("second key")).unwrap();

        let read = files.read_roots().unwrap();

        let keys: Vec<_> = read.iter().map(|one| one.key.as_ref().unwrap().reveal()).collect();
        assert_eq!(keys, ["first key", "second key"]);
        let kept = |number: usize| directory.join(format!("root-{number}.key"));
        assert!(!fs::read_to_string(kept(1)).unwrap().contains("first"));
        fs::copy(kept(1), kept(2)).unwrap();
        assert!(
            matches!(files.read_roots(), Err(Error::Rule(it)) if it.code == "sealed-unreadable")
        );
        // Who only looks at certificates needs no key.
        let looking = TlsFiles::open(&directory, None).unwrap();
        assert_eq!(looking.read_roots().unwrap().len(), 2);
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("large.pem");
        fs::write(&path, vec![b'x'; usize::try_from(PEM_SIZE_BYTES_MAX).unwrap() + 1]).unwrap();

        assert_eq!(read_pem(&path).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
