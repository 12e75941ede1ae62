//! What a worker does with its orders, and without them.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use holdfast::platform::tasks::blocking;
use holdfast::platform::updates::supervisor::protocol::{Order, Report};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::clients::{Ask, At, Line1};
use crate::crowd::Load;
use crate::rig::{BINARY, Home};
use crate::supervisor::{PATIENT, Supervisor, Worker};

/// A hold that waits for nobody.
const AT_ONCE: Duration = Duration::from_secs(2);

fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

async fn load_of(home: &Home, supervisor: &Supervisor<'_>) -> std::sync::Arc<Load> {
    let at = At::new(supervisor.address, &home.trust());
    Load::new(&home.workspace.to_string(), &home.token, at).await
}

#[test]
fn an_idle_connection_is_answered_by_the_next_worker_and_the_old_one_ends() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let mut workers = vec![supervisor.serve().await];
        let load = load_of(&home, &supervisor).await;
        let mut idle = Line1::new(&load.at);
        assert!(!idle.ask(&load.reading()).await.expect("an answer").is_last);

        supervisor.switch(&mut workers, AT_ONCE).await;
        let answer = idle.ask(&load.writing("after")).await.expect("an answer");

        assert_eq!((answer.status, answer.is_last), (201, true), "{}", answer.body);
        assert_eq!(idle.ended_at_rest, 0);
        assert!(workers[0].ended().await.success());
        let again = idle.ask(&load.reading()).await.expect("an answer");
        assert_eq!((again.status, again.is_last), (200, false));
    });
}

#[test]
fn a_slow_upload_gets_its_time_before_the_switch() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let old = supervisor.serve().await;
        let load = load_of(&home, &supervisor).await;
        let ask = load.writing("slow");
        let (first, rest) = ask.body.split_at(20);
        let mut upload = load.at.connect("http/1.1").await.expect("a connection");
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\n\r\n",
            ask.path,
            ask.token,
            ask.body.len()
        );
        upload.write_all(head.as_bytes()).await.expect("it is taken");
        upload.flush().await.expect("it is taken");
        // The box reads the body from here on.
        reads(&mut upload, "100 Continue").await;
        upload.write_all(first.as_bytes()).await.expect("it is taken");
        upload.flush().await.expect("it is taken");

        let holding = old.hold(PATIENT);
        let meanwhile = async {
            let answer = Line1::new(&load.at).ask(&load.reading()).await.expect("an answer");
            assert_eq!(answer.status, 200, "nobody waits for the upload");
            upload.write_all(rest.as_bytes()).await.expect("it is taken");
            upload.flush().await.expect("it is taken");
            reads(&mut upload, "HTTP/1.1 201 Created").await;
        };
        tokio::join!(holding, meanwhile);

        let new = supervisor.serve().await;
        old.forward_to(&new).await;
        assert_eq!(Line1::new(&load.at).ask(&load.reading()).await.expect("one").status, 200);
    });
}

#[test]
fn a_crowd_that_is_sent_away_does_not_make_the_box_look_ill() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let worker = supervisor.serve().await;
        let load = load_of(&home, &supervisor).await;
        let stranger = Ask { path: "/readyz".into(), token: "nobody".into(), ..load.reading() };
        let mut line = Line1::new(&load.at);
        let mut asked = 0;
        while line.ask(&stranger).await.expect("an answer").status != 429 {
            asked += 1;
            assert!(asked < 1_000, "strangers are never sent away");
        }

        let mut look = tokio::net::UnixStream::connect(&worker.private).await.expect("a socket");
        let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        look.write_all(request.as_bytes()).await.expect("it is taken");

        reads(&mut look, "HTTP/1.1 200").await;
    });
}

async fn reads(stream: &mut (impl AsyncReadExt + Unpin), text: &str) {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = tokio::time::timeout(Duration::from_mins(1), stream.read_buf(&mut read)).await;
        let count = count.expect("it answers").expect("a connection");
        assert!(count > 0, "it ended with {}", String::from_utf8_lossy(&read));
    }
}

