//! Copies of a living box, and what releases find on them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use holdfast::apps;
use holdfast::platform::Platform;
use holdfast::platform::error::Error;
use holdfast::platform::updates::rehearsal::copying::{copy, drop_copy};
use holdfast::platform::updates::rehearsal::report::{Checked, Report};
use holdfast::platform::updates::rehearsal::rules::{WayBack, judge};
use holdfast::platform::updates::rehearsal::smoke::ON_BOX;
use holdfast::wiring;

use crate::boxes::{add_item, contents, fill, inside, open, system};
use crate::releases;

/// What the next release of the tests cannot take.
pub(crate) const BREAKS: &str = "Breaks the next release";

/// What a step of a release printed.
pub(crate) struct Step {
    pub(crate) code: Option<i32>,
    pub(crate) progress: Vec<(u64, u64)>,
    pub(crate) report: serde_json::Value,
}

/// Has a release do a step.
pub(crate) fn step(release: &Path, arguments: &[&str], data: &Path) -> Step {
    let mut command = Command::new(release);
    command.arg("update-step").args(arguments).arg("--data").arg(data);
    let output = command.env_clear().stdin(Stdio::null()).output().expect("a release");
    let text = String::from_utf8(output.stdout).expect("text");
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let report = lines.pop().unwrap_or_else(|| panic!("it says nothing but: {said}"));
    let number = |line: &serde_json::Value, name: &str| line[name].as_u64().expect("a number");
    let progress = lines.iter().map(|line| (number(line, "done"), number(line, "total"))).collect();
    Step { code: output.status.code(), progress, report }
}

fn rehearse(release: &Path, copy: &Path) -> (Option<i32>, Report) {
    let found = step(release, &["rehearse"], copy);
    let report: Report = serde_json::from_value(found.report).expect("a report");
    let files = found.progress.last().map(|(_, total)| *total);
    if report.files > 0 {
        assert_eq!(files, Some(report.files), "{:?}", found.progress);
        let done: Vec<u64> = found.progress.iter().map(|(done, _)| *done).collect();
        assert!(done.is_sorted() && done.last() == files.as_ref(), "{done:?}");
    }
    (found.code, report)
}

/// Writers that go on until they are dropped, and how long each write took.
struct Writers {
    is_over: Arc<AtomicBool>,
    all: Vec<tokio::task::JoinHandle<Vec<Duration>>>,
}

impl Writers {
    #[expect(clippy::disallowed_methods, reason = "the writers are the test's own")]
    fn start(
        platform: &Arc<Platform>,
        ids: &[holdfast::platform::workspaces::WorkspaceId],
    ) -> Self {
        let (is_over, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let all = ids
            .iter()
            .map(|id| {
                let ctx = inside(platform, *id);
                let (is_over, written) = (Arc::clone(&is_over), Arc::clone(&written));
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let started = Instant::now();
                        let number = written.fetch_add(1, Ordering::Relaxed);
                        add_item(&ctx, &format!("Item {number}")).await;
                        took.push(started.elapsed());
                        // As people do: not one right behind the other.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    took
                })
            })
            .collect();
        Self { is_over, all }
    }

    /// Ends them; gives how many writes there were and the 99th of a hundred.
    async fn end(self) -> (usize, Duration) {
        self.is_over.store(true, Ordering::Relaxed);
        let mut took = Vec::new();
        for one in self.all {
            took.extend(one.await.expect("a writer"));
        }
        took.sort_unstable();
        (took.len(), took[took.len() * 99 / 100])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_living_box_is_looked_at_whole_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = open(&folder.path().join("data"), wiring::parts());
    let ids = fill(&platform, 3, 1).await;
    let into = folder.path().join("copy");
    let writers = Writers::start(&platform, &ids);
    let mut told = Vec::new();

    let ctx = system(&platform);
    let copied = copy(&ctx, &into, |done, total| {
        told.push((done, total));
        Ok(())
    });
    let copied = copied.await.expect("a copy");
    let (written, _) = writers.end().await;
    let items: Vec<_> = ids
        .iter()
        .map(|id| contents(&into.join(format!("workspaces/{id}.db")))["items"].len())
        .collect();
    let (code, report) = rehearse(&releases::this(), &into);

    assert_eq!((copied.files, copied.skipped.len()), (4, 0));
    assert!(written > 0 && told.is_sorted() && told.iter().all(|(done, all)| done <= all));
    assert_eq!(code, Some(0), "{report:?}");
    assert!(report.is_good() && report.applied.is_empty(), "{report:?}");
    assert_eq!((report.files, report.bytes), (4, copied.bytes));
    let of_apps: usize = apps::ALL.iter().map(|app| app.smoke.len()).sum();
    assert_eq!(report.checks.len(), ON_BOX.len() + 2 + of_apps);
    let ran =
        |check: &Checked| check.ran == 3 || (check.name.starts_with("platform.") && check.ran == 1);
    assert!(report.checks.iter().all(ran), "{:?}", report.checks);
    let counted = report.tables.iter().find(|rows| rows.table == "workspace.items").expect("items");
    assert_eq!(counted.before, items.iter().sum::<usize>() as u64);
    assert_eq!(counted.after, Some(counted.before));
    // What was written in checks is gone.
    for (id, before) in ids.iter().zip(items) {
        assert_eq!(contents(&into.join(format!("workspaces/{id}.db")))["items"].len(), before);
    }
    drop_copy(&into).await.expect("it is removed");
    assert!(!into.exists());
    platform.close().await;
}

