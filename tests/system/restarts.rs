//! Restarts under load, for `make test` and, fifty of them, for `make bench`: nobody is refused,
//! nothing that was confirmed is lost, and whoever listens hears everything.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rustix::process::Signal;
use rustls::ClientConfig;

use crate::client::{Line, Tls, status};
use crate::rig::{Home, Manager, PATIENCE, Running, handed, listener};

const WRITERS: usize = 4;
const READERS: usize = 32;
/// `make bench` has fifty.
const RESTARTS: usize = 5;
/// Answers between two restarts.
const ANSWERS_BETWEEN: usize = 400;

/// What the load asks, and what came of it.
struct Load<'a> {
    home: &'a Home,
    address: SocketAddr,
    trust: Arc<ClientConfig>,
    item: String,
    location: String,
    answers: AtomicUsize,
    is_over: AtomicBool,
    /// It ends by then at the latest, whatever happened to whoever ends it.
    until: Instant,
    failures: Mutex<Vec<String>>,
    /// Movements that were confirmed.
    confirmed: Mutex<BTreeSet<String>>,
    ended_at_rest: AtomicUsize,
}

impl Load<'_> {
    fn movement(&self, reference: &str) -> String {
        let (item, location) = (&self.item, &self.location);
        let body = format!(
            "{{\"type\":\"receive\",\"item_id\":\"{item}\",\"location_id\":\"{location}\",\
             \"qty\":\"1\",\"reference\":\"{reference}\"}}"
        );
        self.home.request("POST", "movements", &body)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst) || Instant::now() >= self.until
    }

    fn write(&self, writer: usize) {
        let mut line = Line::new(self.address, &self.trust);
        for number in 0.. {
            if self.is_over() {
                break;
            }
            let answer = line.ask(&self.movement(&format!("w{writer}-{number}")));
            let made = answer.and_then(|answer| {
                let made: serde_json::Value = serde_json::from_slice(&answer.body)?;
                match (answer.status, made["id"].as_str()) {
                    (201, Some(id)) => Ok(id.to_owned()),
                    (status, _) => Err(io::Error::other(format!("{status}: {made}"))),
                }
            });
            let made = made.map(|id| {
                self.confirmed().insert(id);
            });
            self.note("a write", made);
        }
        self.ended_at_rest.fetch_add(line.ended_at_rest, Ordering::SeqCst);
    }

    fn read(&self) {
        let mut line = Line::new(self.address, &self.trust);
        let request = self.home.request("GET", &format!("items/{}", self.item), "");
        while !self.is_over() {
            let answer = line.ask(&request).and_then(|answer| match answer.status {
                200 => Ok(()),
                status => Err(io::Error::other(status.to_string())),
            });
            self.note("a read", answer);
        }
        self.ended_at_rest.fetch_add(line.ended_at_rest, Ordering::SeqCst);
    }

    fn note(&self, what: &str, outcome: io::Result<()>) {
        match outcome {
            Ok(()) => {
                self.answers.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                self.failures.lock().expect("no panic").push(format!("{what}: {error}"));
            }
        }
    }

    fn confirmed(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.confirmed.lock().expect("no panic")
    }

    /// Waits until so many more were answered.
    fn go_on_for(&self, answers: usize) {
        let (from, until) = (self.answers.load(Ordering::SeqCst), Instant::now() + PATIENCE * 3);
        while self.answers.load(Ordering::SeqCst) < from + answers {
            assert!(Instant::now() < until, "the box stopped answering:\n{}", self.home.log());
            std::thread::yield_now();
        }
    }
}

/// Ends the load when it goes, so that a failure on the way ends the test too.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Listens to the workspace, over restarts, from the last number it heard on.
struct Listening {
    request: String,
    last: i64,
    /// The number of the frame that is being read.
    number: i64,
    ids: BTreeSet<String>,
    times: usize,
}

impl Listening {
    fn new(home: &Home) -> Self {
        let request = format!(
            "GET /api/v1/workspaces/{}/events HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {}\r\n",
            home.workspace, home.token
        );
        Self { request, last: 0, number: 0, ids: BTreeSet::new(), times: 0 }
    }

    fn begin(&mut self, load: &Load<'_>) -> io::Result<Tls> {
        let mut stream = Tls::open(load.address, &load.trust)?;
        stream.send(&format!("{}Last-Event-ID: {}\r\n\r\n", self.request, self.last))?;
        let head = stream.head()?;
        self.times += 1;
        match status(&head)? {
            200 => Ok(stream),
            _ => Err(io::Error::other(head)),
        }
    }

    /// Hears until everything that was confirmed was told.
    fn hear(&mut self, load: &Load<'_>) {
        while !self.is_done(load) {
            // A stream that ends is begun again; one that is refused is a failure.
            let mut stream = match self.begin(load) {
                Ok(stream) => stream,
                Err(error) => return load.note("a stream", Err(error)),
            };
            while !self.is_done(load) {
                let Ok(line) = stream.line() else { break };
                self.take(line.trim(), load);
            }
        }
    }

