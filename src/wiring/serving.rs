//! A box that serves: its certificate, its listeners, and how they end.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use crate::config::{Config, TlsMode, WebOrigin};
use crate::http::server::{Listener, Security, ServerLimits, redirect_router, serve};
use crate::http::trust::{Scheme, Trust, trust_router};
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::identity::sign_in;
use crate::platform::reach::{Addresses, Reach, origin};
use crate::platform::setup::rules::Offer;
use crate::platform::tls::{self, Certificates, OwnPair, Source, box_names, host_name};
use crate::platform::{
    Platform, audit, control, errors, jobs, keys, monitoring, notices, setup, tasks,
};
use crate::wiring;

/// How often the certificate is looked at: renewal, changed names, changed files.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(10);
/// The port of HTTPS addresses without one.
const HTTPS_PORT: u16 = 443;

/// One listener and what it serves.
struct Face {
    name: &'static str,
    listener: TcpListener,
    security: Security,
    router: Router,
}

/// A box whose listeners are bound.
pub struct Serving {
    platform: Arc<Platform>,
    faces: Vec<Face>,
    limits: ServerLimits,
    signals: Signals,
}

impl Serving {
    /// Makes the certificate and binds every listener the configuration names.
    pub async fn bind(platform: &Arc<Platform>) -> Result<Self> {
        let config = Arc::clone(&platform.config);
        let certificates = match config.server.https {
            Some(_) => Some(certificates(platform).await?),
            None => None,
        };
        monitoring::keep(platform);
        let application = wiring::application(platform, own_names(&config))?;
        let mut faces = Vec::new();
        let mut https_port = HTTPS_PORT;
        if let (Some(address), Some(certificates)) = (config.server.https, &certificates) {
            let listener = bind(address).await?;
            let own_port = listener.local_addr()?.port();
            // A router in front may show another port to the world.
            https_port = config.server.public_url.as_ref().map_or(own_port, WebOrigin::port);
            let trust = trust(certificates, https_port, Scheme::Https);
            let router = Router::new().merge(trust).merge(application.clone());
            let security = Security::Tls(certificates.server_config()?);
            faces.push(Face { name: "https", listener, security, router });
        }
        if let (Some(address), Some(certificates)) = (config.server.http, &certificates) {
            let listener = bind(address).await?;
            let trust = trust(certificates, https_port, Scheme::Http);
            let router = redirect_router(https_port, trust);
            faces.push(Face { name: "http", listener, security: Security::Plain, router });
        }
        if let Some(address) = config.server.behind_proxy {
            let listener = bind(address.socket()).await?;
            if config.server.trusted_proxies.is_empty() {
                warn!(
                    "server.trusted_proxies is empty: unless the proxy forwards no address at \
                     all, name its own there, or every visitor looks as if they sat here"
                );
            }
            let face = Face {
                name: "behind_proxy",
                listener,
                security: Security::Plain,
                router: application,
            };
            faces.push(face);
        }
        let addresses = addresses(&faces);
        let reach = Reach {
            origin: origin(&config, &addresses),
            names: own_names(&config),
            addresses,
            certificates,
        };
        if platform.reach.set(reach).is_err() {
            return Err(Error::internal("the box is served already"));
        }
        sign_in::ops::keep_reporting(platform);
        errors::ops::keep_writing(platform);
        audit::runner::keep(platform);
        control::start(platform);
        // First: a disk that is full of what it removes takes nothing that the others note.
        crate::platform::backups::bases::ops::resume(platform).await;
        crate::platform::backups::restores::ops::resume(platform).await?;
        crate::platform::backups::portable::ops::resume(platform).await?;
        jobs::runner::start(platform);
        notices::runner::start(platform);
        monitoring::watch::keep_watching(platform);
        keys::ops::resume(platform).await?;
        let (platform, limits) = (Arc::clone(platform), limits(&config));
        Ok(Self { platform, faces, limits, signals: Signals::catch()? })
    }

    /// The bound addresses by listener: `https`, `http`, `behind_proxy`.
    pub fn addresses(&self) -> Addresses {
        addresses(&self.faces)
    }

