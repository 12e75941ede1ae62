//! Reads a backup: nothing of it is believed before it was checked, and nothing is written outside
//! the folder that it is unpacked into.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path};

use age::stream::StreamReader;
use sha2::{Digest, Sha256};

use super::commit::{COMMIT_FILE, Commit, CommitHead, PartEntry};
use super::kit::{Identity, Kit, wiped};
use super::{FORMAT, MANIFEST, Manifest, SUMS};
use crate::platform::secret::to_hex;
use crate::platform::steady::SteadyFile;

/// A longer `COMMIT.json` is none: it would name 64 TiB.
pub const COMMIT_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What is read into memory out of an archive: a manifest takes 200 bytes for each picture, so it
/// names two and a half millions. No longer one is written.
pub(super) const TEXT_SIZE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Files of one archive.
const FILES_MAX: usize = 1_000_000;
const BUFFER_BYTES: usize = 64 * 1024;

/// Why a backup is not taken, each with a sentence for a person.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no `COMMIT.json`: it was never finished.
    Unfinished,
    /// `COMMIT.json` is damaged, or signed by another box.
    NotSigned,
    /// It is of another box than the kit.
    AnotherBox,
    /// It was written by a newer release.
    Newer { format: u32 },
    /// A part is missing, too short, too long or changed.
    Part { name: String, fault: &'static str },
    /// The kit does not open it.
    WrongKit,
    /// What is inside does not fit what it says of itself.
    Inside { path: String, fault: &'static str },
    /// The disk.
    Disk(String),
    /// The place it lies at does not hand it out; the sentence says why.
    Target(String),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unfinished => f.write_str("It has no COMMIT.json: it was never finished."),
            Self::NotSigned => {
                f.write_str("COMMIT.json is damaged, or the box of this kit did not sign it.")
            }
            Self::AnotherBox => f.write_str("It is a backup of another box than the kit's."),
            Self::Newer { format } => {
                write!(f, "It has format {format}; this release reads up to {FORMAT}.")
            }
            Self::Part { name, fault } => write!(f, "{name} {fault}."),
            Self::WrongKit => f.write_str("The kit does not open it; it was made for other keys."),
            Self::Inside { path, fault } => write!(f, "{path} in the backup {fault}."),
            Self::Disk(cause) => write!(f, "The disk failed: {cause}."),
            Self::Target(cause) => f.write_str(cause),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        // The layers below hand a refusal through as an error of reading.
        match error.downcast::<Self>() {
            Ok(refused) => refused,
            Err(other) if other.kind() == io::ErrorKind::StorageFull => {
                Self::Disk("it is full".to_owned())
            }
            Err(other) => Self::Disk(other.to_string()),
        }
    }
}

impl std::error::Error for Refused {}

/// What was unpacked.
#[derive(Debug)]
pub struct Unpacked {
    pub commit: Commit,
    pub manifest: Manifest,
}

/// Reads what makes a folder a backup of the kit's box.
pub fn read_commit(base: &Path, kit: &Kit) -> Result<Commit, Refused> {
    let file = match File::open(base.join(COMMIT_FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Refused::Unfinished),
        Err(error) => return Err(error.into()),
    };
    let mut text = String::new();
    let read = file.take(COMMIT_SIZE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|_| Refused::NotSigned)?;
    check_commit(&text, kit)
}

/// Takes the text of a `COMMIT.json` when the kit's box signed it.
pub fn check_commit(text: &str, kit: &Kit) -> Result<Commit, Refused> {
    let keys = [kit.signing_key];
    let CommitHead { format, .. } =
        CommitHead::read_signed(text, &keys).ok_or(Refused::NotSigned)?;
    if format > FORMAT {
        return Err(Refused::Newer { format });
    }
    let commit = Commit::read_signed(text, &keys).ok_or(Refused::NotSigned)?;
    if commit.box_id != kit.box_id {
        return Err(Refused::AnotherBox);
    }
    Ok(commit)
}

/// Unpacks a base into an empty folder, checking every hash on the way. `progress` hears of each
/// piece of the parts that was read, in bytes. On a refusal the folder holds nothing to rely on.
pub fn unpack(
    base: &Path,
    kit: &Kit,
    into: &Path,
    progress: impl FnMut(u64),
) -> Result<Unpacked, Refused> {
    unpack_only(base, kit, into, |_| true, progress)
}

/// As `unpack`, and writes only files that are wanted, by their paths within the archive. The
/// hashes of all others are checked as well.
pub fn unpack_only(
    base: &Path,
    kit: &Kit,
    into: &Path,
    is_wanted: impl Fn(&str) -> bool,
    progress: impl FnMut(u64),
) -> Result<Unpacked, Refused> {
    let commit = read_commit(base, kit)?;
    let open = |part: &PartEntry| match File::open(base.join(&part.name)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let take = |Member { path, content, .. }: Member<'_>| {
        let speaks_of_others = path == MANIFEST || path == SUMS;
        if speaks_of_others || is_wanted(path) {
            write_file(&into.join(path), content)
        } else {
            hash_of(content, io::sink())
        }
    };
    let manifest = walk(&commit, &kit.identity, open, progress, take)?;
    Ok(Unpacked { commit, manifest })
}

