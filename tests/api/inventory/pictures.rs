//! Pictures of items: nothing is kept of what they say of whoever took them, and there is a small
//! one of each.

use std::time::Duration;

use holdfast::platform::blobs::ops::sweep;
use http::Method;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, GenericImageView, Rgb, RgbImage};
use serde_json::{Value, json};

use super::files::{BYTES, below, blobs, content, files_of, remove, send};
use super::{item, path};
use crate::support::{Client, Reply, TestServer};

const DAY: Duration = Duration::from_hours(24);
/// Where somebody was.
const PLACE: &str = "52.5163N 13.3777E";

/// Red grows to the right and green downwards.
fn gradient(width: u32, height: u32) -> DynamicImage {
    let share = |at: u32, of: u32| u8::try_from(at * 255 / of).expect("a share");
    RgbImage::from_fn(width, height, |x, y| Rgb([share(x, width), share(y, height), 60])).into()
}

/// A photo of 640 by 480 pixels, taken upright: what it says of itself and a film behind it have
/// this word.
pub(crate) fn photo(word: &str) -> Vec<u8> {
    let mut plain = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut plain, 90);
    gradient(640, 480).write_with_encoder(encoder).expect("a picture");
    let turned = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let told = [&turned[..], word.as_bytes()].concat();
    let length = u16::try_from(told.len() + 2).expect("a length").to_be_bytes();
    [&plain[..20], b"\xff\xe1", &length, &told, &plain[20..], word.as_bytes()].concat()
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).expect("a picture");
    bytes
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

pub(crate) async fn thumbnail(client: &Client, item: &Value, file: &Value) -> Reply {
    client.get(&format!("{}/thumbnail", below(item, file))).await
}

/// Bytes of all files of the workspace, as the people who run it are told.
async fn used(server: &TestServer) -> u64 {
    let usage = server.person("admin").await.get("/usage").await.is(200);
    usage["file_bytes"].as_u64().expect("a number")
}

#[tokio::test]
async fn a_photo_is_kept_without_what_it_says_and_looks_the_same() {
    let server = TestServer::start().await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let salmon = item(&manager, "SAL").await;
    let sent = photo(PLACE);
    assert!(has(&sent, PLACE));

    let kept = send(&manager, &salmon, "salmon.jpg", &sent).await.is(201);
    let got = content(&viewer, &salmon, &kept).await;
    let small = thumbnail(&viewer, &salmon, &kept).await;

    assert_eq!((got.status.as_u16(), small.status.as_u16()), (200, 200));
    assert!(!has(&got.bytes, PLACE) && !has(&small.bytes, PLACE));
    assert_eq!(kept["size_bytes"], json!(got.bytes.len()));
    let pixels = |bytes: &[u8]| image::load_from_memory(bytes).expect("a picture");
    assert_eq!(pixels(&got.bytes), pixels(&sent));
    assert!(has(&got.bytes, "Exif"), "it is still turned");
    assert_eq!(kept["has_thumbnail"], true);
    let small_picture = pixels(&small.bytes);
    assert_eq!(small_picture.dimensions(), (240, 320));
    let [red, green, ..] = small_picture.get_pixel(2, 2).0;
    assert!(red < 30 && green > 225, "the right way up: {red} {green}");
    assert_eq!(small.header("content-type"), Some("image/jpeg"));
    let cached = small.header("cache-control").expect("a rule for caches");
    assert!(cached.starts_with("private,") && cached.contains("immutable"), "{cached}");
    assert_eq!(small.header("x-content-type-options"), Some("nosniff"));
    let policy = small.header("content-security-policy").expect("a policy");
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    server.finish().await;
}

#[tokio::test]
async fn a_file_that_is_no_picture_stays_as_it_was_sent_and_has_no_small_one() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let pdf = format!("%PDF-1.7 /Author ({PLACE})");

    let kept = send(&manager, &salmon, "note.pdf", pdf.as_bytes()).await.is(201);

    assert_eq!(kept["has_thumbnail"], false);
    assert_eq!(&content(&manager, &salmon, &kept).await.bytes[..], pdf.as_bytes());
    thumbnail(&manager, &salmon, &kept).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_damaged_picture_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let whole = png(&gradient(40, 30));
    let mut flipped = whole.clone();
    flipped[50] ^= 1;

    for broken in [&b"\x89PNG\r\n\x1a\n a page"[..], &whole[..whole.len() - 1], &flipped] {
        let refused = send(&manager, &salmon, "a.png", broken).await;
        let refused = refused.is_problem(422, "picture-damaged");
        assert!(refused["detail"].to_string().contains("Save it anew"), "{refused}");
    }

    assert_eq!(manager.get(&files_of(&salmon)).await.is(200)["items"], json!([]));
    assert!(blobs(&server).is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_picture_that_would_take_too_much_memory_is_kept_without_a_small_one() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let mut bomb = png(&gradient(40, 30));
    bomb[16..24].copy_from_slice(&[60_000_u32.to_be_bytes(); 2].concat());
    let checksum = crc32fast::hash(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());

    let kept = send(&manager, &salmon, "a.png", &bomb).await.is(201);

    assert_eq!(kept["has_thumbnail"], false);
    assert_eq!(&content(&manager, &salmon, &kept).await.bytes[..], bomb);
    server.finish().await;
}

