//! The listeners of a box, whether it binds them itself or the service manager or a supervisor
//! hands them over, and what each serves.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::config::{Config, WebOrigin};
use crate::http::server::{Security, redirect_router};
use crate::http::trust::{Scheme, Trust, trust_router};
use crate::platform::error::{Error, Result};
use crate::platform::reach::{Addresses, HTTPS_PORT};
use crate::platform::systemd::sockets::{Part, Passed};
use crate::platform::tls::Certificates;
use crate::platform::updates::worker::Shared;

/// One listener and what it serves.
pub(super) struct Face {
    pub(super) name: &'static str,
    pub(super) listener: TcpListener,
    pub(super) security: Security,
    pub(super) router: Router,
}

/// Where listeners come from.
pub(super) enum Sockets {
    /// The service manager's, where it hands any over; the box binds the rest.
    Own(Vec<Passed>),
    /// All are the supervisor's.
    Supervisors(Shared),
}

impl Sockets {
    /// Whether plain HTTP is served beside HTTPS.
    pub(super) fn has_http(&self, config: &Config) -> bool {
        match self {
            Self::Own(passed) if passed.is_empty() => config.server.http.is_some(),
            Self::Own(passed) => passed.iter().any(|one| one.part == Part::Redirect),
            Self::Supervisors(shared) => !shared.redirect.is_empty(),
        }
    }
}

/// Listeners by what they serve; of HTTPS the one that links lead to first.
#[derive(Default)]
struct Listeners {
    https: Vec<TcpListener>,
    http: Vec<TcpListener>,
    behind_proxy: Vec<TcpListener>,
}

/// Takes the sockets that were handed over, or binds what the configuration names.
pub(super) async fn open(
    config: &Config,
    certificates: Option<&Arc<Certificates>>,
    application: &Router,
    sockets: Sockets,
) -> Result<Vec<Face>> {
    let Listeners { https, http, behind_proxy } = match sockets {
        Sockets::Own(passed) => own(config, passed, certificates.is_some()).await?,
        Sockets::Supervisors(shared) => supervisors(shared)?,
    };
    let mut faces = Vec::new();
    if let Some(certificates) = certificates {
        // A router in front may show another port to the world.
        let first = https.first().and_then(|one| one.local_addr().ok());
        let own_port = first.map_or(HTTPS_PORT, |address| address.port());
        let https_port = config.server.public_url.as_ref().map_or(own_port, WebOrigin::port);
        let server_config = certificates.server_config()?;
        for listener in https {
            let trust = trust(certificates, https_port, Scheme::Https);
            let router = Router::new().merge(trust).merge(application.clone());
            let security = Security::Tls(Arc::clone(&server_config));
            faces.push(Face { name: "https", listener, security, router });
        }
        for listener in http {
            let trust = trust(certificates, https_port, Scheme::Http);
            let router = redirect_router(https_port, trust);
            faces.push(Face { name: "http", listener, security: Security::Plain, router });
        }
    }
    if !behind_proxy.is_empty() && config.server.trusted_proxies.is_empty() {
        warn!(
            "server.trusted_proxies is empty: unless the proxy forwards no address at all, name \
             its own there, or every visitor looks as if they sat here"
        );
    }
    for listener in behind_proxy {
        let (security, router) = (Security::Plain, application.clone());
        faces.push(Face { name: "behind_proxy", listener, security, router });
    }
    Ok(faces)
}

async fn own(config: &Config, passed: Vec<Passed>, has_https: bool) -> Result<Listeners> {
    let mut listeners = if !has_https {
        close(&passed);
        Listeners::default()
    } else if passed.is_empty() {
        bound(config).await?
    } else {
        handed_over(config, passed).await?
    };
    if let Some(address) = config.server.behind_proxy {
        listeners.behind_proxy.push(bind(address.socket()).await?);
    }
    Ok(listeners)
}

fn supervisors(shared: Shared) -> Result<Listeners> {
    let taken = |listeners: Vec<std::net::TcpListener>| {
        listeners.into_iter().map(TcpListener::from_std).collect::<Result<Vec<_>, _>>()
    };
    Ok(Listeners {
        https: taken(shared.https)?,
        http: taken(shared.redirect)?,
        behind_proxy: taken(shared.behind_proxy)?,
    })
}

/// A box without HTTPS answers on none of the service manager's sockets.
fn close(passed: &[Passed]) {
    for one in passed {
        let address = one.address;
        warn!(
            "The service manager's socket {address} is not served, because server.https is off. \
             The service manager keeps it, so the port stays taken and whoever comes there waits \
             for nothing, until: systemctl mask --now holdfast.socket"
        );
    }
}

async fn bound(config: &Config) -> Result<Listeners> {
    let mut listeners = Listeners::default();
    if let Some(address) = config.server.https {
        listeners.https.push(bind(address).await?);
    }
    if let Some(address) = config.server.http {
        listeners.http.push(bind(address).await?);
    }
    Ok(listeners)
}

/// The socket unit decides where the box listens. Where it leads to no HTTPS, the box has its own.
async fn handed_over(config: &Config, passed: Vec<Passed>) -> Result<Listeners> {
    let mut listeners = Listeners::default();
    let addresses: Vec<SocketAddr> = passed.iter().map(|one| one.address).collect();
    for Passed { part, listener, .. } in passed {
        let listener = TcpListener::from_std(listener)?;
        match part {
            Part::Https => listeners.https.push(listener),
            Part::Redirect => listeners.http.push(listener),
        }
    }
    let has_https = !listeners.https.is_empty();
    if let Some(address) = config.server.https.filter(|_| !has_https) {
        listeners.https.push(bind(address).await?);
    }
    say_unused(config, &addresses, has_https);
    Ok(listeners)
}

/// Tells whoever chose other addresses that they stand for nothing, in one line.
fn say_unused(config: &Config, passed: &[SocketAddr], has_https: bool) {
    let is_chosen = |name| config.effective.is_chosen("server", name);
    let https = config.server.https.filter(|_| has_https && is_chosen("https"));
    let http = config.server.http.filter(|_| is_chosen("http"));
    let keys = [("server.https", https), ("server.http", http)];
    let unused: Vec<String> = keys
        .into_iter()
        .filter_map(|(key, address)| Some((key, address.filter(|one| !passed.contains(one))?)))
        .map(|(key, address)| format!("{key} = {address}"))
        .collect();
    if !unused.is_empty() {
        let passed: Vec<String> = passed.iter().map(ToString::to_string).collect();
        info!(
            "The service manager decides where the box listens: on {}. Not used: {}",
            passed.join(", "),
            unused.join(", ")
        );
    }
}

pub(super) fn addresses(faces: &[Face]) -> Addresses {
    let address = |face: &Face| face.listener.local_addr().ok().map(|it| (face.name, it));
    faces.iter().filter_map(address).collect()
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
