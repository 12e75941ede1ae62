//! Pictures and documents of items.

use std::time::Duration;

use axum::body::Body;
use futures_util::stream;
use holdfast::platform::blobs::ops::sweep;
use holdfast::platform::blobs::rules::FREE_BYTES_MIN;
use holdfast::platform::blobs::{BlobHash, Blobs};
use http::Method;
use serde_json::{Value, json};

use super::{item, path};
use crate::support::{Client, Reply, TestServer};

const DAY: Duration = Duration::from_hours(24);
/// One pixel, and nothing else.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\
    \0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\x0dIDATx\xdacd`\xf8_\x0f\0\x02\x87\x01\x80\xebG\xba\x92\0\0\0\0IEND\xaeB`\x82";
pub(super) const BYTES: [(&str, &str); 1] = [("content-type", "application/octet-stream")];

pub(super) fn files_of(item: &Value) -> String {
    format!("{}/files", path("items", item))
}

pub(super) async fn send(client: &Client, item: &Value, name: &str, bytes: &[u8]) -> Reply {
    let path = format!("{}?name={name}", files_of(item));
    client.send(Method::POST, &path, &BYTES, bytes.to_vec()).await
}

pub(super) fn below(item: &Value, file: &Value) -> String {
    format!("{}/{}", files_of(item), super::text(&file["id"]))
}

pub(super) async fn content(client: &Client, item: &Value, file: &Value) -> Reply {
    client.get(&format!("{}/content", below(item, file))).await
}

pub(super) async fn remove(client: &Client, item: &Value, file: &Value) -> Reply {
    client.send(Method::DELETE, &below(item, file), &[], Body::empty()).await
}

fn hash_of(file: &Value) -> BlobHash {
    super::text(&file["sha256"]).parse().expect("a hash")
}

