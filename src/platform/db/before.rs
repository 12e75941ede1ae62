//! Copies of files as they were before a release changed their schema. The box itself never reads
//! them: a person puts them back when a release did harm.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Progress;
use tracing::{info, warn};

use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::make_private_folder;
use crate::platform::room::Room;
use crate::platform::whole_file::{remove_if_there, sync_folder_of};

/// Below the data folder.
const FOLDER: &str = "before";
/// How long a copy is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// A copy never takes the last of the disk: so much stays free for the box's work.
const FREE_BYTES_LEFT: u64 = 2_000_000_000;
/// What a copy is called until it is whole.
const UNFINISHED: &str = "unfinished";

/// Where copies lie, and the room there is for them.
#[derive(Debug)]
pub struct Before {
    folder: PathBuf,
    room: Arc<Room>,
}

impl Before {
    pub fn new(data: &Path, room: Arc<Room>) -> Self {
        Self { folder: data.join(FOLDER), room }
    }

    /// Copies a file that has had `had` migrations and is about to have more. Without room, or on
    /// a disk that fails, it says so and the change goes on: every migration is one transaction,
    /// and a box that does not start helps nobody. Blocks.
    pub(super) fn keep(&self, connection: &Connection, path: &Path, had: usize, now: Moment) {
        match self.copy(connection, path, had, now) {
            Ok(Some(to)) => {
                let (path, to) = (path.display(), to.display());
                info!(db.path = %path, "{path} as it was before this release is kept: {to}");
            }
            Ok(None) => {}
            Err(error) => warn!(
                db.path = %path.display(),
                "{} changes without a copy of before: {error}. Make a backup when the box runs.",
                path.display()
            ),
        }
    }

    fn copy(
        &self,
        connection: &Connection,
        path: &Path,
        had: usize,
        now: Moment,
    ) -> Result<Option<PathBuf>> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let begins_with = format!("{name}_{had}_");
        make_private_folder(&self.folder)?;
        sync_folder_of(&self.folder)?;
        // An earlier start did not get to the end: its copy is the one of before.
        if self.copies()?.iter().any(|copy| copy.begins_with(&begins_with)) {
            return Ok(None);
        }
        let size_bytes = fs::metadata(path)?.len();
        let free_bytes = self.room.of(&self.folder)?.free_bytes;
        if free_bytes < size_bytes.saturating_add(FREE_BYTES_LEFT) {
            let free = free_bytes / 1_000_000;
            return Err(Error::StorageFailed(format!("only {free} MB are free")));
        }
        let (to, unfinished) =
            (self.folder.join(format!("{begins_with}{now}.db")), self.folder.join(UNFINISHED));
        remove_if_there(&unfinished)?;
        let copied = copy_to(connection, &unfinished, &to);
        if copied.is_err() {
            remove_if_there(&unfinished)?;
        }
        copied.map(|()| Some(to))
    }

    /// Removes copies that are past their time. Gives how many. Blocks.
    pub(in crate::platform) fn drop_expired(&self, now: Moment) -> Result<usize> {
        let oldest = now.minus(KEPT);
        self.drop_those(|copy| copy.made_at.is_some_and(|made_at| made_at < oldest))
    }

    /// Removes the copies of one file, which is called `name.db`. Blocks.
    pub(in crate::platform) fn drop_of(&self, name: &str) -> Result<usize> {
        let begins_with = format!("{name}_");
        self.drop_those(|copy| copy.begins_with(&begins_with))
    }

    /// Removes all copies: they hold whom an erasure has to take out. Blocks.
    pub(in crate::platform) fn drop_all(&self) -> Result<usize> {
        self.drop_those(|_| true)
    }

    fn drop_those(&self, is_meant: impl Fn(&Copy) -> bool) -> Result<usize> {
        let mut count = 0;
        for copy in self.copies()?.iter().filter(|copy| is_meant(copy)) {
            remove_if_there(&copy.path)?;
            count += 1;
        }
        if count > 0 {
            fs::File::open(&self.folder)?.sync_all()?;
        }
        Ok(count)
    }

    fn copies(&self) -> Result<Vec<Copy>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        entries.map(|entry| Ok(Copy::at(entry?.path()))).collect()
    }
}

