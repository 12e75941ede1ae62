//! A workspace goes from one box to another in a file.

use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::backups::archive::{Identity, Key, Kit};
use holdfast::platform::backups::portable::ops::resume;
use holdfast::platform::blobs::ops::refer_in;
use holdfast::platform::blobs::rules::Owner;
use holdfast::platform::ctx::Scope;
use holdfast::platform::id::Id;
use holdfast::platform::workspaces::WorkspaceId;
use http::Method;
use serde_json::{Value, json};

use crate::inventory::comments::order;
use crate::inventory::order_files::{self, files_of};
use crate::inventory::{item, location, on_hand, post};
use crate::support::{Client, PASSWORD, ROOM_BYTES, TestServer};

mod exports;
mod hostile;
mod members;
mod releases;

/// An archive, what opens it, and what the job said of it.
struct Sent {
    bytes: Vec<u8>,
    identity: Identity,
    result: Value,
}

impl Sent {
    fn key(&self) -> Value {
        json!({ "identity": self.identity.line().reveal() })
    }
}

async fn job(server: &TestServer, asked: &Value, client: &Client, base: &str) -> Value {
    server.run_jobs().await;
    let id = asked["id"].as_str().expect("an id");
    client.get(&format!("{base}/jobs/{id}")).await.is(200)
}

/// Exports the workspace of the owner to a new key.
async fn export(server: &TestServer, owner: &Client) -> Sent {
    let identity = Identity::generate();
    let to = json!({ "recipient": identity.recipient().to_string() });
    let (bytes, result) = export_to(server, owner, &to).await;
    Sent { bytes, identity, result }
}

async fn export_to(server: &TestServer, owner: &Client, to: &Value) -> (Vec<u8>, Value) {
    let asked = owner.post("/exports", to).await.is(202);
    let job = job(server, &asked, owner, "").await;
    assert_eq!(job["state"], "done", "{job}");
    let file = job["result"]["file"].as_str().expect("a path").to_owned();
    let fetched = owner.get(&file).await;
    assert_eq!(fetched.status.as_u16(), 200);
    (fetched.bytes.to_vec(), job["result"].clone())
}

async fn upload(operator: &Client, bytes: &[u8]) -> String {
    let about = json!({ "size_bytes": bytes.len() });
    let begun = operator.post("/api/v1/workspaces/imports", &about).await.is(201);
    let id = begun["id"].as_str().expect("an id").to_owned();
    for (number, piece) in bytes.chunks(100_000).enumerate() {
        send_piece(operator, &id, number * 100_000, piece).await.is(200);
    }
    id
}

async fn send_piece(
    operator: &Client,
    id: &str,
    offset: usize,
    piece: &[u8],
) -> crate::support::Reply {
    let path = format!("/api/v1/workspaces/imports/{id}/pieces?offset={offset}");
    let headers = [("content-type", "application/octet-stream")];
    operator.send(Method::POST, &path, &headers, piece.to_vec()).await
}

fn wish(mode: &str, key: &Value) -> Value {
    let mut wish = key.clone();
    wish["mode"] = json!(mode);
    wish
}

/// Starts to read an upload and gives the job as it ended.
async fn read(server: &TestServer, operator: &Client, id: &str, wish: &Value) -> Value {
    let path = format!("/api/v1/workspaces/imports/{id}/start");
    let asked = operator.post(&path, wish).await.is(202);
    job(server, &asked, operator, "/api/v1").await
}

/// Imports an archive and gives what the job answered.
async fn import(server: &TestServer, operator: &Client, sent: &Sent) -> Value {
    let id = upload(operator, &sent.bytes).await;
    let job = read(server, operator, &id, &wish("import", &sent.key())).await;
    assert_eq!(job["state"], "done", "{job}");
    job["result"].clone()
}

/// Why an archive is not taken; nothing of it stays.
async fn refused(
    server: &TestServer,
    operator: &Client,
    bytes: &[u8],
    key: &Value,
) -> (String, String) {
    let id = upload(operator, bytes).await;
    let before = files(server);
    let job = read(server, operator, &id, &wish("import", key)).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert_eq!(files(server), before);
    let path = format!("/api/v1/workspaces/imports/{id}");
    operator.send(Method::DELETE, &path, &[], "").await.is(204);
    let text = |name: &str| job["problem"][name].as_str().expect("a text").to_owned();
    (text("code"), text("detail"))
}

/// Workspaces' files, and what is left in scratch.
fn files(server: &TestServer) -> (usize, usize) {
    let count = |folder: &str| {
        let entries = fs::read_dir(server.folder().join(folder)).into_iter().flatten().flatten();
        entries.filter(|one| !one.path().to_string_lossy().contains(".db-")).count()
    };
    (count("workspaces"), count("spool/imports"))
}

