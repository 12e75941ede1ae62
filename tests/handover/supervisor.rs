//! What a supervisor does, played by the test over the real channel, with real workers of the built
//! program on one data folder.

use std::fs::OpenOptions;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast::platform::tasks::{Tasks, blocking};
use holdfast::platform::updates::release::SUPERVISOR_PROTO;
use holdfast::platform::updates::supervisor::channel::{Channel, pair};
use holdfast::platform::updates::supervisor::protocol::{Order, Report, SocketKind};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::rig::{BINARY, Home, PATIENCE};

/// What a hold may take in all where slow requests get their time.
pub(crate) const PATIENT: Duration = Duration::from_secs(62);

/// Holds the sockets and starts workers.
pub(crate) struct Supervisor<'a> {
    home: &'a Home,
    https: TcpListener,
    control: UnixListener,
    pub(crate) address: SocketAddr,
    started: std::sync::atomic::AtomicU64,
}

/// A worker.
pub(crate) struct Worker {
    child: Arc<std::sync::Mutex<Child>>,
    channel: std::sync::Mutex<Option<Arc<Channel>>>,
    /// Hears what it says.
    tasks: Tasks,
    pub(crate) private: PathBuf,
    reports: Mutex<UnboundedReceiver<Report>>,
    log: PathBuf,
}

/// How long a switch let people wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    /// From the order to hold until the files were closed.
    pub(crate) closing: Duration,
    /// From then until the next worker may accept.
    pub(crate) opening: Duration,
}

impl<'a> Supervisor<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        let https = TcpListener::bind("127.0.0.1:0").expect("a port");
        let control = home.data().join("control.sock");
        // One before left it there.
        std::fs::remove_file(&control).unwrap_or_default();
        let control = UnixListener::bind(control).expect("a socket");
        Self {
            home,
            address: https.local_addr().expect("an address"),
            https,
            control,
            started: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Starts a worker, which is not ready yet.
    pub(crate) async fn start(&self) -> Worker {
        let nth = self.started.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let private = self.home.path(&format!("worker-{nth}.sock"));
        std::fs::remove_file(&private).unwrap_or_default();
        let socket = UnixListener::bind(&private).expect("a socket");
        let (channel, end) = pair().expect("a pair");
        let log = self.home.path("log");
        let kept = OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new(BINARY);
        command.args(["serve", "--worker"]).env_clear().envs(self.variables());
        command.stdin(Stdio::from(end)).stdout(kept.try_clone().expect("a log")).stderr(kept);
        let child = command.spawn().expect("a worker");
        drop(command);
        let sockets = vec![SocketKind::Https, SocketKind::Private, SocketKind::Control];
        let start = Order::Start { proto: SUPERVISOR_PROTO, seq: nth + 1, sockets };
        let with = [self.https.as_fd(), socket.as_fd(), self.control.as_fd()];
        channel.send(&start, &with).await.expect("a worker that hears");
        let channel = Arc::new(channel);
        let (tell, reports) = unbounded_channel();
        let (hearing, tasks) = (Arc::clone(&channel), Tasks::default());
        tasks.start("reports", move |mut stop| async move {
            loop {
                let heard = tokio::select! {
                    heard = hearing.receive::<Report>() => heard,
                    () = stop.requested() => return,
                };
                let Ok(Some((report, _))) = heard else { return };
                if tell.send(report).is_err() {
                    return;
                }
            }
        });
        let (child, channel) = (Arc::new(child.into()), Some(channel).into());
        Worker { child, channel, tasks, private, reports: Mutex::new(reports), log }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOLDFAST_STORAGE__DATA", self.home.data().to_string_lossy().into_owned()),
            ("HOLDFAST_LOGS__ACCESS", "false".to_owned()),
            ("HOLDFAST_LIMITS__REQUEST_BURST", "1000000".to_owned()),
            ("HOLDFAST_LIMITS__REQUESTS_PER_MIN", "10000000".to_owned()),
            ("HOLDFAST_LIMITS__EVENT_STREAMS_PER_CALLER_MAX", "1000".to_owned()),
        ]
    }

    /// Starts a worker and lets people in.
    pub(crate) async fn serve(&self) -> Worker {
        let worker = self.start().await;
        worker.hear_of("Ready", |report| matches!(report, Report::Ready { .. })).await;
        worker.order(&Order::Accept).await;
        worker
    }

    /// Has a new worker take over from the last of these, which all pass on to it.
    pub(crate) async fn switch(&self, workers: &mut Vec<Worker>, within: Duration) -> Took {
        let old = workers.last().expect("a worker");
        let began = Instant::now();
        old.hold(within).await;
        let closed = Instant::now();
        let new = self.serve().await;
        for old in workers.iter() {
            old.forward_to(&new).await;
        }
        let took = Took { closing: closed - began, opening: closed.elapsed() };
        workers.push(new);
        took
    }
}

