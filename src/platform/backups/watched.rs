//! Pages on their way out of a moment that is held, and the logs that cannot be folded in as long
//! as it is: they must not fill the disk.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::bases::room;
use crate::platform::db::Pages;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::jobs::Work;
use crate::platform::jobs::rules::PASSES;

/// Bytes read between two looks at the logs and at the disk.
const LOOKED_AT_EVERY_BYTES: u64 = 16 * 1024 * 1024;

/// The logs of databases that a moment is held in.
pub(super) struct Logs {
    paths: Vec<PathBuf>,
    /// What each of them may grow to.
    size_bytes_max: u64,
    /// What is given up beyond it: its error code, and what people call it.
    code: &'static str,
    what: &'static str,
    /// Whether the disk takes what is written meanwhile.
    has_room: fn(&Work) -> Result<()>,
}

impl Logs {
    pub(super) fn of_backup(files: impl Iterator<Item = PathBuf>, size_bytes_max: u64) -> Self {
        let paths = files.map(|file| log_of(&file)).collect();
        let (code, what) = ("backup-log-too-long", "backup");
        Self { paths, size_bytes_max, code, what, has_room: |work| room::check(work, 0) }
    }

    pub(super) fn of_export(file: &Path, size_bytes_max: u64) -> Self {
        let paths = vec![log_of(file)];
        let (code, what) = ("archive-log-too-long", "export");
        // What an export takes is known before it begins.
        Self { paths, size_bytes_max, code, what, has_room: |_| Ok(()) }
    }

    /// Refuses when one of them grew too long.
    fn check(&self) -> Result<()> {
        let too_long = |log: &PathBuf| {
            std::fs::metadata(log).is_ok_and(|about| about.len() > self.size_bytes_max)
        };
        if self.paths.iter().any(too_long) {
            let detail = format!(
                "So much was written meanwhile that the {} was given up; it would have filled the \
                 disk.",
                self.what
            );
            return Err(Error::Conflict(Refusal::new(self.code, detail).with(PASSES, "true")));
        }
        Ok(())
    }
}

fn log_of(file: &Path) -> PathBuf {
    file.with_extension("db-wal")
}

/// How far a job is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) done_bytes: u64,
    pub(super) total_bytes: u64,
}

/// The pages of one file. Says how far it is, and ends the reading when the job is to end, a log
/// grows too long or the disk too full.
pub(super) struct Watched<'a> {
    from: Pages<'a>,
    progress: Progress,
    logs: &'a Logs,
    /// They and the disk are looked at when so much is done.
    look_at: u64,
    work: &'a Work,
    /// Why the reading ended.
    fault: Option<Error>,
}

impl<'a> Watched<'a> {
    /// Begins where the job is.
    pub(super) fn new(from: Pages<'a>, progress: Progress, logs: &'a Logs, work: &'a Work) -> Self {
        Self { from, progress, logs, look_at: progress.done_bytes, work, fault: None }
    }

    /// Adds all of them to an archive and gives their SHA-256. Blocks.
    pub(super) fn add_to<W: Write>(
        mut self,
        archive: &mut Archive<W>,
        path: &str,
    ) -> Result<String> {
        let added = archive.add(path, self.from.size_bytes(), &mut self);
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => added,
        }
    }

    fn check(&mut self) -> Result<()> {
        self.work.check()?;
        if self.progress.done_bytes >= self.look_at {
            self.look_at = self.progress.done_bytes + LOOKED_AT_EVERY_BYTES;
            (self.logs.has_room)(self.work)?;
            self.logs.check()?;
        }
        Ok(())
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Err(fault) = self.check() {
            self.fault = Some(fault);
            return Err(io::Error::other("the reading ends here"));
        }
        let read = self.from.read(into)?;
        let Progress { done_bytes, total_bytes } = &mut self.progress;
        *done_bytes += read as u64;
        self.work.progress(*done_bytes, *done_bytes.max(total_bytes));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_a_held_moment_keeps_growing_ends_the_reading() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("system.db");
        std::fs::write(log_of(&there), [0; 33]).unwrap();
        let files = [folder.path().join("not-there.db"), there.clone()];

        Logs::of_backup(files.clone().into_iter(), 33).check().unwrap();
        let backup = Logs::of_backup(files.into_iter(), 32).check().unwrap_err();
        let export = Logs::of_export(&there, 32).check().unwrap_err();

        assert!(matches!(backup, Error::Conflict(it) if it.code == "backup-log-too-long"));
        assert!(matches!(export, Error::Conflict(it) if it.code == "archive-log-too-long"));
    }
}
