//! What is done with the data itself: a snapshot, the migration, the way back. Killed at every
//! step, the data is what it was or what it was to become.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use holdfast::platform::updates::rehearsal::points::POINTS;
use holdfast::platform::updates::rehearsal::report::Done;
use holdfast::platform::updates::rehearsal::restoring::losses;
use holdfast::platform::workspaces::WorkspaceId;
use holdfast::wiring;

use crate::boxes::{add_item, contents, files, fill, inside, open};
use crate::copies::{BREAKS, step};
use crate::releases;

/// A box at rest in a folder, with the folder of an update.
struct Scene {
    folder: tempfile::TempDir,
    ids: Vec<WorkspaceId>,
}

impl Scene {
    async fn new(workspaces: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let platform = open(&data, wiring::parts());
        let ids = fill(&platform, workspaces, 0).await;
        for id in &ids {
            add_item(&inside(&platform, *id), "Salt").await;
        }
        platform.close().await;
        let scene = Self { folder, ids };
        std::fs::create_dir_all(scene.update()).expect("a folder");
        std::fs::write(scene.update().join("journal"), "armed\n").expect("a journal");
        scene
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn update(&self) -> PathBuf {
        self.data().join("update/7")
    }

    fn snapshot(&self) -> PathBuf {
        self.update().join("snapshot")
    }

    fn workspace(&self, at: usize) -> PathBuf {
        self.data().join(format!("workspaces/{}.db", self.ids[at]))
    }

    /// Writes as people do.
    async fn write(&self, at: usize, name: &str) {
        let platform = open(&self.data(), wiring::parts());
        add_item(&inside(&platform, self.ids[at]), name).await;
        platform.close().await;
    }

    fn all(&self) -> Vec<Contents> {
        files(&self.data()).iter().map(|file| contents(file)).collect()
    }

    fn take(&self) -> Done {
        let into = self.snapshot().display().to_string();
        done(&releases::this(), &["snapshot", "--into", &into], &self.data())
    }

    fn migrate(&self) -> Done {
        done(releases::next(), &["migrate"], &self.data())
    }

    /// By the release after, as the supervisor does it.
    fn restore(&self) -> Done {
        let from = self.snapshot().display().to_string();
        let words = ["restore", "--from", &from, "--after", "9.9.9"];
        done(releases::next(), &words, &self.data())
    }

    /// Starts a step that is killed at a point. Gives whether it came there.
    fn kill(&self, release: &Path, words: &[&str], point: &str) -> bool {
        use std::os::unix::process::ExitStatusExt;
        let mut command = Command::new(release);
        command.arg("update-step").args(words).arg("--data").arg(self.data());
        command.env_clear().env("HOLDFAST_CRASH_AT", point);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        status.expect("a release").signal() == Some(9)
    }
}

type Contents = BTreeMap<String, Vec<String>>;

fn done(release: &Path, words: &[&str], data: &Path) -> Done {
    let found = step(release, words, data);
    let done: Done = serde_json::from_value(found.report).expect("a report");
    assert_eq!(found.code == Some(0), done.is_good(), "{:?} {done:?}", found.code);
    if done.is_good() {
        assert!(found.progress.last().is_some_and(|(done, all)| done == all));
    }
    done
}

/// Without what going back writes: its entry, and what follows from that.
fn without_log(mut all: Vec<Contents>) -> Vec<Contents> {
    for file in &mut all {
        file.retain(|table, _| !table.starts_with("audit_"));
    }
    all
}

fn entries(file: &Path) -> usize {
    contents(file)["audit_entries"].len()
}

/// The log of every file verifies, and the box serves.
async fn is_sound(scene: &Scene) {
    let platform = open(&scene.data(), wiring::parts());
    for id in &scene.ids {
        let verdict = holdfast::platform::audit::ops::verify(&inside(&platform, *id)).await;
        let verdict = verdict.expect("a verdict");
        assert!(verdict.bad.is_none(), "{verdict:?}");
    }
    let ctx = crate::boxes::system(&platform);
    let verdict = holdfast::platform::audit::ops::verify_box(&ctx).await.expect("a verdict");
    assert!(verdict.bad.is_none(), "{verdict:?}");
    platform.close().await;
}

#[tokio::test]
async fn going_back_gives_the_data_of_before_and_loses_no_entry_of_the_logs() {
    let scene = Scene::new(3).await;
    let before = without_log(scene.all());
    let first = entries(&scene.workspace(0));

    let taken = scene.take();
    let migrated = scene.migrate();
    let platform_next = contents(&scene.workspace(0));
    // Somebody wrote to the new release before it was undone.
    scene.write(0, "Pepper").await;
    let grown = entries(&scene.workspace(0));
    let lost = losses(&scene.data(), &scene.snapshot()).expect("a comparison");
    let restored = scene.restore();

    assert_eq!((taken.files, taken.bytes > 0), (4, true));
    assert_eq!(migrated.applied, ["next/0001_next.sql"]);
    assert_eq!((migrated.files, migrated.migrated_files), (4, 3));
    assert!(platform_next.contains_key("next_names"));
    assert_eq!((restored.files, restored.restored_files), (4, 4));
    assert_eq!(without_log(scene.all()), before);
    assert!(!contents(&scene.workspace(0)).contains_key("next_names"));
    // What was done meanwhile stands in the log, and that it was taken back.
    assert!(grown > first && restored.carried_entries >= (grown - first) as u64);
    assert_eq!(entries(&scene.workspace(0)), grown + 1);
    let of_items = lost.iter().find(|one| one.table == "items").expect("a loss");
    assert_eq!((of_items.now, of_items.then), (2, 1));
    assert_eq!(of_items.file, format!("workspaces/{}.db", scene.ids[0]));
    // The data of the release after is kept, and the journal is nobody's to put back.
    let kept = scene.update().join(format!("after-9.9.9/workspaces/{}.db", scene.ids[0]));
    assert_eq!(contents(&kept)["items"].len(), 2);
    assert_eq!(std::fs::read(scene.update().join("journal")).expect("it is there"), b"armed\n");
    is_sound(&scene).await;
}

#[tokio::test]
async fn what_was_made_since_is_kept_aside() {
    let scene = Scene::new(1).await;
    scene.take();
    let platform = open(&scene.data(), wiring::parts());
    let ctx = crate::boxes::system(&platform);
    let draft = holdfast::platform::workspaces::rules::Draft {
        name: "New".to_owned(),
        ..holdfast::platform::workspaces::rules::Draft::default()
    };
    let made = holdfast::platform::workspaces::ops::make_file(&ctx, draft, "").await.expect("one");
    let id = made.id;
    ctx.write(move |scope| holdfast::platform::workspaces::ops::record_in(scope, &made))
        .await
        .expect("a workspace");
    platform.close().await;

    let restored = scene.restore();

    assert_eq!(restored.set_aside_files, 1);
    assert!(!scene.data().join(format!("workspaces/{id}.db")).exists());
    assert!(scene.update().join(format!("after-9.9.9/workspaces/{id}.db")).is_file());
    assert_eq!(scene.restore().set_aside_files, 0);
    is_sound(&scene).await;
}

#[tokio::test]
async fn a_snapshot_that_is_not_whole_is_not_gone_back_to() {
    let scene = Scene::new(2).await;
    scene.take();
    let before = scene.all();
    let refused = |done: Done| done.refused.expect("a refusal").code;

    // A whole one is never written over.
    let again = scene.snapshot().display().to_string();
    let again = done(&releases::this(), &["snapshot", "--into", &again], &scene.data());
    assert_eq!(refused(again), "update-snapshot-there");

    // One bit of the last file that is put back: all others are as they were by then.
    let kept = scene.snapshot().join("system.db");
    let mut bytes = std::fs::read(&kept).expect("a file");
    bytes[4_100] ^= 1;
    std::fs::write(&kept, &bytes).expect("it is written");
    assert_eq!(refused(scene.restore()), "update-snapshot-unfit");
    bytes[4_100] ^= 1;
    std::fs::write(&kept, &bytes).expect("it is written");

    let manifest = scene.snapshot().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    for (bad, to) in [("system.db", "../lock.db"), ("workspaces/", "/etc/"), ("{", "[")] {
        std::fs::write(&manifest, text.replacen(bad, to, 1)).expect("it is written");
        assert_eq!(refused(scene.restore()), "update-snapshot-unfit", "{bad} {to}");
    }
    std::fs::remove_file(&manifest).expect("it was there");
    assert_eq!(refused(scene.restore()), "update-snapshot-unfit");
    assert_eq!(without_log(scene.all()), without_log(before));
}

#[tokio::test]
async fn no_step_works_on_the_data_of_a_box_that_runs() {
    let scene = Scene::new(1).await;
    let platform = open(&scene.data(), wiring::parts());
    let before = scene.all();

    let into = scene.snapshot().display().to_string();
    let from = into.as_str();
    for words in
        [vec!["snapshot", "--into", &into], vec!["migrate"], vec!["restore", "--from", from]]
    {
        let refused = done(releases::next(), &words, &scene.data());
        assert_eq!(refused.refused.expect("a refusal").code, "data-in-use", "{words:?}");
    }

    assert_eq!(scene.all(), before);
    platform.close().await;
}

#[tokio::test]
async fn a_row_that_the_release_cannot_take_is_named_and_the_way_back_is_open() {
    let scene = Scene::new(3).await;
    scene.write(1, BREAKS).await;
    let before = without_log(scene.all());
    scene.take();

    let failed = scene.migrate().failed.expect("a file that fails");
    scene.restore();

    assert_eq!(failed.name.as_deref(), Some("Kitchen 2"));
    assert_eq!(failed.workspace, Some(scene.ids[1].to_string()));
    assert!(failed.what.contains("CHECK constraint failed"), "{}", failed.what);
    assert_eq!(without_log(scene.all()), before);
    is_sound(&scene).await;
}

#[tokio::test]
async fn killed_at_any_step_the_data_is_what_it_was_or_what_it_becomes() {
    let (this, next) = (releases::this(), releases::next());
    let mut killed = 0;
    for point in POINTS {
        for times in 1..=3 {
            let scene = Scene::new(2).await;
            let (into, at) = (scene.snapshot().display().to_string(), format!("{point}:{times}"));
            let before = without_log(scene.all());
            let is_stray = point == "restore-strays";
            if point.starts_with("snapshot") {
                if !scene.kill(&this, &["snapshot", "--into", &into], &at) {
                    continue;
                }
                assert_eq!(without_log(scene.all()), before, "{at}");
                // One that is not whole is begun anew.
                if !scene.snapshot().join("manifest.json").exists() {
                    assert!(scene.take().is_good(), "{at}");
                }
            } else if point.contains("migrat") {
                assert!(scene.take().is_good());
                if !scene.kill(next, &["migrate"], &at) {
                    continue;
                }
                assert!(scene.migrate().is_good(), "{at}");
                assert!(contents(&scene.workspace(1)).contains_key("next_names"), "{at}");
            } else {
                assert!(scene.take().is_good() && scene.migrate().is_good());
                scene.write(0, "Pepper").await;
                if is_stray {
                    let stray = "workspaces/018f0000-0000-7000-8000-00000000000a.db";
                    std::fs::copy(scene.workspace(0), scene.data().join(stray)).expect("a copy");
                }
                let words = ["restore", "--from", &into, "--after", "9.9.9"];
                if !scene.kill(next, &words, &at) {
                    continue;
                }
                // And again while it is made good.
                scene.kill(next, &words, "restore-named");
            }
            killed += 1;
            if scene.snapshot().join("manifest.json").exists() {
                assert!(scene.restore().is_good(), "{at}");
            }
            assert_eq!(without_log(scene.all()), before, "{at}");
            is_sound(&scene).await;
            if point.starts_with("restore") {
                let kept = scene.update().join("after-9.9.9/workspaces");
                let kept = kept.join(format!("{}.db", scene.ids[0]));
                assert_eq!(contents(&kept)["items"].len(), 2, "{at}");
            }
        }
    }
    assert!(killed >= POINTS.len(), "only {killed} kills came to their place");
}
