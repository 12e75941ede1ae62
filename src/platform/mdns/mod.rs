//! The box's name on the local network, `name.local`, told to whoever asks by multicast DNS.

pub mod rules;

use std::sync::Arc;
use std::time::Duration;

use mdns_sd::{ServiceDaemon, ServiceInfo};
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

use self::rules::{Announcement, announcement};
use super::Platform;
use super::error::{Error, Result};
use super::tasks;
use super::tls::{Name, box_names, host_name};

/// How often the machine's addresses are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long others may take to hear that the name is withdrawn.
const WITHDRAWN_WITHIN: Duration = Duration::from_millis(500);
const SERVICE: &str = "_https._tcp.local.";

/// A name that is announced as long as this is held.
struct Announced {
    what: Announcement,
    service: String,
    daemon: ServiceDaemon,
}

impl Announced {
    /// Blocks.
    fn start(what: Announcement) -> Result<Self> {
        let daemon = ServiceDaemon::new().map_err(Error::internal)?;
        let addresses: Vec<String> = what.addresses.iter().map(ToString::to_string).collect();
        let (label, host) = (format!("Holdfast on {}", what.host), what.name());
        let properties = [("path", "/")];
        let service = ServiceInfo::new(
            SERVICE,
            &label,
            &host,
            addresses.join(","),
            what.port,
            &properties[..],
        )
        .map_err(Error::internal)?;
        let name = service.get_fullname().to_owned();
        daemon.register(service).map_err(Error::internal)?;
        Ok(Self { what, service: name, daemon })
    }

    /// Tells everybody that the name is gone. Blocks.
    fn withdraw(self) {
        // Who does not hear it forgets the name within two minutes.
        if let Ok(gone) = self.daemon.unregister(&self.service) {
            drop(gone.recv_timeout(WITHDRAWN_WITHIN));
        }
        if let Ok(ended) = self.daemon.shutdown() {
            drop(ended.recv_timeout(WITHDRAWN_WITHIN));
        }
    }
}

/// Announces the name until the box stops, anew when its addresses change. Does nothing where it
/// is switched off.
pub fn keep(platform: &Arc<Platform>) {
    let is_on = platform.config.server.mdns;
    let listens = platform.reach.get().and_then(|reach| {
        let https = reach.addresses.iter().find(|(name, _)| *name == "https");
        https.map(|(_, address)| *address)
    });
    let (true, Some(bound)) = (is_on, listens) else { return };
    if bound.ip().is_loopback() {
        return;
    }
    platform.tasks.start("local-name", move |mut stop| async move {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut announced: Option<Announced> = None;
        let mut has_failed = false;
        loop {
            let is_over = tokio::select! {
                () = stop.requested() => true,
                _ = ticks.tick() => false,
            };
            let wanted = if is_over { None } else { wanted(bound).await };
            match change(announced.take(), wanted).await {
                Ok(now) => announced = now,
                Err(error) if !has_failed => {
                    has_failed = true;
                    warn!("The name on the local network is not announced: {error}");
                }
                Err(_) => {}
            }
            if is_over {
                return;
            }
        }
    });
}

async fn wanted(bound: std::net::SocketAddr) -> Option<Announcement> {
    let look = move || {
        let address = |name| match name {
            Name::Address(address) => Some(address),
            Name::Domain(_) => None,
        };
        let own: Vec<_> = box_names(&[]).into_iter().filter_map(address).collect();
        Ok(announcement(&host_name(), bound, &own))
    };
    tasks::blocking(look).await.unwrap_or_default()
}

/// Goes from what is announced to what is to be.
async fn change(now: Option<Announced>, wanted: Option<Announcement>) -> Result<Option<Announced>> {
    if now.as_ref().map(|one| &one.what) == wanted.as_ref() {
        return Ok(now);
    }
    tasks::blocking(move || {
        if let Some(before) = now {
            before.withdraw();
        }
        let Some(wanted) = wanted else { return Ok(None) };
        let announced = Announced::start(wanted)?;
        let (name, port) = (announced.what.name(), announced.what.port);
        info!("The local network finds the box as {name} at port {port}");
        Ok(Some(announced))
    })
    .await
}
