//! Backups that only the holder of a kit can read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::backups::archive::{self, Commit, Identity, Kit, Unpacked};
use holdfast::platform::secret::to_hex;
use http::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Client, TestServer};

mod keeping;
mod live_blobs;
mod neighbours;
mod packs;
mod proofs;
mod room;
mod upkeep;

/// A box that is ready for backups, and what its operator has.
pub struct Ready {
    pub server: TestServer,
    pub operator: Client,
    pub target: tempfile::TempDir,
    pub kit: Kit,
    pub kit_id: String,
}

impl Ready {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&'static str, &str)]) -> Self {
        let server = TestServer::start_with(settings).await;
        let operator = server.operator().await;
        let target = tempfile::tempdir().expect("a folder");
        let identity = Identity::generate();
        let new = json!({ "name": "Safe", "recipient": identity.recipient().to_string() });
        let made = operator.post("/api/v1/backup-kits", &new).await.is(201);
        let known = operator.get("/api/v1/backup-kits").await.is(200);
        let signing_key =
            STANDARD.decode(known["signing_key"].as_str().expect("a text")).expect("as described");
        let kit = Kit {
            identity,
            box_id: known["box_id"].as_str().expect("a text").to_owned(),
            box_name: known["box_name"].as_str().expect("a text").to_owned(),
            signing_key: signing_key.try_into().expect("it is there"),
            created_at: server.clock.now(),
        };
        let place = json!({ "name": "Stick", "kind": "folder",
            "settings": { "path": target.path() } });
        operator.post("/api/v1/backup-targets", &place).await.is(201);
        let kit_id = made["id"].as_str().expect("a text").to_owned();
        Self { server, operator, target, kit, kit_id }
    }

    pub async fn restart(self) -> Self {
        self.restart_after(|| {}).await
    }

    pub async fn restart_after(self, meanwhile: impl FnOnce()) -> Self {
        let server = self.server.restart_after(meanwhile).await;
        let operator = server.operator().await;
        Self { server, operator, ..self }
    }

    pub async fn back_up(&self) -> Value {
        self.server.clock.advance(Duration::from_mins(1));
        let job = self.operator.post("/api/v1/backups", &Value::Null).await.is(202);
        self.server.run_jobs().await;
        let job = format!("/api/v1/jobs/{}", job["id"].as_str().expect("a text"));
        let job = self.operator.get(&job).await.is(200);
        assert_eq!(job["state"], "done", "{job}");
        let list = self.operator.get("/api/v1/backups").await.is(200);
        list["items"][0].clone()
    }

    /// The folder of the box at the target.
    fn beside(&self) -> PathBuf {
        let mut found = fs::read_dir(self.target.path()).expect("as described");
        found.next().expect("a folder of the box").expect("it is there").path()
    }

    pub fn base(&self, backup: &Value) -> PathBuf {
        self.beside().join(backup["folder"].as_str().expect("a text"))
    }

    fn unpack(&self, backup: &Value, into: &Path) -> Unpacked {
        archive::unpack(&self.base(backup), &self.kit, into, |_| {}).expect("a whole backup")
    }
}

#[expect(clippy::disallowed_methods, reason = "a file that no box has open")]
fn look_at(path: &Path, sql: &str) -> String {
    let file =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("as described");
    file.query_row(sql, [], |row| row.get::<_, String>(0)).expect("it is there")
}

