//! Writing large files beside databases, whose commits wait for the same disk.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::tasks;

/// So much is brought to the disk at once while as much again is written. A commit that comes
/// meanwhile waits for both: some 20 ms where the disk takes 200 MB/s.
const SYNCED_AT_ONCE_BYTES: u64 = 2 * 1024 * 1024;

/// A file that is brought to the disk while it is written, so that a commit never waits for all of
/// it, and whoever writes seldom waits for the disk.
pub(crate) struct SteadyFile {
    file: Arc<File>,
    unsynced_bytes: u64,
    behind: Option<Behind>,
}

/// The thread that brings a file to the disk. It takes what is asked one by one: whoever asks waits
/// until the one before is done.
struct Behind {
    asks: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl SteadyFile {
    pub(crate) fn new(file: File) -> Self {
        Self { file: Arc::new(file), unsynced_bytes: 0, behind: None }
    }

    /// Brings the rest to the disk, or says what kept an earlier piece from it. Blocks.
    pub(crate) fn sync_all(&mut self) -> io::Result<()> {
        if let Some(behind) = self.behind.take() {
            behind.end()?;
        }
        self.file.sync_all()
    }

    /// Has what was written so far brought to the disk.
    fn sync_behind(&mut self) -> io::Result<()> {
        let behind = match self.behind.take() {
            Some(behind) => behind,
            None => Behind::start(Arc::clone(&self.file))?,
        };
        if behind.asks.send(()).is_err() {
            // It ended early, and so by an error.
            return behind.end();
        }
        self.behind = Some(behind);
        Ok(())
    }
}

impl Behind {
    fn start(file: Arc<File>) -> io::Result<Self> {
        let (asks, asked) = sync_channel(0);
        let work = move |asked: Receiver<()>| asked.iter().try_for_each(|()| file.sync_data());
        Ok(Self { asks, thread: tasks::beside("sync", move || work(asked))? })
    }

    /// Waits for what was asked last.
    fn end(self) -> io::Result<()> {
        drop(self.asks);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the syncing thread broke")))
    }
}

impl Write for SteadyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = (&*self.file).write(bytes)?;
        self.unsynced_bytes += written as u64;
        if self.unsynced_bytes >= SYNCED_AT_ONCE_BYTES {
            self.unsynced_bytes = 0;
            self.sync_behind()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.file).flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use super::{SYNCED_AT_ONCE_BYTES, SteadyFile};
    use crate::platform::tasks::beside;

    #[test]
    fn what_was_written_is_whole_however_large_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let piece = vec![7; usize::try_from(SYNCED_AT_ONCE_BYTES).unwrap() / 3 + 1];

        let mut file = SteadyFile::new(std::fs::File::create(&path).unwrap());
        for _ in 0..10 {
            file.write_all(&piece).unwrap();
        }
        file.sync_all().unwrap();

        assert_eq!(std::fs::read(&path).unwrap(), vec![7; piece.len() * 10]);
    }

    #[test]
    fn a_piece_that_does_not_reach_the_disk_is_told() {
        // A pipe takes bytes and cannot be synced.
        let (mut from, to) = std::io::pipe().unwrap();
        let reading =
            beside("reading", move || std::io::copy(&mut from, &mut std::io::sink())).unwrap();
        let piece = vec![7; usize::try_from(SYNCED_AT_ONCE_BYTES).unwrap()];

        let mut file = SteadyFile::new(std::fs::File::from(std::os::fd::OwnedFd::from(to)));
        let told = (0..3).try_for_each(|_| file.write_all(&piece)).and_then(|()| file.sync_all());

        assert_eq!(told.unwrap_err().kind(), ErrorKind::InvalidInput);
        drop(file);
        reading.join().unwrap().unwrap();
    }
}
