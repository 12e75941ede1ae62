//! The gate and the private socket, with two workers in this process.

use std::time::Duration;

use holdfast::http::server::{HoldingBack, Security};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};

use crate::wire::{Client, LONG, Worker, in_time};

const BODY_PIECES: usize = 300;

struct Pair {
    old: Worker,
    new: Worker,
    home: tempfile::TempDir,
}

/// A worker and the one that will take over. Their sockets are two, so that a test sees who
/// answers.
fn pair() -> Pair {
    let home = tempfile::tempdir().expect("a folder");
    let old = Worker::start("old", home.path(), Security::Plain);
    let new = Worker::start("new", home.path(), Security::Plain);
    Pair { old, new, home }
}

#[tokio::test]
async fn a_request_that_comes_during_the_hold_is_answered_by_the_next_worker() {
    let Pair { old, new, home: _home } = pair();
    let mut idle = old.connect().await;
    let own = idle.stream.local_addr().expect("an address");
    assert_eq!(idle.get("/").await.body, format!("old saw {own}"));

    assert!(old.gate.hold(Duration::from_secs(62)).await, "nothing runs");
    idle.ask("/").await;
    old.holds_back(1).await;
    old.gate.close(LONG).await;
    old.gate.forward(&new.private);
    let answer = idle.answer().await;

    assert_eq!((answer.status, answer.body), (200, format!("new saw {own}")));
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert_eq!(idle.is_closed().await, "");
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn an_idle_connection_still_works_after_the_switch_and_new_ones_wait_for_the_next_worker() {
    let home = tempfile::tempdir().expect("a folder");
    let old = Worker::start("old", home.path(), Security::Plain);
    let mut idle = old.connect().await;
    assert!(idle.get("/").await.body.starts_with("old saw"));
    assert!(old.gate.hold(LONG).await);
    let mut waiting = old.connect().await;
    waiting.ask("/").await;
    // Whoever sees this one held back knows that the new connection was not accepted before it.
    let mut held = Client::new(UnixStream::connect(&old.private).await.expect("a connection"));
    held.ask("/").await;
    old.holds_back(1).await;

    let new = old.next("new", home.path());
    old.gate.close(LONG).await;
    old.gate.forward(&new.private);

    assert!(waiting.answer().await.body.starts_with("new saw"));
    assert!(held.answer().await.body.starts_with("new saw"));
    assert!(idle.get("/").await.body.starts_with("new saw"));
    assert_eq!(idle.is_closed().await, "");
    drop((waiting, held));
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn bodies_go_through_piece_by_piece_in_both_directions() {
    let Pair { old, new, home: _home } = pair();
    let mut client = old.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    old.gate.forward(&new.private);
    client.send("POST /echo HTTP/1.1\r\nHost: box.lan\r\nTransfer-Encoding: chunked\r\n\r\n").await;

    // What is sent comes back before the rest is sent.
    client.send("5\r\nfirst\r\n").await;
    client.reads("first").await;
    for _ in 0..BODY_PIECES {
        client.send(&format!("400\r\n{}\r\n", "x".repeat(0x400))).await;
    }
    client.send("4\r\nlast\r\n0\r\n\r\n").await;
    client.reads("last").await;
    client.reads("\r\n0\r\n\r\n").await;

    drop(client);
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn whoever_leaves_is_not_worked_for_any_more_there() {
    let Pair { old, new, home: _home } = pair();
    let mut client = old.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    old.gate.forward(&new.private);
    client.ask("/wait").await;
    in_time(new.marks.entered.notified()).await;

    drop(client);

    in_time(new.marks.left.notified()).await;
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn what_runs_finishes_before_the_hold_and_nobody_waits_for_slow_ones() {
    let Pair { old, new, home: _home } = pair();
    let (mut slow, mut other) = (old.connect().await, old.connect().await);
    slow.ask("/wait").await;
    in_time(old.marks.entered.notified()).await;

    let holding = old.gate.hold(LONG);
    let meanwhile = async {
        // It was there before the hold was asked for, so the box goes on for the others.
        assert!(other.get("/").await.body.starts_with("old saw"));
        old.marks.release.add_permits(1);
        assert_eq!(slow.answer().await.body, "waited");
    };
    let (is_quiet, ()) = in_time(async { tokio::join!(holding, meanwhile) }).await;

    assert!(is_quiet && !old.gate.is_serving());
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn a_hold_that_meets_a_slow_request_lets_the_others_through_again() {
    let Pair { old, new, home: _home } = pair();
    let mut stage = old.gate.stage();
    let (mut slow, mut held) = (old.connect().await, old.connect().await);
    assert_eq!(held.get("/").await.status, 200);
    // It begins while a first one runs, so that it is no older than the hold.
    let mut first = old.connect().await;
    first.ask("/wait").await;
    in_time(old.marks.entered.notified()).await;

    let holding = old.gate.hold(LONG);
    let meanwhile = async {
        slow.ask("/wait").await;
        old.marks.entered.notified().await;
        old.marks.release.add_permits(1);
        stage.changed().await.expect("a gate");
        assert!(!old.gate.is_serving(), "it tries as soon as the first one is done");
        held.ask("/").await;
        old.holds_back(1).await;
        // The one that is left takes longer than a hold may wait for it.
        let answer = held.answer().await;
        assert!(answer.body.starts_with("old saw"), "{}", answer.body);
        old.marks.release.add_permits(1);
    };
    let (is_quiet, ()) = in_time(async { tokio::join!(holding, meanwhile) }).await;

    assert!(is_quiet);
    drop((first, slow, held));
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let Pair { old, new, home: _home } = pair();
    let (mut busy, mut idle) = (old.connect().await, old.connect().await);
    assert_eq!(idle.get("/").await.status, 200);
    busy.ask("/wait").await;
    in_time(old.marks.entered.notified()).await;

    assert!(!in_time(old.gate.hold(Duration::from_millis(20))).await);
    in_time(old.gate.close(Duration::ZERO)).await;

    in_time(old.marks.left.notified()).await;
    assert_eq!(busy.is_closed().await, "");
    old.gate.forward(&new.private);
    assert!(idle.get("/").await.body.starts_with("new saw"), "the others keep their connections");
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn event_streams_are_not_waited_for_before_the_hold_but_until_their_last_frame() {
    let Pair { old, new, home: _home } = pair();
    let mut events = old.connect().await;
    events.ask("/events").await;
    events.reads("text/event-stream").await;

    assert!(in_time(old.gate.hold(LONG)).await);
    let closing = old.gate.close(LONG);
    let ending = async {
        old.marks.streams_end.send_replace(true);
        events.reads("retry: 250\n\n").await;
    };
    in_time(async { tokio::join!(closing, ending) }).await;

    drop(events);
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn as_many_wait_as_there_are_places_and_none_for_ever() {
    let home = tempfile::tempdir().expect("a folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let bounds = HoldingBack { requests_max: 2, wait_max: Duration::from_millis(300) };
    let old = Worker::with("old", home.path(), Security::Plain, listener, bounds);
    let mut clients = [old.connect().await, old.connect().await, old.connect().await];
    for client in &mut clients {
        assert_eq!(client.get("/").await.status, 200);
    }
    assert!(old.gate.hold(LONG).await);
    let [first, second, third] = &mut clients;
    first.ask("/").await;
    second.ask("/").await;
    old.holds_back(2).await;

    let crowded = third.get("/").await;
    assert_eq!(old.gate.held_back(), 2, "the others still wait");
    let late = [first.answer().await, second.answer().await];

    for answer in late.iter().chain([&crowded]) {
        assert_eq!(answer.status, 503);
        assert!(answer.head.contains("retry-after: 2"), "{}", answer.head);
        assert!(answer.body.contains("\"code\":\"box-switching\""), "{}", answer.body);
    }
    old.holds_back(0).await;
    drop(clients);
    old.stop().await;
}

#[tokio::test]
async fn a_worker_that_does_not_answer_is_waited_out_until_another_takes_its_place() {
    let Pair { old, new, home } = pair();
    let mut client = old.connect().await;
    assert_eq!(client.get("/").await.status, 200);

    old.gate.forward(&home.path().join("nobody.sock"));
    client.ask("/").await;
    old.holds_back(1).await;
    old.gate.forward(&new.private);

    assert!(client.answer().await.body.starts_with("new saw"));
    drop(client);
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn a_worker_that_ends_before_it_answers_is_told_apart_from_one_that_did_nothing() {
    let Pair { old, new, home } = pair();
    let path = home.path().join("broken.sock");
    let broken = tokio::net::UnixListener::bind(&path).expect("a socket");
    let mut client = old.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    old.gate.forward(&path);

    client.ask("/").await;
    let (mut passed_on, _) = in_time(broken.accept()).await.expect("a connection");
    passed_on.shutdown().await.expect("an end");
    drop(passed_on);
    let answer = client.answer().await;

    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("\"code\":\"answer-lost\""), "{}", answer.body);
    drop(client);
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn who_sent_a_request_is_believed_on_the_private_socket_alone() {
    let Pair { old, new, home: _home } = pair();
    let told = "holdfast-peer: https 192.0.2.7:4711\r\nHoldfast-Peer: http 192.0.2.8:1\r\n";
    let ask =
        |path: &str, told: &str| format!("GET {path} HTTP/1.1\r\nHost: box.lan\r\n{told}\r\n");
    let mut outside = old.connect().await;
    let own = outside.stream.local_addr().expect("an address");

    outside.send(&ask("/", told)).await;
    assert_eq!(outside.answer().await.body, format!("old saw {own}"));
    outside.send(&ask("/headers", told)).await;
    assert_eq!(outside.answer().await.body, "host");
    // Nor is it when the request is passed on.
    old.gate.forward(&new.private);
    outside.send(&ask("/", told)).await;
    assert_eq!(outside.answer().await.body, format!("new saw {own}"));

    let inside = || async { UnixStream::connect(&new.private).await.expect("a connection") };
    let mut one = Client::new(inside().await);
    one.send(&ask("/", "holdfast-peer: https 192.0.2.7:4711\r\n")).await;
    assert_eq!(one.answer().await.body, "new saw 192.0.2.7:4711");
    one.send(&ask("/headers", "holdfast-peer: https 192.0.2.7:4711\r\n")).await;
    assert_eq!(one.answer().await.body, "host");
    one.send(&ask("/", "holdfast-peer: http 192.0.2.7:4711\r\n")).await;
    assert_eq!(one.answer().await.body, "the other face");
    // The supervisor names nobody.
    assert_eq!(one.get("/").await.body, "new saw 0.0.0.0:0");
    drop((outside, one));
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn what_is_passed_on_is_passed_on_again_by_a_worker_that_was_replaced_itself() {
    let Pair { old, new, home } = pair();
    let newest = Worker::start("newest", home.path(), Security::Plain);
    let mut client = old.connect().await;
    let own = client.stream.local_addr().expect("an address");
    assert_eq!(client.get("/").await.status, 200);

    old.gate.forward(&new.private);
    new.gate.forward(&newest.private);
    let answer = client.get("/").await;

    assert_eq!(answer.body, format!("newest saw {own}"));
    let refused = TcpStream::connect(old.at).await;
    assert!(refused.is_ok(), "somebody else listens there");
    drop(client);
    for worker in [old, new, newest] {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_worker_whose_socket_lies_deep_is_reached() {
    let home = tempfile::tempdir().expect("a folder");
    let deep = home.path().join("x".repeat(120));
    std::fs::create_dir(&deep).expect("a folder");
    let old = Worker::start("old", home.path(), Security::Plain);
    let new = Worker::start("new", &deep, Security::Plain);
    let mut client = old.connect().await;
    assert_eq!(client.get("/").await.status, 200);

    old.gate.forward(&new.private);

    assert!(client.get("/").await.body.starts_with("new saw"));
    drop(client);
    old.stop().await;
    new.stop().await;
}
