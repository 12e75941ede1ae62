//! Delivery notes and other files of orders: seen by those who see orders, and by nobody else.

use axum::body::Body;
use holdfast::platform::blobs::BlobHash;
use http::Method;
use serde_json::{Value, json};

use super::comments::order;
use super::pictures::photo;
use super::{item, location, path, text};
use crate::events::Listener;
use crate::support::{Client, Reply, TestServer, nothing};

const NOTE: &[u8] = b"%PDF-1.7 and what follows";
const BYTES: (&str, &str) = ("content-type", "application/octet-stream");

/// Where the files of an order are.
pub(crate) fn files_of(order: &Value) -> String {
    format!("{}/files", path("purchase-orders", order))
}

pub(crate) async fn send(client: &Client, at: &str, name: &str, bytes: &[u8]) -> Reply {
    client.send(Method::POST, &format!("{at}?name={name}"), &[BYTES], bytes.to_vec()).await
}

fn one(at: &str, file: &Value) -> String {
    format!("{at}/{}", text(&file["id"]))
}

async fn content(client: &Client, at: &str, file: &Value) -> Reply {
    client.get(&format!("{}/content", one(at, file))).await
}

async fn remove(client: &Client, at: &str, file: &Value) -> Reply {
    client.send(Method::DELETE, &one(at, file), &[], Body::empty()).await
}

fn blobs(server: &TestServer) -> Vec<BlobHash> {
    server.platform.blobs.list(server.workspace).expect("a folder")
}

/// What was done with files of orders.
async fn entries(server: &TestServer) -> Vec<String> {
    let actions = server.audit_actions().await.into_iter();
    actions.filter(|action| action.starts_with("inventory.order-file.")).collect()
}

#[tokio::test]
async fn a_delivery_note_is_put_beside_its_order_seen_saved_and_removed() {
    let server = TestServer::start().await;
    let (manager, other) = (server.person("manager").await, server.person("manager").await);
    let bought = order(&manager).await;
    let at = files_of(&bought);

    let note = send(&manager, &at, "note%2012.pdf", NOTE).await.is(201);
    let page = send(&manager, &at, "page.html", b"<script>alert(1)</script>").await.is(201);
    let list = other.get(&at).await.is(200);

    assert_eq!(list["items"], json!([note, page]));
    assert_eq!([&note["name"], &note["order_id"]], [&json!("note 12.pdf"), &bought["id"]]);
    assert_eq!([&note["media_type"], &note["is_shown"]], [&json!("application/pdf"), &json!(true)]);
    assert_eq!(note["item_id"], Value::Null);
    let shown = content(&other, &at, &note).await;
    assert_eq!((shown.status.as_u16(), &shown.bytes[..]), (200, NOTE));
    assert_eq!(shown.header("content-type"), Some("application/pdf"));
    assert!(shown.header("content-disposition").is_some_and(|it| it.starts_with("inline;")));
    let saved = content(&other, &at, &page).await;
    assert!(saved.header("content-disposition").is_some_and(|it| it.starts_with("attachment;")));
    for reply in [&shown, &saved] {
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    }
    assert_eq!(remove(&other, &at, &note).await.status, 204);
    content(&manager, &at, &note).await.is_problem(404, "not-found");
    remove(&manager, &at, &note).await.is_problem(404, "not-found");
    assert_eq!(manager.get(&at).await.is(200)["items"], json!([page]));
    server.finish().await;
}

/// Delivery notes come late.
#[tokio::test]
async fn an_order_gets_files_whatever_became_of_it() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cooler) = (item(&manager, "SAL").await, location(&manager, "COOL").await);
    let lines = json!({ "lines": [{ "item_id": salmon["id"], "req_qty": "2" }] });
    let act = async |order: &Value, deed: &str, body: Value| {
        manager.post(&format!("{}/{deed}", path("purchase-orders", order)), &body).await
    };
    let received = manager.post("/inventory/purchase-orders", &lines).await.is(201);
    act(&received, "submit", Value::Null).await.is(200);
    let all = json!({ "client_op": "00000000-0000-4000-8000-000000000001",
        "remaining_to": cooler["id"] });
    act(&received, "receive", all).await.is(201);
    let canceled = order(&manager).await;
    act(&canceled, "cancel", Value::Null).await.is(200);

    for (bought, status) in [(received, "received"), (canceled, "canceled")] {
        let now = manager.get(&path("purchase-orders", &bought)).await.is(200);
        let note = send(&manager, &files_of(&bought), "late.pdf", NOTE).await.is(201);
        assert_eq!([&now["status"], &note["order_id"]], [&json!(status), &bought["id"]]);
        let after = manager.get(&path("purchase-orders", &bought)).await.is(200);
        assert_eq!(after, now, "a file changes nothing of its order");
    }
    server.finish().await;
}

