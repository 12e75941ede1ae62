//! Configuration: defaults, `holdfast.toml`, `HOLDFAST_SECTION__KEY` and flags, in rising
//! precedence. One struct for each section; what is not in its table is refused.

mod address;
mod authority;
mod error;
mod files;
mod import;
mod jobs;
mod key;
mod layers;
mod limits;
mod logs;
mod monitoring;
mod notices;
pub mod reference;
mod server;
mod sessions;
mod setting;
mod storage;
#[cfg(test)]
mod tests;
mod tls;
mod updates;

use std::path::{Path, PathBuf};

pub use address::{HostName, LoopbackAddress, WebOrigin};
pub use authority::{AcmeDirectory, Contact};
pub use error::{ConfigError, Origin};
pub use files::Files;
pub use import::Import;
pub use jobs::Jobs;
pub use key::{Key, Section};
pub use layers::{Effective, Value};
pub use limits::Limits;
pub use logs::{LogFormat, LogLevel, Logs};
pub use monitoring::Monitoring;
pub use notices::Notices;
pub use server::Server;
pub use sessions::Sessions;
pub use storage::Storage;
pub use tls::{AcmeChallenge, Tls, TlsMode};
pub use updates::{FeedPlace, UpdatePolicy, UpdateWindow, Updates};

/// The table of all settings, in the order of the reference page.
pub const SECTIONS: &[Section] = &[
    Server::SECTION,
    Tls::SECTION,
    Storage::SECTION,
    Limits::SECTION,
    Sessions::SECTION,
    Logs::SECTION,
    Monitoring::SECTION,
    Import::SECTION,
    Files::SECTION,
    Jobs::SECTION,
    Notices::SECTION,
    Updates::SECTION,
];

/// Flags that set a key.
pub const FLAGS: &[(&str, &str)] = &[
    ("server.https", "--https"),
    ("server.http", "--http"),
    ("server.behind_proxy", "--behind-proxy"),
    ("storage.data", "--data"),
];

/// Read when nobody names a file, and only if it is there.
const PACKAGED_FILE: &str = "/etc/holdfast/holdfast.toml";

/// All settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    pub server: Server,
    pub tls: Tls,
    pub storage: Storage,
    pub limits: Limits,
    pub sessions: Sessions,
    pub logs: Logs,
    pub monitoring: Monitoring,
    pub import: Import,
    pub files: Files,
    pub jobs: Jobs,
    pub notices: Notices,
    pub updates: Updates,
    /// The same values as they were written, each with its origin; what `config show` prints.
    pub effective: Effective,
    /// The file they were read from.
    pub file: Option<PathBuf>,
}

/// Where settings come from beside the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file that must exist.
    pub file: Option<PathBuf>,
    /// The environment, whole; what is no setting is left alone.
    pub variables: Vec<(String, String)>,
    /// Key of [`FLAGS`] and value.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// Takes the environment of this process, and the packaged file when none is named.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let packaged = || Some(PathBuf::from(PACKAGED_FILE)).filter(|path| path.exists());
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, text)| (lossy(name), lossy(text)));
        Self { file: file.or_else(packaged), variables: variables.collect(), flags }
    }
}