#[tokio::test]
async fn a_small_picture_is_counted_and_goes_with_its_file() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "SAL").await, item(&manager, "COD").await);

    let kept = send(&manager, &salmon, "a.jpg", &photo(PLACE)).await.is(201);
    let again = send(&manager, &cod, "b.jpg", &photo("elsewhere")).await.is(201);
    let small = thumbnail(&manager, &salmon, &kept).await;
    let both = kept["size_bytes"].as_u64().expect("a size") + small.bytes.len() as u64;
    assert_eq!(used(&server).await, both, "the same picture, whatever it said of itself");
    assert_eq!(blobs(&server).len(), 2);

    assert_eq!(remove(&manager, &salmon, &kept).await.status, 204);
    thumbnail(&manager, &salmon, &kept).await.is_problem(404, "not-found");
    assert_eq!(thumbnail(&manager, &cod, &again).await.status, 200);
    assert_eq!(used(&server).await, both);
    assert_eq!(remove(&manager, &cod, &again).await.status, 204);
    assert_eq!(used(&server).await, 0);
    server.advance(DAY + Duration::from_secs(1));
    assert_eq!(sweep(&server.inside()).await.expect("a sweep"), 2);
    server.finish().await;
}

/// It removes the row of the file and what refers to its bytes, and knows of nothing else.
#[tokio::test]
async fn what_the_release_before_removes_leaves_no_small_picture() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    send(&manager, &salmon, "a.jpg", &photo(PLACE)).await.is(201);
    assert_eq!(blobs(&server).len(), 2);

    let inside = server.inside();
    let removed = inside.write(|scope| {
        for sql in [
            "DELETE FROM blob_refs WHERE owner_kind = 'inventory.file'",
            "DELETE FROM blobs WHERE NOT EXISTS
                 (SELECT 1 FROM blob_refs WHERE blob_refs.sha256 = blobs.sha256)",
            "DELETE FROM item_files",
        ] {
            scope.prepare_cached(sql)?.execute([])?;
        }
        Ok(())
    });
    removed.await.expect("a removal");

    assert_eq!(used(&server).await, 0);
    server.advance(DAY + Duration::from_secs(1));
    assert_eq!(sweep(&server.inside()).await.expect("a sweep"), 2);
    server.finish().await;
}

#[tokio::test]
async fn a_small_picture_comes_back_with_its_item_and_is_seen_by_whoever_sees_that() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let elsewhere = server.second_workspace().await;
    let stranger = server.person_in(elsewhere, "owner").await;
    let (salmon, cod) = (item(&manager, "SAL").await, item(&manager, "COD").await);
    let kept = send(&manager, &salmon, "a.jpg", &photo(PLACE)).await.is(201);
    let (at, version) = (path("items", &salmon), salmon["version"].as_i64().expect("a version"));

    thumbnail(&stranger, &salmon, &kept).await.is_problem(404, "not-found");
    let here = stranger.in_workspace(server.workspace);
    thumbnail(&here, &salmon, &kept).await.is_problem(404, "not-found");
    thumbnail(&manager, &cod, &kept).await.is_problem(404, "not-found");
    manager.change(Method::DELETE, &at, version, &Value::Null).await.is(204);
    thumbnail(&manager, &salmon, &kept).await.is_problem(404, "not-found");
    manager.post(&format!("{at}/restore"), &Value::Null).await.is(200);

    assert_eq!(thumbnail(&manager, &salmon, &kept).await.status, 200);
    server.finish().await;
}

#[tokio::test]
async fn a_picture_that_is_refused_leaves_neither_itself_nor_a_small_one() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let at = format!("{}?name=a.jpg", files_of(&salmon));
    let keyed = |key: &'static str| [BYTES[0], ("idempotency-key", key)];
    let first = manager.send(Method::POST, &at, &keyed("one"), photo(PLACE)).await.is(201);
    let before = blobs(&server);
    let again = manager.send(Method::POST, &at, &keyed("one"), photo(PLACE)).await;
    assert_eq!(again.is(201), first);
    for number in 1..50_u8 {
        send(&manager, &salmon, "s", &[number]).await.is(201);
    }
    let full = blobs(&server);
    assert_eq!(full.len(), before.len() + 49);

    let other = png(&gradient(900, 600));
    let refused = manager.send(Method::POST, &at, &keyed("two"), other).await;

    refused.is_problem(409, "files-too-many");
    assert_eq!(blobs(&server), full);
    server.finish().await;
}

#[tokio::test]
async fn a_small_picture_that_finds_no_room_leaves_its_file_out_too() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let kept = send(&manager, &salmon, "a.jpg", &photo(PLACE)).await.is(201);
    let most = kept["size_bytes"].as_u64().expect("a size") + 1;
    server.finish().await;
    let server = TestServer::start_with(&[("files.workspace_bytes_max", &most.to_string())]).await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;

    let refused = send(&manager, &salmon, "a.jpg", &photo(PLACE)).await;

    refused.is_problem(409, "blobs-full");
    assert_eq!(used(&server).await, 0);
    assert!(blobs(&server).is_empty());
    server.finish().await;
}
