//! A box that serves: its certificate, its listeners, and how they end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::faces::{self, Face, Sockets, addresses};
use super::reloading::Reloading;
use crate::config::{AcmeChallenge, Config, TlsMode};
use crate::http::server::{Application, Gate, HoldingBack, Listener, ServerLimits, serve};
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::identity::sign_in;
use crate::platform::reach::{Addresses, Reach, SetUpAt, origin};
use crate::platform::setup::rules::Offer;
use crate::platform::systemd::sockets::Passed;
use crate::platform::systemd::{notify, watchdog};
use crate::platform::tls::acme::{AcmeSettings, Method};
use crate::platform::tls::{self, Certificates, Name, OwnPair, Source, box_names, host_name};
use crate::platform::{
    Platform, audit, control, errors, jobs, keys, mdns, monitoring, notices, setup, tasks, updates,
};
use crate::wiring;

/// How often the certificate is looked at: renewal, changed names, changed files.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(10);
/// How often whoever waits for the end is told how many requests are left.
const LEFT_TOLD_EVERY: Duration = Duration::from_secs(1);

/// A box whose listeners are bound.
pub struct Serving {
    platform: Arc<Platform>,
    faces: Vec<Face>,
    limits: ServerLimits,
    signals: Signals,
}

impl Serving {
    /// Makes the certificate, takes the sockets that were handed over and binds the listeners that
    /// the configuration names. None when it was asked to stop meanwhile; then it is closed.
    pub async fn bind(platform: &Arc<Platform>, passed: Vec<Passed>) -> Result<Option<Self>> {
        let mut signals = Signals::catch()?;
        let faces = tokio::select! {
            faces = prepare(platform, passed) => faces?,
            () = signals.asked_to_stop() => {
                info!("Asked to stop before the box answered");
                notify::stopping("Stopping: closing the files");
                tokio::select! {
                    () = platform.close() => info!("Stopped"),
                    () = signals.asked_to_stop() => warn!("Asked to stop again, ending at once"),
                }
                return Ok(None);
            }
        };
        let (platform, limits) = (Arc::clone(platform), limits(&platform.config));
        Ok(Some(Self { platform, faces, limits, signals }))
    }

    /// The bound addresses by listener: `https`, `http`, `behind_proxy`.
    pub fn addresses(&self) -> Addresses {
        addresses(&self.faces)
    }

    /// Serves until a signal asks to stop, then ends in order: answers what is in flight,
    /// stops the tasks, closes the files. A second signal ends at once; every acknowledged
    /// change is on disk already. `ready` is called when requests are answered.
    pub async fn run(mut self, reloading: Reloading, ready: impl FnOnce()) {
        let stop = self.platform.tasks.stop();
        let gate = Gate::new(self.platform.random.clone(), HoldingBack::default());
        let serving = self.faces.into_iter().map(|face| {
            let listener = Listener::Tcp(face.listener);
            let served = (Application::face(face.name, face.router), Arc::clone(&gate));
            serve(listener, face.security, served, stop.clone(), self.limits.clone())
        });
        let in_order = async {
            join_all(serving).await;
            notify::status("Stopping: closing the files");
            self.platform.close().await;
        };
        let asked_twice = async {
            say_ready(&self.platform, ready).await;
            while self.signals.next().await == Asked::Reload {
                reloading.reload(&self.platform).await;
            }
            info!("Stopping: requests in flight are answered first");
            notify::stopping(&left(&self.platform));
            self.platform.tasks.begin_stop();
            loop {
                tokio::select! {
                    asked = self.signals.next() => {
                        if asked == Asked::Stop { return }
                    }
                    () = tokio::time::sleep(LEFT_TOLD_EVERY) => {
                        notify::status(&left(&self.platform));
                    }
                }
            }
        };
        tokio::select! {
            () = in_order => info!("Stopped"),
            () = asked_twice => warn!("Asked to stop again, ending at once"),
        }
    }
}

async fn prepare(platform: &Arc<Platform>, passed: Vec<Passed>) -> Result<Vec<Face>> {
    let faces = faces_of(platform, Sockets::Own(passed)).await?;
    control::start(platform);
    put_in_order(platform).await?;
    begin_work(platform).await?;
    Ok(faces)
}

