//! `holdfast serve`: a whole box in one process.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Runtime;
use tracing::{info, warn};

use super::Common;
use super::output::{Answer, Failure, complain};
use crate::config::Config;
use crate::http::problem;
use crate::platform::clock::Clock;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::Error;
use crate::platform::footprint::Text;
use crate::platform::monitoring::{logs, rules};
use crate::platform::reach::Addresses;
use crate::platform::systemd::notify::Starting;
use crate::platform::systemd::sockets::{self, Passed};
use crate::platform::updates::supervisor::protocol::Report;
use crate::platform::updates::worker::{self, Beginning};
use crate::platform::{BOX_DAMAGED, DATA_NEWER, Parts, Platform, audit};
use crate::wiring;
use crate::wiring::reloading::Reloading;
use crate::wiring::serving::{self, Serving};
use crate::wiring::working::Working;

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
    /// Serves for the supervisor that started this process, on the sockets that it hands over.
    #[arg(long, hide = true)]
    worker: bool,
}

pub(super) fn run(common: &Common, options: Options) -> Answer {
    let is_worker = options.worker;
    let flags = [
        ("server.https", options.https),
        ("server.http", options.http),
        ("server.behind_proxy", options.behind_proxy),
    ];
    // Before anything else opens a file.
    let passed = if is_worker { Vec::new() } else { sockets::take().map_err(Failure::of)? };
    // And before anything begins a thread, or maps a file.
    let text = Text::at_start();
    let given = flags.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
    let sources = common.sources(given.collect());
    let config = Config::load(&sources)?;
    refuse_foreign(config.data())?;
    // Writes the last lines when this function ends, however it ends.
    let (_flusher, chosen) = logs::start(&config.logs).map_err(Failure::of)?;
    let text = Text::or_nothing(text);
    let starting = Starting::begin();
    serving::raise_open_files_limit();
    serving::keep_files_private();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("holdfast-async")
        .build()?;
    let reloading = Reloading { sources, logs: chosen };
    let outcome = if is_worker {
        drop(starting);
        serve_as_worker(&runtime, config, reloading, text)
    } else {
        serve_alone(&runtime, config, passed, starting, reloading, text)
    };
    // All that matters is on the disk; what a start or a second signal cut off is not waited for.
    runtime.shutdown_background();
    outcome
}

/// A whole box in one process.
fn serve_alone(
    runtime: &Runtime,
    config: Config,
    passed: Vec<Passed>,
    starting: Starting,
    reloading: Reloading,
    text: Text,
) -> Answer {
    let platform = wiring::open(config, Clock::System).map_err(not_opened)?;
    runtime.block_on(async {
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
        serving::offer_set_up(&platform).await;
        drop(starting);
        let addresses = serving.addresses();
        let ready = || {
            say_ready(&addresses);
            keep_small(text);
        };
        serving.run(reloading, ready).await;
        Ok(())
    })
}

/// The part of a box that its supervisor starts and replaces. It says itself why it cannot start.
fn serve_as_worker(runtime: &Runtime, config: Config, reloading: Reloading, text: Text) -> Answer {
    let Some(Beginning { link, sockets }) =
        runtime.block_on(worker::begin()).map_err(Failure::of)?
    else {
        return Ok(());
    };
    #[cfg(feature = "fixture")]
    crate::fixture::at_start();
    let parts = Parts { updates: Some(Arc::clone(&link)), ..wiring::parts() };
    let begun = wiring::open_with(config, Clock::System, parts).and_then(|platform| {
        runtime.block_on(async {
            warn_of_clock(&platform).await;
            let begun = Working::begin(&platform, sockets).await;
            if begun.is_err() {
                platform.close().await;
            }
            begun
        })
    });
    match begun {
        Ok(Some(working)) => {
            let accepting = |addresses: &Addresses| {
                say_ready(addresses);
                keep_small(text);
            };
            runtime.block_on(working.run(reloading, accepting));
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) => {
            let code = problem::code_of(&error).to_owned();
            let failed = Report::Failed { code, detail: error.to_string() };
            // The supervisor sees the end of the process as well.
            runtime.block_on(link.tell(&failed)).unwrap_or_default();
            Err(not_opened(error))
        }
    }
}
/// A box that writes into the folder of another user leaves files there that this one cannot
/// read.
pub(super) fn refuse_foreign(data: &Path) -> Answer {
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

/// Gives back what only the start needed.
fn keep_small(mut text: Text) {
    if let Err(error) = text.let_go() {
        warn!("A part of the memory cannot be given back: {error}");
    }
}