/// A file in an archive that is being read.
pub struct Member<'a> {
    pub path: &'a str,
    pub size_bytes: u64,
    pub content: &'a mut dyn Read,
}

/// Goes through a base without unpacking it: `open` gives its parts one after the other (none: it
/// is not there), `take` reads each file to its end and gives the SHA-256 of what it read. Every
/// hash is compared, and only with the manifest in hand all of it can be relied on.
pub fn walk(
    commit: &Commit,
    identity: &Identity,
    open: impl FnMut(&PartEntry) -> io::Result<Option<File>>,
    progress: impl FnMut(u64),
    take: impl FnMut(Member<'_>) -> Result<String, Refused>,
) -> Result<Manifest, Refused> {
    let mut parts = Joined::new(open, commit, progress);
    let walked = walk_stream(&mut parts, identity, take);
    if walked.is_err() {
        parts.read_out();
    }
    // A part that differs explains whatever the layers above said of it.
    if let Some(fault) = parts.fault.take() {
        return Err(fault);
    }
    let manifest = walked?;
    if (manifest.sequence, manifest.box_epoch) != (commit.sequence, commit.box_epoch)
        || manifest.box_id != commit.box_id
    {
        let fault = "speaks of another backup than COMMIT.json";
        return Err(Refused::Inside { path: MANIFEST.to_owned(), fault });
    }
    Ok(manifest)
}

fn walk_stream(
    parts: &mut impl Read,
    identity: &Identity,
    mut take: impl FnMut(Member<'_>) -> Result<String, Refused>,
) -> Result<Manifest, Refused> {
    let mut tar = tar::Archive::new(zstd::Decoder::new(opened(&mut *parts, identity)?)?);
    let mut sums = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = member_path(&entry)?;
        if sums.len() >= FILES_MAX {
            return Err(Refused::Inside { path, fault: "is one file too many" });
        }
        let size_bytes = entry.size();
        let sum = if path == MANIFEST || path == SUMS {
            if size_bytes > TEXT_SIZE_BYTES_MAX {
                return Err(Refused::Inside { path, fault: "is longer than this release reads" });
            }
            let mut text = Vec::new();
            entry.by_ref().take(TEXT_SIZE_BYTES_MAX).read_to_end(&mut text)?;
            let sum = take(Member { path: &path, size_bytes, content: &mut &text[..] })?;
            texts.insert(path.clone(), text);
            sum
        } else {
            take(Member { path: &path, size_bytes, content: &mut entry })?
        };
        if sums.insert(path.clone(), sum).is_some() {
            return Err(Refused::Inside { path, fault: "is there twice" });
        }
    }
    // To its very end: age's last piece and the last part count, too.
    io::copy(&mut tar.into_inner(), &mut io::sink())?;
    io::copy(parts, &mut io::sink())?;
    check_sums(sums, &texts)?;
    let manifest = texts.get(MANIFEST).and_then(|text| serde_json::from_slice(text).ok());
    manifest.ok_or_else(|| Refused::Inside { path: MANIFEST.to_owned(), fault: "cannot be read" })
}

/// Opens an age file with a key.
pub(super) fn opened<R: Read>(
    from: R,
    identity: &Identity,
) -> Result<StreamReader<io::BufReader<R>>, Refused> {
    let damaged = || Refused::Inside { path: "The age file".to_owned(), fault: "is damaged" };
    let decryptor =
        age::Decryptor::new_buffered(io::BufReader::new(from)).map_err(|_| damaged())?;
    let key = std::iter::once(identity.age() as &dyn age::Identity);
    wiped(|| decryptor.decrypt(key)).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => Refused::WrongKit,
        _ => damaged(),
    })
}

/// A member's path: relative, without steps upwards, a plain file.
pub(super) fn member_path<R: Read>(entry: &tar::Entry<'_, R>) -> Result<String, Refused> {
    let path = entry.path()?.into_owned();
    let shown = path.display().to_string();
    let is_plain = path.components().all(|one| matches!(one, Component::Normal(_)));
    if !is_plain || path.as_os_str().is_empty() || path.to_str().is_none() {
        return Err(Refused::Inside { path: shown, fault: "has a path that leads elsewhere" });
    }
    if entry.header().entry_type() != tar::EntryType::Regular {
        return Err(Refused::Inside { path: shown, fault: "is no plain file" });
    }
    Ok(shown)
}

/// Writes a new file and gives its SHA-256. It is on the disk then.
pub fn write_file(path: &Path, mut from: impl Read) -> Result<String, Refused> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut file = SteadyFile::new(file);
    let sum = hash_of(&mut from, &mut file)?;
    file.sync_all()?;
    Ok(sum)
}

/// Copies and gives the SHA-256 of what was copied.
pub fn hash_of(mut from: impl Read, mut to: impl Write) -> Result<String, Refused> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; BUFFER_BYTES]);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(to_hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
    }
}

