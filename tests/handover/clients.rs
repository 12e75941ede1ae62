//! Clients that keep their connections and send each request once. What they are told about the
//! end of a connection they follow; anything else that goes wrong is a failure.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use holdfast::platform::tasks::Tasks;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where the box is, and how to trust it.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) address: SocketAddr,
    trust: Arc<ClientConfig>,
    tasks: Tasks,
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) body: String,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) is_last: bool,
    pub(crate) body: Value,
}

impl At {
    pub(crate) fn new(address: SocketAddr, trust: &ClientConfig) -> Self {
        Self { address, trust: Arc::new(trust.clone()), tasks: Tasks::default() }
    }

    pub(crate) async fn connect(&self, protocol: &str) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let mut trust = (*self.trust).clone();
        trust.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(trust)).connect(name, stream).await
    }

    async fn http1(&self) -> io::Result<http1::SendRequest<Full<Bytes>>> {
        let stream = self.connect("http/1.1").await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        self.tasks.start("connection", |_| async move {
            // What it ends by is told to whoever asks over it.
            connection.await.unwrap_or_default();
        });
        Ok(sender)
    }

    async fn http2(&self) -> io::Result<http2::SendRequest<Full<Bytes>>> {
        let stream = self.connect("h2").await?;
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        self.tasks.start("connection", |_| async move {
            connection.await.unwrap_or_default();
        });
        Ok(sender)
    }
}

impl Ask {
    fn of_http1(&self) -> Request<Full<Bytes>> {
        self.request(self.path.clone(), Some("localhost"))
    }

    fn of_http2(&self) -> Request<Full<Bytes>> {
        self.request(format!("https://localhost{}", self.path), None)
    }

    fn request(&self, uri: String, host: Option<&str>) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        request.body(Full::from(self.body.clone())).expect("a request")
    }
}

async fn whole(response: http::Response<Incoming>) -> io::Result<Answer> {
    let status = response.status().as_u16();
    let is_last = response.headers().get(header::CONNECTION).is_some_and(|it| it == "close");
    let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Answer { status, is_last, body })
}

/// One HTTP/1.1 connection after the other.
pub(crate) struct Line1 {
    at: At,
    kept: Option<http1::SendRequest<Full<Bytes>>>,
    /// Connections that ended while nothing was asked.
    pub(crate) ended_at_rest: usize,
}

impl Line1 {
    pub(crate) fn new(at: &At) -> Self {
        Self { at: at.clone(), kept: None, ended_at_rest: 0 }
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) -> io::Result<Answer> {
        if let Some(kept) = &mut self.kept
            && kept.ready().await.is_err()
        {
            self.kept = None;
            self.ended_at_rest += 1;
        }
        let mut sender = match self.kept.take() {
            Some(sender) => sender,
            None => self.at.http1().await?,
        };
        let answer = sender.send_request(ask.of_http1()).await.map_err(io::Error::other)?;
        let answer = whole(answer).await?;
        self.kept = Some(sender).filter(|_| !answer.is_last);
        Ok(answer)
    }

    /// An answer that goes on; the connection is its own.
    pub(crate) async fn follow(at: &At, ask: &Ask, last: Option<i64>) -> io::Result<Incoming> {
        let mut sender = at.http1().await?;
        let mut request = ask.of_http1();
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.into());
        }
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        match response.status().as_u16() {
            200 => Ok(response.into_body()),
            status => Err(io::Error::other(format!("a stream was answered with {status}"))),
        }
    }
}

/// One HTTP/2 connection after the other. A stream that the box says it never saw is opened again,
/// as every client does.
pub(crate) struct Line2 {
    at: At,
    kept: Option<http2::SendRequest<Full<Bytes>>>,
    pub(crate) connections: usize,
}

impl Line2 {
    pub(crate) fn new(at: &At) -> Self {
        Self { at: at.clone(), kept: None, connections: 0 }
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) -> io::Result<Answer> {
        let mut request = ask.of_http2();
        loop {
            if let Some(kept) = &mut self.kept
                && kept.ready().await.is_err()
            {
                self.kept = None;
            }
            let mut sender = if let Some(sender) = self.kept.take() {
                sender
            } else {
                self.connections += 1;
                self.at.http2().await?
            };
            match sender.try_send_request(request).await {
                Ok(response) => {
                    let answer = whole(response).await?;
                    self.kept = Some(sender);
                    return Ok(answer);
                }
                Err(mut unsent) => match unsent.take_message() {
                    Some(message) => request = message,
                    None => return Err(io::Error::other(unsent.into_error())),
                },
            }
        }
    }
}
