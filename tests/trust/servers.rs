//! Servers on loopback, good ones and bad ones, below HTTP libraries: what they send is decided
//! byte for byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast::platform::tasks::beside;
use holdfast::platform::updates::metadata::Feed;
use holdfast::platform::updates::metadata::web::{Bounds, Web};

use crate::forge::Files;

/// Small enough that a test sees them hold.
pub(crate) const BOUNDS: Bounds = Bounds {
    connect: Duration::from_secs(5),
    stall: Duration::from_millis(1_500),
    metadata: Duration::from_secs(20),
    file: Duration::from_secs(20),
    bytes_per_second_min: 1024 * 1024,
};
/// Between two bytes of a dripping server.
const DRIP: Duration = Duration::from_millis(20);

/// What a server does with a request.
pub(crate) enum Manner {
    /// The file as it is, from where it is asked for.
    Good,
    /// These bytes as they are.
    Raw(Vec<u8>),
    /// These bytes, and then zeros for ever.
    Endless(Vec<u8>),
    /// The first bytes at once, and the others one by one.
    Drip(Vec<u8>, Vec<u8>),
    /// Nothing.
    Silent,
}

/// One request: the path below the feed, and from where on it is asked for.
pub(crate) type Asked = (String, Option<u64>);

pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Dropped with the server; whoever drips stops then.
    _alive: Sender<()>,
}

impl Server {
    /// Serves these files, and does what `manner` says of a path.
    pub(crate) fn start(
        files: Files,
        manner: impl Fn(&str) -> Manner + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (alive, ended) = channel::<()>();
        let serving = Arc::new(Serving {
            files,
            manner: Box::new(manner),
            asked: Arc::clone(&asked),
            ended: Mutex::new(ended),
        });
        let accept = move || {
            for stream in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                drop(beside("server", move || serving.connection(stream)).unwrap());
            }
        };
        drop(beside("servers", accept).unwrap());
        Self { address, asked, _alive: alive }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}/feed", self.address)
    }

    pub(crate) fn feed(&self) -> Feed {
        Feed::Web(Web::new(&self.base(), BOUNDS).unwrap())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

struct Serving {
    files: Files,
    manner: Box<dyn Fn(&str) -> Manner + Send + Sync>,
    asked: Arc<Mutex<Vec<Asked>>>,
    ended: Mutex<Receiver<()>>,
}

impl Serving {
    fn connection(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((path, from)) = request(&mut reader) {
            self.asked.lock().unwrap().push((path.clone(), from));
            let goes_on = match (self.manner)(&path) {
                Manner::Good => stream.write_all(&self.good(&path, from)).is_ok(),
                Manner::Raw(bytes) => {
                    drop(stream.write_all(&bytes));
                    false
                }
                Manner::Endless(head) => {
                    drop(stream.write_all(&head));
                    while stream.write_all(&[0; 4096]).is_ok() {}
                    false
                }
                Manner::Drip(at_once, slowly) => {
                    drop(stream.write_all(&at_once));
                    self.drip(&mut stream, &slowly);
                    false
                }
                Manner::Silent => {
                    drop(reader.read(&mut [0]));
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    fn good(&self, path: &str, from: Option<u64>) -> Vec<u8> {
        let Some(bytes) = self.files.get(path) else {
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
        };
        let from_bytes = usize::try_from(from.unwrap_or(0)).unwrap();
        let left = bytes.get(from_bytes..).unwrap_or_default();
        let head = match from {
            None => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", left.len()),
            Some(from) => format!(
                "HTTP/1.1 206 Partial Content\r\ncontent-length: {}\r\ncontent-range: bytes \
                 {from}-{}/{}\r\n\r\n",
                left.len(),
                bytes.len() - 1,
                bytes.len()
            ),
        };
        [head.as_bytes(), left].concat()
    }

    /// Waits for the end of the test between two bytes, not for anything to happen.
    fn drip(&self, stream: &mut TcpStream, bytes: &[u8]) {
        for byte in bytes {
            let sent = stream.write_all(&[*byte]).is_ok();
            let ended = self.ended.lock().unwrap().recv_timeout(DRIP);
            if !sent || ended != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}

fn request(reader: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.strip_prefix("GET /feed/")?.split(' ').next()?.to_owned();
    let mut from = None;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            return Some((path, from));
        }
        if let Some(range) = header.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
    }
}
