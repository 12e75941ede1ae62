//! What only the running process knows, told over the control socket or used inside it.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::config::{Config, Origin, SECTIONS, Sources};
use crate::platform::Platform;
use crate::platform::error::Result;
use crate::platform::monitoring;
use crate::platform::tls::CertificateStatus;
use crate::platform::updates::report::UpdateSupervision;

/// Variables of ours that are no settings.
const KNOWN_VARIABLES: [&str; 3] = ["HOLDFAST_CONFIG", "HOLDFAST_TARGET_", "HOLDFAST_TEST_"];

/// How the running process stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Live {
    pub pid: u32,
    pub uid: u32,
    pub version: String,
    pub started_at: String,
    /// The settings in force as TOML, without secrets.
    pub settings: String,
    pub elsewhere: Vec<String>,
    pub ignored: Vec<String>,
    /// Listener and address.
    pub addresses: Vec<(String, String)>,
    pub certificate: Option<LiveCertificate>,
    pub queue_waiting: u64,
    pub queue_max: u64,
    pub is_refusing_writes: bool,
    /// Requests of peers that pass on without being trusted, and the last of them.
    pub forwarded: Option<(u64, String)>,
    pub open_files: Option<u64>,
    pub open_files_max: Option<u64>,
    /// Where the lines of the log go.
    pub logs: String,
    pub supervision: Option<UpdateSupervision>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LiveCertificate {
    pub kind: String,
    pub names: Vec<String>,
    /// Milliseconds since 1970.
    pub not_after: i64,
    pub trouble: Option<String>,
}

impl From<&CertificateStatus> for LiveCertificate {
    fn from(status: &CertificateStatus) -> Self {
        Self {
            kind: status.kind.as_str().to_owned(),
            names: status.names.clone(),
            not_after: status.not_after.0,
            trouble: status.trouble.clone(),
        }
    }
}

impl Live {
    /// Asks the process itself. Blocks shortly.
    pub fn of(platform: &Platform, supervision: UpdateSupervision) -> Result<Self> {
        let config = &platform.config;
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let reach = platform.reach.get();
        let addresses = reach.map(|reach| reach.addresses.as_slice()).unwrap_or_default();
        let variables: Vec<(String, String)> = std::env::vars_os()
            .map(|(name, _)| (name.to_string_lossy().into_owned(), String::new()))
            .collect();
        let longest = platform.workspaces.longest_queue();
        let waiting = platform.system.waiting_commands().max(longest);
        Ok(Self {
            pid: std::process::id(),
            uid: rustix::process::geteuid().as_raw(),
            version: monitoring::ops::VERSION.to_owned(),
            started_at: platform.started_at.to_string(),
            settings: settings(config),
            elsewhere: elsewhere(config),
            ignored: ignored(&variables),
            addresses: addresses
                .iter()
                .map(|(name, address)| ((*name).to_owned(), address.to_string()))
                .collect(),
            certificate: monitoring::ops::certificate_status(platform).as_deref().map(Into::into),
            queue_waiting: u64::try_from(waiting).unwrap_or(u64::MAX),
            queue_max: u64::try_from(config.storage.queue_commands_max).unwrap_or(u64::MAX),
            is_refusing_writes: platform.system.is_refusing_writes()
                || platform.workspaces.refusing_count() > 0,
            forwarded: platform.forwarded.seen(),
            open_files: monitoring::open_files().and_then(|count| u64::try_from(count).ok()),
            open_files_max: limit.current,
            logs: logs(),
            supervision: Some(supervision),
        })
    }

    /// The settings in force; secrets are those of `read`.
    pub fn config(&self, read: &Config) -> Config {
        let mut config = Config::of_text(&self.settings);
        config.file.clone_from(&read.file);
        config.monitoring.token = read.monitoring.token.clone();
        config
    }
}

/// Every setting that shows itself, as a file would hold it.
pub fn settings(config: &Config) -> String {
    let mut text = String::new();
    for section in SECTIONS {
        // Writing to a text cannot fail.
        writeln!(text, "[{}]", section.name).unwrap_or_default();
        for value in config.effective.values().filter(|one| one.key.section == section.name) {
            if let Some(shown) = value.shown() {
                writeln!(text, "{} = {shown}", value.key.name).unwrap_or_default();
            }
        }
    }
    text
}

/// Settings that stand in no file, each with who set it.
pub fn elsewhere(config: &Config) -> Vec<String> {
    let is_elsewhere = |origin: &Origin| matches!(origin, Origin::Variable(_) | Origin::Flag(_));
    let values = config.effective.values().filter(|value| is_elsewhere(&value.origin));
    values.map(|value| format!("{} ({})", value.key.path(), value.origin)).collect()
}

/// Variables that look like settings and set nothing.
pub fn ignored(variables: &[(String, String)]) -> Vec<String> {
    let is_ours = |name: &str| name.starts_with("HOLDFAST_") && !name.contains("__");
    let is_known = |name: &str| KNOWN_VARIABLES.iter().any(|known| name.starts_with(known));
    let mut names: Vec<String> = variables
        .iter()
        .filter(|(name, _)| is_ours(name) && !is_known(name))
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    names
}

/// What is wrong with the file by now: the next start would find it.
pub fn errors_of_file(config: &Config) -> Vec<String> {
    let Some(file) = config.file.clone() else { return Vec::new() };
    let sources = Sources { file: Some(file), ..Sources::default() };
    let (_, errors) = Config::load_what_is_right(&sources);
    errors.iter().map(ToString::to_string).collect()
}

/// Where standard output of this process leads.
fn logs() -> String {
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        return "the journal".to_owned();
    }
    match std::fs::read_link("/proc/self/fd/1") {
        Ok(to) => to.display().to_string(),
        Err(_) => "a place that is not to be seen".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_set_nothing_are_named() {
        let all = ["HOLDFAST_DATA", "HOLDFAST_SERVER__HTTPS", "HOLDFAST_TARGET_X", "HOME"];
        let all: Vec<_> = all.map(|name| (name.to_owned(), String::new())).into();
        assert_eq!(ignored(&all), ["HOLDFAST_DATA"]);
    }

    #[test]
    fn settings_that_were_told_are_read_again() {
        let flags = vec![("server.https", "127.0.0.1:8443".to_owned())];
        let variables = vec![
            ("HOLDFAST_SERVER__NAMES".to_owned(), "box.lan".to_owned()),
            ("HOLDFAST_MONITORING__TOKEN".to_owned(), "x".repeat(30)),
        ];
        let config = Config::load(&Sources { file: None, variables, flags }).unwrap();

        let text = settings(&config);
        let again = Config::of_text(&text);

        assert!(!text.contains("xxx"), "{text}");
        assert_eq!(again.server.https, config.server.https);
        assert_eq!(again.server.names, config.server.names);
        let all = elsewhere(&config);
        assert_eq!(all.len(), 3, "{all:?}");
        assert_eq!(all[0], "server.https (flag --https)");
    }
}