impl Config {
    /// Reads all sources and reports everything that is wrong at once.
    pub fn load(sources: &Sources) -> Result<Self, Vec<ConfigError>> {
        let (effective, errors) = laid(sources).finish();
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut config = Self::read(effective).map_err(|error| vec![error])?;
        config.file.clone_from(&sources.file);
        let errors = config.contradictions();
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// Takes what is right of all sources, and says what is not: for whoever has to find out what
    /// is wrong.
    pub fn load_what_is_right(sources: &Sources) -> (Self, Vec<ConfigError>) {
        let (effective, mut errors) = laid(sources).finish();
        let mut config = Self::read(effective).unwrap_or_else(|error| {
            errors.push(error);
            Self::of_defaults()
        });
        config.file.clone_from(&sources.file);
        errors.extend(config.contradictions());
        (config, errors)
    }

    /// Takes what is right of a text like a file's.
    pub fn of_text(text: &str) -> Self {
        let mut layers = layers::Layers::defaults();
        layers.lay_text(Path::new(PACKAGED_FILE), text);
        Self::read(layers.finish().0).unwrap_or_else(|_| Self::of_defaults())
    }

    fn of_defaults() -> Self {
        Self::read(layers::Layers::defaults().finish().0).expect("a test reads all defaults")
    }

    /// The folder that holds everything the box keeps.
    pub fn data(&self) -> &Path {
        &self.storage.data
    }

    fn read(effective: Effective) -> Result<Self, ConfigError> {
        Ok(Self {
            server: Server::read(&effective)?,
            tls: Tls::read(&effective)?,
            storage: Storage::read(&effective)?,
            limits: Limits::read(&effective)?,
            sessions: Sessions::read(&effective)?,
            logs: Logs::read(&effective)?,
            monitoring: Monitoring::read(&effective)?,
            import: Import::read(&effective)?,
            files: Files::read(&effective)?,
            jobs: Jobs::read(&effective)?,
            notices: Notices::read(&effective)?,
            updates: Updates::read(&effective)?,
            effective,
            file: None,
        })
    }

    /// Finds values that are right alone and wrong together.
    fn contradictions(&self) -> Vec<ConfigError> {
        let Self { server, tls, sessions, .. } = self;
        let rules = [
            (
                server.https.is_none() && server.behind_proxy.is_none(),
                "server.https",
                "is off, and so is server.behind_proxy: nobody could reach the box",
            ),
            (
                server.http.is_some() && server.https.is_none(),
                "server.http",
                "only leads to HTTPS and needs server.https",
            ),
            (
                server.http.is_some() && server.http == server.https && !is_any_port(server.http),
                "server.http",
                "must differ from server.https",
            ),
            (
                tls.mode == TlsMode::Own && tls.certificate.is_none(),
                "tls.certificate",
                "is needed when tls.mode is `own`",
            ),
            (
                tls.mode == TlsMode::Own && tls.key.is_none(),
                "tls.key",
                "is needed when tls.mode is `own`",
            ),
            (
                tls.mode != TlsMode::Own && tls.certificate.is_some(),
                "tls.certificate",
                "is used only while tls.mode is `own`",
            ),
            (
                tls.mode != TlsMode::Own && tls.key.is_some(),
                "tls.key",
                "is used only while tls.mode is `own`",
            ),
            (
                sessions.rotate_min > sessions.idle_min,
                "sessions.rotate_min",
                "must not be above sessions.idle_min",
            ),
        ];
        let rules = rules.into_iter().chain(self.acme_contradictions());
        let broken = rules.filter(|(is_broken, ..)| *is_broken);
        broken.map(|(_, key, detail)| self.error_at(key, detail)).collect()
    }

    fn acme_contradictions(&self) -> [(bool, &'static str, &'static str); 5] {
        let Self { server, tls, .. } = self;
        let is_on = tls.mode == TlsMode::Acme;
        let is_by_dns = tls.acme_challenge == AcmeChallenge::Dns;
        [
            (
                is_on && server.names.is_empty() && server.public_url.is_none(),
                "tls.mode",
                "is `acme`, but neither server.names nor server.public_url says for which name",
            ),
            (
                is_on && server.https.is_none(),
                "tls.mode",
                "is `acme`, which needs server.https: behind a proxy that one gets certificates",
            ),
            (
                is_on && is_by_dns && tls.acme_dns_hook.is_none(),
                "tls.acme_dns_hook",
                "is needed when tls.acme_challenge is `dns-01`",
            ),
            (
                is_on && tls.acme_challenge == AcmeChallenge::Http && server.http.is_none(),
                "tls.acme_challenge",
                "is `http-01`, which needs server.http",
            ),
            (
                tls.acme_binding_id.is_empty() != tls.acme_binding_key.is_empty(),
                "tls.acme_binding_id",
                "and tls.acme_binding_key need each other",
            ),
        ]
    }

    fn error_at(&self, key: &str, detail: &str) -> ConfigError {
        let (section, name) = key.split_once('.').unwrap_or((key, ""));
        let origin = self.effective.value(section, name).origin.clone();
        ConfigError::new(origin, key, detail)
    }
}

/// All sources over the defaults, in rising precedence.
fn laid(sources: &Sources) -> layers::Layers {
    let mut layers = layers::Layers::defaults();
    if let Some(path) = &sources.file {
        layers.lay_file(path);
    }
    for (variable, text) in &sources.variables {
        layers.lay_variable(variable, text);
    }
    for (key, text) in &sources.flags {
        let flag = FLAGS.iter().find(|(path, _)| path == key).map_or("", |(_, flag)| flag);
        layers.lay_flag(key, flag, text);
    }
    layers
}

/// Port 0 lets the system choose, so that two of them never clash.
fn is_any_port(address: Option<std::net::SocketAddr>) -> bool {
    address.is_some_and(|address| address.port() == 0)
}
