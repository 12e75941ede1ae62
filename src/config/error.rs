//! What is wrong with the configuration, and where it says so.

use std::fmt;
use std::path::PathBuf;

/// Where a value comes from, in rising precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// Line counted from 1.
    File {
        path: PathBuf,
        line: usize,
    },
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing wrong. `detail` continues the key: "server.https must be …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub origin: Origin,
    /// `section.key`, or empty when the whole file is meant.
    pub key: String,
    pub detail: String,
    /// The file that was named does not exist.
    pub is_missing_file: bool,
}

impl ConfigError {
    pub(super) fn new(origin: Origin, key: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { origin, key: key.into(), detail: detail.into(), is_missing_file: false }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin != Origin::Default {
            write!(f, "{}: ", self.origin)?;
        }
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ConfigError {}
