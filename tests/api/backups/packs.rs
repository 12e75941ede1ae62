//! Pictures and documents in backups: each once, for as long as a backup needs it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use holdfast::platform::backups::archive::{Identity, Refused, unpack_blobs};
use http::Method;
use serde_json::{Value, json};

use super::Ready;
use crate::inventory::item;
use crate::support::Client;

const BYTES: [(&str, &str); 1] = [("content-type", "application/octet-stream")];

pub(super) async fn put(client: &Client, item: &Value, bytes: &[u8]) -> Value {
    let id = item["id"].as_str().expect("an id");
    let path = format!("/inventory/items/{id}/files?name=a.bin");
    client.send(Method::POST, &path, &BYTES, bytes.to_vec()).await.is(201)
}

async fn content(client: &Client, item: &Value, file: &Value) -> crate::support::Reply {
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    client.get(&format!("/inventory/items/{}/files/{}/content", id(item), id(file))).await
}

impl Ready {
    fn packs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.beside().join("blobs")).into_iter().flatten().flatten();
        let mut packs: Vec<_> = entries.map(|entry| entry.path()).collect();
        packs.sort();
        packs
    }

    /// Opens the packs of a base as `recover` does.
    pub(super) fn bring(&self, backup: &Value, into: &Path) -> Result<(), Refused> {
        let unpacked = self.unpack(backup, into);
        let packs = self.beside().join("blobs");
        let open = |pack: &holdfast::platform::backups::archive::PartEntry| match fs::File::open(
            packs.join(&pack.name),
        ) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        };
        let (commit, key) = (&unpacked.commit, &self.kit.identity);
        unpack_blobs(commit, &unpacked.manifest, key, open, |_| true, into)
    }
}

fn blob(folder: &Path, workspace: &str, file: &Value) -> PathBuf {
    let hash = file["sha256"].as_str().expect("a hash");
    folder.join("blobs").join(workspace).join(&hash[..2]).join(hash)
}

#[tokio::test]
async fn a_picture_is_sent_once_and_every_backup_brings_it_back() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let first = put(&owner, &salmon, b"the first").await;
    let one = ready.back_up().await;
    let packs = ready.packs();
    let second = put(&owner, &salmon, b"the second").await;
    let two = ready.back_up().await;
    let three = ready.back_up().await;

    assert_eq!(packs.len(), 1);
    assert_eq!(ready.packs().len(), 2, "a pack with nothing new in it was made");
    let workspace = ready.server.workspace.to_string();
    for (backup, files) in
        [(&one, vec![&first]), (&two, vec![&first, &second]), (&three, vec![&first, &second])]
    {
        let out = tempfile::tempdir().unwrap();
        ready.bring(backup, out.path()).expect("whole packs");
        assert_eq!(backup["level"], "verified", "{backup}");
        for file in files {
            let bytes = fs::read(blob(out.path(), &workspace, file)).expect("it came along");
            assert_eq!(Some(bytes.len() as u64), file["size_bytes"].as_u64());
        }
    }
    let packed = fs::read(&ready.packs()[0]).unwrap();
    assert!(!packed.windows(9).any(|part| part == b"the first"), "it lies there readable");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_kit_that_is_new_opens_everything_that_is_backed_up_from_then_on() {
    let mut ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let photo = put(&owner, &salmon, b"of before").await;
    ready.back_up().await;
    let identity = Identity::generate();
    let new = json!({ "name": "Second", "recipient": identity.recipient().to_string() });
    ready.operator.post("/api/v1/backup-kits", &new).await.is(201);

    let backup = ready.back_up().await;

    assert_eq!(ready.packs().len(), 2);
    ready.kit.identity = identity;
    let out = tempfile::tempdir().unwrap();
    ready.bring(&backup, out.path()).expect("the new kit opens it");
    assert!(blob(out.path(), &ready.server.workspace.to_string(), &photo).is_file());
    ready.server.finish().await;
}