    fn is_done(&self, load: &Load<'_>) -> bool {
        let is_late = Instant::now() >= load.until + PATIENCE;
        is_late || load.is_over() && load.confirmed().is_subset(&self.ids)
    }

    fn take(&mut self, line: &str, load: &Load<'_>) {
        if let Some(number) = line.strip_prefix("id:") {
            self.number = number.trim().parse().unwrap_or(0);
        } else if line.is_empty() {
            // A frame without data says only where the stream is.
            self.last = self.last.max(self.number);
        } else if let Some(data) = line.strip_prefix("data:") {
            if self.number <= self.last {
                let twice = format!("{} came after {}", self.number, self.last);
                load.note("an event", Err(io::Error::other(twice)));
            }
            self.last = self.number;
            let data: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
            self.ids.extend(data["id"].as_str().map(str::to_owned));
        }
    }
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) failures: Vec<String>,
    pub(crate) ended_at_rest: usize,
    pub(crate) streams: usize,
    pub(crate) answers: usize,
}

/// Loads a box that is asked to end with `signal` and started anew, again and again.
pub(crate) fn restart(times: usize, signal: Signal) -> Outcome {
    let home = Home::new();
    let manager = Manager::new(&home).with("HOLDFAST_SERVER__STOP_TIMEOUT_S", "60");
    let (socket, address) = listener();
    let start = || manager.serve(vec![handed(&socket)], "https");
    let mut running: Running = start();
    let item = r#"{"item_number":"T-1","name":"Salt","unit":"kg"}"#;
    let place = r#"{"code":"dry-1","name":"Dry store"}"#;
    let load = Load {
        home: &home,
        address,
        trust: home.trust(),
        item: home.make(address, "items", item),
        location: home.make(address, "locations", place),
        answers: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        until: Instant::now() + PATIENCE * 3 * (u32::try_from(times).expect("a few") + 1),
        failures: Mutex::default(),
        confirmed: Mutex::default(),
        ended_at_rest: AtomicUsize::new(0),
    };
    let mut listening = Listening::new(&home);
    std::thread::scope(|scope| {
        let load = &load;
        let ending = Ending(&load.is_over);
        (0..WRITERS).for_each(|writer| drop(scope.spawn(move || load.write(writer))));
        (0..READERS).for_each(|_| drop(scope.spawn(|| load.read())));
        let hearing = scope.spawn(|| listening.hear(load));
        for _ in 0..times {
            load.go_on_for(ANSWERS_BETWEEN);
            running.signal(signal);
            running.wait();
            running = start();
        }
        load.go_on_for(ANSWERS_BETWEEN);
        drop(ending);
        // Something to hear for whoever waits.
        let last = Line::new(address, &load.trust).ask(&load.movement("last"));
        assert!(last.is_ok_and(|answer| answer.status == 201));
        hearing.join().expect("it heard");
    });
    running.stop();
    let confirmed = load.confirmed().clone();
    let lost = confirmed.difference(&kept(&home)).next().cloned();
    assert_eq!(lost, None, "a confirmed write is gone");
    Outcome {
        failures: load.failures.into_inner().expect("no panic"),
        ended_at_rest: load.ended_at_rest.into_inner(),
        streams: listening.times,
        answers: load.answers.into_inner(),
    }
}

/// The ids of all movements in the closed file.
#[expect(clippy::disallowed_methods, reason = "looks at the closed file from outside")]
fn kept(home: &Home) -> BTreeSet<String> {
    let path = home.data().join(format!("workspaces/{}.db", home.workspace));
    let connection = rusqlite::Connection::open(path).expect("a file");
    let mut statement = connection.prepare("SELECT lower(hex(id)) FROM movements").expect("SQL");
    let ids = statement.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    let dashed = |hex: String| {
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        parts.join("-")
    };
    ids.map(|id| dashed(id.expect("an id"))).collect()
}

#[test]
fn restarts_under_load_fail_nobody_and_lose_nothing() {
    let outcome = restart(RESTARTS, Signal::TERM);
    let Outcome { failures, ended_at_rest, streams, answers } = outcome;

    assert!(
        failures.is_empty(),
        "{} failed: {:?}",
        failures.len(),
        &failures[..failures.len().min(5)]
    );
    // Clients that ask all the time are told before their connection ends, but for one that the
    // machine did not let run for half a second.
    assert!(ended_at_rest <= RESTARTS, "{ended_at_rest} connections ended without a word");
    assert!(answers >= RESTARTS * ANSWERS_BETWEEN);
    assert!(streams > RESTARTS, "the stream was begun {streams} times");
}

#[test]
fn without_draining_the_same_load_fails() {
    let outcome = restart(1, Signal::KILL);

    assert!(!outcome.failures.is_empty(), "the load does not notice a box that is killed");
}