fn new_workspace(result: &Value) -> WorkspaceId {
    result["workspace_id"].as_str().expect("an id").parse().expect("as described")
}

#[tokio::test]
async fn a_workspace_goes_to_another_box_with_all_that_is_in_it() {
    let (here, there) = (TestServer::start().await, TestServer::start().await);
    let owner = here.person("owner").await;
    let manager = here.account("mira@example.com", "manager").await;
    let manager = here.token_of(manager).await.in_workspace(here.workspace);
    let (salmon, cellar) = (item(&manager, "A").await, location(&manager, "C").await);
    post(&manager, "receive", &salmon, &cellar, "7.5").await;
    post(&manager, "use", &salmon, &cellar, "2").await;
    let role = json!({ "name": "Stocktaker", "permissions": ["inventory.read"] });
    owner.post("/roles", &role).await.is(201);
    let settings = json!({ "time_zone": "Europe/Berlin", "currency": "CHF" });
    let about = owner.get("").await;
    let version = about.json()["version"].as_i64().expect("a number");
    owner.change(Method::PATCH, "", version, &settings).await.is(200);
    let sent = export(&here, &owner).await;
    let operator = there.operator().await;

    let id = upload(&operator, &sent.bytes).await;
    let look = read(&there, &operator, &id, &wish("look", &sent.key())).await;
    let before = files(&there);
    let done = read(&there, &operator, &id, &wish("import", &sent.key())).await;

    assert_eq!(look["state"], "done", "{look}");
    assert_eq!(look["result"]["fingerprint"], sent.result["fingerprint"]);
    assert_eq!(look["result"]["is_own"], false);
    assert_eq!(look["result"]["workspace_id"], Value::Null);
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(files(&there), (before.0 + 1, 0));
    let result = &done["result"];
    assert_eq!(result["audit_entries"], sent.result["audit_entries"]);
    // Its file says of itself what the workspace says here, but for the log that begins anew.
    let new = new_workspace(result);
    assert_ne!(new, here.workspace);
    let mine = operator.in_workspace(new);
    let shown = mine.get("").await.is(200);
    for (name, value) in [("time_zone", "Europe/Berlin"), ("currency", "CHF")] {
        assert_eq!(shown[name], value);
    }
    // The box there has one of this name already.
    assert_eq!(shown["name"], "Harbour Kitchen (imported)");
    assert_eq!(on_hand(&mine, &salmon).await, on_hand(&owner, &salmon).await);
    let checked = mine.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(checked["ok"], true, "{checked}");
    let theirs = owner.get("/inventory/movements").await.is(200);
    let ours = mine.get("/inventory/movements").await.is(200);
    assert_eq!(ours, theirs, "with the names of the people who posted them");
    assert!(ours.to_string().contains("Mira Novak"));
    let roles = mine.get("/roles").await.is(200).to_string();
    assert!(roles.contains("Stocktaker"), "{roles}");
    let people = mine.get("/people-elsewhere").await.is(200);
    let mira = people["items"].as_array().expect("a list").iter();
    let mira = mira.filter(|one| one["email"] == "mira@example.com").collect::<Vec<_>>();
    assert_eq!((mira.len(), &mira[0]["role"]), (1, &json!("manager")));
    let log = mine.get("/audit?log=workspace").await;
    let log = if log.status == 200 { log } else { mine.get("/audit").await };
    let log = log.is(200)["items"].as_array().expect("a list").clone();
    let first = log.iter().find(|one| one["action"] == "workspace.imported").expect("an entry");
    let head = &first["changes"]["source_head"]["to"];
    assert_eq!(*head, result["audit_head"], "{first}");
    let verdict = mine.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
    item(&mine, "B").await;
    // What was sent is gone once it is here.
    operator.get(&format!("/api/v1/workspaces/imports/{id}")).await.is_problem(404, "not-found");
    here.finish().await;
    there.finish().await;
}

