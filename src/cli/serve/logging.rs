//! Where log lines go and what they look like.

use std::backtrace::Backtrace;
use std::io::{self, IsTerminal};
use std::panic;

use tracing::error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogFormat, Logs};
use crate::platform::tasks::panic_message;

/// Writes log lines to standard output from here on, and panics among them.
pub(super) fn start(config: &Logs) {
    let level: LevelFilter = config.level.as_str().parse().unwrap_or(LevelFilter::INFO);
    // Other crates tell us their inner life at info; only their warnings matter to an operator.
    let others = level.min(LevelFilter::WARN);
    let filter = Targets::new().with_target("holdfast", level).with_default(others);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        LogFormat::Text => {
            let is_terminal = io::stdout().is_terminal();
            fmt::layer().with_target(false).with_ansi(is_terminal).boxed()
        }
        LogFormat::Json => fmt::layer().json().flatten_event(true).boxed(),
    };
    // An error only says that the process writes logs already.
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init().unwrap_or_default();
    panic::set_hook(Box::new(|panic| {
        let cause = panic_message(panic.payload());
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = Backtrace::force_capture();
        error!(panic.at = at, panic.backtrace = %backtrace, "Panic: {cause}");
    }));
}
