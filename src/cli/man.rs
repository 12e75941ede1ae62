//! `holdfast man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Arguments;
use super::output::{self, Answer};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Writes a page for each verb into this folder instead of printing the first one.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Answer {
    let command = Arguments::command();
    if let Some(folder) = &options.out {
        std::fs::create_dir_all(folder)?;
        return Ok(clap_mangen::generate_to(command, folder)?);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    output::print(&String::from_utf8_lossy(&page))
}
