//! Fetches what the metadata lists into a file. Wherever it comes from and whatever way it took,
//! only the length and the hash that are signed count.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::timeout;

use super::feed::Feed;
use super::web::too_slow;
use super::{Reason, Result, Target};
use crate::platform::error::{Code, code};
use crate::platform::secret::to_hex;
use crate::platform::tasks::blocking;

/// A difference is held in memory; a longer one is not used.
pub const DELTA_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// An earlier binary is held in memory; for a longer one no difference is used.
pub const BASE_SIZE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The window of a difference, as a power of two.
const WINDOW_LOG_MIN: u32 = 10;
const WINDOW_LOG_MAX: u32 = 30;
const BUFFER_BYTES: usize = 128 * 1024;

const OTHER_COPY: &str = "Nothing was changed. Try again later or with another copy of the feed.";
const WHOLE_INSTEAD: &str = "Nothing is to be done: the whole release is fetched instead.";

/// What can be wrong with a file.
pub const CODES: &[Code] = &[
    code(
        "update-wrong-length",
        "A file of the feed has not the length that is signed.",
        OTHER_COPY,
    ),
    code("update-wrong-hash", "A file of the feed has not the content that is signed.", OTHER_COPY),
    code("update-endless", "A file of the feed went on after its end.", OTHER_COPY),
    code(
        "update-delta-too-large",
        "A difference between releases grows beyond the length that is signed.",
        WHOLE_INSTEAD,
    ),
    code(
        "update-delta-wrong",
        "A difference between releases does not lead to the release.",
        WHOLE_INSTEAD,
    ),
    code(
        "update-delta-base",
        "A difference between releases starts from another file than the one that is here.",
        WHOLE_INSTEAD,
    ),
];

/// Told how many bytes of a file are there.
pub type Progress<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// A binary that is here and may be what a difference starts from.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    pub path: &'a Path,
    /// In lower-case hexadecimal.
    pub sha256: &'a str,
}

/// How a release came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub by_delta: bool,
    /// Bytes that the feed sent.
    pub moved_bytes: u64,
    /// Why a difference that there is was not used.
    pub told: Vec<Reason>,
}

/// Fetches a release, by a difference from `base` where there is one that leads to it. `into` is
/// open to be read and written; what it holds already is taken for the beginning of the release.
/// It is whole, verified and on the disk when this is done. After a failure it holds what can be
/// gone on with, or nothing.
pub async fn release(
    feed: &Feed,
    targets: &[Target],
    target: &Target,
    base: Option<Base<'_>>,
    into: &File,
    progress: Progress<'_>,
) -> Result<Fetched> {
    let mut told = Vec::new();
    if let Some(base) = base
        && into.metadata()?.len() == 0
        && let Some(delta) = delta_of(target, base, targets)
    {
        match by_delta(feed, &delta, target, base, into).await {
            Ok(moved_bytes) => {
                progress(target.size_bytes);
                return Ok(Fetched { by_delta: true, moved_bytes, told });
            }
            Err(reason) if reason.code.starts_with("update-disk-") => return Err(reason),
            Err(reason) => {
                into.set_len(0)?;
                told.push(reason.about(&delta.name));
            }
        }
    }
    let moved_bytes = file(feed, target, into, progress).await?;
    Ok(Fetched { by_delta: false, moved_bytes, told })
}

/// Fetches a target. See [`release`] for what becomes of `into`. Gives the bytes that the feed
/// sent.
pub async fn file(
    feed: &Feed,
    target: &Target,
    into: &File,
    progress: Progress<'_>,
) -> Result<u64> {
    let here = into.metadata()?.len();
    let from_bytes = if here > target.size_bytes { 0 } else { here };
    match attempt(feed, target, into, from_bytes, progress).await {
        // What was there before is not of this file.
        Err(reason) if from_bytes > 0 && reason.code == "update-wrong-hash" => {
            attempt(feed, target, into, 0, progress).await
        }
        outcome => outcome,
    }
}

