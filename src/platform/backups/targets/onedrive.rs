//! A folder of somebody's OneDrive, through Microsoft Graph and their own registration of an
//! application. Not through OpenDAL: that keeps a whole file in memory to write it, replaces what
//! is there, and keeps the new token to itself that Microsoft gives in the place of an old one.
//!
//! Parts go in an upload session that fails where a file of the name is there; what broke off in
//! the middle goes on where Microsoft says it stopped.

use std::collections::VecDeque;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::AsyncSeekExt;
use tokio::sync::Mutex;

use super::faults::{Fault, Why};
use super::http::{Body, Http, encoded};
use super::remote::{LISTED_MAX, Listed, local};
use super::rules::{Credential, Place};
use super::signing_in::ask;
use super::taking::{into_file, into_memory};
use crate::platform::secret::Secret;

/// What the box may do: files of the one who signs in, and again without them.
pub(super) const SCOPE: &str = "Files.ReadWrite offline_access";
/// Bytes that go at once; Microsoft wants a multiple of 320 KiB.
const PIECE_BYTES: u64 = 32 * 320 * 1024;
/// How often a piece is tried in all.
const TRIES_MAX: u32 = 4;
/// Between two tries of a piece, unless Microsoft says how long.
const PAUSE: Duration = Duration::from_secs(1);
/// A longer wait is left to who asked.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Files that a page of a list has.
const PAGE: u32 = 200;

/// Where Microsoft is.
#[derive(Debug, Clone)]
pub struct Endpoints {
    pub login: String,
    pub graph: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            login: "https://login.microsoftonline.com/common/oauth2/v2.0".to_owned(),
            graph: "https://graph.microsoft.com/v1.0".to_owned(),
        }
    }
}

/// Microsoft as this process finds it.
#[derive(Debug, Default)]
pub struct Microsoft(RwLock<Endpoints>);

impl Microsoft {
    pub(super) fn endpoints(&self) -> Endpoints {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has somebody else answer in its place. For tests.
    pub fn pretend(&self, endpoints: Endpoints) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = endpoints;
    }
}

/// Keeps a token in the place of the one before.
pub(super) type TokenKeeper =
    Arc<dyn Fn(Secret) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>> + Send + Sync>;

pub(super) struct OneDrive {
    http: Arc<Http>,
    endpoints: Endpoints,
    client_id: String,
    folder: String,
    tokens: Mutex<Tokens>,
    keeper: Option<TokenKeeper>,
}

struct Tokens {
    /// Opens the drive for an hour.
    access: Option<Secret>,
    refresh: Option<Secret>,
}

impl OneDrive {
    pub(super) fn at(
        place: &Place,
        credential: Option<Credential>,
        http: Arc<Http>,
        keeper: Option<TokenKeeper>,
        endpoints: Endpoints,
    ) -> Self {
        let (client_id, folder) = match place {
            Place::OneDrive { client_id, folder } => (client_id.clone(), folder.clone()),
            _ => (String::new(), String::new()),
        };
        let refresh = credential.map(|it| it.secret().clone());
        let tokens = Mutex::new(Tokens { access: None, refresh });
        Self { http, endpoints, client_id, folder, tokens, keeper }
    }

    /// The address of a file or a folder, and what follows it.
    fn url(&self, name: &str, rest: &str) -> String {
        let graph = &self.endpoints.graph;
        let path = encoded(format!("{}/{name}", self.folder).trim_end_matches('/'));
        match rest {
            "" => format!("{graph}/me/drive/root:/{path}"),
            _ => format!("{graph}/me/drive/root:/{path}:/{rest}"),
        }
    }