#[tokio::test]
async fn a_damaged_workspace_is_left_out_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let platform = open(&data, wiring::parts());
    let ids = fill(&platform, 3, 0).await;
    platform.close().await;
    drop(platform);
    std::fs::write(data.join(format!("workspaces/{}.db", ids[1])), [0x5a; 8192]).expect("damage");
    let platform = open(&data, wiring::parts());
    let into = folder.path().join("copy");

    let copied = copy(&system(&platform), &into, |_, _| Ok(())).await.expect("a copy");
    let (code, report) = rehearse(&releases::this(), &into);

    assert_eq!((copied.files, copied.skipped), (3, vec!["Kitchen 2".to_owned()]));
    assert_eq!((code, report.files, report.missing), (Some(0), 3, 1));
    platform.close().await;
}

#[tokio::test]
async fn a_copy_that_is_given_up_or_has_no_room_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = open(&folder.path().join("data"), wiring::parts());
    fill(&platform, 2, 0).await;
    let into = folder.path().join("copy");

    let given_up = copy(&system(&platform), &into, |_, _| Err(Error::NotFound)).await;
    assert!(matches!(given_up, Err(Error::NotFound)), "{given_up:?}");
    assert!(!into.exists());

    platform.room.pretend(Some(1_000));
    let full = copy(&system(&platform), &into, |_, _| Ok(())).await;
    let Err(Error::Conflict(refusal)) = full else { panic!("{full:?}") };
    assert_eq!(refusal.code, "update-room");
    assert!(!into.exists());
    platform.close().await;
}

#[tokio::test]
async fn nothing_but_a_copy_is_rehearsed_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let platform = open(&data, wiring::parts());
    fill(&platform, 1, 0).await;
    platform.close().await;
    let before = contents(&data.join("system.db"));

    let (code, report) = rehearse(releases::next(), &data);

    assert_eq!((code, report.files, report.failed_files), (Some(5), 0, 1));
    assert!(report.failed[0].what.contains("no copy"), "{report:?}");
    assert_eq!(contents(&data.join("system.db")), before);
}

/// How the next release does with a box of so many workspaces, of which so many hold sample data,
/// while people write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_release_is_tried_on_fifty_workspaces_and_the_one_before_on_what_came_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = open(&folder.path().join("data"), wiring::parts());
    let ids = fill(&platform, 50, 4).await;
    for id in &ids[4..] {
        add_item(&inside(&platform, *id), "Salt").await;
    }
    let alone = Writers::start(&platform, &ids[..4]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (alone_count, alone_p99) = alone.end().await;
    let (into, started) = (folder.path().join("copy"), Instant::now());
    let writers = Writers::start(&platform, &ids[..4]);

    let copied = copy(&system(&platform), &into, |_, _| Ok(())).await.expect("a copy");
    let (copy, next) = (into.clone(), releases::next());
    let both = tokio::task::spawn_blocking(move || {
        (rehearse(next, &copy), rehearse(&releases::this(), &copy))
    });
    let ((code, new), (old_code, old)) = both.await.expect("two looks");
    let took = started.elapsed();
    let (count, p99) = writers.end().await;

    println!(
        "{} files, {} MB: copied in {} ms, rehearsed in {} and {} ms, {} ms in all; writes alone \
         {alone_count}, p99 {} ms; meanwhile {count}, p99 {} ms",
        copied.files,
        copied.bytes / 1_000_000,
        copied.took_ms,
        new.took_ms,
        old.took_ms,
        took.as_millis(),
        alone_p99.as_millis(),
        p99.as_millis()
    );
    assert_eq!((code, old_code), (Some(0), Some(0)), "{new:?} {old:?}");
    assert_eq!(new.applied, ["next/0001_next.sql"]);
    assert_eq!((new.files, new.migrated_files), (51, 50));
    assert_eq!((new.format_before, new.format_after), (1, 2));
    assert!(old.applied.is_empty() && old.format_before == 2, "{old:?}");
    let judged = judge(&new, Some(&old), (copied.bytes, copied.took_ms)).expect("a release");
    assert_eq!(judged.way_back, WayBack::ProvenWithoutRestore, "{:?}", judged.reasons);
    assert!(judged.migrates && judged.hold_ms > 0, "{judged:?}");
    platform.close().await;
}

#[tokio::test]
async fn one_workspace_of_fifty_that_breaks_the_migration_is_found_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = open(&folder.path().join("data"), wiring::parts());
    let ids = fill(&platform, 50, 0).await;
    add_item(&inside(&platform, ids[36]), BREAKS).await;
    let into = folder.path().join("copy");
    let copied = copy(&system(&platform), &into, |_, _| Ok(())).await.expect("a copy");

    let next = releases::next();
    let (code, report) = rehearse(next, &into);

    assert_eq!((code, report.files, report.failed_files), (Some(5), 51, 1), "{report:?}");
    let failed = &report.failed[0];
    assert_eq!(failed.name.as_deref(), Some("Kitchen 37"));
    assert_eq!(failed.workspace, Some(ids[36].to_string()));
    assert_eq!(failed.kind, "migration");
    assert!(failed.what.contains("CHECK constraint failed"), "{}", failed.what);
    assert_eq!(report.migrated_files, 49);
    let refused = judge(&report, None, (copied.bytes, copied.took_ms)).expect_err("a refusal");
    assert!(refused.to_string().contains("Kitchen 37"), "{refused}");
    platform.close().await;
}