#[test]
fn a_worker_that_dies_while_it_holds_loses_nothing_that_was_confirmed() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let old = supervisor.serve().await;
        let load = load_of(&home, &supervisor).await;
        let mut line = Line1::new(&load.at);
        let before = line.ask(&load.writing("before")).await.expect("an answer");
        assert_eq!(before.status, 201);
        old.hold(AT_ONCE).await;
        let reading = load.reading();
        let mut held = line;
        let mut waiting = Line1::new(&load.at);

        let dying = async {
            old.kill();
            let new = supervisor.serve().await;
            (new, ())
        };
        let held = held.ask(&reading);
        let waiting = waiting.ask(&reading);
        let (held, waiting, (new, ())) = tokio::join!(held, waiting, dying);

        assert!(held.is_err(), "its connection is gone, and it was never told anything");
        assert_eq!(waiting.expect("an answer").status, 200, "who had none waited in the queue");
        new.hold(AT_ONCE).await;
    });
}

#[test]
fn a_worker_without_a_supervisor_ends_in_order_and_gives_the_data_free() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let worker = supervisor.serve().await;
        let load = load_of(&home, &supervisor).await;
        assert_eq!(Line1::new(&load.at).ask(&load.writing("one")).await.expect("one").status, 201);
        kill_process(id(&worker), Signal::TERM).expect("a signal");
        assert!(worker.ended().await.success());
        drop(supervisor);

        let supervisor = Supervisor::new(&home);
        let orphan = supervisor.serve().await;
        let status = orphan.orphaned().await;

        assert!(status.success());
        let next = supervisor.serve().await;
        next.hold(AT_ONCE).await;
    });
}

fn id(worker: &Worker) -> Pid {
    Pid::from_raw(i32::try_from(worker.id()).expect("an id")).expect("an id")
}

#[test]
fn a_second_worker_on_the_same_data_says_that_it_is_in_use() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let first = supervisor.serve().await;
        let second = supervisor.start().await;

        let failed = second.hear_of("why", |report| matches!(report, Report::Failed { .. })).await;

        let Report::Failed { code, .. } = failed else { panic!("{failed:?}") };
        assert_eq!(code, "data-in-use");
        assert!(!second.ended().await.success());
        assert!(!first.has_ended());
    });
}

#[test]
fn a_worker_gives_signs_of_life_with_what_it_counted() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let worker = supervisor.start().await;
        let ready = worker.hear_of("Ready", |report| matches!(report, Report::Ready { .. })).await;
        let Report::Ready { status } = ready else { panic!("{ready:?}") };
        assert!(status.starts_with("Serving 1 workspace on "), "{status}");
        worker.order(&Order::Accept).await;
        let load = load_of(&home, &supervisor).await;
        let missing = load.ask("GET", "nothing-here", String::new());
        for ask in [load.reading(), missing] {
            Line1::new(&load.at).ask(&ask).await.expect("an answer");
        }

        let heard = |report: &Report| {
            // Two things were made before, and a refusal is no fault.
            matches!(report, Report::Alive { answers, faults: 0 } if *answers >= 4)
        };
        worker.hear_of("Alive", heard).await;
    });
}

#[test]
fn the_command_line_reaches_the_box_before_and_after_a_switch() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let mut workers = vec![supervisor.serve().await];
        let data = home.data();
        let status = || {
            let data = data.clone();
            blocking(move || {
                let mut command = Command::new(BINARY);
                command.args(["status", "--json", "--data"]).arg(data).env_clear();
                let output = command.stdin(Stdio::null()).output()?;
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            })
        };
        assert!(status().await.expect("an answer").contains("\"running\": true"));

        supervisor.switch(&mut workers, AT_ONCE).await;

        assert!(status().await.expect("an answer").contains("\"running\": true"));
        assert!(home.data().join("control.sock").exists(), "it is the supervisor's");
    });
}

#[test]
fn a_worker_that_nobody_started_says_who_starts_it() {
    let home = Home::new();
    let mut child = Command::new(BINARY)
        .args(["serve", "--worker", "--data"])
        .arg(home.data())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");

    let status = child.wait().expect("an end");
    let mut said = String::new();
    child.stderr.take().expect("what it said").read_to_string(&mut said).expect("text");

    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("holdfast supervise"), "{said}");
}

#[test]
fn an_order_that_comes_too_early_is_followed_all_the_same() {
    let home = Home::new();
    on_runtime(async {
        let supervisor = Supervisor::new(&home);
        let trial = supervisor.start().await;
        trial.hear_of("Ready", |report| matches!(report, Report::Ready { .. })).await;

        // The supervisor did not like what it saw.
        trial.hold(AT_ONCE).await;
        let other = supervisor.serve().await;
        trial.forward_to(&other).await;

        assert!(trial.ended().await.success());
        other.order(&Order::Hold { finish_within_ms: 0 }).await;
        other.hear_of("Closed", |report| *report == Report::Closed).await;
    });
}