/// A file of the folder. One without a moment in its name was never finished.
struct Copy {
    path: PathBuf,
    made_at: Option<Moment>,
}

impl Copy {
    fn at(path: PathBuf) -> Self {
        let moment = path.file_stem().and_then(|stem| stem.to_str()?.rsplit('_').next());
        let made_at = moment.and_then(|moment| moment.parse().ok());
        Self { path, made_at }
    }

    fn begins_with(&self, beginning: &str) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(beginning))
    }
}

/// Copies page by page, the log's included, and gives the copy its name once it is on the disk.
fn copy_to(connection: &Connection, unfinished: &Path, to: &Path) -> Result<()> {
    connection.backup("main", unfinished, None::<fn(Progress)>)?;
    fs::File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, to)?;
    Ok(sync_folder_of(to)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::Before;
    use crate::platform::clock::Moment;
    use crate::platform::db::{Begun, DatabaseFile, FileOptions, Migration, MigrationSet};
    use crate::platform::room::Room;

    const NOTES: Migration =
        Migration { name: "0001_notes.sql", sql: "CREATE TABLE notes (body TEXT) STRICT" };
    const TAGS: Migration =
        Migration { name: "0002_tags.sql", sql: "CREATE TABLE tags (body TEXT) STRICT" };
    const BROKEN: Migration = Migration { name: "0003_broken.sql", sql: "CREATE TABLE" };
    const OLD: MigrationSet = MigrationSet { name: "test", migrations: &[NOTES] };
    const NEW: MigrationSet = MigrationSet { name: "test", migrations: &[NOTES, TAGS] };
    const FAILS: MigrationSet = MigrationSet { name: "test", migrations: &[NOTES, TAGS, BROKEN] };

    struct Fixture {
        folder: tempfile::TempDir,
        room: Arc<Room>,
    }

    impl Fixture {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), room: Arc::default() }
        }

        fn open(&self, set: MigrationSet, now: Moment) -> bool {
            let before = Before::new(self.folder.path(), Arc::clone(&self.room));
            let options = FileOptions { before: Some(Arc::new(before)), ..FileOptions::default() };
            let path = self.folder.path().join("notes.db");
            let opened = DatabaseFile::open(&path, &[set], now, &options, |_| Ok(Begun::Wholly));
            opened.inspect(DatabaseFile::close).is_ok()
        }

        fn copies(&self) -> Vec<PathBuf> {
            let entries = fs::read_dir(self.folder.path().join("before"));
            let entries = entries.map(|all| all.map(|one| one.unwrap().path()).collect());
            let mut copies: Vec<PathBuf> = entries.unwrap_or_default();
            copies.sort();
            copies
        }
    }

    #[test]
    fn a_new_file_and_one_that_does_not_change_are_not_copied() {
        let fixture = Fixture::new();

        assert!(fixture.open(OLD, Moment(1)));
        assert!(fixture.open(OLD, Moment(2)));

        assert_eq!(fixture.copies(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_change_that_fails_and_is_tried_again_keeps_the_first_copy_of_each_state() {
        let fixture = Fixture::new();
        assert!(fixture.open(OLD, Moment(1)));

        assert!(!fixture.open(FAILS, Moment(2)));
        let first = fixture.copies();
        assert!(!fixture.open(FAILS, Moment(3)));
        assert!(!fixture.open(FAILS, Moment(4)));

        // The second migration went through at once; what fails stands before the third.
        assert_eq!(first.len(), 1);
        let copies = fixture.copies();
        assert_eq!((copies.len(), &copies[0]), (2, &first[0]));
        assert!(copies[0].to_str().unwrap().contains("notes_1_1970-01-01T00:00:00.002Z"));
        assert!(copies[1].to_str().unwrap().contains("notes_2_1970-01-01T00:00:00.003Z"));
    }

    #[test]
    fn without_room_the_file_changes_without_a_copy() {
        let fixture = Fixture::new();
        assert!(fixture.open(OLD, Moment(1)));
        fixture.room.pretend(Some(2_000_000_000));

        assert!(fixture.open(NEW, Moment(2)));

        assert_eq!(fixture.copies(), Vec::<PathBuf>::new());
    }
}
