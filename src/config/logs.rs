//! `[logs]`: what is written to the journal.

use super::key::{section, switch, text, whole};
use super::setting::Choice;

section! {
    /// What is written to the journal. Bodies, secrets and personal values never are.
    Logs = "logs" {
        /// The least important messages that are still written.
        level: LogLevel = text("info"),
        /// `text` for people, `json` for programs: one object a line.
        format: LogFormat = text("text"),
        /// Writes a line for every request.
        access: bool = switch(true),
        /// Statements that take longer are logged, with their text and without their values.
        slow_statement_ms: u64 = whole(100, "milliseconds", 1, 600_000),
        /// Memory for the newest lines, which operators read under *Logs*; with 0 none are kept.
        kept_bytes: usize = whole(8_388_608, "bytes", 0, 104_857_600),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// The word, as `tracing` reads it.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, level)| *level == self).map_or("info", |(word, _)| word)
    }
}

impl Choice for LogLevel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
    const SHAPE: &'static str = "`error`, `warn`, `info`, `debug` or `trace`";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
    const SHAPE: &'static str = "`text` or `json`";
}
