//! OneDrive against a small Graph that answers as Microsoft's description says. It has not been
//! tried on the real one.

use std::sync::Arc;
use std::time::Duration;

use super::super::faults::{Fault, Why};
use super::super::http::Http;
use super::super::onedrive::{Endpoints, OneDrive, TokenKeeper};
use super::super::remote::Remote;
use super::super::rules::{Credential, Place};
use super::super::signing_in::{Answered, again, begin};
use super::microsoft::{Graph, start};
use super::{QUICK, Shared, file};
use crate::platform::notices::Roots;
use crate::platform::secret::Secret;

fn http() -> Arc<Http> {
    let tls = Roots::read(None).expect("the authorities of this machine").client();
    Arc::new(Http::new(tls, QUICK))
}

fn endpoints(graph: &Shared<Graph>) -> Endpoints {
    let (login, graph) = graph.lock().unwrap().addresses();
    Endpoints { login, graph }
}

/// A drive that was signed in to, and the tokens that were kept since.
fn drive(graph: &Shared<Graph>, refresh: &str) -> (Remote, Shared<Vec<String>>) {
    let kept: Shared<Vec<String>> = Arc::default();
    let log = Arc::clone(&kept);
    let keeper: TokenKeeper = Arc::new(move |token: Secret| {
        log.lock().unwrap().push(token.reveal().to_owned());
        Box::pin(std::future::ready(Ok::<(), Fault>(())))
    });
    let place = Place::OneDrive { client_id: "app-1".into(), folder: "Backups of ours".into() };
    let credential = Some(Credential::RefreshToken(Secret::new(refresh)));
    let drive = OneDrive::at(&place, credential, http(), Some(keeper), endpoints(graph));
    (Remote::of_onedrive(drive, vec![Secret::new(refresh)]), kept)
}

#[tokio::test]
async fn a_drive_is_a_target() {
    let graph = start().await;
    let (remote, kept) = drive(&graph, "refresh-1");

    super::conformance::check(&remote).await;

    assert_eq!(*kept.lock().unwrap(), ["refresh-2"], "the token that takes its place is kept");
    let graph = graph.lock().unwrap();
    assert!(graph.sessions.is_empty(), "sessions are left");
    assert!(graph.files.keys().all(|name| name.starts_with("/Backups of ours/")));
}

#[tokio::test]
async fn a_token_that_ran_out_is_replaced_once() {
    let graph = start().await;
    let (remote, kept) = drive(&graph, "refresh-1");
    remote.put_over("note", b"one".to_vec()).await.expect("put");

    graph.lock().unwrap().access += 1;
    remote.put_over("note", b"two".to_vec()).await.expect("put again");

    assert_eq!(*kept.lock().unwrap(), ["refresh-2", "refresh-3"]);
    assert_eq!(graph.lock().unwrap().files["/Backups of ours/note"], b"two");
}

#[tokio::test]
async fn who_has_taken_the_access_away_is_asked_to_sign_in_again() {
    let graph = start().await;
    let (remote, _) = drive(&graph, "refresh-of-before");

    let fault = remote.list("").await.expect_err("it is closed");

    assert_eq!(fault.why, Why::Denied);
    assert!(fault.detail.contains("sign in again"), "{fault}");
    assert!(!fault.detail.contains("refresh-of-before"), "{fault}");
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let graph = start().await;
    let (remote, _) = drive(&graph, "refresh-1");
    let folder = tempfile::tempdir().expect("a folder");
    let part = file(folder.path(), 9, 25 * 1024 * 1024 + 1);
    graph.lock().unwrap().busy = 1;
    graph.lock().unwrap().halves = 1;

    remote.put_new("base/part", &part).await.expect("put");

    let graph = graph.lock().unwrap();
    assert!(graph.files["/Backups of ours/base/part"] == std::fs::read(&part).unwrap());
    let pieces = graph.asked.iter().filter(|line| line.starts_with("PUT /session")).count();
    assert_eq!(pieces, 5, "three pieces, one refused, one taken by half");
}

#[tokio::test]
async fn a_busy_drive_is_given_up_and_its_session_ended() {
    let graph = start().await;
    let (remote, _) = drive(&graph, "refresh-1");
    let folder = tempfile::tempdir().expect("a folder");
    let part = file(folder.path(), 9, 1000);
    graph.lock().unwrap().busy = 100;

    let fault = remote.put_new("base/part", &part).await.expect_err("it is busy");

    assert_eq!((fault.why, fault.retry_after), (Why::Unreachable, Some(Duration::from_secs(1))));
    let graph = graph.lock().unwrap();
    assert!(graph.sessions.is_empty() && graph.files.is_empty());
}

#[tokio::test]
async fn a_code_that_somebody_types_elsewhere_lets_the_box_in() {
    let graph = start().await;
    let (http, endpoints) = (http(), endpoints(&graph));

    let refused = begin(&http, &endpoints, "app-2").await.expect_err("no such app");
    let code = begin(&http, &endpoints, "app-1").await.expect("a code");
    let ask = async || again(&http, &endpoints, "app-1", &code).await.expect("an answer");

    assert_eq!(refused.why, Why::Denied);
    assert!(refused.detail.contains("No such app."), "{refused}");
    assert_eq!(code.typed, "ABC-123");
    assert!(!format!("{code:?}").contains("a device's secret"));
    assert!(matches!(ask().await, Answered::Waiting));
    assert!(matches!(ask().await, Answered::TooOften));
    let Answered::Done(token) = ask().await else { panic!("nobody is let in") };
    assert_eq!(graph.lock().unwrap().polls.len(), 3);
    let (remote, _) = drive(&graph, token.reveal());
    assert_eq!(remote.list("").await.expect("a list"), []);
}
