//! Takes what a target sends, and no more of it than was asked for: a server that goes on and on
//! must fill neither the disk nor the memory of the box.

use std::path::Path;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::faults::Fault;
use super::remote::local;

/// Writes what comes into a new file that only the box reads, and gives its bytes. What is longer
/// is cut off.
pub(super) async fn into_file(
    pieces: impl Stream<Item = Result<Bytes, Fault>>,
    path: &Path,
    bytes_max: u64,
) -> Result<u64, Fault> {
    let mut pieces = std::pin::pin!(pieces);
    let mut file = new_file(path).await.map_err(|error| local(path, &error))?;
    let mut left = bytes_max;
    while left > 0
        && let Some(piece) = pieces.try_next().await?
    {
        let piece = no_more_than(piece, left);
        file.write_all(&piece).await.map_err(|error| local(path, &error))?;
        left -= piece.len() as u64;
    }
    file.sync_all().await.map_err(|error| local(path, &error))?;
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

async fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(path).await
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
        assert_eq!(into_memory(endless(), 0).await.unwrap(), [0; 0]);
    }
}
