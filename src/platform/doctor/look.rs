//! What all checks of one look share: whose box, which settings, what it says itself.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::facts::disk::Probe;
use super::facts::stored::{self, Stored};
use super::host::Host;
use super::live::Live;
use super::rules::standing::Process;
use crate::config::{Config, Sources};
use crate::platform::clock::{Clock, Moment};
use crate::platform::control::{self, DoctorVerb, Verb};
use crate::platform::error::Error;

/// The folder of the package; commands need not name it.
const PACKAGED_DATA: &str = "/var/lib/holdfast";

/// One look at a box.
pub struct Look {
    /// The settings in force: of the running box, else of the files.
    pub config: Config,
    /// What the next start would find wrong.
    pub config_errors: Vec<String>,
    pub config_file: Option<PathBuf>,
    /// Settings that stand in no file, each with who set it.
    pub elsewhere: Vec<String>,
    /// Variables that look like settings and are none.
    pub ignored: Vec<String>,
    pub host: Host,
    pub clock: Clock,
    pub process: Process,
    /// Why a process that is there did not answer.
    pub silent: String,
    pub live: Option<Live>,
    stored: OnceLock<Result<Stored, String>>,
    probe: OnceLock<Probe>,
}

impl Look {
    /// From the command line: reads the files, and asks the box that runs on them. Blocks.
    pub fn from_outside(sources: &Sources) -> Self {
        let (read, errors) = Config::load_what_is_right(sources);
        let host = Host::of_machine();
        let asked = control::ask(read.data(), &Verb::Doctor(DoctorVerb::Tell));
        let (mut process, live, silent) = match asked {
            Ok(Some(control::Answer::Ok(value))) => match serde_json::from_value::<Live>(value) {
                Ok(live) => (Process::Answers, Some(live), String::new()),
                Err(_) => (Process::Answers, None, String::new()),
            },
            Ok(Some(control::Answer::Error(fault))) if fault.code == "forbidden" => {
                (Process::Denied, None, String::new())
            }
            Ok(Some(control::Answer::Error(fault))) => (Process::Silent, None, fault.detail),
            Ok(None) => (Process::None, None, "There is no socket to ask it by.".to_owned()),
            Err(Error::Denied(_)) => (Process::Denied, None, String::new()),
            Err(error) => (Process::Silent, None, error.to_string()),
        };
        let holder = super::facts::process::holder(&host, read.data());
        if process == Process::None && holder.is_some() {
            process = Process::Silent;
        }
        let config = live.as_ref().map_or_else(|| read.clone(), |live| live.config(&read));
        let elsewhere = match &live {
            Some(live) => live.elsewhere.clone(),
            None => super::live::elsewhere(&read),
        };
        let ignored = match &live {
            Some(live) => live.ignored.clone(),
            None => super::live::ignored(&sources.variables),
        };
        Self {
            config,
            config_errors: errors.iter().map(ToString::to_string).collect(),
            config_file: sources.file.clone(),
            elsewhere,
            ignored,
            host,
            clock: Clock::System,
            process,
            silent,
            live,
            stored: OnceLock::new(),
            probe: OnceLock::new(),
        }
    }

    /// From inside the running box.
    pub fn from_inside(config: &Config, clock: &Clock, live: Live) -> Self {
        Self {
            config: config.clone(),
            config_errors: super::live::errors_of_file(config),
            config_file: config.file.clone(),
            elsewhere: live.elsewhere.clone(),
            ignored: live.ignored.clone(),
            host: Host::of_machine(),
            clock: clock.clone(),
            process: Process::Answers,
            silent: String::new(),
            live: Some(live),
            stored: OnceLock::new(),
            probe: OnceLock::new(),
        }
    }

    pub fn data(&self) -> &Path {
        self.config.data()
    }

    pub fn data_text(&self) -> String {
        super::host::text_of(self.data())
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    pub fn is_running(&self) -> bool {
        self.process == Process::Answers
    }

    /// What the box's own file says; read once for all checks. Blocks.
    pub(super) fn stored(&self) -> Result<&Stored, &str> {
        let read = || stored::read(self.data(), &self.clock).map_err(|error| error.to_string());
        self.stored.get_or_init(read).as_ref().map_err(String::as_str)
    }

    /// What came of writing small files; done once for all checks. Blocks.
    pub(super) fn probe(&self) -> &Probe {
        self.probe.get_or_init(|| Probe::make(self.data()))
    }

    /// The median of the time to the disk.
    pub(super) fn sync(&self) -> Option<Duration> {
        self.probe().median
    }

    /// A command of ours, with the folder it is about.
    pub fn command(&self, command: &str) -> String {
        const ABOUT_DATA: [&str; 8] =
            ["backup", "restore", "audit", "keys", "ca", "status", "doctor", "workspace"];
        let verb = command.strip_prefix("holdfast ").and_then(|rest| rest.split(' ').next());
        let is_about = verb.is_some_and(|verb| ABOUT_DATA.contains(&verb));
        let data = self.data_text();
        if !is_about || data == PACKAGED_DATA || command.contains("--data") {
            return command.to_owned();
        }
        format!("{command} --data {}", super::rules::words::quoted(&data))
    }
}