#[tokio::test]
async fn a_workspace_comes_back_with_its_pictures_in_place_and_as_another() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let photo = put(&owner, &salmon, b"a picture").await;
    let backup = ready.back_up().await;
    let place = blob(ready.server.folder(), &ready.server.workspace.to_string(), &photo);
    fs::remove_file(&place).unwrap();
    content(&owner, &salmon, &photo).await.is_problem(409, "blob-damaged");

    let mut results = Vec::new();
    for mode in ["in_place", "as_new"] {
        ready.server.clock.advance(Duration::from_secs(1));
        let wish = json!({
            "backup_id": backup["id"], "identity": ready.kit.text().reveal(), "mode": mode,
            "workspace_id": ready.server.workspace.to_string(),
        });
        let asked = ready.operator.post("/api/v1/restores", &wish).await.is(202);
        ready.server.run_jobs().await;
        let job = format!("/api/v1/jobs/{}", asked["id"].as_str().expect("an id"));
        let job = ready.operator.get(&job).await.is(200);
        assert_eq!(job["state"], "done", "{job}");
        results.push(job["result"]["workspace_id"].as_str().expect("an id").to_owned());
    }

    assert_eq!(&content(&owner, &salmon, &photo).await.bytes[..], b"a picture");
    assert_ne!(results[0], results[1]);
    let copied = blob(ready.server.folder(), &results[1], &photo);
    assert_eq!(fs::read(copied).expect("the copy has its own"), b"a picture");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_restore_without_room_for_the_pictures_is_refused_before_it_fetches_them() {
    const PICTURE_BYTES: usize = 6_000_000;
    // What stays free when a restore has all it needs, and one part with what is in it.
    const ROOM_LEFT: u64 = 64 * 1024 * 1024;
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let photo = put(&owner, &salmon, &vec![7; PICTURE_BYTES]).await;
    let backup = ready.back_up().await;
    item(&owner, "LATER").await;
    let place = blob(ready.server.folder(), &ready.server.workspace.to_string(), &photo);
    fs::remove_file(&place).unwrap();
    let part = fs::metadata(ready.base(&backup).join("part-0000.tar.zst.age")).unwrap().len();
    let wish = json!({
        "backup_id": backup["id"], "identity": ready.kit.text().reveal(), "mode": "in_place",
        "workspace_id": ready.server.workspace.to_string(),
    });
    let restored = async || {
        ready.server.clock.advance(Duration::from_secs(1));
        let asked = ready.operator.post("/api/v1/restores", &wish).await.is(202);
        ready.server.run_jobs().await;
        let job = format!("/api/v1/jobs/{}", asked["id"].as_str().expect("an id"));
        ready.operator.get(&job).await.is(200)
    };
    // Unpacked, where it belongs, and its pack: three times the picture.
    let packed = fs::metadata(&ready.packs()[0]).unwrap().len();
    let needed = ROOM_LEFT + 2 * PICTURE_BYTES as u64 + packed;

    for free in [ROOM_LEFT + 2 * part, needed - 1] {
        ready.server.platform.room.pretend(Some(free));
        let refused = restored().await;
        assert_eq!(refused["problem"]["code"], "restore-no-room", "{free}: {refused}");
        assert!(!place.exists(), "it was brought nevertheless");
        let scratch = fs::read_dir(ready.server.folder().join("spool/restores"));
        assert_eq!(scratch.map_or(0, Iterator::count), 0, "something is left");
        let items = owner.get("/inventory/items").await.is(200);
        assert_eq!(items["items"].as_array().unwrap().len(), 2, "{items}");
    }
    ready.server.platform.room.pretend(Some(needed));
    let done = restored().await;

    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(content(&owner, &salmon, &photo).await.bytes.len(), PICTURE_BYTES);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_picture_lost_on_the_box_is_told_and_no_backup_fails_of_it() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let (lost, kept) = (put(&owner, &salmon, b"lost").await, put(&owner, &salmon, b"kept").await);
    let unreadable = put(&owner, &salmon, b"unreadable").await;
    let workspace = ready.server.workspace.to_string();
    fs::write(blob(ready.server.folder(), &workspace, &lost), b"torn").unwrap();
    let path = blob(ready.server.folder(), &workspace, &unreadable);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();

    let backup = ready.back_up().await;

    assert_eq!(backup["level"], "verified");
    assert!(backup["detail"].as_str().is_some_and(|it| it.starts_with("2 pictures")), "{backup}");
    let out = tempfile::tempdir().unwrap();
    let unpacked = ready.unpack(&backup, out.path());
    assert_eq!(unpacked.manifest.missing_blobs.len(), 2);
    assert!(unpacked.manifest.blobs[0].path.ends_with(kept["sha256"].as_str().unwrap()));
    ready.server.finish().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the length is changed behind the box's back")]
async fn a_picture_of_another_length_than_its_row_says_fails_no_backup_and_no_download() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let photos = [put(&owner, &salmon, b"longer").await, put(&owner, &salmon, b"shorter").await];
    let path = ready.server.platform.workspaces.path(ready.server.workspace);
    ready.server.platform.workspaces.close_all().await;
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "UPDATE blobs SET size_bytes = 13 - size_bytes;
         UPDATE item_files SET size_bytes = 13 - size_bytes",
    )
    .unwrap();
    drop(file);

    let backup = ready.back_up().await;

    assert_eq!(backup["level"], "verified", "{backup}");
    let out = tempfile::tempdir().unwrap();
    let manifest = ready.unpack(&backup, out.path()).manifest;
    assert_eq!((manifest.blobs.len(), manifest.missing_blobs.len()), (0, 2));
    for (photo, bytes) in photos.iter().zip(["longer", "shorter"]) {
        let fetched = content(&owner, &salmon, photo).await;
        assert_eq!(&fetched.bytes[..], bytes.as_bytes());
        assert_eq!(fetched.header("content-length"), Some(bytes.len().to_string().as_str()));
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn a_pack_goes_with_the_last_backup_that_needs_it_and_not_before() {
    let mut ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let (gone, kept) =
        (put(&owner, &salmon, b"removed").await, put(&owner, &salmon, b"kept").await);
    ready.back_up().await;
    let path = format!(
        "/inventory/items/{}/files/{}",
        salmon["id"].as_str().unwrap(),
        gone["id"].as_str().unwrap()
    );
    assert_eq!(owner.send(Method::DELETE, &path, &[], Body::empty()).await.status, 204);
    // The pack is needed for the other one as long as that is there.
    let mut newest = ready.back_up().await;
    let first = ready.packs();
    let fewest = json!({ "retention":
        { "daily": 1, "weekly": 0, "monthly": 0, "yearly": 0, "verified_min": 1 } });
    ready.operator.json(Method::PATCH, "/api/v1/backup-settings", &[], &fewest).await.is(200);
    for _ in 0..3 {
        ready.server.clock.advance(Duration::from_hours(25));
        ready.operator = ready.server.operator().await;
        newest = ready.back_up().await;
        ready.server.run_jobs().await;
    }
    assert_eq!(ready.packs(), first);
    let list = ready.operator.get("/api/v1/backups").await.is(200);
    let is_gone = |one: &&Value| one["copies"][0]["state"] == "gone";
    assert!(list["items"].as_array().unwrap().iter().filter(is_gone).count() > 1, "{list}");
    let out = tempfile::tempdir().unwrap();
    ready.bring(&newest, out.path()).expect("whole packs");

    let owner = ready.server.person("owner").await;
    let path = format!(
        "/inventory/items/{}/files/{}",
        salmon["id"].as_str().unwrap(),
        kept["id"].as_str().unwrap()
    );
    assert_eq!(owner.send(Method::DELETE, &path, &[], Body::empty()).await.status, 204);
    for _ in 0..4 {
        ready.server.clock.advance(Duration::from_hours(25));
        ready.operator = ready.server.operator().await;
        ready.back_up().await;
        ready.server.run_jobs().await;
    }

    assert!(ready.packs().is_empty(), "nothing needs it any more");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_pack_that_was_changed_cut_dropped_or_swapped_is_refused_by_its_name() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    put(&owner, &salmon, &[1; 5_000]).await;
    ready.back_up().await;
    put(&owner, &salmon, &[2; 5_000]).await;
    let backup = ready.back_up().await;
    let packs = ready.packs();
    let (own, other) = (fs::read(&packs[0]).unwrap(), fs::read(&packs[1]).unwrap());
    let name = packs[0].file_name().unwrap().to_str().unwrap().to_owned();
    let refusal = || {
        let out = tempfile::tempdir().unwrap();
        ready.bring(&backup, out.path())
    };
    let part = |fault| Err(Refused::Part { name: name.clone(), fault });

    for at in (0..own.len()).step_by(own.len() / 60) {
        let mut bytes = own.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&packs[0], &bytes).unwrap();
        assert_eq!(refusal(), part("differs from what was written"), "byte {at}");
        fs::write(&packs[0], &own[..at]).unwrap();
        assert_eq!(refusal(), part("is not as long as it was"), "cut at {at}");
    }
    fs::write(&packs[0], &other).unwrap();
    // Headers of age differ in length.
    assert!(matches!(refusal(), Err(Refused::Part { name: told, .. }) if told == name));
    fs::remove_file(&packs[0]).unwrap();
    assert_eq!(refusal(), part("is missing"));
    let check = format!("/api/v1/backups/{}/verify", backup["id"].as_str().unwrap());
    ready.operator.post(&check, &Value::Null).await.is(202);
    ready.server.run_jobs().await;
    let damaged = ready.operator.get("/api/v1/backups").await.is(200)["items"][0].clone();
    assert_eq!(damaged["copies"][0]["state"], "failed", "{damaged}");

    let next = ready.back_up().await;

    assert_eq!(next["level"], "verified", "what was damaged is packed anew: {next}");
    let out = tempfile::tempdir().unwrap();
    ready.bring(&next, out.path()).expect("whole packs");
    ready.server.finish().await;
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
async fn the_script_beside_the_backups_brings_pictures_back() {
    for tool in ["age", "zstd", "sqlite3"] {
        if Command::new(tool).arg("--version").output().is_err() {
            println!("SKIPPED: {tool} is not here; install it: sudo apt-get install {tool}");
            return;
        }
    }
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let first = put(&owner, &salmon, b"the first").await;
    ready.back_up().await;
    let second = put(&owner, &salmon, b"the second").await;
    let backup = ready.back_up().await;
    let folder = tempfile::tempdir().unwrap();
    let kit = folder.path().join("kit.txt");
    fs::write(&kit, ready.kit.text().reveal()).unwrap();
    let restore = |out: &Path| {
        let script = ready.beside().join("restore.sh");
        let mut command = Command::new("sh");
        command.arg(script).arg(ready.base(&backup)).arg(&kit).arg(out).output().unwrap()
    };
    let out = folder.path().join("out");

    let done = restore(&out);

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let workspace = ready.server.workspace.to_string();
    assert_eq!(fs::read(blob(&out, &workspace, &first)).unwrap(), b"the first");
    assert_eq!(fs::read(blob(&out, &workspace, &second)).unwrap(), b"the second");
    let pack = &ready.packs()[0];
    let mut bytes = fs::read(pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(pack, bytes).unwrap();
    assert!(!restore(&folder.path().join("again")).status.success(), "a changed pack is taken");
    ready.server.finish().await;
}

/// A base relies on packs that lie at the targets as it begins, and says so when it is written.
#[tokio::test]
async fn no_pack_goes_while_a_backup_that_may_need_it_is_being_written() {
    let ready = Ready::start().await;
    let owner = ready.server.person("owner").await;
    let salmon = item(&owner, "SAL").await;
    let photo = put(&owner, &salmon, b"in one and in four").await;
    let one = ready.back_up().await;
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let path = format!("/inventory/items/{}/files/{}", id(&salmon), id(&photo));
    owner.send(Method::DELETE, &path, &[], Body::empty()).await.is(204);
    ready.back_up().await;
    ready.back_up().await;
    put(&owner, &salmon, b"in one and in four").await;
    let held_up = put(&owner, &salmon, b"what the backup waits for").await;
    let workspace = ready.server.workspace.to_string();
    let pipe = blob(ready.server.folder(), &workspace, &held_up);
    fs::remove_file(&pipe).unwrap();
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600));
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
    let none = json!({ "retention": { "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0,
        "verified_min": 1 } });
    let operator = &ready.operator;
    operator.json(Method::PATCH, "/api/v1/backup-settings", &[], &none).await.is(200);
    ready.server.advance(Duration::from_mins(1));
    operator.post("/api/v1/backups", &Value::Null).await.is(202);

    let at = pipe.clone();
    let opened =
        tokio::task::spawn_blocking(move || fs::File::options().write(true).open(at).unwrap());
    let backup = async {
        ready.server.run_jobs().await;
        // Lets go of the thread above should nobody have read.
        drop(fs::File::options().read(true).write(true).open(&pipe).unwrap());
    };
    let meanwhile = async {
        let mut being_read = opened.await.unwrap();
        let asked = operator.post("/api/v1/backups/prune", &Value::Null).await.is(202);
        ready.server.run_jobs().await;
        let packs = ready.packs().len();
        being_read.write_all(b"damaged").unwrap();
        let pruned = operator.get(&format!("/api/v1/jobs/{}", id(&asked))).await.is(200);
        (pruned, packs)
    };
    let ((), (pruned, packs)) = tokio::join!(backup, meanwhile);

    assert_eq!(pruned["result"]["removed"], json!([]), "{pruned}");
    assert_eq!(pruned["result"]["waits_for_backup"], true, "{pruned}");
    assert_eq!(packs, 1);
    let list = operator.get("/api/v1/backups").await.is(200);
    assert_eq!(list["items"][0]["level"], "verified", "{list}");
    // That one asked for the rest.
    assert!(!ready.base(&one).exists());
    assert_eq!(ready.packs().len(), 1, "what it needs stays");
    ready.server.finish().await;
}
