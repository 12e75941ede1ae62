//! The command line: one file for each verb.

mod audit;
mod backup;
mod backup_target;
mod ca;
mod completions;
mod config;
mod doctor;
mod enclose;
mod keys;
mod logs;
mod man;
mod openapi;
mod output;
mod owner;
mod place;
mod recover;
mod release;
mod restore;
mod running;
mod security;
mod serve;
mod setup_link;
mod status;
mod supervise;
mod update;
mod update_step;
mod user;
mod workspace;
mod workspace_moving;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Sources};
use crate::platform::clock::Clock;
use crate::platform::error::Error;
use crate::platform::offline::Offline;
use crate::platform::updates::facts;
use output::{Answer, Failure};

/// Runs a small team's operations on a box it owns.
#[derive(Debug, Parser)]
#[command(
    name = "holdfast",
    version = facts::version(),
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 a check failed.";

/// Options of every verb.
#[derive(Debug, Clone, Args)]
struct Common {
    /// Configuration file; without it /etc/holdfast/holdfast.toml is read when it is there.
    #[arg(long, global = true, value_name = "FILE", env = "HOLDFAST_CONFIG")]
    config: Option<PathBuf>,
    /// Folder that holds everything the box keeps.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Prints JSON instead of text, where a verb reports something.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serves the box until it is told to stop.
    Serve(serve::Options),
    /// Serves the box under a supervisor, which can exchange the release that runs.
    Supervise(supervise::Options),
    /// Becomes a release that a supervisor hands over; nobody types this.
    #[command(hide = true)]
    Enclose,
    /// Makes a new set-up link while nobody owns the box; the link before it stops working.
    SetupLink(setup_link::Options),
    /// Says how the box is, running or not.
    Status,
    /// Shows the newest lines of the running box's log.
    Logs(logs::Options),
    /// Says what is wrong with the box, and the command that mends it.
    Doctor(doctor::Options),
    /// Checks or shows the configuration.
    #[command(subcommand)]
    Config(config::Verb),
    /// Verifies the audit logs.
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Adds, lists and looks after people.
    #[command(subcommand)]
    User(user::Verb),
    /// Makes and lists workspaces.
    #[command(subcommand)]
    Workspace(workspace::Verb),
    /// Makes and lists backups, and the kits that open them.
    #[command(subcommand)]
    Backup(backup::Verb),
    /// Brings one workspace of the running box back from a backup.
    Restore(restore::Options),
    /// Brings a whole box back from a backup, on a machine that has none.
    Recover(recover::Options),
    /// Changes the master key that the box's secrets are sealed with.
    #[command(subcommand)]
    Keys(keys::Verb),
    /// Reports the box's own certificate authority.
    #[command(subcommand)]
    Ca(ca::Verb),
    /// Publishes releases: keys, the signed feed that boxes read, and what is in it.
    #[command(subcommand)]
    Release(release::Verb),
    /// Looks for a new release, tries it on a copy of the box, takes it, or goes back.
    #[command(subcommand)]
    Update(update::Verb),
    /// Does a step of an update on the files of a box. The supervisor starts it, nobody else.
    #[command(subcommand, hide = true)]
    UpdateStep(update_step::Verb),
    /// Prints the description of the API.
    Openapi,
    /// Prints a script that completes this command line in a shell.
    Completions(completions::Options),
    /// Prints the manual page, or writes one for each verb.
    Man(man::Options),
}

impl Common {
    /// Reads the configuration of this call; `flags` are those of the verb itself.
    fn sources(&self, mut flags: Vec<(&'static str, String)>) -> Sources {
        if let Some(data) = &self.data {
            flags.push(("storage.data", data.to_string_lossy().into_owned()));
        }
        Sources::of_process(self.config.clone(), flags)
    }

    fn load(&self, flags: Vec<(&'static str, String)>) -> Answer<Config> {
        Ok(Config::load(&self.sources(flags))?)
    }

    /// The box's files, for verbs that only report; it may be running or not.
    fn offline(&self) -> Answer<Offline> {
        let config = self.load(Vec::new())?;
        Offline::open(config.data(), Clock::System).map_err(|error| match error {
            Error::NotFound => {
                Failure::NotFound(format!("There is no box in {}.", config.data().display()))
            }
            other => Failure::of(other),
        })
    }
}

/// Reads the arguments, does what they ask and says how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(wrong) => return output::usage(&wrong),
    };
    output::finish(arguments.common.answer(arguments.verb))
}

/// Whether a call is one of this program's, without doing what it asks.
///
/// # Errors
/// The reason why it is none, as the person who typed it would read it.
pub fn understands(arguments: &[String]) -> Result<(), String> {
    match Arguments::try_parse_from(arguments) {
        Err(wrong) if wrong.use_stderr() => Err(wrong.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Common {
    fn answer(&self, verb: Verb) -> Answer {
        match verb {
            Verb::Serve(options) => serve::run(self, options),
            Verb::Supervise(options) => supervise::run(self, &options),
            Verb::Enclose => enclose::run(),
            Verb::SetupLink(options) => setup_link::run(self, &options),
            Verb::Status => status::run(self),
            Verb::Logs(options) => logs::run(self, options),
            Verb::Doctor(options) => doctor::run_doctor(self, &options),
            Verb::Config(verb) => config::run(self, &verb),
            Verb::Audit(verb) => audit::run(self, &verb),
            Verb::User(verb) => user::run(self, verb),
            Verb::Workspace(verb) => workspace::run(self, verb),
            Verb::Backup(verb) => backup::run(self, verb),
            Verb::Restore(options) => restore::run(self, options),
            Verb::Recover(options) => recover::run(self, &options),
            Verb::Keys(verb) => keys::run(self, &verb),
            Verb::Ca(verb) => ca::run(self, &verb),
            Verb::Release(verb) => release::run(self, verb),
            Verb::Update(verb) => update::run(self, verb),
            Verb::UpdateStep(verb) => update_step::run(self, &verb),
            Verb::Openapi => openapi::run(),
            Verb::Completions(options) => completions::run(&options),
            Verb::Man(options) => man::run(&options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_and_option_is_explained() {
        fn look_at(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} is not explained", command.get_name());
            for option in command.get_arguments() {
                assert!(option.get_help().is_some(), "{} is not explained", option.get_id());
            }
            command.get_subcommands().for_each(look_at);
        }
        look_at(&Arguments::command());
    }
}
