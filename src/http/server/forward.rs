//! Passing a request on to the worker that took over, and its answer back, both piece by piece.
//! Whoever drops the answer cancels the request there, too.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{
    CONNECTION, EXPECT, HOST, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Request, Response, Uri, Version};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// Tells the worker that took over to which face a request came, and from whom. It is believed on
/// the private socket alone and taken away everywhere else.
const PEER: HeaderName = HeaderName::from_static("holdfast-peer");
/// What belongs to one connection and not to the request.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    EXPECT,
];

/// Who sent a request, and to which face of the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) face: Cow<'static, str>,
    pub(super) peer: SocketAddr,
}

impl Origin {
    /// Takes away what a request says of its origin.
    pub(super) fn take(headers: &mut HeaderMap) -> Option<Self> {
        let told = headers.remove(PEER)?;
        let (face, peer) = told.to_str().ok()?.split_once(' ')?;
        Some(Self { face: Cow::Owned(face.to_owned()), peer: peer.parse().ok()? })
    }

    /// A request that comes to a face itself.
    pub(super) fn direct(face: &'static str, peer: SocketAddr) -> Self {
        Self { face: Cow::Borrowed(face), peer }
    }
}

type Driving = Pin<Box<Connection<TokioIo<UnixStream>, Incoming>>>;

/// Passes a request on and gives the head of its answer; the rest comes with its body.
pub(super) async fn forward(
    stream: UnixStream,
    origin: &Origin,
    request: Request<Incoming>,
) -> hyper::Result<Response<Forwarded>> {
    let request = made_ready(request, origin);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut driving = Some(Box::pin(connection));
    let mut answer = pin!(sender.send_request(request));
    let head = poll_fn(|context| {
        drive(&mut driving, context);
        answer.as_mut().poll(context)
    });
    let (mut parts, body) = head.await?.into_parts();
    drop_hop_by_hop(&mut parts.headers);
    Ok(Response::from_parts(parts, Forwarded { driving, body }))
}

/// Lets the connection go on; what goes wrong with it is told by what it carries.
fn drive(driving: &mut Option<Driving>, context: &mut Context<'_>) {
    if let Some(connection) = driving
        && connection.as_mut().poll(context).is_ready()
    {
        *driving = None;
    }
}

/// The request as HTTP/1.1 wants it: the host in a header, the path alone in the first line.
fn made_ready(request: Request<Incoming>, origin: &Origin) -> Request<Incoming> {
    let (mut parts, body) = request.into_parts();
    drop_hop_by_hop(&mut parts.headers);
    if let Some(host) = parts.uri.authority()
        && let Ok(host) = HeaderValue::from_str(host.as_str())
    {
        parts.headers.insert(HOST, host);
    }
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(Uri::default, Uri::from);
    parts.version = Version::HTTP_11;
    if let Ok(told) = HeaderValue::try_from(format!("{} {}", origin.face, origin.peer)) {
        parts.headers.insert(PEER, told);
    }
    // What is known of the connection here means nothing there.
    parts.extensions.clear();
    Request::from_parts(parts, body)
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

/// The body of a forwarded answer; it drives the connection it comes over.
pub(super) struct Forwarded {
    driving: Option<Driving>,
    body: Incoming,
}

impl Body for Forwarded {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        drive(&mut self.driving, context);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_one_connection_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Own"),
            ("keep-alive", "timeout=5"),
            ("x-own", "1"),
            ("te", "trailers"),
            ("expect", "100-continue"),
            ("accept", "*/*"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut lower = headers.clone();
        lower.insert(CONNECTION, HeaderValue::from_static("x-own"));

        drop_hop_by_hop(&mut headers);
        drop_hop_by_hop(&mut lower);

        assert_eq!(headers.keys().collect::<Vec<_>>(), ["accept"]);
        assert_eq!(lower, headers);
    }

    #[test]
    fn an_origin_is_read_once_and_only_whole() {
        let mut headers = HeaderMap::new();
        headers.append(PEER, HeaderValue::from_static("https 192.0.2.7:4711"));
        headers.append(PEER, HeaderValue::from_static("http 192.0.2.8:4711"));

        let origin = Origin::take(&mut headers);

        let peer = "192.0.2.7:4711".parse().unwrap();
        assert_eq!(origin, Some(Origin::direct("https", peer)));
        assert!(headers.is_empty(), "every one of them is taken away");
        for wrong in ["https", "https 192.0.2.7", "192.0.2.7:4711", ""] {
            headers.insert(PEER, HeaderValue::from_static(wrong));
            assert_eq!(Origin::take(&mut headers), None, "{wrong}");
            assert!(headers.is_empty());
        }
    }
}