/// Compares what was unpacked with what the archive says.
fn check_sums(
    mut found: BTreeMap<String, String>,
    texts: &BTreeMap<String, Vec<u8>>,
) -> Result<(), Refused> {
    let inside = |path: &str, fault| Refused::Inside { path: path.to_owned(), fault };
    let text = texts.get(SUMS).and_then(|text| std::str::from_utf8(text).ok());
    let text = text.ok_or_else(|| inside(SUMS, "is missing"))?;
    found.remove(SUMS);
    for line in text.lines() {
        let (sum, path) = line.split_once("  ").ok_or_else(|| inside(SUMS, "cannot be read"))?;
        match found.remove(path) {
            None => return Err(inside(path, "is missing")),
            Some(found) if found != sum => return Err(inside(path, "differs from its hash")),
            Some(_) => {}
        }
    }
    match found.into_keys().next() {
        None => Ok(()),
        Some(path) => Err(Refused::Inside { path, fault: "is named nowhere" }),
    }
}

/// The parts one after the other, each compared with its size and hash. Reading ends at the first
/// that differs.
struct Joined<'a, O, P> {
    open: O,
    commit: &'a Commit,
    next: usize,
    current: Option<(File, Sha256, u64)>,
    fault: Option<Refused>,
    progress: P,
}

impl<'a, O, P> Joined<'a, O, P>
where
    O: FnMut(&PartEntry) -> io::Result<Option<File>>,
    P: FnMut(u64),
{
    fn new(open: O, commit: &'a Commit, progress: P) -> Self {
        Self { open, commit, next: 0, current: None, fault: None, progress }
    }

    /// The place that the parts come from failed, whatever the layers above make of it.
    fn stop(&mut self, error: io::Error) -> io::Error {
        self.fault = Some(error.into());
        io::Error::other("the parts cannot be read")
    }

    fn fail(&mut self, fault: &'static str) -> io::Error {
        let name = self.commit.parts.get(self.next).map_or("A part", |part| part.name.as_str());
        self.fault = Some(Refused::Part { name: name.to_owned(), fault });
        io::Error::other("a part differs")
    }

    fn open_next(&mut self) -> io::Result<bool> {
        let Some(part) = self.commit.parts.get(self.next) else { return Ok(false) };
        let is_plain = Path::new(&part.name).components().count() == 1 && !part.name.contains('/');
        if !is_plain {
            return Err(self.fail("has a name that leads elsewhere"));
        }
        match (self.open)(part) {
            Ok(Some(file)) => self.current = Some((file, Sha256::new(), 0)),
            Ok(None) => return Err(self.fail("is missing")),
            Err(error) => return Err(self.stop(error)),
        }
        Ok(true)
    }

    /// Reads what is left of a part that the layers above stumbled over, for a fault of its own.
    fn read_out(&mut self) {
        let Some((mut file, mut hash, mut size_bytes)) = self.current.take() else { return };
        if self.fault.is_some() {
            return;
        }
        let mut buffer = vec![0; BUFFER_BYTES];
        while size_bytes <= self.commit.parts[self.next].size_bytes {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    hash.update(&buffer[..read]);
                    size_bytes += read as u64;
                }
                Err(error) => return drop(self.stop(error)),
            }
        }
        drop(self.end_current(hash, size_bytes));
    }

    fn end_current(&mut self, hash: Sha256, size_bytes: u64) -> io::Result<()> {
        let part = &self.commit.parts[self.next];
        if size_bytes != part.size_bytes {
            return Err(self.fail("is not as long as it was"));
        }
        if to_hex(&hash.finalize()) != part.sha256 {
            return Err(self.fail("differs from what was written"));
        }
        self.next += 1;
        Ok(())
    }
}

impl<O, P> Read for Joined<'_, O, P>
where
    O: FnMut(&PartEntry) -> io::Result<Option<File>>,
    P: FnMut(u64),
{
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_some() {
            return Err(io::Error::other("a part differs"));
        }
        loop {
            let Some((file, hash, size_bytes)) = self.current.as_mut() else {
                if self.open_next()? {
                    continue;
                }
                return Ok(0);
            };
            let read = match file.read(into) {
                Ok(read) => read,
                Err(error) => return Err(self.stop(error)),
            };
            if read > 0 {
                hash.update(&into[..read]);
                *size_bytes += read as u64;
                let too_long = *size_bytes > self.commit.parts[self.next].size_bytes;
                if too_long {
                    return Err(self.fail("is not as long as it was"));
                }
                (self.progress)(read as u64);
                return Ok(read);
            }
            if let Some((_, hash, size_bytes)) = self.current.take() {
                self.end_current(hash, size_bytes)?;
            }
        }
    }
}

/// Opens a short age file.
pub fn decrypt(identity: &Identity, sealed: &[u8]) -> Result<Vec<u8>, Refused> {
    wiped(|| age::decrypt(identity.age(), sealed)).map_err(|_| Refused::WrongKit)
}
