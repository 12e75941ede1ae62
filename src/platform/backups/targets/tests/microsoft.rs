//! A small Graph and the sign-in before it, which answer as Microsoft's description says. It has
//! nothing of the program in it.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// Entries of a page, so that lists have several.
const PAGE: usize = 7;

pub(super) struct Graph {
    port: u16,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Name, bytes that are there, bytes in all.
    pub(super) sessions: BTreeMap<usize, (String, Vec<u8>, usize)>,
    made: usize,
    /// What opens the drive now, and what gives the next.
    pub(super) access: usize,
    refresh: usize,
    /// Seconds between two questions about a code, and how long it is good.
    pub(super) interval: u64,
    pub(super) expires_in: u64,
    /// What is said to those who ask about a code, before somebody types it.
    pub(super) says: VecDeque<&'static str>,
    /// When a code was asked about.
    pub(super) polls: Vec<Instant>,
    /// Told of each of these.
    pub(super) heard: Arc<Notify>,
    /// Pieces that are answered with 429 before one is taken.
    pub(super) busy: usize,
    /// Pieces of which only half is taken before the line breaks with 503.
    pub(super) halves: usize,
    pub(super) asked: Vec<String>,
}

type Answer = Response<Full<Bytes>>;

fn answer(status: u16, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    answer
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    answer(status, &json!({ "error": { "code": code, "message": message } }))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
            let digits = String::from_utf8_lossy(&digits).into_owned();
            bytes.push(u8::from_str_radix(&digits, 16).expect("hexadecimal"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("a name")
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

/// Everything but what may stand in a path.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let one = |byte: u8| {
        if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    name.bytes().map(one).collect()
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

impl Graph {
    fn new(port: u16) -> Self {
        Self {
            port,
            files: BTreeMap::new(),
            sessions: BTreeMap::new(),
            made: 0,
            access: 0,
            refresh: 1,
            interval: 5,
            expires_in: 900,
            says: VecDeque::from(["authorization_pending", "slow_down"]),
            polls: Vec::new(),
            heard: Arc::default(),
            busy: 0,
            halves: 0,
            asked: Vec::new(),
        }
    }

    /// Where one signs in, and where the drive is.
    pub(super) fn addresses(&self) -> (String, String) {
        let address = format!("http://127.0.0.1:{}", self.port);
        (format!("{address}/login"), format!("{address}/graph"))
    }

    fn login(&mut self, path: &str, body: &[u8]) -> Answer {
        let form = form(body);
        if form["client_id"] != "app-1" {
            let why =
                json!({ "error": "unauthorized_client", "error_description": "No such app." });
            return answer(400, &why);
        }
        if path == "/login/devicecode" {
            assert_eq!(form["scope"], "Files.ReadWrite offline_access");
            return answer(
                200,
                &json!({ "user_code": "ABC-123", "device_code": "a device's secret",
                    "verification_uri": "https://microsoft.com/devicelogin",
                    "expires_in": self.expires_in, "interval": self.interval }),
            );
        }
        if form["grant_type"] == "refresh_token" {
            if form["refresh_token"] != format!("refresh-{}", self.refresh) {
                let why =
                    json!({ "error": "invalid_grant", "error_description": "It is used up." });
                return answer(400, &why);
            }
        } else {
            assert_eq!(form["device_code"], "a device's secret");
            self.polls.push(Instant::now());
            self.heard.notify_one();
            if let Some(error) = self.says.pop_front() {
                return answer(400, &json!({ "error": error }));
            }
        }
        // A token is good once: the next takes its place.
        self.refresh += 1;
        self.access += 1;
        answer(
            200,
            &json!({ "access_token": format!("access-{}", self.access), "expires_in": 3600,
                "refresh_token": format!("refresh-{}", self.refresh) }),
        )
    }

    fn item(&mut self, request: &Request<()>, name: &str, rest: &str, body: &Bytes) -> Answer {
        let query = request.uri().query().unwrap_or_default();
        let not_there = || refusal(404, "itemNotFound", "Item does not exist.");
        match (request.method(), rest) {
            (&Method::GET, "") => match self.files.get(name) {
                Some(bytes) => answer(200, &json!({ "size": bytes.len(), "file": {} })),
                None => not_there(),
            },
            (&Method::DELETE, "") => match self.files.remove(name) {
                Some(_) => answer(204, &Value::Null),
                None => not_there(),
            },
            (&Method::PUT, "content") => {
                if query.contains("fail") && self.files.contains_key(name) {
                    return refusal(409, "nameAlreadyExists", "There is one.");
                }
                assert!(query.contains("conflictBehavior="), "{query}");
                self.files.insert(name.to_owned(), body.to_vec());
                answer(201, &json!({}))
            }
            (&Method::GET, "content") if self.files.contains_key(name) => {
                let place = format!("http://127.0.0.1:{}/download{name}", self.port);
                let mut moved = answer(302, &Value::Null);
                let place = place.replace(' ', "%20").replace('í', "%C3%AD").parse();
                moved.headers_mut().insert(header::LOCATION, place.expect("an address"));
                moved
            }
            (&Method::GET, "content") => not_there(),
            (&Method::POST, "createUploadSession") => {
                let wish: Value = serde_json::from_slice(body).expect("JSON");
                assert_eq!(wish["item"]["@microsoft.graph.conflictBehavior"], "fail");
                if self.files.contains_key(name) {
                    return refusal(409, "nameAlreadyExists", "There is one.");
                }
                self.made += 1;
                self.sessions.insert(self.made, (name.to_owned(), Vec::new(), 0));
                let url = format!("http://127.0.0.1:{}/session/{}", self.port, self.made);
                answer(200, &json!({ "uploadUrl": url }))
            }
            (&Method::GET, "children") => self.children(name, query),
            (method, rest) => panic!("Graph knows no {method} {rest}"),
        }
    }

    fn children(&self, folder: &str, query: &str) -> Answer {
        let below = format!("{folder}/");
        let mut found: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, bytes) in self.files.iter().filter(|(name, _)| name.starts_with(&below)) {
            let rest = &name[below.len()..];
            if let Some((child, _)) = rest.split_once('/') {
                found.insert(child, json!({ "name": child, "folder": {} }));
            } else {
                found.insert(rest, json!({ "name": rest, "size": bytes.len(), "file": {} }));
            }
        }
        if found.is_empty() {
            return refusal(404, "itemNotFound", "Item does not exist.");
        }
        let skip: usize =
            query.split("skip=").nth(1).map_or(0, |skip| skip.parse().expect("a number"));
        let page: Vec<&Value> = found.values().skip(skip).take(PAGE).collect();
        let mut list = json!({ "value": page });
        if skip + PAGE < found.len() {
            let path = encoded(folder);
            list["@odata.nextLink"] = json!(format!(
                "http://127.0.0.1:{}/graph/me/drive/root:{path}:/children?skip={}",
                self.port,
                skip + PAGE
            ));
        }
        answer(200, &list)
    }

    fn session(&mut self, request: &Request<()>, body: &Bytes) -> Answer {
        let id: usize = request.uri().path()["/session/".len()..].parse().expect("an id");
        let no_token = !request.headers().contains_key(header::AUTHORIZATION);
        assert!(no_token, "the token goes where it has no business");
        let Some((name, there, all)) = self.sessions.get_mut(&id) else {
            return refusal(404, "itemNotFound", "The session is over.");
        };
        if request.method() == Method::DELETE {
            self.sessions.remove(&id);
            return answer(204, &Value::Null);
        }
        let expected = |there: usize| json!({ "nextExpectedRanges": [format!("{there}-")] });
        if request.method() == Method::GET {
            return answer(200, &expected(there.len()));
        }
        if self.busy > 0 {
            self.busy -= 1;
            let mut busy = refusal(429, "activityLimitReached", "Slow down.");
            busy.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
            return busy;
        }
        let range = request.headers()[header::CONTENT_RANGE].to_str().expect("a range");
        let (span, total) = range["bytes ".len()..].split_once('/').expect("a total");
        let (first, last) = span.split_once('-').expect("a span");
        let (first, last): (usize, usize) = (number(first), number(last));
        *all = total.parse().expect("a total");
        assert_eq!((first, last - first + 1), (there.len(), body.len()), "another piece");
        assert!(last + 1 == *all || body.len().is_multiple_of(320 * 1024), "an odd piece");
        if self.halves > 0 {
            self.halves -= 1;
            there.extend_from_slice(&body[..body.len() / 2]);
            return refusal(503, "serviceNotAvailable", "Later.");
        }
        there.extend_from_slice(body);
        if there.len() < *all {
            return answer(202, &expected(there.len()));
        }
        let (name, bytes) = (name.clone(), there.clone());
        self.sessions.remove(&id);
        if self.files.contains_key(&name) {
            return refusal(409, "nameAlreadyExists", "There is one.");
        }
        self.files.insert(name, bytes);
        answer(201, &json!({}))
    }

    fn download(&self, request: &Request<()>) -> Answer {
        let no_token = !request.headers().contains_key(header::AUTHORIZATION);
        assert!(no_token, "the token goes where it has no business");
        let name = decoded(&request.uri().path()["/download".len()..]);
        let bytes = self.files[&name].clone();
        let Some(range) = request.headers().get(header::RANGE) else {
            return Response::new(Full::new(bytes.into()));
        };
        let range = range.to_str().expect("a range")["bytes=".len()..].to_owned();
        let (first, last) = range.split_once('-').expect("a span");
        let (first, last): (usize, usize) = (number(first), number(last));
        let mut part = Response::new(Full::new(Bytes::copy_from_slice(&bytes[first..=last])));
        *part.status_mut() = StatusCode::PARTIAL_CONTENT;
        part
    }

    fn answer(&mut self, request: &Request<()>, body: &Bytes) -> Answer {
        let path = request.uri().path().to_owned();
        self.asked.push(format!("{} {path}", request.method()));
        if path.starts_with("/login/") {
            return self.login(&path, body);
        }
        if path.starts_with("/session/") {
            return self.session(request, body);
        }
        if path.starts_with("/download/") {
            return self.download(request);
        }
        let token = format!("Bearer access-{}", self.access);
        if request.headers().get(header::AUTHORIZATION).is_none_or(|it| *it != token.as_str()) {
            return refusal(401, "InvalidAuthenticationToken", "It has expired.");
        }
        let rest = path.strip_prefix("/graph/me/drive/root:").expect("an address of Graph");
        let (name, rest) = rest.split_once(":/").unwrap_or((rest, ""));
        self.item(request, &decoded(name), rest, body)
    }
}

pub(super) async fn start() -> Arc<Mutex<Graph>> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let graph = Arc::new(Mutex::new(Graph::new(port)));
    let ours = Arc::clone(&graph);
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    drop(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let graph = Arc::clone(&ours);
            let service = service_fn(move |request: Request<Incoming>| {
                let graph = Arc::clone(&graph);
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.expect("a body").to_bytes();
                    let request = Request::from_parts(parts, ());
                    Ok::<_, Infallible>(
                        graph.lock().expect("nobody panicked").answer(&request, &body),
                    )
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            #[expect(clippy::disallowed_methods, reason = "ends with the test")]
            drop(tokio::spawn(async move { drop(connection.await) }));
        }
    }));
    graph
}