async fn attempt(
    feed: &Feed,
    target: &Target,
    into: &File,
    from_bytes: u64,
    progress: Progress<'_>,
) -> Result<u64> {
    let copying = copy(feed, target, into, from_bytes, progress);
    let copied = match feed.time_for(target.size_bytes - from_bytes) {
        None => copying.await,
        Some(time) => timeout(time, copying).await.unwrap_or_else(|_| Err(too_slow(&target.name))),
    };
    let checked = match copied {
        Ok(moved) => has_hash(into, target).await.map(|()| moved),
        Err(reason) => Err(reason),
    };
    if let Err(reason) = &checked
        && ["update-wrong-length", "update-wrong-hash", "update-endless"].contains(&reason.code)
    {
        into.set_len(0)?;
    }
    checked
}

async fn copy(
    feed: &Feed,
    target: &Target,
    into: &File,
    from_bytes: u64,
    progress: Progress<'_>,
) -> Result<u64> {
    let size_bytes = target.size_bytes;
    if from_bytes == size_bytes && size_bytes > 0 {
        return Ok(0);
    }
    let mut opened = feed.open(&target.path(), from_bytes).await?;
    let begins = opened.from_bytes;
    if begins != from_bytes && begins != 0 {
        return Err(Reason::new("update-feed-unreachable", "It sent another part than was asked."));
    }
    if let Some(said) = opened.size_bytes.filter(|said| *said != size_bytes) {
        let said = format!("{} has {said} bytes, and {size_bytes} are signed.", target.name);
        return Err(Reason::new("update-wrong-length", said));
    }
    into.set_len(begins)?;
    let mut file = tokio::fs::File::from_std(into.try_clone()?);
    file.seek(SeekFrom::Start(begins)).await?;
    let mut at = begins;
    while let Some(piece) = opened.next().await? {
        at += piece.len() as u64;
        if at > size_bytes {
            let said = format!("{} goes on after its {size_bytes} bytes.", target.name);
            return Err(Reason::new("update-endless", said));
        }
        file.write_all(&piece).await?;
        // What was written counts from here on, also if nobody waits for the rest any more.
        file.flush().await?;
        progress(at);
    }
    if at < size_bytes {
        let said = format!("{} ended after {at} of {size_bytes} bytes.", target.name);
        return Err(Reason::new("update-cut-short", said));
    }
    Ok(at - begins)
}

async fn has_hash(into: &File, target: &Target) -> Result<()> {
    let (mut file, target) = (into.try_clone()?, target.clone());
    blocking(move || {
        file.seek(SeekFrom::Start(0))?;
        let (sha256, size_bytes) = sha256_of(&mut file)?;
        if size_bytes != target.size_bytes || sha256 != target.sha256 {
            let said = format!("{} has another content than is signed.", target.name);
            return Ok(Err(Reason::new("update-wrong-hash", said)));
        }
        file.sync_all()?;
        Ok(Ok(()))
    })
    .await?
}

/// The SHA-256 of what is left of a file in lower-case hexadecimal, and its length in bytes.
/// Blocks.
pub fn sha256_of(mut from: impl Read) -> io::Result<(String, u64)> {
    let (mut hasher, mut size_bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((to_hex(&hasher.finalize()), size_bytes));
        }
        hasher.update(&buffer[..read]);
        size_bytes += read as u64;
    }
}

/// The target that leads from a base to a release. None where it would be no shorter way.
fn delta_of(target: &Target, base: Base<'_>, targets: &[Target]) -> Option<Target> {
    let deltas = &target.release.as_ref()?.deltas;
    let named = deltas.iter().find(|delta| delta.from_sha256 == base.sha256)?;
    let delta = targets.iter().find(|one| one.name == named.target)?;
    let is_shorter = delta.size_bytes < target.size_bytes.min(DELTA_SIZE_BYTES_MAX);
    is_shorter.then(|| delta.clone())
}

