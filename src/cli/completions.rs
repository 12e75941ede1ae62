//! `holdfast completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Arguments;
use super::output::{self, Answer};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The shell that will read the script.
    shell: Shell,
}

pub(super) fn run(options: &Options) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "holdfast", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
