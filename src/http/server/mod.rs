//! The server: an accept loop of our own on hyper's HTTP/1 and HTTP/2 connections, chosen by
//! ALPN. hyper-util's automatic one has no time-out before the first byte and cannot end
//! connections the way a hand-over needs.

mod connection;
mod guard;
mod limits;
mod redirect;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info, warn};

use self::connection::{Phase, Shared, serve_http1, serve_tls};
pub use self::limits::ServerLimits;
pub use self::redirect::redirect_router;
use crate::platform::tasks::Stop;

/// How long the loop rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// Always plain. Handlers see the address `127.0.0.1:0`, and [`PeerUser`].
    Unix(UnixListener),
}

/// What connections of a TCP listener speak.
#[derive(Debug, Clone)]
pub enum Security {
    /// HTTP/1.1 in clear: port 80, or a loop-back address behind a reverse proxy.
    Plain,
    /// TLS with HTTP/2 or HTTP/1.1.
    Tls(Arc<ServerConfig>),
}

/// The operating system's user at the other end of a unix socket, in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerUser {
    pub uid: u32,
}

/// Serves `router` until `stop`, then ends in order: no new connections; each open HTTP/1
/// connection gets one more answer, with `Connection: close`; HTTP/2 gets GOAWAY; after
/// `limits.lame_duck` idle ones are closed; requests in flight may finish until
/// `limits.stop_deadline`. Event streams must end by the same `Stop`. Returns when all ended.
///
/// Handlers find the peer as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: Listener,
    security: Security,
    router: Router,
    mut stop: Stop,
    limits: ServerLimits,
) {
    let (life, phase) = watch::channel(Phase::Serving);
    let limits = Arc::new(limits);
    let shared = Shared { router, phase, limits: Arc::clone(&limits) };
    let acceptor = match security {
        Security::Plain => None,
        Security::Tls(config) => Some(TlsAcceptor::from(config)),
    };
    let mut open = OpenConnections::default();
    loop {
        tokio::select! {
            biased;
            () = stop.requested() => break,
            Some(ended) = open.running.join_next_with_id() => open.forget(ended),
            accepted = listener.accept(), if open.running.len() < limits.connections_max => {
                match accepted {
                    Ok(stream) => open.welcome(stream, acceptor.as_ref(), &shared),
                    Err(cause) => pause_after(&cause).await,
                }
            }
        }
    }
    drop(listener);
    drop(shared);
    open.end(&life, &limits).await;
}

/// A new connection.
enum Stream {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Listener {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are written whole; waiting for more would only add delay.
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream, SocketAddr::new(peer.ip().to_canonical(), peer.port())))
            }
            Self::Unix(listener) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

/// A client that left before it was accepted is no reason to wait; a system without file
/// handles or memory is.
async fn pause_after(cause: &io::Error) {
    let is_clients_doing = matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotConnected
            | io::ErrorKind::InvalidInput
    );
    if !is_clients_doing {
        warn!("Connections cannot be accepted at the moment: {cause}");
        sleep(ACCEPT_PAUSE).await;
    }
}

/// The connections being served, and how many come from where.
#[derive(Default)]
struct OpenConnections {
    running: JoinSet<()>,
    addresses: HashMap<Id, IpAddr>,
    seats: Seats,
}

/// How many connections each address has; loop-back, where a reverse proxy sits, is not counted.
#[derive(Default)]
struct Seats(HashMap<IpAddr, usize>);

impl Seats {
    /// Whether `address` may open another connection; takes the seat then.
    fn take(&mut self, address: IpAddr, seats_max: usize) -> bool {
        if address.is_loopback() {
            return true;
        }
        let taken = self.0.entry(address).or_default();
        let is_free = *taken < seats_max;
        *taken += usize::from(is_free);
        is_free
    }

    fn leave(&mut self, address: IpAddr) {
        if let Some(taken) = self.0.get_mut(&address) {
            *taken -= 1;
            if *taken == 0 {
                self.0.remove(&address);
            }
        }
    }
}

impl OpenConnections {
    fn welcome(&mut self, stream: Stream, acceptor: Option<&TlsAcceptor>, shared: &Shared) {
        let shared = shared.clone();
        let (stream, peer) = match stream {
            Stream::Tcp(stream, peer) => (stream, peer),
            Stream::Unix(stream) => return self.welcome_local(stream, shared),
        };
        let address = peer.ip();
        if !self.seats.take(address, shared.limits.connections_per_address_max) {
            metrics::counter!("holdfast_connections_refused_total").increment(1);
            return;
        }
        let task = match acceptor.cloned() {
            Some(acceptor) => self.running.spawn(serve_tls(stream, peer, acceptor, shared)),
            None => self.running.spawn(serve_http1(stream, peer, shared)),
        };
        self.addresses.insert(task.id(), address);
        metrics::gauge!("holdfast_connections_open").increment(1);
    }

    fn welcome_local(&mut self, stream: UnixStream, mut shared: Shared) {
        let Ok(user) = stream.peer_cred() else { return };
        let user = PeerUser { uid: user.uid() };
        shared.router = shared.router.layer(axum::Extension(user));
        let peer = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        self.running.spawn(serve_http1(stream, peer, shared));
        metrics::gauge!("holdfast_connections_open").increment(1);
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        metrics::gauge!("holdfast_connections_open").decrement(1);
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(cause) => cause.id(),
        };
        if let Err(cause) = ended
            && cause.is_panic()
        {
            metrics::counter!("holdfast_task_panics_total", "task" => "connection").increment(1);
            error!("A connection panicked: {cause}");
        }
        if let Some(address) = self.addresses.remove(&id) {
            self.seats.leave(address);
        }
    }

    async fn end(&mut self, life: &watch::Sender<Phase>, limits: &ServerLimits) {
        let stopped_at = Instant::now();
        life.send_replace(Phase::LameDuck);
        if self.all_ended_by(stopped_at + limits.lame_duck).await {
            return;
        }
        life.send_replace(Phase::Closing);
        if self.all_ended_by(stopped_at + limits.stop_deadline).await {
            return;
        }
        info!("{} connections were cut off at the stop deadline", self.running.len());
        self.running.abort_all();
        while let Some(ended) = self.running.join_next_with_id().await {
            self.forget(ended);
        }
    }

    /// Whether the last connection ended before `deadline`.
    async fn all_ended_by(&mut self, deadline: Instant) -> bool {
        let all_ended = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                self.forget(ended);
            }
        };
        timeout_at(deadline, all_ended).await.is_ok()
    }
}
