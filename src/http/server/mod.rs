//! The server: an accept loop of our own on hyper's HTTP/1 and HTTP/2 connections, chosen by
//! ALPN. hyper-util's automatic one has no time-out before the first byte and cannot end
//! connections the way a hand-over needs.

mod connection;
mod farewell;
mod forward;
mod gate;
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
use http::HeaderMap;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info, warn};

use self::connection::{Peer, Phase, Shared, serve_http1, serve_tls};
use self::forward::Origin;
pub use self::gate::{CODES, Gate, HoldingBack, Stage};
use self::limits::Ending;
pub use self::limits::ServerLimits;
pub use self::redirect::redirect_router;
use crate::platform::tasks::Stop;

/// How long the loop rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// Always plain. Handlers see the address `127.0.0.1:0`, and [`PeerUser`]. On a private socket
    /// it is `0.0.0.0:0`, which nobody on a network has: whatever others at this machine ask, the
    /// supervisor's own looks are counted apart.
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

impl PeerUser {
    /// Whether this user is believed about who sent a request.
    fn may_pass_on(self) -> bool {
        const ROOT: u32 = 0;
        self.uid == ROOT || self.uid == rustix::process::geteuid().as_raw()
    }
}

/// What a listener answers with.
#[derive(Debug, Clone)]
pub enum Application {
    /// One face of the box, under the name that a worker gives the next one when it passes a
    /// request on.
    Face { name: &'static str, router: Router },
    /// All faces, the one that is meant by default first, on a unix socket that only the box's own
    /// user and root may use: other workers, which say who sent what they pass on, and the
    /// supervisor.
    Private { faces: Arc<[(&'static str, Router)]> },
}

impl Application {
    pub fn face(name: &'static str, router: Router) -> Self {
        Self::Face { name, router }
    }

    /// Takes away what a request says of its origin, which counts on the private socket alone.
    fn origin(&self, headers: &mut HeaderMap, peer: Peer) -> Origin {
        let told = Origin::take(headers);
        match self {
            Self::Face { name, .. } => Origin::direct(name, peer.address),
            Self::Private { faces } => {
                let first = faces.first().map_or("", |(name, _)| name);
                told.unwrap_or_else(|| Origin::direct(first, peer.address))
            }
        }
    }

    /// What answers a request of this origin.
    fn router(&self, origin: &Origin) -> Router {
        match self {
            Self::Face { router, .. } => router.clone(),
            Self::Private { faces } => {
                let meant = faces.iter().find(|(name, _)| *name == origin.face);
                meant.or(faces.first()).map(|(_, router)| router.clone()).unwrap_or_default()
            }
        }
    }

    /// Whether new connections are accepted whatever the gate does.
    fn is_always_open(&self) -> bool {
        matches!(self, Self::Private { .. })
    }
}

/// Serves an application through `gate` until `stop`, then ends in order: no new connections; each
/// open HTTP/1 connection gets one more answer, with `Connection: close`; HTTP/2 gets GOAWAY; after
/// `limits.lame_duck` idle ones are closed; requests in flight may finish until
/// `limits.stop_deadline`. Event streams must end by the same `Stop`. Returns when all ended.
///
/// While the gate holds requests back new connections wait in the kernel's queue. Once it forwards,
/// the listener is left to whoever else has it, and the connections end in the same order, within
/// `limits.forwarding` and `limits.forwarding_deadline`. The private application goes on until
/// `stop`.
///
/// Handlers find the peer as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: Listener,
    security: Security,
    (application, gate): (Application, Arc<Gate>),
    mut stop: Stop,
    limits: ServerLimits,
) {
    let (life, phase) = watch::channel(Phase::Serving);
    let limits = Arc::new(limits);
    let is_always_open = application.is_always_open();
    let mut stage = gate.stage();
    let shared = Shared { application, gate, phase, limits: Arc::clone(&limits) };
    let acceptor = match security {
        Security::Plain => None,
        Security::Tls(config) => Some(TlsAcceptor::from(config)),
    };
    let mut open = OpenConnections::default();
    let ending = loop {
        let now = stage.borrow_and_update().clone();
        if !is_always_open && matches!(now, Stage::Forwarding(_)) {
            break limits.forwarding();
        }
        let is_open = is_always_open || now == Stage::Serving;
        let has_room = open.running.len() < limits.connections_max;
        tokio::select! {
            biased;
            () = stop.requested() => break limits.stopping(),
            // The connections share the gate, so it is there.
            Ok(()) = stage.changed() => {}
            Some(ended) = open.running.join_next_with_id() => open.forget(ended),
            accepted = listener.accept(), if is_open && has_room => {
                match accepted {
                    Ok(stream) => open.welcome(stream, acceptor.as_ref(), &shared),
                    Err(cause) => pause_after(&cause).await,
                }
            }
        }
    };
    drop(listener);
    drop(shared);
    tokio::select! {
        () = open.end(&life, ending) => return,
        () = stop.requested(), if !stop.is_requested() => {}
    }
    open.end(&life, limits.stopping()).await;
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
            None => self.running.spawn(serve_http1(stream, peer.into(), shared)),
        };
        self.addresses.insert(task.id(), address);
        metrics::gauge!("holdfast_connections_open").increment(1);
    }

    fn welcome_local(&mut self, stream: UnixStream, shared: Shared) {
        let Ok(user) = stream.peer_cred() else { return };
        let user = PeerUser { uid: user.uid() };
        if shared.application.is_always_open() && !user.may_pass_on() {
            warn!(peer.uid = user.uid, "User {} was refused at the private socket", user.uid);
            return;
        }
        let is_private = shared.application.is_always_open();
        let address = if is_private { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        let address = SocketAddr::new(address.into(), 0);
        let peer = Peer { address, user: Some(user) };
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

    async fn end(&mut self, life: &watch::Sender<Phase>, ending: Ending) {
        let began_at = Instant::now();
        life.send_replace(Phase::LameDuck);
        if self.all_ended_by(began_at + ending.lame_duck).await {
            return;
        }
        life.send_replace(Phase::Closing);
        if self.all_ended_by(began_at + ending.deadline).await {
            return;
        }
        info!("{} connections were cut off at the deadline", self.running.len());
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