#[tokio::test]
async fn an_archive_is_made_by_owners_alone_and_waits_for_a_day() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let admin = server.person("admin").await;
    let to = json!({ "recipient": Identity::generate().recipient().to_string() });
    admin.post("/exports", &to).await.is_problem(403, "forbidden");
    for (body, field) in [
        (json!({}), "kits"),
        (json!({ "kits": true, "passphrase": "a" }), "kits"),
        (json!({ "recipient": "age1nonsense" }), "recipient"),
    ] {
        owner.post("/exports", &body).await.is_field_problem(field, "export-to");
    }
    let weak = json!({ "passphrase": "password1234" });
    owner.post("/exports", &weak).await.is_field_problem("passphrase", "archive-passphrase");
    owner.post("/exports", &json!({ "kits": true })).await.is_problem(409, "export-no-kit");
    server.advance(Duration::from_mins(1));

    let sent = export(&server, &owner).await;

    let file = sent.result["file"].as_str().expect("a path");
    admin.get(file).await.is_problem(403, "forbidden");
    let counts = server.box_counts().await;
    assert_eq!(counts["workspace.export_requested"], 1);
    let actions = server.audit_actions().await;
    let told = actions.iter().filter(|one| one.starts_with("workspace.export")).count();
    assert_eq!(told, 2, "made and fetched: {actions:?}");
    // A second one takes the place of the first.
    let again = export(&server, &owner).await;
    owner.get(file).await.is_problem(404, "not-found");
    let file = again.result["file"].as_str().expect("a path");
    server.advance(Duration::from_hours(25));
    let owner = server.person("owner").await;
    owner.get(file).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_passphrase_opens_what_it_locked_and_lies_nowhere() {
    let server = TestServer::start().await;
    let (owner, operator) = (server.person("owner").await, server.operator().await);
    item(&owner, "A").await;
    let to = json!({ "passphrase": PASSWORD });

    let (bytes, _) = export_to(&server, &owner, &to).await;

    let (code, _) =
        refused(&server, &operator, &bytes, &json!({ "passphrase": "another one" })).await;
    assert_eq!(code, "import-key");
    let id = upload(&operator, &bytes).await;
    let done = read(&server, &operator, &id, &wish("import", &to)).await;
    assert_eq!(done["state"], "done", "{done}");
    for place in walk(server.folder()) {
        let bytes = fs::read(&place).expect("a file");
        let is_there = bytes.windows(PASSWORD.len()).any(|one| one == PASSWORD.as_bytes());
        assert!(!is_there, "{}", place.display());
    }
    server.finish().await;
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let below = |path: std::path::PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries.flat_map(|one| below(one.path())).filter(|path| path.is_file()).collect()
}