#[tokio::test]
async fn who_sees_no_orders_learns_nothing_of_their_files() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, bought) = (item(&manager, "SAL").await, order(&manager).await);
    let at = files_of(&bought);
    let note = send(&manager, &at, "quetzal.pdf", NOTE).await.is(201);
    let nowhere = files_of(&json!({ "id": nothing::<()>().to_string() }));
    let of_salmon = format!("{}/files", path("items", &salmon));

    for role in ["viewer", "member", "analyst", "counter"] {
        let client = server.person(role).await;
        let closed = client.get(&path("purchase-orders", &bought)).await;
        let closed = closed.is_problem(403, "forbidden");
        for at in [&at, &nowhere] {
            for reply in [
                client.get(at).await,
                content(&client, at, &note).await,
                send(&client, at, "mine.pdf", NOTE).await,
                remove(&client, at, &note).await,
            ] {
                let refused = reply.is_problem(403, "forbidden");
                assert_eq!(refused["detail"], closed["detail"], "{role}");
            }
        }
        // A file of an order is not one of an item, whoever asks for it.
        content(&client, &of_salmon, &note).await.is_problem(404, "not-found");
        for question in ["/search?q=quetzal", "/inventory/items", of_salmon.as_str()] {
            let told = client.get(question).await.text();
            assert!(!told.contains("quetzal"), "{role}: {told}");
        }
    }
    assert_eq!(entries(&server).await, ["inventory.order-file.added"]);
    server.finish().await;
}

#[tokio::test]
async fn who_sees_orders_and_writes_nothing_only_reads_their_files() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);
    let at = files_of(&order(&manager).await);
    let note = send(&manager, &at, "note.pdf", NOTE).await.is(201);
    let role = json!({ "name": "Books",
        "permissions": ["workspace.read", "inventory.read", "inventory.prices"] });
    let role = admin.post("/roles", &role).await.is(201);
    let user = server.user("viewer").await;
    let member = format!("/members/{user}");
    admin.change(Method::PATCH, &member, 1, &json!({ "role": role["id"] })).await.is(200);
    let books = server.token_of(user).await;

    assert_eq!(books.get(&at).await.is(200)["items"], json!([note]));
    assert_eq!(&content(&books, &at, &note).await.bytes[..], NOTE);
    send(&books, &at, "mine.pdf", b"%PDF-1.7 mine").await.is_problem(403, "forbidden");
    remove(&books, &at, &note).await.is_problem(403, "forbidden");

    assert_eq!(entries(&server).await, ["inventory.order-file.added"]);
    assert_eq!(blobs(&server).len(), 1, "nothing was kept of what was refused");
    server.finish().await;
}

#[tokio::test]
async fn a_file_is_found_beside_its_own_order_and_nowhere_else() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let elsewhere = server.second_workspace().await;
    let stranger = server.person_in(elsewhere, "owner").await;
    let salmon = item(&manager, "SAL").await;
    let at = files_of(&order(&manager).await);
    let lines = json!({ "lines": [] });
    let second = manager.post("/inventory/purchase-orders", &lines).await.is(201);
    let of_salmon = format!("{}/files", path("items", &salmon));
    let note = send(&manager, &at, "note.pdf", NOTE).await.is(201);
    let photo = send(&manager, &of_salmon, "salmon.pdf", NOTE).await.is(201);

    let nowhere = files_of(&json!({ "id": nothing::<()>().to_string() }));
    let here = stranger.in_workspace(server.workspace);
    for (client, at, file) in [
        (&manager, &files_of(&second), &note),
        (&manager, &of_salmon, &note),
        (&manager, &at, &photo),
        (&manager, &nowhere, &note),
        (&stranger, &at, &note),
        (&here, &at, &note),
    ] {
        content(client, at, file).await.is_problem(404, "not-found");
        remove(client, at, file).await.is_problem(404, "not-found");
    }
    for (client, at) in [(&manager, &nowhere), (&stranger, &at), (&here, &at)] {
        client.get(at).await.is_problem(404, "not-found");
        send(client, at, "mine.pdf", b"%PDF-1.7 mine").await.is_problem(404, "not-found");
    }

    assert_eq!(blobs(&server).len(), 1, "the same bytes lie there once, and no others");
    assert_eq!(remove(&manager, &of_salmon, &photo).await.status, 204);
    assert_eq!(content(&manager, &at, &note).await.status, 200);
    server.finish().await;
}