    /// A token that opens the drive; another one than `not`.
    async fn token(&self, not: Option<&Secret>) -> Result<Secret, Fault> {
        let mut tokens = self.tokens.lock().await;
        let is_other = |it: &&Secret| not.is_none_or(|not| !not.equals(it.reveal()));
        if let Some(access) = tokens.access.as_ref().filter(is_other) {
            return Ok(access.clone());
        }
        let Some(refresh) = tokens.refresh.clone() else {
            let detail = "Nobody has signed in to OneDrive for this target yet.";
            return Err(Fault::new(Why::Denied, detail));
        };
        let url = format!("{}/token", self.endpoints.login);
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id.as_str()),
            ("refresh_token", refresh.reveal()),
            ("scope", SCOPE),
        ];
        let (is_good, said) = ask(&self.http, &url, &form).await?;
        let Some(access) = said["access_token"].as_str().filter(|_| is_good) else {
            let why = said["error_description"].as_str().unwrap_or("no reason given");
            let detail =
                format!("Microsoft wants somebody to sign in again: {}", super::faults::said(why));
            return Err(Fault::new(Why::Denied, detail));
        };
        let access = Secret::new(access);
        if let Some(next) = said["refresh_token"].as_str().filter(|next| !refresh.equals(next)) {
            let next = Secret::new(next);
            if let Some(keep) = &self.keeper {
                keep(next.clone()).await?;
            }
            tokens.refresh = Some(next);
        }
        tokens.access = Some(access.clone());
        Ok(access)
    }

    /// Calls Graph; once more with a new token where the old one is no good any more.
    async fn call(
        &self,
        method: &Method,
        url: &str,
        headers: &[(header::HeaderName, String)],
        body: &Bytes,
    ) -> Result<Response<Incoming>, Fault> {
        let mut token = self.token(None).await?;
        let mut is_again = false;
        loop {
            let mut request = Request::builder().method(method.clone()).uri(url);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request = request
                .header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
                .header(header::CONTENT_LENGTH, body.len())
                .body(Body::of(body.clone()))
                .map_err(|_| Fault::new(Why::Other, "This address cannot be called."))?;
            let answer = self.http.exchange(request).await?;
            if answer.status().as_u16() != 401 || is_again {
                return Ok(answer);
            }
            is_again = true;
            token = self.token(Some(&token)).await?;
        }
    }

    /// What an answer means that is no good one.
    async fn refused(&self, answer: Response<Incoming>) -> Fault {
        let why = match answer.status().as_u16() {
            404 => Why::Missing,
            409 | 412 => Why::Exists,
            401 | 403 => Why::Denied,
            413 | 507 => Why::Full,
            408 | 429 | 500..=504 => Why::Unreachable,
            _ => Why::Other,
        };
        self.http.refused(why, answer).await
    }

    async fn json(&self, answer: Response<Incoming>) -> Result<Value, Fault> {
        if !answer.status().is_success() {
            return Err(self.refused(answer).await);
        }
        let text = self.http.text(answer).await?;
        let odd = |_| Fault::unreachable("Microsoft answered with something else than JSON.");
        serde_json::from_str(&text).map_err(odd)
    }

    async fn get(&self, url: &str) -> Result<Value, Fault> {
        let answer = self.call(&Method::GET, url, &[], &Bytes::new()).await?;
        self.json(answer).await
    }

    async fn put_small(&self, name: &str, bytes: Bytes, conflict: &str) -> Result<(), Fault> {
        let url = self.url(name, &format!("content?@microsoft.graph.conflictBehavior={conflict}"));
        let kind = [(header::CONTENT_TYPE, "application/octet-stream".to_owned())];
        let answer = self.call(&Method::PUT, &url, &kind, &bytes).await?;
        self.json(answer).await.map(drop)
    }

    pub(super) async fn put_new(&self, name: &str, from: &Path, bytes: u64) -> Result<(), Fault> {
        let put = async {
            if bytes == 0 {
                return self.put_small(name, Bytes::new(), "fail").await;
            }
            let wish = json!({ "item": { "@microsoft.graph.conflictBehavior": "fail" } });
            let kind = [(header::CONTENT_TYPE, "application/json".to_owned())];
            let url = self.url(name, "createUploadSession");
            let asked = self.call(&Method::POST, &url, &kind, &wish.to_string().into()).await?;
            let session = self.json(asked).await?;
            let Some(url) = session["uploadUrl"].as_str() else {
                return Err(Fault::unreachable("Microsoft said nothing of where to send it."));
            };
            let outcome = self.upload(url, from, bytes).await;
            if outcome.is_err() {
                drop(self.bare(&Method::DELETE, url).await);
            }
            outcome
        };
        put.await.map_err(|fault| fault.of("cannot be written", name))
    }

    /// Calls the address of a session or of a download, which is as good as a password. No token
    /// goes there.
    async fn bare(&self, method: &Method, url: &str) -> Result<Response<Incoming>, Fault> {
        let request = Request::builder().method(method.clone()).uri(url).body(Body::empty());
        let odd = |_| Fault::new(Why::Other, "This address cannot be called.");
        self.http.exchange(request.map_err(odd)?).await
    }

    async fn upload(&self, url: &str, from: &Path, bytes: u64) -> Result<(), Fault> {
        let (mut at, mut tries) = (0, 1);
        while at < bytes {
            let length = PIECE_BYTES.min(bytes - at);
            match self.send_piece(url, from, at, length, bytes).await {
                Ok(true) => return Ok(()),
                Ok(false) => (at, tries) = (at + length, 1),
                Err(fault) if fault.why == Why::Unreachable && tries < TRIES_MAX => {
                    let pause = fault.retry_after.unwrap_or(PAUSE);
                    if pause > PAUSE_MAX {
                        return Err(fault);
                    }
                    tokio::time::sleep(pause).await;
                    tries += 1;
                    at = self.resume_at(url, at).await?;
                }
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::unreachable("Microsoft took every piece and made no file of them."))
    }

    /// Sends a piece; whether the file is whole then.
    async fn send_piece(
        &self,
        url: &str,
        from: &Path,
        at: u64,
        length: u64,
        bytes: u64,
    ) -> Result<bool, Fault> {
        let opened = File::open(from).await;
        let mut file = opened.map_err(|error| local(from, &error))?;
        let sought = file.seek(std::io::SeekFrom::Start(at)).await;
        sought.map_err(|error| local(from, &error))?;
        let request = Request::put(url)
            .header(header::CONTENT_LENGTH, length)
            .header(header::CONTENT_RANGE, format!("bytes {at}-{}/{bytes}", at + length - 1))
            .body(Body::file(file, length))
            .map_err(|_| Fault::new(Why::Other, "This address cannot be called."))?;
        let answer = self.http.exchange(request).await?;
        let status = answer.status().as_u16();
        if !matches!(status, 200..=202) {
            return Err(self.refused(answer).await);
        }
        self.http.text(answer).await?;
        Ok(status != 202)
    }

    /// The first byte that Microsoft does not have.
    async fn resume_at(&self, url: &str, at: u64) -> Result<u64, Fault> {
        let answer = self.bare(&Method::GET, url).await?;
        let standing = self.json(answer).await?;
        let range = standing["nextExpectedRanges"][0].as_str().unwrap_or_default();
        Ok(range.split('-').next().and_then(|first| first.parse().ok()).unwrap_or(at))
    }

    pub(super) async fn put_over(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let put = self.put_small(name, Bytes::copy_from_slice(bytes), "replace").await;
        put.map_err(|fault| fault.of("cannot be written", name))
    }

    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        match self.get(&format!("{}?$select=size,file", self.url(name, ""))).await {
            Ok(item) if item["file"].is_object() => Ok(item["size"].as_u64()),
            Ok(_) => Ok(None),
            Err(fault) if fault.why == Why::Missing => Ok(None),
            Err(fault) => Err(fault.of("cannot be looked at", name)),
        }
    }

    /// Graph answers with an address elsewhere where the file lies. It is the one that is gone to,
    /// without the token.
    async fn download(
        &self,
        name: &str,
        range: Option<(u64, u64)>,
    ) -> Result<Response<Incoming>, Fault> {
        let url = self.url(name, "content");
        let range = range.map(|(from, length)| format!("bytes={from}-{}", from + length - 1));
        let headers: Vec<_> = range.iter().map(|it| (header::RANGE, it.clone())).collect();
        let answer = self.call(&Method::GET, &url, &headers, &Bytes::new()).await?;
        if !answer.status().is_redirection() {
            return self.good(answer).await;
        }
        let place = answer.headers().get(header::LOCATION).and_then(|it| it.to_str().ok());
        let is_fine = |place: &&str| {
            place.starts_with("https://") || self.endpoints.graph.starts_with("http://127.0.0.1:")
        };
        let Some(place) = place.filter(is_fine) else {
            return Err(Fault::new(Why::Other, "Microsoft sends to an address without TLS."));
        };
        let mut request = Request::get(place);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let odd = |_| Fault::new(Why::Other, "This address cannot be called.");
        let answer = self.http.exchange(request.body(Body::empty()).map_err(odd)?).await?;
        self.good(answer).await
    }

    async fn good(&self, answer: Response<Incoming>) -> Result<Response<Incoming>, Fault> {
        if answer.status().is_success() { Ok(answer) } else { Err(self.refused(answer).await) }
    }

    pub(super) async fn range(
        &self,
        name: &str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, Fault> {
        let range = async {
            let answer = self.download(name, Some((offset, length))).await?;
            into_memory(Http::pieces(&self.http, answer.into_body()), length).await
        };
        range.await.map_err(|fault: Fault| fault.of("cannot be read", name))
    }

    pub(super) async fn fetch(
        &self,
        name: &str,
        into: &Path,
        bytes_max: u64,
    ) -> Result<u64, Fault> {
        let fetch = async {
            let answer = self.download(name, None).await?;
            into_file(Http::pieces(&self.http, answer.into_body()), into, bytes_max).await
        };
        fetch.await.map_err(|fault: Fault| fault.of("cannot be read", name))
    }

    pub(super) async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let mut found = Vec::new();
        let mut open = VecDeque::from([below.trim_matches('/').to_owned()]);
        while let Some(folder) = open.pop_front() {
            let first = format!("children?$select=name,size,folder,file&$top={PAGE}");
            let mut page = Some(self.url(&folder, &first));
            while let Some(url) = page.take() {
                let said = match self.get(&url).await {
                    Err(fault) if fault.why == Why::Missing => break,
                    said => said.map_err(|fault| fault.of("cannot be listed", &folder))?,
                };
                for item in said["value"].as_array().into_iter().flatten() {
                    let Some(name) = item["name"].as_str() else { continue };
                    let name = match folder.as_str() {
                        "" => name.to_owned(),
                        _ => format!("{folder}/{name}"),
                    };
                    if item["folder"].is_object() {
                        open.push_back(name);
                    } else if found.len() < LISTED_MAX {
                        let size_bytes = item["size"].as_u64().unwrap_or_default();
                        found.push(Listed { name, size_bytes });
                    }
                }
                // The token goes to Graph alone.
                let next = said["@odata.nextLink"].as_str();
                page = next.filter(|it| it.starts_with(&self.endpoints.graph)).map(str::to_owned);
            }
        }
        Ok(found)
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), Fault> {
        let url = self.url(name, "");
        let answer = self.call(&Method::DELETE, &url, &[], &Bytes::new()).await;
        match answer {
            Ok(answer) if answer.status().is_success() || answer.status().as_u16() == 404 => Ok(()),
            Ok(answer) => Err(self.refused(answer).await.of("cannot be deleted", name)),
            Err(fault) => Err(fault.of("cannot be deleted", name)),
        }
    }
}