#[tokio::test]
async fn a_backup_holds_every_file_of_one_moment_and_the_keys_that_open_them() {
    let ready = Ready::start().await;
    let second = ready.server.second_workspace().await;
    let owner = ready.server.person("owner").await;
    let item = json!({ "item_number": "A-1", "name": "Salmon", "unit": "kg" });
    owner.post("/inventory/items", &item).await.is(201);

    let backup = ready.back_up().await;

    assert_eq!((&backup["state"], &backup["sequence"]), (&json!("uploaded"), &json!(1)));
    assert_eq!(backup["workspaces"], 2);
    let out = tempfile::tempdir().unwrap();
    let unpacked = ready.unpack(&backup, out.path());
    let files: Vec<&str> = unpacked.manifest.files.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(files.len(), 3);
    assert!(files.contains(&format!("workspaces/{second}.db").as_str()), "{files:?}");
    let path = format!("workspaces/{}.db", ready.server.workspace);
    let file = unpacked.manifest.files.iter().find(|one| one.path == path).unwrap();
    assert_eq!(file.rows["items"], 1);
    assert_eq!(look_at(&out.path().join(&path), "SELECT name FROM items"), "Salmon");
    let head = "SELECT lower(hex(hash)) FROM audit_entries ORDER BY seq DESC LIMIT 1";
    assert_eq!(look_at(&out.path().join(&path), head), file.audit.head);
    assert_eq!(look_at(&out.path().join("system.db"), "PRAGMA integrity_check"), "ok");
    let key = |folder: &Path, name: &str| fs::read(folder.join(name)).unwrap();
    let kept = key(ready.server.folder(), "master.key");
    assert_eq!(key(out.path(), "keys/master.key"), kept);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_backup_names_the_one_before_it() {
    let ready = Ready::start().await;
    let first = ready.back_up().await;
    let second = ready.back_up().await;

    let commit = |backup: &Value| -> Commit {
        archive::read_commit(&ready.base(backup), &ready.kit).expect("a signed backup")
    };
    let text = fs::read(ready.base(&first).join(archive::COMMIT_FILE)).unwrap();
    let hash = to_hex(&Sha256::digest(&text));
    assert_eq!((commit(&first).sequence, commit(&first).previous), (1, None));
    assert_eq!((commit(&second).sequence, commit(&second).previous), (2, Some(hash)));
    ready.server.finish().await;
}

#[tokio::test]
async fn nothing_of_what_leaves_the_box_says_what_is_in_it() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let item = json!({ "item_number": "CANARY-7", "name": "Canary of the harbour", "unit": "kg" });
    owner.post("/inventory/items", &item).await.is(201);

    ready.back_up().await;

    let mut folders = vec![ready.target.path().to_owned(), ready.server.folder().join("spool")];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            for needle in ["Canary", "CANARY-7", "Harbour Kitchen", "AGE-SECRET-KEY"] {
                let held = bytes.windows(needle.len()).any(|part| part == needle.as_bytes());
                assert!(!held, "{} says {needle}", entry.path().display());
            }
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 4, "a part, COMMIT.json, RECOVERY.md and restore.sh; an empty spool");
    ready.server.finish().await;
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
async fn a_stranger_brings_a_backup_back_with_the_tools_of_any_linux() {
    let tools = ["age", "zstd", "tar", "sha256sum", "sqlite3"];
    let has = |tool: &&str| {
        let found = Command::new("sh").args(["-c", "command -v \"$0\"", tool]).output();
        found.is_ok_and(|found| found.status.success())
    };
    if let Some(missing) = tools.iter().find(|tool| !has(tool)) {
        println!("SKIPPED: {missing} is not here; install it: sudo apt-get install {missing}");
        return;
    }
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let item = json!({ "item_number": "A-1", "name": "Salmon", "unit": "kg" });
    owner.post("/inventory/items", &item).await.is(201);
    let backup = ready.back_up().await;
    let folder = tempfile::tempdir().unwrap();
    let (kit, out) = (folder.path().join("kit.txt"), folder.path().join("out"));
    fs::write(&kit, ready.kit.text().reveal()).unwrap();
    let restore = || {
        let script = ready.beside().join("restore.sh");
        let mut command = Command::new("sh");
        command.arg(script).arg(ready.base(&backup)).arg(&kit).arg(&out);
        command.output().unwrap()
    };

    let done = restore();

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let path = format!("workspaces/{}.db", ready.server.workspace);
    assert_eq!(look_at(&out.join(path), "SELECT name FROM items"), "Salmon");
    fs::remove_dir_all(&out).unwrap();
    let part = ready.base(&backup).join("part-0000.tar.zst.age");
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).unwrap();
    assert!(!restore().status.success(), "a changed part is taken");
    ready.server.finish().await;
}

#[tokio::test]
async fn without_a_kit_or_a_target_no_backup_is_asked_for() {
    let server = TestServer::start().await;
    let operator = server.operator().await;

    operator.post("/api/v1/backups", &Value::Null).await.is_problem(409, "backup-no-kit");
    let recipient = Identity::generate().recipient().to_string();
    let new = json!({ "name": "Safe", "recipient": recipient });
    let kit = operator.post("/api/v1/backup-kits", &new).await.is(201);
    operator.post("/api/v1/backups", &Value::Null).await.is_problem(409, "backup-no-target");
    operator.post("/api/v1/backup-kits", &new).await.is_problem(409, "kit-known");
    let wrong = json!({ "name": "Safe", "recipient": "age1nonsense" });
    operator
        .post("/api/v1/backup-kits", &wrong)
        .await
        .is_field_problem("recipient", "kit-recipient");
    let path = format!("/api/v1/backup-kits/{}", kit["id"].as_str().unwrap());
    operator.send(Method::DELETE, &path, &[], "").await.is_problem(409, "kit-last");
    server.finish().await;
}

