//! HTTP as an authority is spoken to: HTTPS only, no redirect followed, every wait and every
//! answer bounded.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error as AcmeError, HttpClient};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::platform::clock::{Clock, Moment};
use crate::platform::error::Result;
use crate::platform::notices::Roots;

/// Looking a name up, connecting and shaking hands.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// All of one request.
const REQUEST_MAX: Duration = Duration::from_secs(45);
/// A chain of certificates is a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const HTTPS_PORT: u16 = 443;
const CALLER: &str = concat!("Holdfast/", env!("CARGO_PKG_VERSION"));

/// A way to an authority. Each request has a connection of its own: there are few of them.
#[derive(Clone)]
pub(super) struct Client {
    tls: Arc<ClientConfig>,
    clock: Clock,
    /// What the last refusal said about coming back.
    retry_after: Arc<Mutex<Option<Duration>>>,
}

/// What an authority says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Directory {
    pub(super) renewal_info: Option<String>,
    #[serde(default)]
    pub(super) meta: Meta,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) terms_of_service: Option<String>,
    #[serde(default)]
    pub(super) external_account_required: bool,
}

impl Client {
    /// `root` vouches for a private authority, beside those that the machine trusts. Blocks.
    pub(super) fn new(root: Option<&Path>, clock: Clock) -> Result<Self> {
        let tls = Roots::read(root)?.client();
        Ok(Self { tls, clock, retry_after: Arc::default() })
    }

    /// Reads the directory. An error is what to show.
    pub(super) async fn directory(&self, url: &str) -> Result<Directory, String> {
        let request = Request::get(url).body(Full::default());
        let request = request.map_err(|error| format!("Its address cannot be called: {error}."))?;
        let answer = self.call(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("It answered {} where its directory should be.", answer.status()));
        }
        serde_json::from_slice(answer.body())
            .map_err(|_| "What it answered is no directory of an ACME authority.".to_owned())
    }

    /// Takes what the last refusal said about coming back.
    pub(super) fn take_retry_after(&self) -> Option<Duration> {
        self.retry_after.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, String> {
        let answer = match timeout(REQUEST_MAX, self.exchange(request)).await {
            Ok(answer) => answer?,
            Err(_) => return Err("It did not answer in time.".to_owned()),
        };
        let asked = retry_after(answer.headers(), self.clock.now());
        let is_refusal = answer.status().is_client_error() || answer.status().is_server_error();
        if is_refusal || asked.is_some() {
            *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        }
        Ok(answer)
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, String> {
        let uri = request.uri().clone();
        let (host, port) = place_of(&uri)?;
        let stream = match timeout(CONNECT_MAX, TcpStream::connect((host.as_str(), port))).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("No connection to {host}: {error}.")),
            Err(_) => return Err(format!("No connection to {host} in time.")),
        };
        let name = ServerName::try_from(host.clone());
        let name = name.map_err(|_| format!("No certificate can be for {host}."))?;
        let connecting = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
        let stream = match timeout(CONNECT_MAX, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("No safe connection to {host}: {error}.")),
            Err(_) => return Err(format!("No safe connection to {host} in time.")),
        };
        let authority = uri.authority().map(|one| one.as_str().to_owned()).unwrap_or_default();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() =
            path.parse().map_err(|_| "Its address cannot be called.".to_owned())?;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(CALLER));
        let host = HeaderValue::try_from(authority);
        headers.insert(header::HOST, host.map_err(|_| "Its address has no host.".to_owned())?);
        speak(TokioIo::new(stream), request).await
    }
}

async fn speak<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, String>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("The connection broke: {error}.");
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    let answer = async {
        let (parts, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| format!("Its answer could not be read: {error}."))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    // The connection is driven here, beside the answer. Where it ends first, the answer says why.
    let driven = async {
        drop(connection.await);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answer => answer,
        () = driven => Err("It said nothing.".to_owned()),
    }
}

fn place_of(uri: &Uri) -> Result<(String, u16), String> {
    if uri.scheme_str() != Some("https") {
        return Err("It names an address that is not HTTPS.".to_owned());
    }
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if bare.is_empty() {
        return Err("It names an address without a host.".to_owned());
    }
    Ok((bare.to_owned(), uri.port_u16().unwrap_or(HTTPS_PORT)))
}

/// Seconds or a date, as RFC 9110 §10.2.3 has it.
fn retry_after(headers: &HeaderMap, now: Moment) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Moment(date.timestamp().as_millisecond()).since(now))
}

/// What went wrong on the way, as `instant-acme` carries it.
#[derive(Debug)]
pub(super) struct Unreached(pub(super) String);

impl std::fmt::Display for Unreached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreached {}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, AcmeError>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            let answer = client.call(Request::from_parts(parts, Full::new(body))).await;
            let answer = answer.map_err(|said| AcmeError::Other(Box::new(Unreached(said))))?;
            Ok(BytesResponse::from(answer.map(Full::new)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_by_a_date() {
        let now: Moment = "2026-11-22T10:00:00Z".parse().unwrap();
        let after = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::try_from(text).unwrap());
            retry_after(&headers, now)
        };

        assert_eq!(after("120"), Some(Duration::from_mins(2)));
        assert_eq!(after("Sun, 22 Nov 2026 11:00:00 GMT"), Some(Duration::from_hours(1)));
        assert_eq!(after("Sun, 22 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
    }

    #[test]
    fn nothing_is_asked_over_plain_http() {
        let place = |text: &str| place_of(&text.parse().unwrap());

        assert_eq!(place("https://ca.example.com/x"), Ok(("ca.example.com".to_owned(), 443)));
        assert_eq!(place("https://[::1]:14000/x"), Ok(("::1".to_owned(), 14_000)));
        assert!(place("http://ca.example.com/x").is_err());
        assert!(place("/x").is_err());
    }
}