    /// What there is for a box nobody owns yet.
    pub async fn set_up_link(&self) -> Result<Offer> {
        let ctx = BoxCtx::new(&self.platform, Cause::of(Actor::System));
        let reach = self.platform.reach.get();
        let origin = reach.ok_or_else(|| Error::internal("the box is not served"))?.origin.as_str();
        setup::ops::offer_link(&ctx, origin).await
    }

    /// Serves until a signal asks to stop, then ends in order: answers what is in flight,
    /// stops the tasks, closes the files. A second signal ends at once; every acknowledged
    /// change is on disk already.
    pub async fn run(mut self) {
        let stop = self.platform.tasks.stop();
        let serving = self.faces.into_iter().map(|face| {
            let listener = Listener::Tcp(face.listener);
            serve(listener, face.security, face.router, stop.clone(), self.limits.clone())
        });
        let in_order = async {
            join_all(serving).await;
            self.platform.close().await;
        };
        let asked_twice = async {
            self.signals.next().await;
            info!("Stopping: requests in flight are answered first");
            self.platform.tasks.begin_stop();
            self.signals.next().await;
        };
        tokio::select! {
            () = in_order => info!("Stopped"),
            () = asked_twice => warn!("Asked to stop again, ending at once"),
        }
    }
}

/// What asks the process to stop. Caught from before the box says that it is ready.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn addresses(faces: &[Face]) -> Addresses {
    let address = |face: &Face| face.listener.local_addr().ok().map(|it| (face.name, it));
    faces.iter().filter_map(address).collect()
}

async fn certificates(platform: &Arc<Platform>) -> Result<Arc<Certificates>> {
    let config = &platform.config;
    let source = match config.tls.mode {
        TlsMode::LocalCa => {
            let chosen = chosen_names(config);
            Source::LocalCa {
                directory: config.data().join(tls::FOLDER),
                label: host_name(),
                names: Box::new(move || box_names(&chosen)),
                secrets: Arc::clone(&platform.secrets),
            }
        }
        TlsMode::Own => match (config.tls.certificate.clone(), config.tls.key.clone()) {
            (Some(certificate), Some(key)) => Source::Own(OwnPair { certificate, key }),
            _ => return Err(Error::internal("tls.mode own needs tls.certificate and tls.key")),
        },
    };
    let clock = platform.clock.clone();
    let certificates = tasks::blocking(move || Certificates::open(source, clock)).await?;
    certificates.keep(&platform.tasks, CERTIFICATE_CHECK);
    Ok(certificates)
}

/// Names somebody chose: in the configuration, or by the address people type.
fn chosen_names(config: &Config) -> Vec<String> {
    let named = config.server.names.iter().map(ToString::to_string);
    named.chain(config.server.public_url.iter().map(|url| url.host().to_string())).collect()
}

/// Every name the box answers to.
fn own_names(config: &Config) -> Vec<String> {
    let chosen = chosen_names(config);
    let mut names: Vec<String> = box_names(&chosen).iter().map(ToString::to_string).collect();
    names.extend(chosen);
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn trust(certificates: &Arc<Certificates>, https_port: u16, scheme: Scheme) -> Router {
    trust_router(Trust { certificates: Arc::clone(certificates), https_port, scheme })
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    let bound = match TcpListener::bind(address).await {
        // `[::]` means every address, also on a machine without IPv6.
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        bound => bound,
    };
    bound.map_err(|error| Error::internal(format!("{address} cannot be listened on: {error}")))
}

fn limits(config: &Config) -> ServerLimits {
    ServerLimits {
        connections_max: config.server.connections_max,
        handshake_timeout: Duration::from_secs(config.tls.handshake_timeout_s),
        idle_timeout: Duration::from_secs(config.server.idle_timeout_s),
        stop_deadline: Duration::from_secs(config.server.stop_timeout_s),
        ..ServerLimits::default()
    }
}

/// Lets the process open as many files as the system allows: connections and workspaces need
/// more than the usual 1,024.
pub fn raise_open_files_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const OPEN_FILES_WANTED: u64 = 65_536;
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(OPEN_FILES_WANTED, |most| most.min(OPEN_FILES_WANTED));
    if now.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), maximum: now.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            warn!("The limit of open files stays low: {error}");
        }
    }
}

/// What the process writes from here on is for its own user alone.
pub fn keep_files_private() {
    use rustix::fs::Mode;
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}
