//! The writer and the readers on a real file.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::Poll;
use std::time::Duration;

use rusqlite::StatementStatus;

use super::migrations::{Migration, MigrationSet};
use super::{Begun, DatabaseFile, FileOptions};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};

const SET: MigrationSet = MigrationSet {
    name: "test",
    migrations: &[Migration {
        name: "0001_notes.sql",
        sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT",
    }],
};

struct Fixture {
    folder: tempfile::TempDir,
    file: Arc<DatabaseFile>,
}

impl Fixture {
    fn new() -> Self {
        Self::with(&FileOptions::default())
    }

    fn with(options: &FileOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.db");
        let file =
            DatabaseFile::open(&path, &[SET], Moment(1), options, |_| Ok(Begun::Wholly)).unwrap();
        Self { folder, file: Arc::new(file) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notes.db")
    }

    async fn write(&self, body: &'static str) -> Result<()> {
        self.file
            .write(move |connection| {
                connection.execute("INSERT INTO notes (body) VALUES (?1)", [body])?;
                Ok(())
            })
            .await
    }

    async fn bodies(&self) -> Vec<String> {
        let read = self.file.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM notes ORDER BY id")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        });
        read.await.unwrap()
    }
}

/// Polls a write once, which queues it.
async fn queue<F: Future>(mut write: Pin<&mut F>) {
    let pending = poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_pending())).await;
    assert!(pending, "the write was not queued");
}

/// Holds the writing thread while `meanwhile` queues behind it.
async fn held<T>(file: &DatabaseFile, meanwhile: impl AsyncFnOnce(Sender<()>) -> T) -> T {
    let (entered, enter) = channel::<()>();
    let (open, opened) = channel::<()>();
    let hold = file.write(move |_| {
        entered.send(()).unwrap();
        opened.recv().unwrap();
        Ok(())
    });
    let rest = async {
        enter.recv().unwrap();
        meanwhile(open).await
    };
    let (released, outcome) = tokio::join!(hold, rest);
    released.unwrap();
    outcome
}

#[tokio::test]
async fn what_was_acknowledged_is_read_and_survives_a_restart() {
    let fixture = Fixture::new();

    fixture.write("salmon").await.unwrap();
    assert_eq!(fixture.bodies().await, ["salmon"]);
    fixture.file.close();

    let options = FileOptions::default();
    let file =
        DatabaseFile::open(&fixture.path(), &[SET], Moment(2), &options, |_| Ok(Begun::Wholly));
    let again = Fixture { folder: fixture.folder, file: Arc::new(file.unwrap()) };
    assert_eq!(again.bodies().await, ["salmon"]);
}

/// How often this process has the file open.
fn handles(path: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    open.filter(|one| std::fs::read_link(one.as_ref().unwrap().path()).is_ok_and(|to| to == path))
        .count()
}

#[tokio::test]
async fn a_file_is_opened_only_as_often_as_it_is_used() {
    let fixture = Fixture::new();
    fixture.write("salmon").await.unwrap();
    fixture.file.close();
    let path = fixture.path().canonicalize().unwrap();

    let options = FileOptions::default();
    let file =
        DatabaseFile::open(&path, &[SET], Moment(2), &options, |_| Ok(Begun::Wholly)).unwrap();
    let again = Fixture { folder: fixture.folder, file: Arc::new(file) };

    drop(fixture.file);
    assert_eq!(handles(&path), 0, "nobody asked for anything yet");
    for _ in 0..50 {
        assert_eq!(again.bodies().await, ["salmon"]);
    }
    assert_eq!(handles(&path), 1, "one reader does for what is asked one after the other");
    again.write("trout").await.unwrap();
    assert_eq!(again.bodies().await, ["salmon", "trout"]);
    assert_eq!(handles(&path), 2, "the writer and the reader");
}

#[tokio::test]
async fn a_batch_is_one_commit_and_a_failed_command_leaves_its_neighbours_alone() {
    let fixture = Fixture::new();
    fixture.write("taken").await.unwrap();
    let before = *fixture.file.commits().borrow();

    let (first, failed, last) = held(&fixture.file, async |open| {
        let mut first = Box::pin(fixture.write("first"));
        let mut failed = Box::pin(fixture.write("taken"));
        let mut last = Box::pin(fixture.write("last"));
        queue(first.as_mut()).await;
        queue(failed.as_mut()).await;
        queue(last.as_mut()).await;
        open.send(()).unwrap();
        (first.await, failed.await, last.await)
    })
    .await;

    first.unwrap();
    assert!(failed.is_err());
    last.unwrap();
    assert_eq!(fixture.bodies().await, ["taken", "first", "last"]);
    let commits = *fixture.file.commits().borrow() - before;
    assert!(commits <= 2, "four commands took {commits} commits");
}

#[tokio::test]
async fn a_panic_in_a_command_is_its_own_failure() {
    let fixture = Fixture::new();

    let outcome: Result<()> = fixture
        .file
        .write(|connection| {
            connection.execute("INSERT INTO notes (body) VALUES ('half')", [])?;
            panic!("planted")
        })
        .await;

    assert!(matches!(outcome, Err(Error::Internal(_))));
    fixture.write("after").await.unwrap();
    assert_eq!(fixture.bodies().await, ["after"]);
}

