//! Calls a receiver: looks its name up once, refuses what lies in the own network, and connects to
//! the very address it looked at. Redirects are answers like any other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::rules::{Target, is_public};

/// Looking a name up and connecting may take so long each.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 4;
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Characters of an answer that are shown.
const ANSWER_SHOWN_MAX: usize = 200;
const CALLER: &str = concat!("Holdfast/", env!("CARGO_PKG_VERSION"));

/// A call.
pub(super) struct Call<'a> {
    pub(super) target: &'a Target,
    pub(super) may_be_private: bool,
    /// The same however often it is sent, so that doubles can be dropped.
    pub(super) id: String,
    pub(super) timestamp_s: i64,
    pub(super) signature: String,
    pub(super) body: Vec<u8>,
    pub(super) tls: Arc<ClientConfig>,
    /// Everything together may take so long.
    pub(super) time_max: Duration,
}

/// Makes a call. An error is what to show.
pub(super) async fn post(call: Call<'_>) -> Result<(), String> {
    let seconds = call.time_max.as_secs();
    let time_max = call.time_max;
    match tokio::time::timeout(time_max, exchange(call)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("The receiver did not answer within {seconds} seconds.")),
    }
}

async fn exchange(call: Call<'_>) -> Result<(), String> {
    let stream = connect(call.target, call.may_be_private).await?;
    if !call.target.is_https {
        return speak(stream, call).await;
    }
    let name = ServerName::try_from(call.target.host.clone());
    let name = name.map_err(|_| "No certificate can be for this name.".to_owned())?;
    let connector = TlsConnector::from(Arc::clone(&call.tls));
    let stream = connector.connect(name, stream).await;
    speak(stream.map_err(|error| format!("TLS: {error}"))?, call).await
}

/// Connects to an address that was looked at.
async fn connect(target: &Target, may_be_private: bool) -> Result<TcpStream, String> {
    let looked_up = tokio::net::lookup_host((target.host.as_str(), target.port));
    let found = match tokio::time::timeout(CONNECT_MAX, looked_up).await {
        Ok(Ok(found)) => found.take(ADDRESSES_MAX).collect::<Vec<SocketAddr>>(),
        Ok(Err(error)) => return Err(format!("The name could not be looked up: {error}")),
        Err(_) => return Err("The name could not be looked up in time.".to_owned()),
    };
    // One private address among public ones is reason enough to stay away.
    if !may_be_private && found.iter().any(|address| !is_public(address.ip())) {
        return Err("The name leads into the own network, which is not allowed.".to_owned());
    }
    let mut failure = "The name has no address.".to_owned();
    for address in found {
        match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = format!("No connection: {error}"),
            Err(_) => "No connection in time.".clone_into(&mut failure),
        }
    }
    Err(failure)
}

async fn speak<S>(stream: S, call: Call<'_>) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("The connection broke: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let request = Request::post(&call.target.path)
        .header(header::HOST, &call.target.authority)
        .header(header::USER_AGENT, CALLER)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &call.id)
        .header("webhook-timestamp", call.timestamp_s)
        .header("webhook-signature", &call.signature)
        .body(Full::new(Bytes::from(call.body)))
        .map_err(|error| format!("The address cannot be called: {error}"))?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        if status.is_success() {
            return Ok(());
        }
        let said = body.map(|body| shown(&body.to_bytes())).unwrap_or_default();
        Err(format!("The receiver answered {status}. {said}").trim_end().to_owned())
    };
    // The connection is driven here, beside the answer. Where it ends first, the answer says why.
    let driven = async {
        drop(connection.await);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answer => answer,
        () = driven => Err("The receiver said nothing.".to_owned()),
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|one| !one.is_control()).take(ANSWER_SHOWN_MAX).collect()
}