/// Makes the certificate, the application and what it serves, and starts what notes what requests
/// do.
pub(super) async fn faces_of(platform: &Arc<Platform>, sockets: Sockets) -> Result<Vec<Face>> {
    let config = Arc::clone(&platform.config);
    let certificates = match config.server.https {
        Some(_) => Some(certificates(platform, sockets.has_http(&config)).await?),
        None => None,
    };
    monitoring::keep(platform);
    let application = wiring::application(platform, own_names(&config))?;
    let faces = faces::open(&config, certificates.as_ref(), &application, sockets).await?;
    let addresses = addresses(&faces);
    let reach = Reach {
        origin: origin(&config, &addresses),
        set_up: SetUpAt::of(&config, &addresses),
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
    Ok(faces)
}

/// Puts in order what the last stop cut off.
pub(super) async fn put_in_order(platform: &Arc<Platform>) -> Result<()> {
    notify::status("Putting in order what the last stop cut off");
    // First: a disk that is full of what it removes takes nothing that the others note.
    crate::platform::backups::bases::ops::resume(platform).await;
    crate::platform::backups::restores::ops::resume(platform).await?;
    crate::platform::backups::portable::ops::resume(platform).await
}

/// Starts what the box does by itself.
pub(super) async fn begin_work(platform: &Arc<Platform>) -> Result<()> {
    jobs::runner::start(platform);
    notices::runner::start(platform);
    updates::runner::start(platform);
    tls::ops::keep(platform);
    mdns::keep(platform);
    monitoring::watch::keep_watching(platform);
    keys::ops::resume(platform).await?;
    Ok(())
}

/// Tells whoever reads the log how to take over a box that nobody owns yet.
pub async fn offer_set_up(platform: &Arc<Platform>) {
    let Some(reach) = platform.reach.get() else { return };
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    match setup::ops::offer_link(&ctx, &reach.set_up.origin).await {
        // It is meant for whoever may read this log: the person who started the box.
        Ok(Offer::New(link)) => {
            info!("Nobody owns this box yet. Open this link once: {link}");
            if let Some(link) = reach.set_up.on_local_network(&link) {
                info!("The same link by the name on the local network: {link}");
            }
        }
        Ok(Offer::Kept { until }) => info!(
            "Nobody owns this box yet. The link that `holdfast setup-link` gave last works until \
             {until}"
        ),
        Ok(Offer::Claimed) => {}
        Err(error) => warn!("There is no set-up link: {error}"),
    }
}

/// Says that the box answers, once it does.
async fn say_ready(platform: &Arc<Platform>, ready: impl FnOnce()) {
    let status = watchdog::serving(platform).await.unwrap_or_else(|error| error.to_string());
    notify::ready(&status);
    watchdog::keep(platform);
    ready();
}

/// `Stopping: 3 requests in flight`.
fn left(platform: &Platform) -> String {
    match platform.watching.traffic.in_flight() {
        0 => "Stopping: no request in flight".to_owned(),
        1 => "Stopping: 1 request in flight".to_owned(),
        more => format!("Stopping: {more} requests in flight"),
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Stop,
    Reload,
}

/// What asks the process for something. Caught from before the box says that it is ready.
pub(super) struct Signals {
    /// A reload that was asked for while the box started.
    is_reload_owed: bool,
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(super) fn catch() -> Result<Self> {
        Ok(Self {
            is_reload_owed: false,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Asked {
        if std::mem::take(&mut self.is_reload_owed) {
            return Asked::Reload;
        }
        self.heard().await
    }

    /// Waits until the process is asked to stop; what else is asked is done later.
    pub(super) async fn asked_to_stop(&mut self) {
        while self.heard().await == Asked::Reload {
            self.is_reload_owed = true;
        }
    }

    async fn heard(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }
}

async fn certificates(platform: &Arc<Platform>, has_http: bool) -> Result<Arc<Certificates>> {
    let config = &platform.config;
    let chosen = chosen_names(config);
    let (directory, label) = (config.data().join(tls::FOLDER), host_name());
    let (names, secrets) = (move || box_names(&chosen), Arc::clone(&platform.secrets));
    let source = match config.tls.mode {
        TlsMode::LocalCa => Source::LocalCa { directory, label, names: Box::new(names), secrets },
        TlsMode::Acme => {
            let (names, settings) = (Box::new(names), Box::new(acme_settings(config, has_http)));
            Source::Acme { directory, label, names, secrets, settings }
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

/// What the configuration says of a public authority.
fn acme_settings(config: &Config, has_http: bool) -> AcmeSettings {
    let tls = &config.tls;
    let methods = match tls.acme_challenge {
        AcmeChallenge::Auto if !has_http => vec![Method::TlsAlpn],
        AcmeChallenge::Auto => vec![Method::Http, Method::TlsAlpn],
        AcmeChallenge::Http => vec![Method::Http],
        AcmeChallenge::TlsAlpn => vec![Method::TlsAlpn],
        AcmeChallenge::Dns => vec![Method::Dns],
    };
    let binding = (tls.acme_binding_id.clone(), tls.acme_binding_key.clone());
    AcmeSettings {
        directory: tls.acme_directory.url().to_owned(),
        contact: tls.acme_contact.as_ref().map(|one| one.as_str().to_owned()),
        is_agreed: tls.acme_terms_agreed,
        methods,
        hook: tls.acme_dns_hook.clone(),
        root: tls.acme_root.clone(),
        binding: Some(binding).filter(|(id, _)| !id.is_empty()),
        chosen: chosen_names(config).iter().filter_map(|name| Name::parse(name)).collect(),
    }
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

pub(super) fn limits(config: &Config) -> ServerLimits {
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
