//! Many who ask and listen while the box changes hands.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use holdfast::platform::tasks::Tasks;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::watch;

use crate::clients::{Answer, Ask, At, Line1, Line2};

/// What is told of a movement.
const MOVEMENT: &str = "inventory.movement";
/// A loaded machine takes long to answer all of them.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many of each kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) http1: usize,
    pub(crate) http2: usize,
    pub(crate) streams: usize,
    /// From one request of a connection to its next one; without it, the answer is what is waited
    /// for.
    pub(crate) pace: Option<Duration>,
}

/// What is asked, and what came of it.
pub(crate) struct Load {
    pub(crate) at: At,
    path: String,
    token: String,
    item: String,
    location: String,
    answers: watch::Sender<usize>,
    is_over: AtomicBool,
    pub(crate) ended_at_rest: AtomicUsize,
    pub(crate) http2_connections: AtomicUsize,
    /// Streams that were begun.
    pub(crate) streams: AtomicUsize,
    listening: watch::Sender<usize>,
    slowest_us: AtomicUsize,
    failures: Mutex<Vec<String>>,
    /// Movements that were confirmed.
    confirmed: Mutex<BTreeSet<String>>,
}

impl Load {
    /// Makes an item and a location to move it to, in this workspace as whoever has this token.
    pub(crate) async fn new(workspace: &str, token: &str, at: At) -> Arc<Self> {
        let path = format!("/api/v1/workspaces/{workspace}");
        let made = async |name: &str, body: &str| {
            let path = format!("{path}/inventory/{name}");
            let token = token.to_owned();
            let ask = Ask { method: "POST", path, token, body: body.to_owned() };
            let answer = Line1::new(&at).ask(&ask).await.expect("an answer");
            assert_eq!(answer.status, 201, "{}", answer.body);
            answer.body["id"].as_str().expect("an id").to_owned()
        };
        let item = made("items", r#"{"item_number":"T-1","name":"Salt","unit":"kg"}"#).await;
        let location = made("locations", r#"{"code":"dry-1","name":"Dry store"}"#).await;
        Arc::new(Self {
            path,
            token: token.to_owned(),
            item,
            location,
            at,
            answers: watch::Sender::new(0),
            is_over: AtomicBool::default(),
            ended_at_rest: AtomicUsize::default(),
            http2_connections: AtomicUsize::default(),
            streams: AtomicUsize::default(),
            listening: watch::Sender::new(0),
            slowest_us: AtomicUsize::default(),
            failures: Mutex::default(),
            confirmed: Mutex::default(),
        })
    }

    pub(crate) fn ask(&self, method: &'static str, path: &str, body: String) -> Ask {
        Ask { method, path: format!("{}/{path}", self.path), token: self.token.clone(), body }
    }

    pub(crate) fn reading(&self) -> Ask {
        self.ask("GET", &format!("inventory/items/{}", self.item), String::new())
    }

    pub(crate) fn writing(&self, reference: &str) -> Ask {
        let (item, location) = (&self.item, &self.location);
        let body = format!(
            "{{\"type\":\"receive\",\"item_id\":\"{item}\",\"location_id\":\"{location}\",\
             \"qty\":\"1\",\"reference\":\"{reference}\"}}"
        );
        self.ask("POST", "inventory/movements", body)
    }

    /// Has everybody listen, and then everybody ask: so each listener has to hear of everything.
    pub(crate) async fn begin(self: &Arc<Self>, crowd: Crowd, tasks: &Tasks) {
        for _ in 0..crowd.streams {
            let load = Arc::clone(self);
            tasks.start("stream", move |_| async move { load.listen().await });
        }
        let mut listening = self.listening.subscribe();
        let all = listening.wait_for(|listening| *listening == crowd.streams);
        let all = tokio::time::timeout(PATIENCE, all).await;
        assert!(all.is_ok(), "not everybody listens: {:?}", self.some());
        for nth in 0..crowd.http1 {
            let load = Arc::clone(self);
            tasks.start("http1", move |_| async move { load.over_http1(nth, crowd.pace).await });
        }
        for nth in 0..crowd.http2 {
            let load = Arc::clone(self);
            tasks.start("http2", move |_| async move { load.over_http2(nth, crowd.pace).await });
        }
    }

    async fn over_http1(&self, nth: usize, pace: Option<Duration>) {
        let (mut line, mut pace) = (Line1::new(&self.at), pace.map(tokio::time::interval));
        for number in 0.. {
            if let Some(pace) = &mut pace {
                pace.tick().await;
            }
            if self.is_over() {
                break;
            }
            let ask = self.turn(&format!("one-{nth}"), number);
            let began = Instant::now();
            let answer = line.ask(&ask).await;
            self.note(&ask, answer, began);
        }
        self.ended_at_rest.fetch_add(line.ended_at_rest, Ordering::SeqCst);
    }

    async fn over_http2(&self, nth: usize, pace: Option<Duration>) {
        let (mut line, mut pace) = (Line2::new(&self.at), pace.map(tokio::time::interval));
        for number in 0.. {
            if let Some(pace) = &mut pace {
                pace.tick().await;
            }
            if self.is_over() {
                break;
            }
            let ask = self.turn(&format!("two-{nth}"), number);
            let began = Instant::now();
            let answer = line.ask(&ask).await;
            self.note(&ask, answer, began);
        }
        self.http2_connections.fetch_add(line.connections, Ordering::SeqCst);
    }

    fn turn(&self, who: &str, number: usize) -> Ask {
        if number.is_multiple_of(2) {
            self.writing(&format!("{who}-{number}"))
        } else {
            self.reading()
        }
    }

    fn note(&self, ask: &Ask, answer: io::Result<Answer>, began: Instant) {
        let took = usize::try_from(began.elapsed().as_micros()).unwrap_or(usize::MAX);
        self.slowest_us.fetch_max(took, Ordering::SeqCst);
        let is_write = ask.method == "POST";
        let failure = match answer {
            Ok(Answer { status: 201, body, .. }) if is_write => {
                self.confirmed().extend(body["id"].as_str().map(str::to_owned));
                return self.answers.send_modify(|answers| *answers += 1);
            }
            Ok(Answer { status: 200, .. }) if !is_write => {
                return self.answers.send_modify(|answers| *answers += 1);
            }
            Ok(Answer { status, body, .. }) => format!("{status}: {body}"),
            Err(error) => format!("{error:?}"),
        };
        self.fail(format!("{} {}: {failure}", ask.method, ask.path));
    }

    fn fail(&self, failure: String) {
        self.failures.lock().expect("no panic").push(failure);
    }

    fn confirmed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.confirmed.lock().expect("no panic")
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Hears until everything that was confirmed was told, over all interruptions.
    async fn listen(&self) {
        let ask = self.ask("GET", "events", String::new());
        let mut heard = Heard::default();
        while !self.is_told(&heard) {
            let mut stream = match Line1::follow(&self.at, &ask, heard.last).await {
                Ok(stream) => stream,
                Err(error) => return self.fail(format!("a stream: {error:?}")),
            };
            self.streams.fetch_add(1, Ordering::SeqCst);
            // Half a frame of the stream before is told again whole.
            heard.text.clear();
            while !self.is_told(&heard) {
                match tokio::time::timeout(PATIENCE, heard.more(&mut stream)).await {
                    Ok(Ok(true)) => {}
                    // It ended as it should.
                    Ok(Ok(false)) => break,
                    Ok(Err(error)) => {
                        self.fail(error);
                        break;
                    }
                    Err(_) => return self.fail("an event was lost".to_owned()),
                }
                if !std::mem::replace(&mut heard.is_counted, true) {
                    self.listening.send_modify(|listening| *listening += 1);
                }
            }
        }
    }

    fn is_told(&self, heard: &Heard) -> bool {
        self.is_over() && self.confirmed().is_subset(&heard.ids)
    }

    /// Waits until so many more were answered.
    pub(crate) async fn go_on_for(&self, answers: usize) {
        let mut given = self.answers.subscribe();
        let wanted = self.answers() + answers;
        while self.answers() < wanted {
            let news = tokio::time::timeout(PATIENCE * 2, given.changed()).await;
            assert!(news.is_ok(), "the box stopped answering: {:?}", self.some());
        }
    }

    pub(crate) fn answers(&self) -> usize {
        *self.answers.borrow()
    }

    pub(crate) fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_us.swap(0, Ordering::SeqCst) as u64)
    }

