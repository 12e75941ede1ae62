//! `holdfast supervise`: a box whose release can be exchanged while it runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tracing::warn;

use super::output::{Answer, Failure};
use super::{Common, serve};
use crate::config::Config;
use crate::platform::about::api::time_of_build;
use crate::platform::clock::Clock;
use crate::platform::footprint::Text;
use crate::platform::monitoring::logs;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::systemd::sockets as passed;
use crate::platform::updates::supervisor::disk::{Disk, RealDisk};
use crate::platform::updates::supervisor::handing_on::TakenOver;
use crate::platform::updates::supervisor::resident::{Limits, Over, Settings, Supervisor};
use crate::platform::updates::supervisor::sockets;
use crate::platform::updates::supervisor::vouching::Trust;
use crate::platform::wait_until_free;
use crate::wiring::serving;

/// How long the worker of a supervisor that was killed is waited for.
const LET_GO_PATIENCE: Duration = Duration::from_secs(30);
/// The running program, also after its file was replaced.
const OWN: &str = "/proc/self/exe";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder for releases and for what is started next. Outside of the data folder, the kernel
    /// keeps the box from writing it; without this option it is the data folder.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Address for HTTPS, e.g. [::]:8443.
    #[arg(long, value_name = "ADDR")]
    https: Option<String>,
    /// Address for plain HTTP, which only leads to HTTPS and serves /trust.
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Loopback address where everything is served over plain HTTP to a reverse proxy.
    #[arg(long, value_name = "ADDR")]
    behind_proxy: Option<String>,
    /// Goes on with the sockets and the worker that wait at standard input; nobody types this.
    #[arg(long, hide = true)]
    take_over: bool,
}

pub(super) fn run(common: &Common, options: &Options) -> Answer {
    // Before anything else opens a file.
    let passed = passed::take().map_err(Failure::of)?;
    // And before anything begins a thread, or maps a file.
    let text = Text::at_start();
    let taken = if options.take_over { Some(TakenOver::receive()?) } else { None };
    let flags = options.flags();
    let config = Config::load(&common.sources(flags.clone()))?;
    serve::refuse_foreign(config.data())?;
    // Writes the last lines when this function ends, however it ends.
    let (_flusher, _chosen) = logs::start(&config.logs).map_err(Failure::of)?;
    serving::keep_files_private();
    let text = Text::or_nothing(text);
    let settings = Settings { text, ..settings(common, options, &config, &flags)? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let over = runtime.block_on(async {
        let (listening, handed) = if let Some(taken) = taken {
            let (listening, handed) = taken.parts();
            (listening, Some(handed))
        } else {
            RealDisk.make_folder(&settings.data)?;
            wait_until_free(&settings.data, LET_GO_PATIENCE).await.map_err(Failure::of)?;
            (sockets::listen(&config, passed).map_err(Failure::of)?, None)
        };
        let built_at = time_of_build().unwrap_or_default();
        let trust = Trust::below(&settings.state, Clock::System, built_at);
        if let Some(root) = &config.updates.root {
            RealDisk.make_folder(&settings.state)?;
            if let Err(alert) = trust.begin(root) {
                warn!(code = alert.code, "The root of updates is not trusted: {}", alert.detail);
            }
        }
        let vouches = Arc::new(trust);
        // Of all settings, what is needed from here on stands in `settings`.
        drop(config);
        let mut supervisor = Supervisor::open(settings, Clock::System, vouches, listening)?;
        if let Some(handed) = handed {
            supervisor.adopt(handed)?;
        }
        Ok::<_, Failure>(supervisor.run().await)
    });
    runtime.shutdown_background();
    match over? {
        Over::Stop => Ok(()),
        Over::Exit(code) => Err(Failure::Ended(u8::try_from(code).unwrap_or(1))),
        Over::Fault(error) => Err(error.into()),
    }
}

impl Options {
    fn flags(&self) -> Vec<(&'static str, String)> {
        let flags = [
            ("server.https", self.https.clone()),
            ("server.http", self.http.clone()),
            ("server.behind_proxy", self.behind_proxy.clone()),
        ];
        flags.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect()
    }
}

fn settings(
    common: &Common,
    options: &Options,
    config: &Config,
    flags: &[(&'static str, String)],
) -> Answer<Settings> {
    let data = config.data().to_owned();
    let mut worker = vec!["serve".to_owned(), "--worker".to_owned()];
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    if let Some(file) = &common.config {
        worker.extend(["--config".to_owned(), text(file)]);
    }
    worker.extend(["--data".to_owned(), text(&data)]);
    for (key, value) in flags {
        let option = key.trim_start_matches("server.").replace('_', "-");
        worker.extend([format!("--{option}"), value.clone()]);
    }
    Ok(Settings {
        state: options.state.clone().unwrap_or_else(|| data.clone()),
        data,
        enclose: vec![OWN.to_owned(), "enclose".to_owned()],
        worker,
        package: std::env::current_exe()?,
        own: PathBuf::from(OWN),
        version: VERSION.to_owned(),
        text: Text::default(),
        limits: Limits {
            step_silence: Duration::from_secs(config.updates.rehearsal_silence_seconds),
            package_probation: Duration::from_secs(config.updates.probation_seconds),
            ..Limits::default()
        },
    })
}