impl Worker {
    pub(crate) async fn order(&self, order: &Order) {
        self.send(order).await.expect("a worker that hears");
    }

    async fn send(&self, order: &Order) -> io::Result<()> {
        let channel = self.channel.lock().expect("no panic").clone().expect("a channel");
        channel.send(order, &[]).await
    }

    /// Has the files closed.
    pub(crate) async fn hold(&self, within: Duration) {
        let finish_within_ms = u64::try_from(within.as_millis()).expect("a few");
        self.order(&Order::Hold { finish_within_ms }).await;
        self.hear_of("Closed", |report| *report == Report::Closed).await;
    }

    /// Passes what still comes on. One that has ended hears nothing.
    pub(crate) async fn forward_to(&self, other: &Self) {
        let order = Order::Forward { socket: other.private.clone() };
        let sent = self.send(&order).await;
        assert!(sent.is_ok() || self.has_ended(), "{sent:?}");
    }

    /// Waits for a report.
    pub(crate) async fn hear_of(&self, what: &str, is_it: impl Fn(&Report) -> bool) -> Report {
        let heard = async {
            let mut reports = self.reports.lock().await;
            while let Some(report) = reports.recv().await {
                if is_it(&report) {
                    return report;
                }
            }
            panic!("the worker ended before it said {what}:\n{}", self.log());
        };
        let heard = tokio::time::timeout(PATIENCE * 2, heard).await;
        heard.unwrap_or_else(|_| panic!("the worker did not say {what}:\n{}", self.log()))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn has_ended(&self) -> bool {
        let mut child = self.child.lock().expect("no panic");
        matches!(child.try_wait(), Ok(Some(_)))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.lock().expect("no panic").id()
    }

    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().expect("no panic");
        child.kill().expect("a worker");
        child.wait().expect("an end");
    }

    /// How it ended, once it has: it says nothing more then.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let silent = async {
            let mut reports = self.reports.lock().await;
            while reports.recv().await.is_some() {}
        };
        let silent = tokio::time::timeout(PATIENCE * 2, silent).await;
        assert!(silent.is_ok(), "the worker does not end:\n{}", self.log());
        self.child.lock().expect("no panic").wait().expect("a child")
    }

    /// Leaves it without a supervisor, and says how it ended.
    pub(crate) async fn orphaned(&self) -> ExitStatus {
        self.tasks.stop_all(PATIENCE).await;
        drop(self.channel.lock().expect("no panic").take());
        let child = Arc::clone(&self.child);
        let waiting = blocking(move || Ok(child.lock().expect("no panic").wait()?));
        let waited = tokio::time::timeout(PATIENCE * 2, waiting).await;
        waited.unwrap_or_else(|_| panic!("it goes on:\n{}", self.log())).expect("an end")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut child = self.child.lock().expect("no panic");
        if matches!(child.try_wait(), Ok(None)) && child.kill().is_ok() {
            drop(child.wait());
        }
    }
}