pub(super) fn blobs(server: &TestServer) -> Vec<BlobHash> {
    server.platform.blobs.list(server.workspace).expect("a folder")
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_and_a_browser_runs_nothing_of_it() {
    let server = TestServer::start().await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let salmon = item(&manager, "SAL").await;

    let photo = send(&manager, &salmon, "salmon.png", PNG).await.is(201);
    let page = send(&manager, &salmon, "page.html", b"<script>alert(1)</script>").await.is(201);
    let list = viewer.get(&files_of(&salmon)).await.is(200);

    assert_eq!(list["items"], json!([photo, page]));
    assert_eq!((&photo["media_type"], &photo["is_shown"]), (&json!("image/png"), &json!(true)));
    assert_eq!(page["media_type"], "application/octet-stream");
    let shown = content(&viewer, &salmon, &photo).await;
    assert_eq!((shown.status.as_u16(), &shown.bytes[..]), (200, PNG));
    assert_eq!(shown.header("content-type"), Some("image/png"));
    assert!(shown.header("content-disposition").is_some_and(|it| it.starts_with("inline;")));
    let saved = content(&viewer, &salmon, &page).await;
    assert_eq!(&saved.bytes[..], b"<script>alert(1)</script>");
    assert!(saved.header("content-disposition").is_some_and(|it| it.starts_with("attachment;")));
    for reply in [&shown, &saved] {
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    }
    let download = format!("{}/content?download=true", below(&salmon, &photo));
    let download = viewer.get(&download).await;
    assert!(download.header("content-disposition").is_some_and(|it| it.starts_with("attach")));
    server.finish().await;
}

#[tokio::test]
async fn names_sizes_and_types_that_do_not_fit_are_refused_and_leave_nothing() {
    let server = TestServer::start_with(&[("files.size_bytes_max", "2048")]).await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;

    for name in ["", "%20", "..", "a%2F..", "%E2%80%AEgpj.exe", &"x".repeat(201)] {
        let refused = send(&manager, &salmon, name, PNG).await.is_problem(422, "invalid-fields");
        assert_eq!(refused["errors"][0]["field"], "name", "{name}");
    }
    send(&manager, &salmon, "a", b"").await.is_problem(422, "file-empty");
    assert_eq!(send(&manager, &salmon, "a", &[0; 2049]).await.status, 413);
    let past = vec![0; 16 * 1024 * 1024 + 1];
    assert_eq!(send(&manager, &salmon, "a", &past).await.status, 413);
    let path = format!("{}?name=a", files_of(&salmon));
    let kind = [("content-type", "image/png")];
    assert_eq!(manager.send(Method::POST, &path, &kind, PNG).await.status, 415);
    let broken = [Ok("half"), Err(std::io::Error::other("gone"))];
    let broken = Body::from_stream(stream::iter(broken));
    manager.send(Method::POST, &path, &BYTES, broken).await.is_problem(400, "malformed");
    let unknown = json!({ "id": server.workspace.to_string() });
    send(&manager, &unknown, "a", PNG).await.is_problem(404, "not-found");

    assert_eq!(manager.get(&files_of(&salmon)).await.is(200)["items"], json!([]));
    assert!(blobs(&server).is_empty());
    let hostile = send(&manager, &salmon, "..%2F..%2Fa%22%0D%0Ab.png", PNG).await.is(201);
    assert_eq!(hostile["name"], "a\" b.png");
    assert_eq!(
        content(&manager, &salmon, &hostile).await.header("content-disposition"),
        Some("inline; filename=\"a_ b.png\"; filename*=UTF-8''a%22%20b.png")
    );
    let kept = send(&manager, &salmon, "C:%5Ctemp%5Cl%C3%A4chs.png", PNG).await.is(201);
    assert_eq!(kept["name"], "lächs.png");
    server.finish().await;
}

#[tokio::test]
async fn only_who_writes_items_writes_files_and_another_workspace_sees_none() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let (salmon, cod) = (item(&manager, "SAL").await, item(&manager, "COD").await);
    let photo = send(&manager, &salmon, "a.png", PNG).await.is(201);

    send(&counter, &salmon, "b.png", PNG).await.is_problem(403, "forbidden");
    remove(&counter, &salmon, &photo).await.is_problem(403, "forbidden");
    content(&manager, &cod, &photo).await.is_problem(404, "not-found");
    remove(&manager, &cod, &photo).await.is_problem(404, "not-found");

    assert_eq!(content(&counter, &salmon, &photo).await.status, 200);
    let log = server.audit_actions().await;
    assert_eq!(log.iter().filter(|it| it.starts_with("inventory.file.")).count(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_file_and_the_same_bytes_lie_there_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let path = format!("{}?name=a.png", files_of(&salmon));
    let keyed = [BYTES[0], ("idempotency-key", "k")];

    let first = manager.send(Method::POST, &path, &keyed, PNG).await.is(201);
    let again = manager.send(Method::POST, &path, &keyed, PNG).await;
    let (one, other) =
        tokio::join!(send(&manager, &salmon, "b", PNG), send(&manager, &salmon, "c", PNG));

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.is(201), first);
    assert_ne!(one.is(201)["id"], other.is(201)["id"]);
    let list = manager.get(&files_of(&salmon)).await.is(200);
    assert_eq!(list["items"].as_array().expect("a list").len(), 3);
    assert_eq!(blobs(&server), [hash_of(&first)]);
    server.finish().await;
}

#[tokio::test]
async fn the_files_of_a_workspace_and_of_an_item_are_bounded() {
    let server = TestServer::start_with(&[("files.workspace_bytes_max", "1024")]).await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;

    let first = send(&manager, &salmon, "a", &[1; 600]).await.is(201);
    send(&manager, &salmon, "b", &[2; 600]).await.is_problem(409, "blobs-full");
    send(&manager, &salmon, "again", &[1; 600]).await.is(201);
    assert_eq!(remove(&manager, &salmon, &first).await.status, 204);
    send(&manager, &salmon, "b", &[2; 600]).await.is_problem(409, "blobs-full");
    for number in 1..50_u8 {
        send(&manager, &salmon, "s", &[number]).await.is(201);
    }

    send(&manager, &salmon, "more", &[99]).await.is_problem(409, "files-too-many");
    server.finish().await;
}

#[tokio::test]
async fn what_is_refused_leaves_no_bytes() {
    let server = TestServer::start_with(&[("files.workspace_bytes_max", "1024")]).await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let keyed = |key: &'static str| [BYTES[0], ("idempotency-key", key)];
    let path = format!("{}?name=a", files_of(&salmon));
    let first = send(&manager, &salmon, "a", &[1; 600]).await.is(201);

    send(&manager, &salmon, "b", &[2; 600]).await.is_problem(409, "blobs-full");
    assert_eq!(blobs(&server), [hash_of(&first)]);
    for number in 1..49_u8 {
        send(&manager, &salmon, "s", &[number]).await.is(201);
    }
    let fiftieth = manager.send(Method::POST, &path, &keyed("fifty"), vec![99]).await.is(201);
    let before = blobs(&server);
    // With a key it is not known before whether it came already.
    for refused in [
        send(&manager, &salmon, "more", b"more").await,
        manager.send(Method::POST, &path, &keyed("more"), b"more".to_vec()).await,
        manager.send(Method::POST, &path, &keyed("again"), vec![1; 600]).await,
    ] {
        refused.is_problem(409, "files-too-many");
    }
    let again = manager.send(Method::POST, &path, &keyed("fifty"), vec![99]).await.is(201);

    assert_eq!(again["id"], fiftieth["id"]);
    assert_eq!(blobs(&server), before);
    assert_eq!(content(&manager, &salmon, &first).await.status, 200);
    server.finish().await;
}

/// What is deleted lies on the disk until the night after.
#[tokio::test]
async fn adding_and_deleting_again_and_again_does_not_fill_the_disk() {
    let server = TestServer::start_with(&[("files.workspace_bytes_max", "1024")]).await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    for number in 0..2 {
        let file = send(&manager, &salmon, "a", &[number; 1000]).await.is(201);
        assert_eq!(remove(&manager, &salmon, &file).await.status, 204);
    }

    let full = send(&manager, &salmon, "a", &[3; 1000]).await.is_problem(409, "blobs-full");
    assert!(full["detail"].to_string().contains("2000 of 2048 bytes"), "{full}");
    server.advance(DAY + Duration::from_secs(1));
    assert_eq!(sweep(&server.inside()).await.expect("a sweep"), 2);
    let manager = server.person("manager").await;
    send(&manager, &salmon, "a", &[3; 1000]).await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn no_file_is_taken_that_leaves_the_box_without_room() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    server.platform.room.pretend(Some(FREE_BYTES_MIN + 10));

    send(&manager, &salmon, "a", &[1; 11]).await.is_problem(409, "blobs-no-room");
    assert!(blobs(&server).is_empty());
    send(&manager, &salmon, "a", &[1; 10]).await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn bytes_that_nothing_refers_to_go_after_a_day_and_others_never() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let kept = send(&manager, &salmon, "kept", b"kept").await.is(201);
    let gone = send(&manager, &salmon, "gone", b"gone").await.is(201);
    assert_eq!(remove(&manager, &salmon, &gone).await.status, 204);
    // As a kill between the bytes and the commit leaves them.
    let (place, id) = (server.platform.blobs.clone(), server.platform.random.id());
    let received = place.receive(id, &mut &b"never referred to"[..], 100).expect("bytes");
    place.keep(server.workspace, &received, server.clock.now()).expect("a blob");

    assert_eq!(sweep(&server.inside()).await.expect("a sweep"), 0);
    server.advance(DAY + Duration::from_secs(1));
    let pin = place.pin();
    assert_eq!(sweep(&server.inside()).await.expect("a sweep"), 0);
    drop(pin);
    assert_eq!(sweep(&server.inside()).await.expect("a sweep"), 2);

    assert_eq!(blobs(&server), [hash_of(&kept)]);
    let manager = server.person("manager").await;
    assert_eq!(content(&manager, &salmon, &kept).await.status, 200);
    server.finish().await;
}

#[tokio::test]
async fn damaged_bytes_are_not_handed_out() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let photo = send(&manager, &salmon, "a.png", PNG).await.is(201);
    let place = server.platform.blobs.path(server.workspace, hash_of(&photo));

    let mut flipped = PNG.to_vec();
    flipped[50] ^= 1;
    std::fs::write(&place, flipped).expect("a flipped bit");
    content(&manager, &salmon, &photo).await.is_problem(409, "blob-damaged");
    std::fs::remove_file(&place).expect("a file");
    content(&manager, &salmon, &photo).await.is_problem(409, "blob-damaged");
    send(&manager, &salmon, "again.png", PNG).await.is(201);

    assert_eq!(content(&manager, &salmon, &photo).await.status, 200);
    server.finish().await;
}

#[tokio::test]
async fn files_of_an_item_go_with_it_and_come_back_with_it() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let photo = send(&manager, &salmon, "a.png", PNG).await.is(201);
    let version = salmon["version"].as_i64().expect("a version");
    let at = path("items", &salmon);

    manager.change(Method::DELETE, &at, version, &Value::Null).await.is(204);
    content(&manager, &salmon, &photo).await.is_problem(404, "not-found");
    let back = manager.post(&format!("{at}/restore"), &Value::Null).await.is(200);
    assert_eq!(content(&manager, &salmon, &photo).await.status, 200);
    let version = back["version"].as_i64().expect("a version");
    manager.change(Method::DELETE, &at, version, &Value::Null).await.is(204);
    server.advance(DAY * 31);
    holdfast::platform::recycle_bin::ops::empty(&server.inside()).await.expect("an empty bin");
    sweep(&server.inside()).await.expect("a sweep");

    assert!(blobs(&server).is_empty());
    let again = Blobs::open(server.folder()).expect("a folder");
    assert!(again.list(server.workspace).expect("a list").is_empty());
    server.finish().await;
}
