//! Backups and a disk that fills up.

use std::fs;
use std::path::PathBuf;

use holdfast::platform::backups::bases;
use http::Method;
use rusqlite::Connection;

use super::Ready;
use crate::inventory::item;

/// More than any disk has.
const TOO_LARGE: &str = "UPDATE blobs SET size_bytes = size_bytes + 4000000000000000";
const AS_BEFORE: &str = "UPDATE blobs SET size_bytes = size_bytes - 4000000000000000";
/// What a full disk does to whoever wants to note that a backup failed.
const TAKES_NO_NOTE: &str = "CREATE TRIGGER full BEFORE UPDATE OF state ON backups
    WHEN NEW.state = 'failed' BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";

impl Ready {
    fn spool(&self) -> PathBuf {
        self.server.folder().join("spool/backups")
    }

    fn spooled(&self) -> usize {
        fs::read_dir(self.spool()).map_or(0, Iterator::count)
    }

    async fn add_picture(&self) {
        let owner = self.server.person("owner").await;
        let salmon = item(&owner, "SAL").await;
        let id = salmon["id"].as_str().expect("an id");
        let path = format!("/inventory/items/{id}/files?name=a.bin");
        let kind = [("content-type", "application/octet-stream")];
        owner.send(Method::POST, &path, &kind, b"a picture".to_vec()).await.is(201);
    }

    #[expect(clippy::disallowed_methods, reason = "the box itself changes no schema")]
    fn change_schema(&self, sql: &str) {
        let file = Connection::open(self.server.folder().join("system.db")).expect("a file");
        file.execute_batch(sql).expect("a change");
    }

    async fn set_blobs(&self, sql: &'static str) {
        let inside = self.server.inside();
        let changed = inside.write(move |scope| Ok(scope.prepare_cached(sql)?.execute([])?)).await;
        assert_eq!(changed.expect("a change"), 1);
    }
}

#[tokio::test]
async fn pictures_that_do_not_fit_are_refused_and_nothing_of_the_try_stays() {
    let ready = Ready::start().await;
    ready.add_picture().await;
    ready.set_blobs(TOO_LARGE).await;

    let refused = ready.try_backup().await;

    assert_eq!(refused["problem"]["code"], "backup-no-room", "{refused}");
    assert_eq!(ready.newest().await["state"], "failed");
    assert_eq!(ready.spooled(), 0);
    ready.set_blobs(AS_BEFORE).await;
    assert_eq!(ready.back_up().await["level"], "verified");
    ready.server.finish().await;
}

#[tokio::test]
async fn what_fills_the_disk_goes_though_the_disk_takes_no_note_of_it() {
    let ready = Ready::start().await;
    ready.add_picture().await;
    ready.set_blobs(TOO_LARGE).await;
    ready.change_schema(TAKES_NO_NOTE);

    ready.try_backup().await;

    let newest = ready.newest().await;
    assert_eq!(newest["state"], "running", "nothing could be noted: {newest}");
    assert_eq!(ready.spooled(), 0, "it went first");
    // The box stopped in the middle of another try.
    let left = ready.spool().join(newest["id"].as_str().expect("an id"));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("part-0000.tar.zst.age"), "much").unwrap();
    ready.run_later().await;
    assert_eq!(ready.spooled(), 0, "it goes before anything is noted");

    ready.change_schema("DROP TRIGGER full");
    ready.set_blobs(AS_BEFORE).await;
    ready.run_later().await;
    assert_eq!(ready.back_up().await["level"], "verified");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_box_that_starts_removes_what_no_target_waits_for() {
    let ready = Ready::start().await;
    let away = ready.target.path().with_extension("away");
    fs::rename(ready.target.path(), &away).unwrap();
    assert_eq!(ready.try_backup().await["problem"]["code"], "backup-waiting");
    let left = ready.spool().join("01a1fe40-8792-7619-be1c-dac6a0ebada9");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("pack-a"), "much").unwrap();

    bases::ops::resume(&ready.server.platform).await;

    assert!(!left.exists());
    assert_eq!(ready.spooled(), 1, "what waits to be sent stays");
    fs::rename(&away, ready.target.path()).unwrap();
    ready.run_later().await;
    assert_eq!(ready.newest().await["level"], "verified");
    ready.server.finish().await;
}