#[tokio::test]
async fn who_holds_the_kit_can_prove_it_once_for_each_question() {
    let ready = Ready::start().await;
    let path = format!("/api/v1/backup-kits/{}", ready.kit_id);
    let ask = async || {
        let answer = ready.operator.post(&format!("{path}/challenge"), &Value::Null).await.is(200);
        let sealed = STANDARD.decode(answer["challenge"].as_str().unwrap()).unwrap();
        let secret = archive::decrypt(&ready.kit.identity, &sealed).expect("it opens");
        json!({ "proof": STANDARD.encode(secret) })
    };
    let confirm = format!("{path}/confirm");

    let old = ask().await;
    let proof = ask().await;
    ready.operator.post(&confirm, &old).await.is_problem(422, "kit-proof");
    let confirmed = ready.operator.post(&confirm, &proof).await.is(200);
    assert!(confirmed["confirmed_at"].is_string());
    ready.operator.post(&confirm, &proof).await.is_problem(422, "kit-proof");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_target_that_is_not_there_says_so_and_is_tried_again() {
    let ready = Ready::start().await;
    let targets = ready.operator.get("/api/v1/backup-targets").await.is(200);
    let test =
        format!("/api/v1/backup-targets/{}/test", targets["items"][0]["id"].as_str().unwrap());
    let moved = ready.target.path().with_extension("away");
    assert_eq!(ready.operator.post(&test, &Value::Null).await.is(200)["ok"], true);

    fs::rename(ready.target.path(), &moved).unwrap();
    let tried = ready.operator.post(&test, &Value::Null).await.is(200);
    assert_eq!(tried["ok"], false);
    let job = ready.operator.post("/api/v1/backups", &Value::Null).await.is(202);
    ready.server.run_jobs().await;
    let job = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    let waiting = ready.operator.get(&job).await.is(200);
    assert_ne!(waiting["state"], "done", "{waiting}");
    let list = ready.operator.get("/api/v1/backups").await.is(200);
    let copy = &list["items"][0]["copies"][0];
    assert_eq!(
        (&list["items"][0]["state"], &copy["state"]),
        (&json!("running"), &json!("waiting"))
    );
    assert!(copy["detail"].as_str().unwrap().contains("There is no folder"), "{copy}");
    fs::rename(&moved, ready.target.path()).unwrap();
    ready.server.clock.advance(Duration::from_hours(1));
    ready.server.run_jobs().await;
    let list = ready.operator.get("/api/v1/backups").await.is(200);
    assert_eq!(list["items"][0]["level"], "verified", "{list}");
    ready.server.finish().await;
}

#[tokio::test]
async fn targets_are_whole_paths_outside_the_box() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let inside = server.folder().join("backups");
    for path in ["relative", "/mnt/../etc", inside.to_str().unwrap(), ""] {
        let body = json!({ "name": "X", "kind": "folder", "settings": { "path": path } });
        let refused = operator.post("/api/v1/backup-targets", &body).await;
        refused.is_field_problem("settings.path", "target-path");
    }
    let body = json!({ "name": "X", "kind": "tape", "settings": { "path": "/mnt" } });
    let refused = operator.post("/api/v1/backup-targets", &body).await;
    refused.is_field_problem("kind", "target-kind");
    server.finish().await;
}

#[tokio::test]
async fn a_backup_is_of_one_moment_while_everybody_goes_on_writing() {
    let ready = Ready::start_with(&[("storage.workspaces_open_max", "1")]).await;
    let second = ready.server.second_workspace().await;
    let owner = ready.server.person("owner").await;
    let neighbour = ready.server.person_in(second, "owner").await;
    let write = async |who: &Client| {
        for number in 0..40 {
            let item = json!({ "item_number": format!("N-{number}"), "name": "X", "unit": "kg" });
            who.post("/inventory/items", &item).await.is(201);
        }
    };

    let ((), (), backup) = tokio::join!(write(&owner), write(&neighbour), ready.back_up());

    let out = tempfile::tempdir().unwrap();
    let unpacked = ready.unpack(&backup, out.path());
    assert_eq!(unpacked.manifest.files.len(), 3);
    assert_eq!(backup["level"], "verified", "{backup}");
    for id in [ready.server.workspace, second] {
        let file = out.path().join(format!("workspaces/{id}.db"));
        let told = "SELECT (SELECT count(*) FROM items) || ' ' || (SELECT count(*) FROM
            audit_entries WHERE action = 'inventory.item.created')";
        let told = look_at(&file, told);
        let (items, entries) = told.split_once(' ').unwrap();
        assert_eq!(items, entries, "a change without its entry");
        assert_eq!(look_at(&file, "PRAGMA integrity_check"), "ok");
    }
    for who in [&owner, &neighbour] {
        let items = who.get("/inventory/items?limit=200").await.is(200);
        assert_eq!(items["items"].as_array().unwrap().len(), 40, "nothing was refused");
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn a_workspace_whose_file_is_lost_is_named_and_the_rest_is_backed_up() {
    let ready = Ready::start().await;
    let lost = ready.server.second_workspace().await;
    let restarted = ready.restart().await;
    fs::remove_file(restarted.server.folder().join(format!("workspaces/{lost}.db"))).unwrap();

    let backup = restarted.back_up().await;

    let detail = backup["detail"].as_str().expect("what is missing");
    assert!(detail.contains("Other Client"), "{detail}");
    let out = tempfile::tempdir().unwrap();
    assert_eq!(restarted.unpack(&backup, out.path()).manifest.missing, [lost.to_string()]);
    drop(restarted);
}

#[tokio::test]
async fn a_cancelled_backup_leaves_nothing_behind_and_the_next_one_goes_through() {
    let ready = Ready::start().await;
    let job = ready.operator.post("/api/v1/backups", &Value::Null).await.is(202);
    let job = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    ready.operator.post(&format!("{job}/cancel"), &Value::Null).await.is(202);
    ready.server.run_jobs().await;
    assert_eq!(ready.operator.get(&job).await.is(200)["state"], "cancelled");

    let backup = ready.back_up().await;

    assert_eq!(backup["sequence"], 1);
    ready.server.finish().await;
}
