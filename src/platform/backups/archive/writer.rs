//! Writes an archive: files one after the other through tar, zstd and age into parts. Holds one
//! buffer of each and no file as a whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use age::stream::StreamWriter;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zstd::zstd_safe::CParameter;

use super::kit::Recipient;
use super::lock::Lock;
use super::parts::{Part, Parts};
use super::reader::TEXT_SIZE_BYTES_MAX;
use super::{MANIFEST, Manifest, SUMS};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

const COMPRESSION_LEVEL: i32 = 3;
/// Threads that compress while another one reads and encrypts, and how much each takes at a time;
/// four times as much is held in memory.
const COMPRESSION_THREADS: u32 = 1;
const COMPRESSED_AT_ONCE_BYTES: u32 = 1024 * 1024;
const FILE_MODE: u32 = 0o600;

/// An archive that is being written.
pub struct Archive<W: Write = Parts> {
    tar: tar::Builder<zstd::Encoder<'static, StreamWriter<W>>>,
    taken_at: Moment,
    /// Hashes by path.
    sums: BTreeMap<String, String>,
}

impl<W: Write> Archive<W> {
    /// Begins one that any of the recipients can open.
    pub fn begin<'a>(
        out: W,
        recipients: impl Iterator<Item = &'a Recipient>,
        taken_at: Moment,
    ) -> Result<Self> {
        Self::begin_locked(out, &Lock::Recipients(recipients.cloned().collect()), taken_at)
    }

    /// Begins one that only who has the key can open.
    pub fn begin_locked(out: W, lock: &Lock, taken_at: Moment) -> Result<Self> {
        let encrypted = lock.encryptor()?.wrap_output(out)?;
        let mut compressed = zstd::Encoder::new(encrypted, COMPRESSION_LEVEL)?;
        compressed.multithread(COMPRESSION_THREADS)?;
        compressed.set_parameter(CParameter::JobSize(COMPRESSED_AT_ONCE_BYTES))?;
        Ok(Self { tar: tar::Builder::new(compressed), taken_at, sums: BTreeMap::new() })
    }

    /// Adds a file of exactly `size_bytes` and gives its SHA-256.
    pub fn add(&mut self, path: &str, size_bytes: u64, from: impl Read) -> Result<String> {
        let mut header = header(size_bytes, self.taken_at);
        let mut hashed = Hashed { from: from.take(size_bytes), hash: Sha256::new(), size_bytes: 0 };
        self.tar.append_data(&mut header, path, &mut hashed)?;
        if hashed.size_bytes != size_bytes {
            return Err(Error::StorageFailed(format!("{path} ended too early")));
        }
        let sum = to_hex(&hashed.hash.finalize());
        self.sums.insert(path.to_owned(), sum.clone());
        Ok(sum)
    }

    /// Adds what is in memory.
    pub fn add_bytes(&mut self, path: &str, bytes: &[u8]) -> Result<String> {
        self.add(path, bytes.len() as u64, bytes)
    }

    /// Adds what speaks of the rest: the manifest, and the hashes of all, whose text it gives.
    pub fn add_summary(&mut self, manifest: &impl Serialize) -> Result<String> {
        let text = serde_json::to_string(manifest).map_err(Error::internal)? + "\n";
        check_size(text.len() as u64)?;
        self.add_bytes(MANIFEST, text.as_bytes())?;
        let sums = std::mem::take(&mut self.sums);
        let mut lines = String::new();
        for (path, sum) in &sums {
            writeln!(lines, "{sum}  {path}").map_err(Error::internal)?;
        }
        check_size(lines.len() as u64)?;
        self.add_bytes(SUMS, lines.as_bytes())?;
        Ok(lines)
    }

    /// Ends the archive and gives what it was written to.
    pub fn into_inner(self) -> Result<W> {
        let mut encrypted = self.tar.into_inner()?.finish()?;
        encrypted.flush()?;
        Ok(encrypted.finish()?)
    }
}

impl Archive {
    /// Adds what speaks of the rest, ends the archive and gives its parts, which are on the disk.
    pub fn finish(mut self, manifest: &Manifest) -> Result<Vec<Part>> {
        self.add_summary(manifest)?;
        Ok(self.into_inner()?.finish()?)
    }
}

/// Refuses what no reader would take.
pub(super) fn check_size(size_bytes: u64) -> Result<()> {
    if size_bytes <= TEXT_SIZE_BYTES_MAX {
        return Ok(());
    }
    let (is, may) = (size_bytes.div_ceil(1_000_000), TEXT_SIZE_BYTES_MAX / 1_000_000);
    let detail = format!(
        "The list of all files would take {is} MB and may take {may} MB: there are too many \
         pictures and documents for one archive."
    );
    Err(Error::conflict("backup-too-many-files", detail))
}

/// What tar says of a file of the box.
pub(super) fn header(size_bytes: u64, taken_at: Moment) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size_bytes);
    header.set_mode(FILE_MODE);
    header.set_mtime(u64::try_from(taken_at.0 / 1_000).unwrap_or_default());
    header.set_entry_type(tar::EntryType::Regular);
    header
}

/// Hashes what is read.
struct Hashed<R> {
    from: R,
    hash: Sha256,
    size_bytes: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.hash.update(&into[..read]);
        self.size_bytes += read as u64;
        Ok(read)
    }
}

/// Encrypts a few bytes to one recipient, as an age file.
pub fn encrypt(recipient: &Recipient, plain: &[u8]) -> Result<Vec<u8>> {
    age::encrypt(recipient.age(), plain).map_err(Error::internal)
}

/// The same to whoever a lock lets in.
pub fn seal(lock: &Lock, plain: &[u8]) -> Result<Vec<u8>> {
    let mut sealed = Vec::new();
    let mut writer = lock.encryptor()?.wrap_output(&mut sealed)?;
    writer.write_all(plain)?;
    writer.finish()?;
    Ok(sealed)
}
