//! `holdfast serve`: a whole box in one process.

use clap::Args;
use tracing::info;

use super::Common;
use super::output::{Answer, Failure};
use crate::platform::clock::Clock;
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
    tracing_subscriber::fmt().with_env_filter(config.logs.level.as_str()).init();
    serving::raise_open_files_limit();
    let platform = wiring::open(config, Clock::System).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("holdfast-async")
        .build()?;
    runtime.block_on(async {
        let serving = Serving::bind(&platform).await.map_err(failed)?;
        say_ready(&serving);
        serving.run().await.map_err(failed)
    })
}

fn say_ready(serving: &Serving) {
    let addresses = serving.addresses();
    let of = |name| {
        let found = addresses.iter().find(|(one, _)| *one == name);
        found.map(|(_, address)| address.to_string()).unwrap_or_default()
    };
    info!(https = of("https"), http = of("http"), behind_proxy = of("behind_proxy"), "ready");
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}
