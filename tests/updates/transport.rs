//! What the audit log has of files that come badly and of bundles, and that nothing comes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use holdfast::platform::clock::Moment;
use holdfast::platform::updates::supervisor::protocol::Wish;
use http::Method;
use serde_json::{Value, json};

use super::at;
use super::feeds::{Fed, of_this_machine};
use super::forge::{Files, Forge, content, release_name};
use super::packing::{CASES, packed};
use super::servers::{Manner, Server};

/// The release that the feed offers; the box runs the one before.
const NEW: u64 = 7;
const PIECE_BYTES: usize = 4 * 1024 * 1024;
const OK_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";

/// What a server does with the release, and the code that the log has.
type Case = (&'static str, &'static str, fn() -> Manner);

const SERVERS: &[Case] = &[
    ("A25", "update-cut-short", || Manner::Raw([OK_HEAD, &content(NEW)[..1_000]].concat())),
    ("A26", "update-endless", || Manner::Endless(OK_HEAD.to_vec())),
    ("A27", "update-too-slow", || Manner::Drip(OK_HEAD.to_vec(), content(NEW))),
    ("A28", "update-redirected", || {
        let head =
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:1/\r\ncontent-length: 0\r\n\r\n";
        Manner::Raw(head.as_bytes().to_vec())
    }),
];

/// A25, A26, A27, A28. The slow one takes as long as a box waits for it.
#[tokio::test]
async fn each_bad_server_is_kept_in_the_log_and_nothing_is_handed_over() {
    let nth = Arc::new(AtomicUsize::new(0));
    let turn = Arc::clone(&nth);
    let server = Server::start(of_this_machine(0, NEW, |_| ()), move |path| {
        let is_release = path.ends_with(&release_name(NEW));
        if is_release { SERVERS[turn.load(Ordering::SeqCst)].2() } else { Manner::Good }
    });
    let box_ = Fed::ready(&[("updates.feed", &server.base())]).await;
    assert_eq!(box_.check().await["offer"]["seq"], NEW);

    for (at_turn, (name, code, _)) in SERVERS.iter().enumerate() {
        nth.store(at_turn, Ordering::SeqCst);
        box_.server.advance(Duration::from_mins(1));
        box_.operator().await.post(&at("apply"), &json!({})).await.is(202);

        let stands = box_.prepared().await;

        assert_eq!(stands["last"]["reason"]["code"], *code, "{name}: {stands}");
        let kept = box_.server.box_entries("update.failed").await;
        assert_eq!(kept.len(), at_turn + 1, "{name}: {kept:?}");
        assert!(kept[at_turn].changes.contains(code), "{name}: {kept:?}");
        let is_handed = |wish: &Wish| matches!(wish, Wish::Take { seq: Some(_), .. });
        assert!(!box_.supervisor.heard().iter().any(is_handed), "{name}");
    }
    box_.server.finish().await;
}

/// Sends a bundle in pieces, and has it looked at.
async fn send(box_: &Fed, bundle: &[u8], accept_stale: bool) {
    let operator = box_.operator().await;
    let about = json!({ "size_bytes": bundle.len() });
    let begun = operator.post(&at("upload"), &about).await.is(201);
    let id = begun["id"].as_str().expect("an id");
    let headers = [("content-type", "application/octet-stream")];
    for (nth, piece) in bundle.chunks(PIECE_BYTES).enumerate() {
        let path = at(&format!("upload/{id}/pieces?offset={}", nth * PIECE_BYTES));
        operator.send(Method::POST, &path, &headers, piece.to_vec()).await.is(200);
    }
    let wish = json!({ "accept_stale": accept_stale });
    operator.post(&at(&format!("upload/{id}/take")), &wish).await.is(202);
    box_.server.run_jobs().await;
}

fn bundle(files: &Files) -> Vec<u8> {
    packed(files).into_inner().expect("room")
}

/// A39.
#[tokio::test]
async fn each_bad_bundle_is_kept_in_the_log_and_offers_nothing() {
    let box_ = Fed::new(&[]).await;
    let files = of_this_machine(0, NEW, |_| ());

    for (nth, (name, code, spoil)) in CASES.iter().enumerate() {
        let mut bundle = packed(&files);
        spoil(&mut bundle);
        send(&box_, &bundle.into_inner().expect("room"), false).await;

        is_refused(&box_, nth + 1, name, code).await;
    }
    send(&box_, &bundle(&files), false).await;
    assert_eq!(box_.stands().await["offer"]["seq"], NEW, "what is good is offered after all that");
    box_.server.finish().await;
}

async fn is_refused(box_: &Fed, so_many: usize, name: &str, code: &str) {
    let kept = box_.server.box_entries("update.refused").await;
    assert_eq!(kept.len(), so_many, "{name}: {kept:?}");
    assert!(kept[so_many - 1].changes.contains(code), "{name}: {:?}", kept[so_many - 1]);
    assert_eq!(box_.stands().await["offer"], Value::Null, "{name}");
    let is_handed = |wish: &Wish| matches!(wish, Wish::Take { seq: Some(_), .. });
    assert!(!box_.supervisor.heard().iter().any(is_handed), "{name}");
}

/// A40, A41.
#[tokio::test]
async fn a_bundle_past_its_time_or_below_what_was_seen_is_kept_in_the_log_and_offers_nothing() {
    let box_ = Fed::new(&[]).await;
    box_.publish(5, NEW - 1, |_| ());
    box_.check().await;
    let seen = box_.taken();
    let now: Moment = "2026-12-22T10:00:00Z".parse().expect("a moment");
    box_.server.advance(now.since(box_.server.clock.now()));
    let signed_before: fn(&mut Forge) = |forge| {
        for role in [&mut forge.timestamp, &mut forge.snapshot, &mut forge.targets] {
            role.set("/signed_at", json!("2026-11-10T00:00:00Z"));
        }
    };
    let attacks = [
        ("A40", 6, (|_| ()) as fn(&mut Forge), false, "update-metadata-expired"),
        ("A41, an older one", 4, |_| (), true, "update-older-timestamp"),
        ("A41, of an earlier time", 6, signed_before, true, "update-below-floor"),
    ];

    for (nth, (name, step, change, accept_stale, code)) in attacks.into_iter().enumerate() {
        send(&box_, &bundle(&of_this_machine(step, NEW, change)), accept_stale).await;
        is_refused(&box_, nth + 1, name, code).await;
    }

    // Somebody says so, and it is not below what was seen.
    send(&box_, &bundle(&of_this_machine(6, NEW, |_| ())), true).await;
    assert_eq!(box_.stands().await["offer"]["seq"], NEW);
    assert_eq!(box_.taken(), seen, "what is offered is taken over only with its release");
    box_.server.finish().await;
}
