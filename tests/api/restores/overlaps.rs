//! A backup and a restore at the same time: what was begun first is held still in the middle of its
//! work until the other one is done.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use holdfast::platform::backups::archive;
use holdfast::platform::jobs::JobId;

use super::*;
use crate::support::reading;

/// Looks at a job before a test goes on without what it waited for.
const LOOKS_MAX: usize = 2_000_000;

/// So long something that waits for what is held still gets nowhere.
const WAITS_IN_VAIN: Duration = Duration::from_secs(2);

/// Jobs that are being done. As long as nobody asks them to, they do not go on.
type Doing<'a> = Pin<Box<dyn Future<Output = usize> + 'a>>;

/// Does jobs until something is so, and holds them still there.
async fn do_until<'a>(ready: &'a Ready, is_so: impl Fn() -> bool) -> Doing<'a> {
    let mut doing: Doing<'a> = Box::pin(ready.server.run_jobs());
    for _ in 0..LOOKS_MAX {
        let has_ended = poll_fn(|context| Poll::Ready(doing.as_mut().poll(context).is_ready()));
        assert!(!has_ended.await, "they were done before");
        if is_so() {
            return doing;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came so far");
}

/// Does something beside jobs that are held still. They may be held in the middle of opening a
/// file that is needed for it: then they go on by as little as there is.
async fn beside<T>(doing: &mut Doing<'_>, other: impl Future<Output = T>) -> T {
    let mut other = pin!(other);
    loop {
        if let Ok(done) = timeout(WAITS_IN_VAIN, &mut other).await {
            return done;
        }
        let has_ended = poll_fn(|context| Poll::Ready(doing.as_mut().poll(context).is_ready()));
        assert!(!has_ended.await, "they were done before");
    }
}

async fn ask(ready: &Ready, path: &str, body: &Value) -> String {
    ready.server.advance(Duration::from_secs(1));
    let asked = ready.operator.post(path, body).await.is(202);
    asked["id"].as_str().expect("an id").to_owned()
}

async fn look_at(ready: &Ready, job: &str) -> Value {
    ready.operator.get(&format!("/api/v1/jobs/{job}")).await.is(200)
}

/// Whether a backup has begun to read: from then on it holds the moment that it is of.
fn is_reading(ready: &Ready, job: &str) -> bool {
    let id: JobId = job.parse().expect("the id of a job");
    ready.server.platform.jobs.progress(id).is_some_and(|progress| progress.done > 0)
}

async fn newest(ready: &Ready) -> Value {
    ready.operator.get("/api/v1/backups").await.is(200)["items"][0].clone()
}

fn folder_of(ready: &Ready, below: &str) -> bool {
    fs::read_dir(ready.server.folder().join(below)).is_ok_and(|mut all| all.next().is_some())
}

/// Numbers of the items that a backup holds, by opening it with the kit.
#[expect(clippy::disallowed_methods, reason = "a file that no box has open")]
fn held(ready: &Ready, backup: &Value) -> Vec<String> {
    let out = tempfile::tempdir().expect("a folder");
    archive::unpack(&ready.base(backup), &ready.kit, out.path(), |_| {}).expect("a whole backup");
    let path = out.path().join(format!("workspaces/{}.db", ready.server.workspace));
    let file = rusqlite::Connection::open(path).expect("a file");
    let whole: String =
        file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!(whole, "ok");
    let mut numbers = file.prepare("SELECT item_number FROM items ORDER BY 1").expect("a table");
    let numbers = numbers.query_map([], |row| row.get(0)).expect("rows");
    numbers.collect::<Result<_, _>>().expect("texts")
}

#[tokio::test]
async fn what_a_backup_holds_is_not_replaced_and_what_is_written_meanwhile_stays() {
    let (ready, owner, backup) = begun().await;
    ready.server.platform.workspaces.close_all().await;
    let reader = reading(&ready.server.live());
    item(&owner, "C").await;
    let second = ready.server.second_workspace().await;
    let neighbour = ready.server.person_in(second, "owner").await;
    ready.server.platform.workspaces.close_all().await;
    item(&owner, "D").await;
    let making = ask(&ready, "/api/v1/backups", &Value::Null).await;
    let mut backing_up = do_until(&ready, || is_reading(&ready, &making)).await;
    drop(reader);

    let before = beside(&mut backing_up, names(&owner)).await;
    let asked = ask(&ready, "/api/v1/restores", &wish(&ready, &backup, "in_place")).await;
    // It has closed the file to replace it. Whoever opens another one does not wait for it.
    let open_count = || ready.server.platform.workspaces.open_count();
    let closed = do_until(&ready, || open_count() == 0);
    let restoring = beside(&mut backing_up, closed).await;
    let is_over = Cell::new(false);
    let restoring = async {
        restoring.await;
        is_over.set(true);
    };
    tokio::join!(restoring, async {
        item(&neighbour, "N").await;
        assert!(!is_over.get(), "the neighbour waited for a restore of another workspace");
    });
    let refused = look_at(&ready, &asked).await;
    let still = look_at(&ready, &making).await;
    item(&owner, "E").await;
    backing_up.await;

    assert_eq!(refused["problem"]["code"], "restore-in-use", "{refused}");
    assert_eq!(still["state"], "running", "{still}");
    assert_eq!(before, ["A", "B", "C", "D"]);
    assert_eq!(names(&owner).await, ["A", "B", "C", "D", "E"]);
    let made = newest(&ready).await;
    assert_eq!((&made["level"], &made["workspaces"]), (&json!("verified"), &json!(2)), "{made}");
    assert_eq!(held(&ready, &made), ["A", "B", "C", "D"]);
    assert_eq!((left_in_scratch(&ready.server), ready.server.kept().len()), (0, 0));
    // When the backup is made, the same restore goes through, and the one of just now, too.
    restore(&ready, &wish(&ready, &backup, "in_place")).await;
    assert_eq!(names(&owner).await, ["A"]);
    ready.server.advance(Duration::from_secs(1));
    restore(&ready, &wish(&ready, &made, "in_place")).await;
    assert_eq!(names(&owner).await, ["A", "B", "C", "D"]);
    assert_eq!(names(&neighbour).await, ["N"]);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_restore_beside_a_backup_that_needs_no_log_is_done_and_the_backup_is_of_before() {
    let (ready, owner, backup) = begun().await;
    // Nobody has the file open: the backup takes hold of it when somebody does, or reads it last.
    ready.server.platform.workspaces.close_all().await;
    let making = ask(&ready, "/api/v1/backups", &Value::Null).await;
    let mut backing_up = do_until(&ready, || is_reading(&ready, &making)).await;

    let asked = ask(&ready, "/api/v1/restores", &wish(&ready, &backup, "in_place")).await;
    let (done, after) = beside(&mut backing_up, async {
        ready.server.run_jobs().await;
        let done = look_at(&ready, &asked).await;
        let after = names(&owner).await;
        item(&owner, "C").await;
        (done, after)
    })
    .await;
    assert_eq!(look_at(&ready, &making).await["state"], "running");
    backing_up.await;

    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(after, ["A"]);
    let made = newest(&ready).await;
    assert_eq!(made["level"], "verified", "{made}");
    assert_eq!(held(&ready, &made), ["A", "B"]);
    // The backup let go of a file that had the workspace's name: it took nothing with it.
    ready.server.platform.workspaces.close_all().await;
    assert_eq!(names(&owner).await, ["A", "C"]);
    let next = ready.back_up().await;
    assert_eq!((&next["level"], held(&ready, &next)), (&json!("verified"), names(&owner).await));
    ready.server.finish().await;
}

#[tokio::test]
async fn a_backup_beside_a_restore_is_of_before_until_the_switch() {
    let (ready, owner, backup) = begun().await;
    let asked = ask(&ready, "/api/v1/restores", &wish(&ready, &backup, "in_place")).await;
    let mut restoring = do_until(&ready, || folder_of(&ready, "spool/restores")).await;

    let made = beside(&mut restoring, ready.back_up()).await;
    item(&owner, "C").await;
    let between = names(&owner).await;
    assert_eq!(look_at(&ready, &asked).await["state"], "running");
    restoring.await;

    let done = look_at(&ready, &asked).await;
    assert_eq!((&done["state"], &made["level"]), (&json!("done"), &json!("verified")), "{done}");
    assert_eq!(held(&ready, &made), ["A", "B"]);
    assert_eq!(
        (between, names(&owner).await),
        (vec!["A".into(), "B".into(), "C".into()], vec!["A".to_owned()])
    );
    // What was written while it ran is in the log, and in the file of before.
    let actions = ready.server.audit_actions().await;
    let made_items = actions.iter().filter(|it| *it == "inventory.item.created").count();
    assert_eq!(
        (made_items, actions.last().map(String::as_str)),
        (3, Some("workspace.brought_back"))
    );
    let undo = format!("/api/v1/restores/{}/undo", done["result"]["restore_id"].as_str().unwrap());
    let undone = ask(&ready, &undo, &Value::Null).await;
    ready.server.run_jobs().await;
    assert_eq!(look_at(&ready, &undone).await["state"], "done");
    assert_eq!(names(&owner).await, ["A", "B", "C"]);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_backup_asked_for_in_the_middle_of_the_switch_waits_and_holds_one_or_the_other() {
    let (ready, owner, backup) = begun().await;
    let asked = ask(&ready, "/api/v1/restores", &wish(&ready, &backup, "in_place")).await;
    let restoring = do_until(&ready, || folder_of(&ready, "workspaces/kept")).await;
    assert_eq!(look_at(&ready, &asked).await["state"], "running");

    let making = ask(&ready, "/api/v1/backups", &Value::Null).await;
    let backing_up = do_until(&ready, || folder_of(&ready, "spool/backups")).await;
    tokio::join!(restoring, backing_up);

    for job in [&asked, &making] {
        let job = look_at(&ready, job).await;
        assert_eq!(job["state"], "done", "{job}");
    }
    assert_eq!(names(&owner).await, ["A"]);
    let made = newest(&ready).await;
    assert_eq!(made["level"], "verified", "{made}");
    assert_eq!(held(&ready, &made), ["A"]);
    item(&owner, "C").await;
    ready.server.platform.workspaces.close_all().await;
    assert_eq!(names(&owner).await, ["A", "C"]);
    ready.server.finish().await;
}

#[tokio::test]
async fn whoever_writes_beside_a_backup_and_a_restore_loses_nothing_that_was_answered() {
    let (ready, owner, backup) = begun().await;
    let second = ready.server.second_workspace().await;
    let neighbour = ready.server.person_in(second, "owner").await;
    let write = async |who: &Client| {
        let mut written = Vec::new();
        for number in 0..60 {
            let number = format!("W-{number:02}");
            let new = json!({ "item_number": &number, "name": "X", "unit": "kg" });
            let answer = who.post("/inventory/items", &new).await;
            match answer.status.as_u16() {
                201 => written.push(number),
                503 => {}
                other => panic!("{other}: {}", answer.text()),
            }
        }
        written
    };
    let asked = ask(&ready, "/api/v1/restores", &wish(&ready, &backup, "in_place")).await;
    let restoring = do_until(&ready, || folder_of(&ready, "spool/restores")).await;
    let making = ask(&ready, "/api/v1/backups", &Value::Null).await;

    let (mine, theirs, _, _) =
        tokio::join!(write(&owner), write(&neighbour), restoring, ready.server.run_jobs());

    assert_eq!(theirs.len(), 60, "others are not held up");
    assert_eq!(names(&neighbour).await, theirs);
    let restored = look_at(&ready, &asked).await;
    let is_done = restored["state"] == "done";
    assert!(is_done || restored["problem"]["code"] == "restore-in-use", "{restored}");
    assert_eq!(look_at(&ready, &making).await["state"], "done");
    // Of every change that was answered there is an entry; those after the switch are in the file.
    let actions = ready.server.audit_actions().await;
    let entries = actions.iter().filter(|it| *it == "inventory.item.created").count();
    assert_eq!(entries, 2 + mine.len());
    let switched = actions.iter().position(|it| it == "workspace.brought_back");
    assert_eq!(switched.is_some(), is_done);
    let after = switched.map_or(entries, |at| {
        1 + actions[at..].iter().filter(|it| *it == "inventory.item.created").count()
    });
    assert_eq!(names(&owner).await.len(), after);
    let made = newest(&ready).await;
    assert_eq!(made["level"], "verified", "{made}");
    held(&ready, &made);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_damaged_workspace_that_is_restored_during_a_backup_is_not_called_damaged_again() {
    let (ready, owner, backup) = begun().await;
    ready.server.platform.workspaces.close_all().await;
    fs::write(ready.server.live(), [0; 4096]).expect("it is damaged");
    owner.get("/inventory/items").await.is_problem(503, "workspace-damaged");
    let making = ask(&ready, "/api/v1/backups", &Value::Null).await;
    let mut backing_up = do_until(&ready, || is_reading(&ready, &making)).await;

    let wish = wish(&ready, &backup, "in_place");
    beside(&mut backing_up, restore(&ready, &wish)).await;
    assert_eq!(look_at(&ready, &making).await["state"], "running");
    backing_up.await;

    item(&owner, "C").await;
    assert_eq!(names(&owner).await, ["A", "C"]);
    assert_eq!(ready.server.box_counts().await["workspace.damaged"], 1);
    ready.server.finish().await;
}
