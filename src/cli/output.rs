//! What the command line prints and the exit code it ends with. Nothing else writes to the
//! terminal.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::config::ConfigError;
use crate::platform::error::Error;
use crate::platform::qr;

/// White on black, so that a phone reads a QR code on a light terminal too.
const COLOURS: (&str, &str) = ("\x1b[40;97m", "\x1b[0m");

/// Why a verb did not do what it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Exit code 1.
    Failed(String),
    /// Exit code 1. It may go well a moment later.
    Busy(String),
    /// Exit code 3.
    NotFound(String),
    /// Exit code 4.
    Denied(String),
    /// Exit code 5. What is wrong was printed already.
    CheckFailed,
    /// This exit code. A process that was started said why.
    Ended(u8),
}

pub(super) type Answer<T = ()> = Result<T, Failure>;

impl Failure {
    /// A refusal or fault of the product.
    pub(super) fn of(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound("It does not exist.".to_owned()),
            Error::Forbidden { .. } | Error::SignInNeeded(_) => Self::Denied(error.to_string()),
            Error::Denied(refusal) => Self::Denied(refusal.detail),
            Error::Rule(refusal) | Error::Conflict(refusal) | Error::Unavailable(refusal) => {
                Self::Failed(refusal.detail)
            }
            Error::Internal(cause) => Self::Failed(cause.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::Busy(_) => 1,
            Self::NotFound(_) => 3,
            Self::Denied(_) => 4,
            Self::CheckFailed => 5,
            Self::Ended(code) => *code,
        }
    }
}

/// Everything that is wrong with the configuration, one to a line.
impl From<Vec<ConfigError>> for Failure {
    fn from(errors: Vec<ConfigError>) -> Self {
        let is_missing_file = errors.iter().any(|error| error.is_missing_file);
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let text = lines.join("\n");
        if is_missing_file { Self::NotFound(text) } else { Self::Failed(text) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Prints to standard output. A reader that went away, such as `head`, is no failure.
pub(super) fn print(text: &str) -> Answer {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The same; false when the reader went away.
pub(super) fn print_unless_gone(text: &str) -> Answer<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => Ok(written.map(|()| true)?),
    }
}

/// Prints one JSON document, indented for people who look at it.
pub(super) fn print_json(value: &Value) -> Answer {
    print(&format!("{value:#}\n"))
}

/// A link as a QR code, line by line.
pub(super) fn qr(link: &str) -> Answer<String> {
    let has_colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (begin, end) = if has_colours { COLOURS } else { ("", "") };
    let lines = qr::text(link).map_err(Failure::of)?;
    Ok(lines.iter().flat_map(|line| [begin, line, end, "\n"]).collect())
}

/// Says what went wrong on standard error. Where even that is closed, the exit code has to do.
pub(super) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    for line in text.lines() {
        if writeln!(err, "holdfast: {line}").is_err() {
            return;
        }
    }
}

/// Says something beside the answer, on standard error.
pub(super) fn note(text: &str) {
    let mut err = io::stderr().lock();
    // Where even that is closed, the answer has to do.
    writeln!(err, "{text}").unwrap_or_default();
}

/// Asks something on standard error, without ending the line.
pub(super) fn ask(question: &str) -> Answer {
    let mut err = io::stderr().lock();
    Ok(err.write_all(question.as_bytes()).and_then(|()| err.flush())?)
}

/// Prints the help that was asked for, or what is wrong with the arguments.
pub(super) fn usage(wrong: &clap::Error) -> ExitCode {
    if wrong.print().is_err() {
        return ExitCode::FAILURE;
    }
    u8::try_from(wrong.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

pub(super) fn finish(answer: Answer) -> ExitCode {
    let Err(failure) = answer else { return ExitCode::SUCCESS };
    match &failure {
        Failure::Failed(text)
        | Failure::Busy(text)
        | Failure::NotFound(text)
        | Failure::Denied(text) => complain(text),
        Failure::CheckFailed | Failure::Ended(_) => {}
    }
    ExitCode::from(failure.code())
}

/// Bytes as people read them, in megabytes of 1,000,000.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