#[tokio::test]
async fn a_full_queue_is_refused_at_once() {
    let options = FileOptions { queue_commands_max: 1, ..FileOptions::default() };
    let fixture = Fixture::with(&options);

    let refused = held(&fixture.file, async |open| {
        let mut queued = Box::pin(fixture.write("queued"));
        queue(queued.as_mut()).await;
        let refused = fixture.write("refused").await;
        open.send(()).unwrap();
        queued.await.unwrap();
        refused
    })
    .await;

    assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    assert_eq!(fixture.bodies().await, ["queued"]);
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_ended() {
    let options =
        FileOptions { read_deadline: Duration::from_millis(50), ..FileOptions::default() };
    let fixture = Fixture::with(&options);

    let endless = fixture.file.read(|connection| {
        let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                   SELECT count(i) FROM n";
        Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });

    assert!(matches!(endless.await, Err(Error::Busy { .. })));
    assert_eq!(fixture.bodies().await, Vec::<String>::new());
}

#[tokio::test]
async fn reads_wait_for_a_free_reader_and_a_full_queue_is_refused() {
    let options = FileOptions { readers_max: 1, queue_commands_max: 1, ..FileOptions::default() };
    let fixture = Fixture::with(&options);
    let (entered, enter) = channel::<()>();
    let (open, opened) = channel::<()>();
    let mut holding = Box::pin(fixture.file.read(move |_| {
        entered.send(()).unwrap();
        opened.recv().unwrap();
        Ok("held")
    }));
    queue(holding.as_mut()).await;
    enter.recv().unwrap();

    let mut waiting = Box::pin(fixture.file.read(|_| Ok("waited")));
    queue(waiting.as_mut()).await;
    let refused = fixture.file.read(|_| Ok("refused")).await;
    open.send(()).unwrap();

    assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    assert_eq!(holding.await.unwrap(), "held");
    assert_eq!(waiting.await.unwrap(), "waited");
}

#[tokio::test]
async fn a_panic_in_a_read_is_its_own_failure() {
    let options = FileOptions { readers_max: 1, ..FileOptions::default() };
    let fixture = Fixture::with(&options);
    fixture.write("salmon").await.unwrap();

    let outcome: Result<()> = fixture.file.read(|_| panic!("planted")).await;

    assert!(matches!(outcome, Err(Error::Internal(_))));
    assert_eq!(fixture.bodies().await, ["salmon"]);
}

#[tokio::test]
async fn a_cached_statement_is_not_prepared_anew_for_other_values() {
    let fixture = Fixture::new();
    fixture.write("salmon").await.unwrap();

    let read = fixture.file.read(|connection| {
        let sql = "SELECT body FROM notes WHERE id = ?1 AND body > ?2 LIMIT ?3";
        for round in 0..3 {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((round, round.to_string(), round + 1))?;
            while rows.next()?.is_some() {}
        }
        let statement = connection.prepare_cached(sql)?;
        Ok(statement.get_status(StatementStatus::RePrepare))
    });

    assert_eq!(read.await.unwrap(), 0);
}

#[tokio::test]
async fn nobody_can_change_the_schema_or_write_by_a_reader() {
    let fixture = Fixture::new();

    for sql in [
        "DROP TABLE notes",
        "CREATE TABLE x (y)",
        "ATTACH ':memory:' AS other",
        "PRAGMA synchronous = OFF",
        "VACUUM",
    ] {
        let sql = sql.to_owned();
        let refused = fixture.file.write(move |connection| Ok(connection.execute_batch(&sql)?));
        assert!(refused.await.is_err());
    }
    let write = fixture
        .file
        .read(|connection| Ok(connection.execute("INSERT INTO notes (body) VALUES ('x')", [])?));
    assert!(write.await.is_err());
}

#[tokio::test]
async fn a_changed_migration_is_refused_and_a_newer_schema_is_left_alone() {
    const CHANGED: MigrationSet = MigrationSet {
        name: "test",
        migrations: &[Migration { name: "0001_notes.sql", sql: "CREATE TABLE other (id INTEGER)" }],
    };
    const OLDER: MigrationSet = MigrationSet { name: "test", migrations: &[] };
    let fixture = Fixture::new();
    fixture.file.close();
    let open = |set| {
        let options = FileOptions::default();
        DatabaseFile::open(&fixture.path(), &[set], Moment(2), &options, |_| Ok(Begun::Wholly))
    };

    assert!(open(CHANGED).is_err());
    assert!(open(OLDER).is_ok());
}

#[tokio::test]
async fn a_damaged_file_is_refused_after_an_unclean_stop() {
    let fixture = Fixture::new();
    for body in ["a", "b", "c"] {
        fixture.write(body).await.unwrap();
    }
    fixture.file.close();
    let path = fixture.path();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() - 4096;
    bytes[middle..middle + 2048].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(fixture.folder.path().join("notes.db-wal"), b"left behind").unwrap();

    let options = FileOptions::default();
    let opened = DatabaseFile::open(&path, &[SET], Moment(2), &options, |_| Ok(Begun::Wholly));

    assert!(opened.is_err());
}