#[tokio::test]
async fn a_kit_opens_only_what_its_own_box_signed() {
    let ready = crate::backups::Ready::start().await;
    let other = TestServer::start().await;
    let owner = ready.server.person("owner").await;
    item(&owner, "A").await;
    let (bytes, _) = export_to(&ready.server, &owner, &json!({ "kits": true })).await;
    let operator = other.operator().await;
    let foreign = Kit { signing_key: [7; 32], ..ready.kit.clone() };

    let (code, _) =
        refused(&other, &operator, &bytes, &json!({ "identity": foreign.text().reveal() })).await;
    assert_eq!(code, "import-signer");
    let wrong = json!({ "identity": Identity::generate().line().reveal() });
    assert_eq!(refused(&other, &operator, &bytes, &wrong).await.0, "import-key");
    let id = upload(&operator, &bytes).await;
    // A kit of which a line is damaged is no key without a box: the signer would not be looked at.
    let text = ready.kit.text().reveal().to_owned();
    for line in ["# signing-key: ", "# box: "] {
        let damaged = wish("import", &json!({ "identity": text.replace(line, "# ") }));
        let start = format!("/api/v1/workspaces/imports/{id}/start");
        operator.post(&start, &damaged).await.is_field_problem("identity", "import-key");
    }
    let kit = json!({ "identity": ready.kit.text().reveal() });
    let done = read(&other, &operator, &id, &wish("import", &kit)).await;
    assert_eq!(done["state"], "done", "{done}");
    assert!(!done.to_string().contains("AGE-SECRET"), "{done}");
    ready.server.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn pieces_are_taken_in_order_and_once() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let begin = "/api/v1/workspaces/imports";
    let huge = json!({ "size_bytes": 1_u64 << 40 });
    operator.post(begin, &huge).await.is_problem(413, "too-large");
    let id = upload(&operator, b"").await;
    send_piece(&operator, &id, 0, b"abc").await.is(200);

    let again = send_piece(&operator, &id, 0, b"abc").await.is(200);
    let gap = send_piece(&operator, &id, 7, b"x").await.is_problem(409, "import-offset");
    let next = send_piece(&operator, &id, 3, b"def").await.is(200);

    assert_eq!((&again["received_bytes"], &next["received_bytes"]), (&json!(3), &json!(6)));
    assert_eq!(gap["received_bytes"], "3");
    let owner = server.person("owner").await;
    let path = format!("{begin}/{id}");
    owner.get(&path).await.is_problem(403, "forbidden");
    send_piece(&owner, &id, 6, b"x").await.is_problem(403, "forbidden");
    let start = format!("{path}/start");
    let bad = json!({ "mode": "import" });
    operator.post(&start, &bad).await.is_field_problem("identity", "import-key");
    let bad = json!({ "mode": "eat", "passphrase": "x" });
    operator.post(&start, &bad).await.is_field_problem("mode", "import-mode");
    let (code, _) =
        refused(&server, &operator, b"no archive at all", &json!({ "passphrase": "x" })).await;
    assert_eq!(code, "import-refused");
    server.advance(Duration::from_hours(25));
    let operator = server.operator().await;
    operator.get(&path).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn of_one_archive_one_import_runs_and_of_two_both_come_in() {
    let server = TestServer::start().await;
    let (owner, operator) = (server.person("owner").await, server.operator().await);
    item(&owner, "A").await;
    let sent = export(&server, &owner).await;
    let (one, two) = (upload(&operator, &sent.bytes).await, upload(&operator, &sent.bytes).await);
    let start = |id: &str| format!("/api/v1/workspaces/imports/{id}/start");
    let body = wish("import", &sent.key());

    let first = operator.post(&start(&one), &body).await.is(202);
    operator.post(&start(&one), &body).await.is_problem(409, "job-under-way");
    let second = operator.post(&start(&two), &body).await.is(202);

    let first = job(&server, &first, &operator, "/api/v1").await;
    let second = job(&server, &second, &operator, "/api/v1").await;
    assert_eq!((&first["state"], &second["state"]), (&json!("done"), &json!("done")), "{second}");
    assert_ne!(first["result"]["workspace_id"], second["result"]["workspace_id"]);
    for result in [&first["result"], &second["result"]] {
        let mine = operator.in_workspace(new_workspace(result));
        assert_eq!(mine.get("/inventory/items").await.is(200)["items"][0]["item_number"], "A");
    }
    server.finish().await;
}

#[tokio::test]
async fn without_room_nothing_is_begun() {
    let server = TestServer::start().await;
    let (owner, operator) = (server.person("owner").await, server.operator().await);
    let sent = export(&server, &owner).await;
    let id = upload(&operator, &sent.bytes).await;
    server.platform.room.pretend(Some(1_000));

    let about = json!({ "size_bytes": 10 });
    let begin = operator.post("/api/v1/workspaces/imports", &about).await;
    begin.is_problem(409, "archive-no-room");
    let job = read(&server, &operator, &id, &wish("import", &sent.key())).await;
    assert_eq!(job["problem"]["code"], "archive-no-room", "{job}");
    let to = json!({ "recipient": sent.identity.recipient().to_string() });
    let asked = owner.post("/exports", &to).await.is(202);
    let exported = self::job(&server, &asked, &owner, "").await;
    assert_eq!(exported["problem"]["code"], "archive-no-room", "{exported}");

    server.platform.room.pretend(Some(ROOM_BYTES));
    let job = read(&server, &operator, &id, &wish("import", &sent.key())).await;
    assert_eq!(job["state"], "done", "{job}");
    server.finish().await;
}

#[tokio::test]
async fn what_an_import_left_that_was_cut_off_is_gone_after_the_start() {
    let server = TestServer::start().await;
    let (owner, operator) = (server.person("owner").await, server.operator().await);
    item(&owner, "A").await;
    let result = import(&server, &operator, &export(&server, &owner).await).await;
    let kept = new_workspace(&result);
    let lost: WorkspaceId = Id::from_bytes([5; 16]);
    let path = |id: WorkspaceId| server.folder().join(format!("workspaces/{id}.db"));
    let scratch = |id: WorkspaceId| server.folder().join(format!("spool/imports/{id}/files"));
    // One was put in place and never became a workspace; the other did and left its scratch.
    fs::copy(path(server.workspace), path(lost)).expect("a copy");
    for id in [kept, lost] {
        fs::create_dir_all(scratch(id)).expect("a folder");
    }

    resume(&server.platform).await.expect("a sweep");

    assert!(path(kept).is_file());
    assert!(!path(lost).exists());
    assert!(!scratch(kept).exists() && !scratch(lost).exists());
    let mine = operator.in_workspace(kept);
    assert_eq!(mine.get("/inventory/items").await.is(200)["items"][0]["item_number"], "A");
    server.finish().await;
}

#[tokio::test]
async fn files_of_a_workspace_go_along_and_are_checked() {
    let (here, there) = (TestServer::start().await, TestServer::start().await);
    let owner = here.person("owner").await;
    let bytes = b"%PDF-1.7 a delivery note";
    let (id, now) = (here.platform.random.id(), here.clock.now());
    let received = here.platform.blobs.receive(id, &mut &bytes[..], 1_000).expect("received");
    let blob = here.platform.blobs.keep(here.workspace, &received, now).expect("kept");
    let refer = move |scope: &Scope<'_>| {
        refer_in(scope, &blob, Owner { kind: "test.file", id: scope.new_id() }, 1_000)
    };
    here.inside().write(refer).await.expect("a reference");
    let sent = export(&here, &owner).await;
    let operator = there.operator().await;

    let result = import(&there, &operator, &sent).await;

    let new = new_workspace(&result);
    let kept = fs::read(there.platform.blobs.path(new, blob.hash)).expect("the file");
    assert_eq!(kept, bytes);
    let mut members = members::Members::of(&sent.bytes, &key_of(&sent));
    let name = format!("blobs/{}/{}", &blob.hash.to_string()[..2], blob.hash);
    let to = sent.identity.recipient();
    members.set(&name, b"something else".to_vec());
    members.sign();
    let (code, _) = refused(&there, &operator, &members.pack(&to), &sent.key()).await;
    assert_eq!(code, "import-refused");
    members.0.retain(|(path, _)| *path != name);
    members.sign();
    let (code, _) = refused(&there, &operator, &members.pack(&to), &sent.key()).await;
    assert_eq!(code, "import-refused");
    // A length that is not the file's would stop every backup of the box from then on.
    for change in ["+ 1", "- 1"] {
        let mut members = members::Members::of(&sent.bytes, &key_of(&sent));
        members.alter(&format!("UPDATE blobs SET size_bytes = size_bytes {change}"));
        members.sign();
        let (code, detail) = refused(&there, &operator, &members.pack(&to), &sent.key()).await;
        assert_eq!(code, "import-refused", "{change}: {detail}");
        assert!(detail.contains("longer or shorter"), "{change}: {detail}");
    }
    here.finish().await;
    there.finish().await;
}

