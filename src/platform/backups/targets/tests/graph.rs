//! OneDrive against a small Graph that answers as Microsoft's description says. It has not been
//! tried on the real one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::super::faults::{Fault, Why};
use super::super::http::Http;
use super::super::onedrive::{Endpoints, OneDrive, TokenKeeper};
use super::super::remote::Remote;
use super::super::rules::{Credential, Place};
use super::super::signing_in::{Answered, again, begin};
use super::{QUICK, Shared, file};
use crate::platform::notices::Roots;
use crate::platform::secret::Secret;

/// Entries of a page, so that lists have several.
const PAGE: usize = 7;

#[derive(Default)]
struct Graph {
    port: u16,
    files: BTreeMap<String, Vec<u8>>,
    /// Name, bytes that are there, bytes in all.
    sessions: BTreeMap<usize, (String, Vec<u8>, usize)>,
    made: usize,
    /// What opens the drive now, and what gives the next.
    access: usize,
    refresh: usize,
    /// How often a code was asked about.
    polls: usize,
    /// Pieces that are answered with 429 before one is taken.
    busy: usize,
    /// Pieces of which only half is taken before the line breaks with 503.
    halves: usize,
    asked: Vec<String>,
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

impl Graph {
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
                    "expires_in": 900, "interval": 5 }),
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
            self.polls += 1;
            if self.polls < 3 {
                let error = ["authorization_pending", "slow_down"][self.polls - 1];
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
            let path = super::super::http::encoded(folder);
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
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
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
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
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

async fn start() -> Shared<Graph> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let graph = Arc::new(Mutex::new(Graph { port, refresh: 1, ..Graph::default() }));
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
                    Ok::<_, Infallible>(graph.lock().unwrap().answer(&request, &body))
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            #[expect(clippy::disallowed_methods, reason = "ends with the test")]
            drop(tokio::spawn(async move { drop(connection.await) }));
        }
    }));
    graph
}

fn http() -> Arc<Http> {
    let tls = Roots::read(None).expect("the authorities of this machine").client();
    Arc::new(Http::new(tls, QUICK))
}

fn endpoints(graph: &Shared<Graph>) -> Endpoints {
    let address = format!("http://127.0.0.1:{}", graph.lock().unwrap().port);
    Endpoints { login: format!("{address}/login"), graph: format!("{address}/graph") }
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
    let drive = OneDrive::of(&place, credential, http(), Some(keeper), endpoints(graph));
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
    let (remote, _) = drive(&graph, token.reveal());
    assert_eq!(remote.list("").await.expect("a list"), []);
}
