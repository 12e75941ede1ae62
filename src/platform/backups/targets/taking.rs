//! Takes what a target sends, and no more of it than was asked for: a server that goes on and on
//! must fill neither the disk nor the memory of the box.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};

use super::faults::{Fault, Why};
use super::remote::local;
use crate::platform::steady::SteadyFile;
use crate::platform::tasks;

/// As much is gathered before it is written.
const WRITTEN_AT_ONCE_BYTES: usize = 1024 * 1024;

/// Writes what comes into a new file that only the box reads, and gives its bytes. What is longer
/// is cut off. The file is on the disk then, and was brought there steadily.
pub(super) async fn into_file(
    pieces: impl Stream<Item = Result<Bytes, Fault>>,
    path: &Path,
    bytes_max: u64,
) -> Result<u64, Fault> {
    let mut pieces = std::pin::pin!(pieces);
    let at = path.to_owned();
    let mut file = on_disk(path, move || new_file(&at).map(SteadyFile::new)).await?;
    let (mut gathered, mut gathered_bytes, mut left) = (Vec::new(), 0, bytes_max);
    while left > 0
        && let Some(piece) = pieces.try_next().await?
    {
        let piece = no_more_than(piece, left);
        left -= piece.len() as u64;
        gathered_bytes += piece.len();
        gathered.push(piece);
        if gathered_bytes >= WRITTEN_AT_ONCE_BYTES {
            let some = std::mem::take(&mut gathered);
            file = on_disk(path, move || written(file, &some)).await?;
            gathered_bytes = 0;
        }
    }
    on_disk(path, move || written(file, &gathered)?.sync_all()).await?;
    Ok(bytes_max - left)
}

/// Keeps what comes in memory. What is longer is cut off.
pub(super) async fn into_memory(
    pieces: impl Stream<Item = Result<Bytes, Fault>>,
    bytes_max: u64,
) -> Result<Vec<u8>, Fault> {
    let mut pieces = std::pin::pin!(pieces);
    let (mut all, mut left) = (Vec::new(), bytes_max);
    while left > 0
        && let Some(piece) = pieces.try_next().await?
    {
        let piece = no_more_than(piece, left);
        all.extend_from_slice(&piece);
        left -= piece.len() as u64;
    }
    Ok(all)
}

fn no_more_than(mut piece: Bytes, bytes: u64) -> Bytes {
    piece.truncate(usize::try_from(bytes).unwrap_or(usize::MAX));
    piece
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn written(mut file: SteadyFile, pieces: &[Bytes]) -> io::Result<SteadyFile> {
    pieces.iter().try_for_each(|piece| file.write_all(piece))?;
    Ok(file)
}

/// Works on a file of this machine, away from the async threads.
async fn on_disk<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    match tasks::blocking(move || Ok(work())).await {
        Ok(done) => done.map_err(|error| local(path, &error)),
        Err(error) => Err(Fault::new(Why::Other, format!("{}: {error}.", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endless() -> impl Stream<Item = Result<Bytes, Fault>> {
        futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[7; 10])))
    }

    #[tokio::test]
    async fn what_goes_on_and_on_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");

        assert_eq!(into_file(endless(), &path, 25).await.unwrap(), 25);
        assert_eq!(into_memory(endless(), 25).await.unwrap(), [7; 25]);

        assert_eq!(std::fs::read(&path).unwrap(), [7; 25]);
        let many = WRITTEN_AT_ONCE_BYTES as u64 * 2 + 5;
        assert_eq!(into_file(endless(), &path, many).await.unwrap(), many);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), many);
        assert_eq!(into_memory(endless(), 0).await.unwrap(), [0; 0]);
    }
}
