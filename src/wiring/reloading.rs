//! What `SIGHUP` does: everything that is watched is looked at at once, without a restart.

use std::sync::Arc;

use tracing::{info, warn};

use crate::config::{Config, ConfigError, Sources};
use crate::platform::monitoring::logs;
use crate::platform::systemd::{notify, watchdog};
use crate::platform::{Platform, tasks};

/// The one setting that takes effect while the box runs.
const LEVEL: (&str, &str) = ("logs", "level");

/// What is read again.
pub struct Reloading {
    pub sources: Sources,
    pub logs: logs::Chosen,
}

impl Reloading {
    /// Reads certificate and configuration again and has the rest looked at. What is wrong with
    /// the configuration is told, and the box goes on with what it has.
    pub(super) async fn reload(&self, platform: &Arc<Platform>) {
        tell(notify::reloading).await;
        let (sources, reach) = (self.sources.clone(), Arc::clone(platform));
        let read = tasks::blocking(move || {
            if let Some(certificates) = reach.reach.get().and_then(|it| it.certificates.as_ref()) {
                certificates.check();
            }
            Ok(Config::load(&sources))
        });
        match read.await {
            Ok(Ok(config)) => self.take_over(&platform.config, &config),
            Ok(Err(errors)) => refuse(&errors),
            Err(error) => warn!("The configuration could not be read again: {error}"),
        }
        platform.tasks.look_again();
        let status = watchdog::serving(platform).await.unwrap_or_else(|error| error.to_string());
        tell(move || notify::ready(&status)).await;
    }

    fn take_over(&self, running: &Config, now: &Config) {
        self.logs.set_level(now.logs.level);
        let changed = running.effective.differences(&now.effective);
        let waiting: Vec<String> = changed
            .into_iter()
            .filter(|key| (key.section, key.name) != LEVEL)
            .map(crate::config::Key::path)
            .collect();
        if waiting.is_empty() {
            info!("Reloaded: the certificate and all that is watched was looked at");
        } else {
            warn!("Reloaded. These settings need a restart to take effect: {}", waiting.join(", "));
        }
    }
}

fn refuse(errors: &[ConfigError]) {
    for error in errors {
        warn!("The configuration is not taken over: {error}");
    }
}

/// The service manager may be slow to listen.
async fn tell(say: impl FnOnce() + Send + 'static) {
    let told = tasks::blocking(move || {
        say();
        Ok(())
    });
    if let Err(error) = told.await {
        warn!("The service manager could not be told anything: {error}");
    }
}
