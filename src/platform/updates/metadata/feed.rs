//! Where releases come from: an address on the web, or a folder of the same layout — a copy of a
//! feed, or a bundle that was unpacked.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use rustix::fs::OFlags;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use super::web::{Answer, Web};
use super::{Reason, Result};
use crate::platform::tasks::blocking;

/// Bytes of a file that are read at once.
const CHUNK_BYTES: usize = 128 * 1024;

/// A feed: `metadata/…json`, `targets/<hash>.<name>`.
#[derive(Debug, Clone)]
pub enum Feed {
    Folder(PathBuf),
    Web(Web),
}

impl Feed {
    /// A file of metadata. None: there is none of that name.
    pub(super) async fn metadata(
        &self,
        name: &str,
        size_bytes_max: u64,
    ) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join("metadata").join(name);
                blocking(move || Ok(read_file(&path, size_bytes_max))).await?
            }
            Self::Web(web) => web.metadata(name, size_bytes_max).await,
        }
    }

    /// Opens a file from so many bytes on, if the feed can, or from its beginning.
    pub(super) async fn open(&self, path: &str, from_bytes: u64) -> Result<Opened> {
        match self {
            Self::Folder(folder) => open_in(folder.join(path), from_bytes).await,
            Self::Web(web) => {
                let answer = web.open(path, from_bytes).await?;
                let (from_bytes, size_bytes) = (answer.from_bytes, answer.size_bytes);
                Ok(Opened { from_bytes, size_bytes, content: Content::Web(answer) })
            }
        }
    }

    /// How long a file of this size may take. None: as long as it takes.
    pub(super) fn time_for(&self, size_bytes: u64) -> Option<Duration> {
        match self {
            Self::Folder(_) => None,
            Self::Web(web) => Some(web.bounds().time_for(size_bytes)),
        }
    }

    /// How long all metadata may take. None: as long as it takes.
    pub(super) fn time_for_metadata(&self) -> Option<Duration> {
        match self {
            Self::Folder(_) => None,
            Self::Web(web) => Some(web.bounds().metadata),
        }
    }
}

/// A file of a feed that is being read.
pub(super) struct Opened {
    /// Where it begins.
    pub(super) from_bytes: u64,
    /// How long the whole file is said to be.
    pub(super) size_bytes: Option<u64>,
    content: Content,
}

enum Content {
    File(tokio::fs::File),
    Web(Answer),
}

impl Opened {
    /// The next bytes; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.content {
            Content::File(file) => {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = file.read(&mut chunk).await?;
                chunk.truncate(read);
                Ok((read > 0).then(|| chunk.into()))
            }
            Content::Web(answer) => answer.next().await,
        }
    }
}

async fn open_in(path: PathBuf, from_bytes: u64) -> Result<Opened> {
    let shown = path.display().to_string();
    let opened = blocking(move || Ok(open_plain(&path))).await?;
    let file = opened?
        .ok_or_else(|| Reason::new("update-feed-missing", format!("There is no {shown}.")))?;
    let size_bytes = file.metadata()?.len();
    let mut file = tokio::fs::File::from_std(file);
    let from_bytes = from_bytes.min(size_bytes);
    file.seek(SeekFrom::Start(from_bytes)).await?;
    Ok(Opened { from_bytes, size_bytes: Some(size_bytes), content: Content::File(file) })
}

/// Opens a plain file. Links and pipes, which whoever wrote the folder may have put there, are not
/// followed and not waited for. None: there is none.
fn open_plain(path: &Path) -> Result<Option<std::fs::File>> {
    let odd =
        || Reason::new("update-feed-missing", format!("{} is no plain file.", path.display()));
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::LOOP) => {
            return Err(odd());
        }
        opened => opened?,
    };
    if !file.metadata()?.is_file() {
        return Err(odd());
    }
    Ok(Some(file))
}

/// Reads a small file. None: there is none.
pub(super) fn read_file(path: &Path, size_bytes_max: u64) -> Result<Option<Vec<u8>>> {
    let Some(file) = open_plain(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(size_bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > size_bytes_max {
        return Err(too_large(&path.display().to_string(), size_bytes_max));
    }
    Ok(Some(bytes))
}

pub(super) fn too_large(name: &str, size_bytes_max: u64) -> Reason {
    let said = format!("{name} is larger than {size_bytes_max} bytes.");
    Reason::new("update-metadata-too-large", said)
}