async fn by_delta(
    feed: &Feed,
    delta: &Target,
    target: &Target,
    base: Base<'_>,
    into: &File,
) -> Result<u64> {
    let reading = read(feed, delta);
    let difference = match feed.time_for(delta.size_bytes) {
        None => reading.await?,
        Some(time) => {
            timeout(time, reading).await.unwrap_or_else(|_| Err(too_slow(&delta.name)))?
        }
    };
    let moved_bytes = difference.len() as u64;
    let (path, sha256) = (base.path.to_owned(), base.sha256.to_owned());
    let (into, target) = (into.try_clone()?, target.clone());
    blocking(move || Ok(apply(&path, &sha256, &difference, &into, &target))).await??;
    Ok(moved_bytes)
}

async fn read(feed: &Feed, delta: &Target) -> Result<Vec<u8>> {
    let mut opened = feed.open(&delta.path(), 0).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = opened.next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > delta.size_bytes {
            let said = format!("It goes on after its {} bytes.", delta.size_bytes);
            return Err(Reason::new("update-endless", said));
        }
    }
    Ok(bytes)
}

/// Makes a release from an earlier binary and a difference. Neither is trusted: the outcome has
/// the signed length and hash, or is refused. Blocks.
fn apply(
    base: &Path,
    base_sha256: &str,
    difference: &[u8],
    into: &File,
    target: &Target,
) -> Result<()> {
    let mut earlier = Vec::new();
    File::open(base)?.take(BASE_SIZE_BYTES_MAX).read_to_end(&mut earlier)?;
    if to_hex(&Sha256::digest(&earlier)) != base_sha256 {
        let said = "The binary that is here is not the one that it starts from.";
        return Err(Reason::new("update-delta-base", said));
    }
    let size_bytes = target.size_bytes;
    let mut from = zstd::Decoder::with_ref_prefix(BufReader::new(difference), &earlier)
        .map_err(|error| delta_wrong(&error))?
        .single_frame();
    let window = delta_window_log(earlier.len() as u64, size_bytes);
    from.window_log_max(window).map_err(|error| delta_wrong(&error))?;
    let (mut into, mut hasher) = (into, Sha256::new());
    let (mut buffer, mut at) = (vec![0; BUFFER_BYTES], 0);
    loop {
        let read = from.read(&mut buffer).map_err(|error| delta_wrong(&error))?;
        if read == 0 {
            break;
        }
        at += read as u64;
        if at > size_bytes {
            let said = format!("It grows beyond {size_bytes} bytes.");
            return Err(Reason::new("update-delta-too-large", said));
        }
        hasher.update(&buffer[..read]);
        into.write_all(&buffer[..read])?;
    }
    if at != size_bytes || to_hex(&hasher.finalize()) != target.sha256 {
        let said = "It leads to something else than the release.";
        return Err(Reason::new("update-delta-wrong", said));
    }
    Ok(into.sync_all()?)
}

/// What `zstd` says where a difference wants a larger window than it may have.
const WINDOW_TOO_LARGE: &str = "too much memory";

fn delta_wrong(error: &io::Error) -> Reason {
    let said = error.to_string();
    let told = format!("It cannot be unpacked: {said}.");
    if said.contains(WINDOW_TOO_LARGE) {
        return Reason::new("update-delta-too-large", told);
    }
    Reason::new("update-delta-wrong", told)
}

/// The window, as a power of two, that a difference between binaries of these sizes may ask for:
/// both fit into it.
pub fn delta_window_log(base_bytes: u64, size_bytes: u64) -> u32 {
    let both = base_bytes.saturating_add(size_bytes).max(1);
    both.checked_next_power_of_two()
        .map_or(WINDOW_LOG_MAX, u64::ilog2)
        .clamp(WINDOW_LOG_MIN, WINDOW_LOG_MAX)
}
