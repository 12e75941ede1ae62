//! `holdfast serve`: a whole box in one process.

use clap::Args;
use tracing::{info, warn};

use super::Common;
use super::output::{Answer, Failure, complain};
use crate::platform::BOX_DAMAGED;
use crate::platform::clock::Clock;
use crate::platform::error::Error;
use crate::platform::monitoring::logs;
use crate::platform::setup::rules::Offer;
use crate::wiring;
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
    let given = flags.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
    let config = common.load(given.collect())?;
    // Writes the last lines when this function ends, however it ends.
    let _flusher = logs::start(&config.logs).map_err(Failure::of)?;
    serving::raise_open_files_limit();
    serving::keep_files_private();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("holdfast-async")
        .build()?;
    let platform = wiring::open(config, Clock::System).map_err(not_opened)?;
    runtime.block_on(async {
        let serving = match Serving::bind(&platform).await {
            Ok(serving) => serving,
            Err(error) => {
                platform.close().await;
                return Err(Failure::of(error));
            }
        };
        match serving.set_up_link().await {
            // It is meant for whoever may read this log: the person who started the box.
            Ok(Offer::New(link)) => info!("Nobody owns this box yet. Open this link once: {link}"),
            Ok(Offer::Kept { until }) => info!(
                "Nobody owns this box yet. The link that `holdfast setup-link` gave last works \
                 until {until}"
            ),
            Ok(Offer::Claimed) => {}
            Err(error) => warn!("There is no set-up link: {error}"),
        }
        say_ready(&serving);
        serving.run().await;
        Ok(())
    })
}

/// A damaged box is told apart from one that merely did not start: starting again does not help.
fn not_opened(error: Error) -> Failure {
    match error {
        Error::Conflict(refusal) if refusal.code == BOX_DAMAGED => {
            complain(&refusal.detail);
            Failure::CheckFailed
        }
        other => Failure::of(other),
    }
}

fn say_ready(serving: &Serving) {
    let addresses = serving.addresses();
    let of = |name| {
        let found = addresses.iter().find(|(one, _)| *one == name);
        found.map(|(_, address)| tracing::field::display(*address))
    };
    // Programs wait for this very message.
    info!(https = of("https"), http = of("http"), behind_proxy = of("behind_proxy"), "ready");
}
