//! `holdfast serve`: a whole box in one process.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tracing::{info, warn};

use super::Common;
use super::output::{Answer, Failure, complain};
use crate::config::Config;
use crate::platform::clock::Clock;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::Error;
use crate::platform::monitoring::{logs, rules};
use crate::platform::reach::Addresses;
use crate::platform::setup::rules::Offer;
use crate::platform::systemd::notify::Starting;
use crate::platform::systemd::sockets;
use crate::platform::{BOX_DAMAGED, DATA_NEWER, Platform, audit};
use crate::wiring;
use crate::wiring::reloading::Reloading;
use crate::wiring::serving::{self, Serving};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Address for HTTPS, e.g. [::]:8443.
    #[arg(long, value_name = "ADDR")]
    https: Option<String>,
    /// Address for plain HTTP, which only leads to HTTPS and serves /trust.
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Loopback address where everything is served over plain HTTP to a reverse proxy.
    #[arg(long, value_name = "ADDR")]
    behind_proxy: Option<String>,
}

pub(super) fn run(common: &Common, options: Options) -> Answer {
    let flags = [
        ("server.https", options.https),
        ("server.http", options.http),
        ("server.behind_proxy", options.behind_proxy),
    ];
    // Before anything else opens a file.
    let passed = sockets::take().map_err(Failure::of)?;
    let given = flags.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
    let sources = common.sources(given.collect());
    let config = Config::load(&sources)?;
    refuse_foreign(config.data())?;
    // Writes the last lines when this function ends, however it ends.
    let (_flusher, chosen) = logs::start(&config.logs).map_err(Failure::of)?;
    let starting = Starting::begin();
    serving::raise_open_files_limit();
    serving::keep_files_private();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("holdfast-async")
        .build()?;
    let platform = wiring::open(config, Clock::System).map_err(not_opened)?;
    let outcome = runtime.block_on(async {
        // Before anything of this start is written.
        warn_of_clock(&platform).await;
        let serving = match Serving::bind(&platform, passed).await {
            Ok(Some(serving)) => serving,
            Ok(None) => return Ok(()),
            Err(error) => {
                platform.close().await;
                return Err(Failure::of(error));
            }
        };
        match serving.set_up_link().await {
            // It is meant for whoever may read this log: the person who started the box.
            Ok(Offer::New(link)) => {
                info!("Nobody owns this box yet. Open this link once: {link}");
                if let Some(link) = serving.on_local_network(&link) {
                    info!("The same link by the name on the local network: {link}");
                }
            }
            Ok(Offer::Kept { until }) => info!(
                "Nobody owns this box yet. The link that `holdfast setup-link` gave last works \
                 until {until}"
            ),
            Ok(Offer::Claimed) => {}
            Err(error) => warn!("There is no set-up link: {error}"),
        }
        drop(starting);
        let addresses = serving.addresses();
        serving.run(Reloading { sources, logs: chosen }, || say_ready(&addresses)).await;
        Ok(())
    });
    // All that matters is on the disk; what a start or a second signal cut off is not waited for.
    runtime.shutdown_background();
    outcome
}

/// A box that writes into the folder of another user leaves files there that this one cannot
/// read.
fn refuse_foreign(data: &Path) -> Answer {
    use std::os::unix::fs::MetadataExt;
    let own = rustix::process::geteuid().as_raw();
    match std::fs::metadata(data) {
        Ok(about) if about.uid() != own => Err(Failure::Denied(format!(
            "{} belongs to user {}, and the box would run as user {own}. Nothing was changed. Run \
             it as the owner, or give it the folder: chown -R {own} {}",
            data.display(),
            about.uid(),
            data.display()
        ))),
        _ => Ok(()),
    }
}

/// Starts all the same: who reads the log knows better what time it is.
async fn warn_of_clock(platform: &Arc<Platform>) {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    match audit::ops::newest_of_box(&ctx).await {
        Ok(Some(newest)) => {
            if let Some(said) = rules::clock_at_start(ctx.now(), newest) {
                warn!("{said}");
            }
        }
        Ok(None) => {}
        Err(error) => warn!("The clock could not be compared with the audit log: {error}"),
    }
}

/// A box that starting again does not help is told apart from one that merely did not start.
fn not_opened(error: Error) -> Failure {
    match error {
        Error::Conflict(refusal) if matches!(refusal.code, BOX_DAMAGED | DATA_NEWER) => {
            complain(&refusal.detail);
            Failure::CheckFailed
        }
        other => Failure::of(other),
    }
}

fn say_ready(addresses: &Addresses) {
    let of = |name| {
        let found = addresses.iter().find(|(one, _)| *one == name);
        found.map(|(_, address)| tracing::field::display(*address))
    };
    // Programs wait for this very message.
    info!(https = of("https"), http = of("http"), behind_proxy = of("behind_proxy"), "ready");
}