    /// The first failures.
    fn some(&self) -> Vec<String> {
        self.failures.lock().expect("no panic").iter().take(5).cloned().collect()
    }

    /// Ends it, with something last for whoever listens; gives what failed.
    pub(crate) async fn end(&self, tasks: &Tasks) -> Vec<String> {
        self.is_over.store(true, Ordering::SeqCst);
        let last = self.writing("last");
        let answer = Line1::new(&self.at).ask(&last).await;
        self.note(&last, answer, Instant::now());
        tasks.stop_all(PATIENCE * 3).await;
        self.failures.lock().expect("no panic").clone()
    }

    /// Movements that were confirmed and are not in the closed file of the workspace, and how many
    /// were.
    pub(crate) fn lost(&self, file: &Path) -> (usize, Vec<String>) {
        let (confirmed, kept) = (self.confirmed(), kept(file));
        (confirmed.len(), confirmed.difference(&kept).cloned().collect())
    }
}

/// What a listener heard.
#[derive(Default)]
struct Heard {
    text: String,
    frames: usize,
    is_counted: bool,
    last: Option<i64>,
    ids: BTreeSet<String>,
}

impl Heard {
    /// Waits for the next frames, over the lines that only keep the connection. False: it ended.
    /// An error: it broke, something was told twice, or all has to be read anew.
    async fn more(&mut self, stream: &mut Incoming) -> Result<bool, String> {
        let before = self.frames;
        while self.frames == before {
            let Some(frame) = stream.frame().await else { return Ok(false) };
            let frame = frame.map_err(|error| format!("a stream broke: {error:?}"))?;
            self.take(&frame.into_data().unwrap_or_default())?;
        }
        Ok(true)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.text.push_str(&String::from_utf8_lossy(bytes));
        while let Some((frame, rest)) = self.text.split_once("\n\n") {
            let (frame, rest) = (frame.to_owned(), rest.to_owned());
            self.text = rest;
            let member =
                |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let number = member("id:").and_then(|id| id.parse::<i64>().ok());
            let data = member("data:");
            self.frames += usize::from(number.is_some() || data.is_some());
            if member("event:") == Some("reload") {
                return Err("everything has to be read anew".to_owned());
            }
            // What the box tells beside the log, an update for one, has the number of the entry
            // before it.
            if let Some(number) = number
                && self.last.is_some_and(|last| number < last)
            {
                return Err(format!("{number} came after {:?}", self.last));
            }
            self.last = number.or(self.last).max(self.last);
            let data: serde_json::Value =
                data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
            if data["kind"] == MOVEMENT
                && let Some(id) = data["id"].as_str()
                && !self.ids.insert(id.to_owned())
            {
                return Err(format!("{id} was told twice"));
            }
        }
        Ok(())
    }
}

/// The ids of all movements in the closed file.
#[expect(clippy::disallowed_methods, reason = "looks at the closed file from outside")]
fn kept(file: &Path) -> BTreeSet<String> {
    let connection = rusqlite::Connection::open(file).expect("a file");
    let mut statement = connection.prepare("SELECT lower(hex(id)) FROM movements").expect("SQL");
    let ids = statement.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    let dashed = |hex: String| {
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        parts.join("-")
    };
    ids.map(|id| dashed(id.expect("an id"))).collect()
}