#[tokio::test]
async fn delivery_notes_go_along_with_their_orders() {
    let (here, there) = (TestServer::start().await, TestServer::start().await);
    let owner = here.person("owner").await;
    let at = files_of(&order(&owner).await);
    let bytes = b"%PDF-1.7 a delivery note";
    let note = order_files::send(&owner, &at, "note.pdf", bytes).await.is(201);
    let sent = export(&here, &owner).await;
    let operator = there.operator().await;

    let result = import(&there, &operator, &sent).await;

    let mine = operator.in_workspace(new_workspace(&result));
    assert_eq!(mine.get(&at).await.is(200)["items"], json!([note]));
    let id = note["id"].as_str().expect("an id");
    assert_eq!(&mine.get(&format!("{at}/{id}/content")).await.bytes[..], bytes);
    here.finish().await;
    there.finish().await;
}

#[tokio::test]
async fn whoever_was_erased_here_is_erased_from_what_comes_back() {
    let server = TestServer::start().await;
    let (owner, operator) = (server.person("owner").await, server.operator().await);
    let mira = server.account("mira@example.com", "manager").await;
    let manager = server.token_of(mira).await.in_workspace(server.workspace);
    let mut note = json!({ "item_number": "A", "name": "Salmon", "unit": "kg" });
    note["notes"] = json!("Ask Mira Novak");
    manager.post("/inventory/items", &note).await.is(201);
    let sent = export(&server, &owner).await;
    let path = format!("/api/v1/users/{mira}/erase");
    let confirm = json!({ "confirm": "mira@example.com" });
    operator.post(&path, &confirm).await.is(202);
    server.run_jobs().await;

    let result = import(&server, &operator, &sent).await;
    server.run_jobs().await;

    let mine = operator.in_workspace(new_workspace(&result));
    let items = mine.get("/inventory/items").await.is(200);
    let id = items["items"][0]["id"].as_str().expect("an id");
    let item = mine.get(&format!("/inventory/items/{id}")).await.is(200);
    assert!(!item.to_string().contains("Mira"), "{item}");
    let people = mine.get("/people-elsewhere").await.is(200);
    assert!(!people.to_string().contains("mira"), "{people}");
    let erasures = operator.get("/api/v1/erasures").await.is(200);
    assert_eq!(erasures["items"][0]["state"], "done", "{erasures}");
    server.finish().await;
}

/// As the box of the test signs: what an archive says of its key.
fn decoded(text: &Value) -> [u8; 32] {
    STANDARD.decode(text.as_str().expect("a text")).expect("base64").try_into().expect("a key")
}

fn key_of(sent: &Sent) -> Key {
    Key::Identity(sent.identity.clone())
}
