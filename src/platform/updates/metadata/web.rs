//! A feed on the web. Any static server will do. It is not trusted: what it sends is verified, and
//! how long it may take and how much it may send is bounded.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt};
use http::{Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use rustls::ClientConfig;
use tokio::time::timeout;

use super::feed::too_large;
use super::{Reason, Result};
use crate::platform::backups::targets::Fault;
use crate::platform::backups::targets::http::{Body, Http, Limits};
use crate::platform::notices::Roots;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Until there is a connection.
    pub connect: Duration,
    /// Without a byte.
    pub stall: Duration,
    /// All metadata of one refresh.
    pub metadata: Duration,
    /// One file, however large.
    pub file: Duration,
    /// A file may take as long as it does at this rate, and [`Self::stall`] besides.
    pub bytes_per_second_min: u64,
}

impl Bounds {
    pub const USUAL: Self = Self {
        connect: Duration::from_secs(15),
        stall: Duration::from_secs(30),
        metadata: Duration::from_mins(5),
        file: Duration::from_hours(4),
        bytes_per_second_min: 8 * 1024,
    };

    pub(super) fn time_for(&self, size_bytes: u64) -> Duration {
        let at_rate = Duration::from_secs(size_bytes / self.bytes_per_second_min.max(1));
        self.stall.saturating_add(at_rate).min(self.file)
    }
}

/// A feed at an address.
#[derive(Clone)]
pub struct Web {
    /// Without a slash at its end.
    base: String,
    http: Arc<Http>,
    bounds: Bounds,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Web {
    /// A feed below this address, which begins with `https`, or with `http` where it leads to this
    /// machine itself. The authorities that this machine trusts vouch for the server. Blocks.
    pub fn new(base: &str, bounds: Bounds) -> Result<Self> {
        let tls = Roots::read(None)?.client();
        Self::with_tls(base, bounds, tls)
    }

    /// The same, with other authorities.
    pub fn with_tls(base: &str, bounds: Bounds, tls: Arc<ClientConfig>) -> Result<Self> {
        let odd = || {
            let said = format!("“{base}” is no address of a feed.");
            Reason::new("update-feed-address", said)
        };
        let base = base.trim_end_matches('/');
        let address: Uri = base.parse().map_err(|_| odd())?;
        let host = address.host().unwrap_or_default();
        let is_safe = address.scheme_str() == Some("https")
            || address.scheme_str() == Some("http") && is_this_machine(host);
        let has_secrets = address.authority().is_some_and(|one| one.as_str().contains('@'));
        if host.is_empty() || !is_safe || has_secrets || address.query().is_some() {
            return Err(odd());
        }
        let base = base.to_owned();
        // Whoever sends nothing is told apart here, before the client gives up.
        let limits = Limits { connect: bounds.connect, stall: bounds.stall * 2 };
        Ok(Self { base, http: Arc::new(Http::new(tls, limits)), bounds })
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    pub(super) async fn metadata(
        &self,
        name: &str,
        size_bytes_max: u64,
    ) -> Result<Option<Vec<u8>>> {
        let path = format!("metadata/{name}");
        match timeout(self.bounds.time_for(size_bytes_max), self.whole(&path, size_bytes_max)).await
        {
            Ok(outcome) => outcome,
            Err(_) => Err(too_slow(&path)),
        }
    }

    async fn whole(&self, path: &str, size_bytes_max: u64) -> Result<Option<Vec<u8>>> {
        let answer = self.ask(path, 0).await?;
        if is_missing(answer.status()) {
            return Ok(None);
        }
        let mut answer = self.read(path, answer)?;
        let mut bytes = Vec::new();
        while let Some(piece) = answer.next().await? {
            if (bytes.len() + piece.len()) as u64 > size_bytes_max {
                return Err(too_large(path, size_bytes_max));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes))
    }

    pub(super) async fn open(&self, path: &str, from_bytes: u64) -> Result<Answer> {
        let answer = self.ask(path, from_bytes).await?;
        if is_missing(answer.status()) {
            let said = format!("The feed has no {path}.");
            return Err(Reason::new("update-feed-missing", said));
        }
        // A server that has no such range sends all of it.
        let answer = match answer.status() {
            StatusCode::RANGE_NOT_SATISFIABLE => self.ask(path, 0).await?,
            _ => answer,
        };
        self.read(path, answer)
    }

    async fn ask(&self, path: &str, from_bytes: u64) -> Result<Response<Incoming>> {
        let mut request = Request::get(format!("{}/{path}", self.base));
        if from_bytes > 0 {
            request = request.header(header::RANGE, format!("bytes={from_bytes}-"));
        }
        let request = request.body(Body::empty()).map_err(|error| {
            let said = format!("{}/{path} cannot be asked: {error}.", self.base);
            Reason::new("update-feed-address", said)
        })?;
        match timeout(self.bounds.stall, self.http.exchange(request)).await {
            Ok(answer) => answer.map_err(|fault| unreached(path, &fault)),
            Err(_) => Err(too_slow(path)),
        }
    }

    fn read(&self, path: &str, answer: Response<Incoming>) -> Result<Answer> {
        let status = answer.status();
        if status.is_redirection() {
            let said = format!("The feed leads elsewhere for {path}, by {status}.");
            return Err(Reason::new("update-redirected", said));
        }
        let length = header_number(&answer, header::CONTENT_LENGTH);
        let (from_bytes, size_bytes) = match status {
            StatusCode::OK => (0, length),
            StatusCode::PARTIAL_CONTENT => match range_of(&answer) {
                Some((from, size)) => (from, size),
                None => return Err(unusual(path, "a part that it does not name")),
            },
            _ => return Err(unusual(path, status.as_str())),
        };
        let pieces = Box::pin(Http::pieces(&self.http, answer.into_body()));
        let (path, stall) = (path.to_owned(), self.bounds.stall);
        Ok(Answer { from_bytes, size_bytes, path, stall, pieces })
    }
}

/// A file that is being sent.
pub(super) struct Answer {
    pub(super) from_bytes: u64,
    pub(super) size_bytes: Option<u64>,
    path: String,
    stall: Duration,
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>,
}

impl Answer {
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        match timeout(self.stall, self.pieces.next()).await {
            Err(_) => Err(too_slow(&self.path)),
            Ok(None) => Ok(None),
            Ok(Some(piece)) => piece.map(Some).map_err(|fault| {
                let said = format!("{}: {}", self.path, fault.detail);
                Reason::new("update-cut-short", said)
            }),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    let is_loopback = bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || bare == "localhost"
}

/// Stores that do not let everybody list answer 403 for what is not there.
fn is_missing(status: StatusCode) -> bool {
    [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN, StatusCode::GONE].contains(&status)
}

fn header_number<B>(answer: &Response<B>, name: header::HeaderName) -> Option<u64> {
    answer.headers().get(name)?.to_str().ok()?.parse().ok()
}

/// `bytes 100-199/200`
fn range_of<B>(answer: &Response<B>) -> Option<(u64, Option<u64>)> {
    let text = answer.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = range.split_once('-')?;
    Some((from.parse().ok()?, size.parse().ok()))
}

fn unreached(path: &str, fault: &Fault) -> Reason {
    Reason::new("update-feed-unreachable", format!("{path}: {}", fault.detail))
}

fn unusual(path: &str, answered: &str) -> Reason {
    Reason::new("update-feed-unreachable", format!("{path}: The server answered {answered}."))
}

pub(super) fn too_slow(path: &str) -> Reason {
    Reason::new("update-too-slow", format!("{path} did not come in time."))
}
