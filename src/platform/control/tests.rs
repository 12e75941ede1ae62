//! The socket in one process: who is heard, how much and how many.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;

use super::listener::{CONNECTIONS_MAX, Terms, serve};
use super::protocol::{Answer, REQUEST_SIZE_BYTES_MAX, Verb};
use super::socket::Socket;
use super::{SOCKET, ask};
use crate::platform::tasks::{Tasks, blocking};

const PATIENCE: Duration = Duration::from_secs(10);
/// Nobody these tests run as.
const SOMEBODY_ELSE: u32 = 4_294_967_294;

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Holds answers back until the test lets them go.
struct Gate {
    /// Requests that came so far and were not counted by the test.
    came: Semaphore,
    /// Answers that may go.
    open: Semaphore,
}

impl Gate {
    fn new(open: usize) -> Arc<Self> {
        Arc::new(Self { came: Semaphore::new(0), open: Semaphore::new(open) })
    }

    async fn pass(&self) {
        self.came.add_permits(1);
        self.open.acquire().await.expect("an open gate").forget();
    }

    /// Waits until so many more requests came.
    async fn wait_for(&self, requests: usize) {
        let requests = u32::try_from(requests).expect("a few");
        self.came.acquire_many(requests).await.expect("an open gate").forget();
    }
}

fn start(data: &Path, tasks: &Tasks, user: u32, gate: &Arc<Gate>) {
    start_with(Terms { users: [user; 2], timeout: PATIENCE }, data, tasks, gate);
}

fn start_with(terms: Terms, data: &Path, tasks: &Tasks, gate: &Arc<Gate>) {
    let socket = Socket::bind(data).expect("a socket");
    let gate = Arc::clone(gate);
    let answer = move |_: Verb| {
        let gate = Arc::clone(&gate);
        async move {
            gate.pass().await;
            Answer::Ok(json!("done"))
        }
    };
    tasks.start("control", move |stop| serve(socket, terms, stop, answer));
}

async fn connect(data: &Path) -> UnixStream {
    UnixStream::connect(data.join(SOCKET)).await.expect("a listener")
}

/// The answer, or nothing when the connection ends without one.
async fn answer_on(stream: &mut UnixStream) -> String {
    let mut text = String::new();
    BufReader::new(stream).read_line(&mut text).await.expect("an answer");
    text
}

#[tokio::test]
async fn nobody_else_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, gate) = (Tasks::default(), Gate::new(1));
    start(folder.path(), &tasks, SOMEBODY_ELSE, &gate);

    let mut stream = connect(folder.path()).await;
    stream.write_all(&Verb::Status.to_line().unwrap()).await.unwrap();
    let answer = answer_on(&mut stream).await;

    assert!(answer.starts_with("{\"error\":{\"code\":\"forbidden\""), "{answer}");
    assert_eq!(gate.came.available_permits(), 0);
    tasks.stop_all(PATIENCE).await;
}

#[tokio::test]
async fn the_client_gets_the_answer_and_hears_when_nobody_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, gate) = (Tasks::default(), Gate::new(1));
    let data = folder.path().to_owned();
    let asked = move || {
        let data = data.clone();
        blocking(move || ask(&data, &Verb::Status))
    };

    assert_eq!(asked().await.unwrap(), None);
    start(folder.path(), &tasks, own_user(), &gate);
    assert_eq!(asked().await.unwrap(), Some(Answer::Ok(json!("done"))));
    tasks.stop_all(PATIENCE).await;
    assert_eq!(asked().await.unwrap(), None);
}

#[tokio::test]
async fn a_request_has_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, gate) = (Tasks::default(), Gate::new(1));
    start(folder.path(), &tasks, own_user(), &gate);

    let mut stream = connect(folder.path()).await;
    stream.write_all(&vec![b' '; REQUEST_SIZE_BYTES_MAX]).await.unwrap();
    let answer = answer_on(&mut stream).await;

    assert!(answer.starts_with("{\"error\":{\"code\":\"too-large\""), "{answer}");
    tasks.stop_all(PATIENCE).await;
}

#[tokio::test]
async fn more_connections_than_the_bound_wait_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, gate) = (Tasks::default(), Gate::new(0));
    start(folder.path(), &tasks, own_user(), &gate);
    let request = Verb::Status.to_line().unwrap();
    let mut streams = Vec::new();
    for _ in 0..=CONNECTIONS_MAX {
        let mut stream = connect(folder.path()).await;
        stream.write_all(&request).await.unwrap();
        streams.push(stream);
    }

    gate.wait_for(CONNECTIONS_MAX).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gate.came.available_permits(), 0);
    gate.open.add_permits(CONNECTIONS_MAX + 1);

    for mut stream in streams {
        assert_eq!(answer_on(&mut stream).await, "{\"ok\":\"done\"}\n");
    }
    tasks.stop_all(PATIENCE).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, gate) = (Tasks::default(), Gate::new(1));
    let terms = Terms { users: [own_user(); 2], timeout: Duration::from_millis(1) };
    start_with(terms, folder.path(), &tasks, &gate);

    let mut stream = connect(folder.path()).await;

    assert_eq!(answer_on(&mut stream).await, "");
    tasks.stop_all(PATIENCE).await;
}

#[tokio::test]
async fn what_was_read_is_answered_before_the_end_and_the_rest_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, gate) = (Tasks::default(), Gate::new(0));
    start(folder.path(), &tasks, own_user(), &gate);
    let mut asking = connect(folder.path()).await;
    asking.write_all(&Verb::Status.to_line().unwrap()).await.unwrap();
    let mut silent = connect(folder.path()).await;
    gate.wait_for(1).await;

    tasks.begin_stop();
    let said = answer_on(&mut silent).await;
    gate.open.add_permits(1);

    // It is either let go with a word, or was never accepted.
    assert!(said.is_empty() || said.contains("busy"), "{said}");
    assert_eq!(answer_on(&mut asking).await, "{\"ok\":\"done\"}\n");
    tasks.stop_all(PATIENCE).await;
    assert!(!folder.path().join(SOCKET).exists());
}
