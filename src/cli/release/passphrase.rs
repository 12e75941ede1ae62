//! The passphrase of a key: from a file, from the environment, or from whoever sits at the
//! terminal, where it is not shown.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::cli::output::{self, Answer, Failure};
use crate::platform::secret::Secret;

/// Where it is taken from without a file and a terminal.
const VARIABLE: &str = "HOLDFAST_RELEASE_PASSPHRASE";
/// A longer file holds no passphrase.
const LENGTH_MAX: u64 = 4 * 1024;
/// A shorter one opens to whoever tries for a while.
const NEW_LENGTH_MIN: usize = 8;

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Source {
    /// File with the passphrase of the key. Without it `HOLDFAST_RELEASE_PASSPHRASE` is taken, and
    /// without that the terminal asks.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Source {
    /// The passphrase that opens a key.
    pub(super) fn of(&self, key: &Path) -> Answer<Secret> {
        match self.given()? {
            Some(given) => Ok(given),
            None => asked(&format!("Passphrase of {}: ", key.display())),
        }
    }

    /// The passphrase of a new key. The terminal asks twice.
    pub(super) fn new_one(&self, key: &Path) -> Answer<Secret> {
        let chosen = if let Some(given) = self.given()? {
            given
        } else {
            let chosen = asked(&format!("New passphrase of {}: ", key.display()))?;
            let again = asked("Once more: ")?;
            if !chosen.equals(again.reveal()) {
                return Err(Failure::Failed("These are two passphrases.".to_owned()));
            }
            chosen
        };
        if chosen.reveal().chars().count() < NEW_LENGTH_MIN {
            let detail = format!("A passphrase has {NEW_LENGTH_MIN} characters or more.");
            return Err(Failure::Failed(detail));
        }
        Ok(chosen)
    }

    fn given(&self) -> Answer<Option<Secret>> {
        let Some(path) = &self.passphrase_file else {
            return Ok(std::env::var(VARIABLE).ok().map(Secret::new));
        };
        let mut text = Zeroizing::new(String::new());
        File::open(path).and_then(|file| file.take(LENGTH_MAX).read_to_string(&mut text)).map_err(
            |error| Failure::Failed(format!("{} cannot be read: {error}.", path.display())),
        )?;
        Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
    }
}

/// Asks on the terminal without showing what is typed.
fn asked(question: &str) -> Answer<Secret> {
    let input = io::stdin();
    if !input.is_terminal() {
        let detail = format!("There is no terminal to ask: use --passphrase-file or {VARIABLE}.");
        return Err(Failure::Failed(detail));
    }
    let hidden = Hidden::begin().map_err(io::Error::from)?;
    output::ask(question)?;
    let mut line = Zeroizing::new(String::new());
    let read = input.lock().take(LENGTH_MAX).read_line(&mut line);
    drop(hidden);
    output::note("");
    read?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing anyway.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).unwrap_or_default();
    }
}