#[tokio::test]
async fn files_of_an_order_are_bounded_and_a_repeated_request_makes_one() {
    let server = TestServer::start_with(&[
        ("files.size_bytes_max", "2048"),
        ("files.workspace_bytes_max", "4096"),
    ])
    .await;
    let manager = server.person("manager").await;
    let bought = order(&manager).await;
    let at = files_of(&bought);

    let refused = send(&manager, &at, "..", NOTE).await.is_problem(422, "invalid-fields");
    assert_eq!(refused["errors"][0]["field"], "name");
    send(&manager, &at, "a", b"").await.is_problem(422, "file-empty");
    assert_eq!(send(&manager, &at, "a", &[0; 2049]).await.status, 413);
    let past = vec![0; 16 * 1024 * 1024 + 1];
    assert_eq!(send(&manager, &at, "a", &past).await.status, 413);
    let named = format!("{at}?name=a");
    let kind = [("content-type", "application/pdf")];
    assert_eq!(manager.send(Method::POST, &named, &kind, NOTE).await.status, 415);
    assert_eq!(
        (manager.get(&at).await.is(200)["items"].clone(), blobs(&server)),
        (json!([]), vec![])
    );

    let keyed = [BYTES, ("idempotency-key", "k")];
    let first = manager.send(Method::POST, &named, &keyed, vec![1; 2048]).await.is(201);
    let again = manager.send(Method::POST, &named, &keyed, vec![1; 2048]).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.is(201), first);
    let of_salmon = format!("{}/files", path("items", &item(&manager, "SAL").await));
    send(&manager, &of_salmon, "b", &[2; 2000]).await.is(201);
    let full = send(&manager, &at, "c", &[3; 49]).await.is_problem(409, "blobs-full");
    assert!(full["detail"].to_string().contains("4048 of 4096 bytes"), "{full}");
    for number in 1..50 {
        send(&manager, &at, &format!("{number}.bin"), &[1; 2048]).await.is(201);
    }
    send(&manager, &at, "more", &[1; 2048]).await.is_problem(409, "files-too-many");
    let all = manager.get(&at).await.is(200)["items"].as_array().map(Vec::len);
    assert_eq!((all, blobs(&server).len()), (Some(50), 2));
    server.finish().await;
}

#[tokio::test]
async fn a_photo_of_a_note_says_nothing_more_has_a_small_one_and_counts() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let salmon = item(&manager, "SAL").await;
    let at = files_of(&order(&manager).await);
    let sent = photo("52.5163N 13.3777E");
    let small_of = |at: &str, note: &Value| format!("{}/thumbnail", one(at, note));
    let used = async || admin.get("/usage").await.is(200)["file_bytes"].clone();

    let note = send(&manager, &at, "note.jpg", &sent).await.is(201);
    let (got, small) = (content(&manager, &at, &note).await, small_of(&at, &note));
    let small_reply = manager.get(&small).await;
    assert_eq!(small_reply.header("cache-control"), Some("no-store"), "of an order none is kept");
    let small_bytes = small_reply.bytes;

    assert_eq!(note["has_thumbnail"], true);
    assert!(got.bytes.len() < sent.len() && small_bytes.len() < got.bytes.len());
    assert!(small_bytes.starts_with(b"\xff\xd8\xff"), "a small JPEG");
    assert_eq!(used().await, json!(got.bytes.len() + small_bytes.len()));
    server.person("counter").await.get(&small).await.is_problem(403, "forbidden");
    let of_salmon = format!("{}/files", path("items", &salmon));
    manager.get(&small_of(&of_salmon, &note)).await.is_problem(404, "not-found");
    let page = send(&manager, &at, "page.pdf", NOTE).await.is(201);
    manager.get(&small_of(&at, &page)).await.is_problem(404, "not-found");
    for file in [&note, &page] {
        assert_eq!(remove(&manager, &at, file).await.status, 204);
    }
    assert_eq!(used().await, 0);
    server.finish().await;
}

#[tokio::test]
async fn files_of_orders_are_heard_of_by_those_who_see_orders() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, bought) = (item(&manager, "SAL").await, order(&manager).await);
    let mut counter = Listener::start(&server.person("counter").await, None).await;
    let mut other = Listener::start(&server.person("manager").await, None).await;

    let at = files_of(&bought);
    let note = send(&manager, &at, "note.pdf", NOTE).await.is(201);
    assert_eq!(remove(&manager, &at, &note).await.status, 204);
    let of_salmon = format!("{}/files", path("items", &salmon));
    let photo = send(&manager, &of_salmon, "photo.bin", b"a photo").await.is(201);

    let heard = counter.next().await.expect("a change").data;
    assert_eq!(heard["kind"], "inventory.file", "the first that a counter hears: {heard}");
    assert_eq!(heard["id"], photo["id"]);
    for _ in ["added", "removed"] {
        let heard = other.next().await.expect("a change").data;
        assert_eq!([&heard["kind"], &heard["id"]], [&json!("inventory.order-file"), &note["id"]]);
    }
    server.finish().await;
}

#[tokio::test]
async fn the_log_says_of_which_order_a_note_was_and_what_its_bytes_were() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let bought = order(&manager).await;
    let at = files_of(&bought);
    let note = send(&manager, &at, "note.pdf", NOTE).await.is(201);
    assert_eq!(remove(&manager, &at, &note).await.status, 204);

    let log = admin.get("/audit").await.is(200);

    assert_eq!(
        entries(&server).await,
        ["inventory.order-file.added", "inventory.order-file.removed"]
    );
    let rows = log["items"].as_array().expect("a list");
    let mut of_files = rows.iter().filter(|row| row["object"]["kind"] == "inventory.order-file");
    for _ in ["added", "removed"] {
        let row = of_files.next().expect("an entry");
        assert_eq!(row["object"]["id"], note["id"]);
        let changes = &row["changes"];
        assert_eq!(changes["po_number"]["to"], bought["po_number"], "{row}");
        assert_eq!(changes["sha256"]["to"], note["sha256"], "{row}");
        assert!(changes.to_string().contains("note.pdf"), "{row}");
    }
    server.finish().await;
}
