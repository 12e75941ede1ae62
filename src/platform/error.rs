//! What can go wrong, in the words of the product. Only `http::problem` turns these into statuses.

use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing wrong with one field of a request. `field` is a path as the sender wrote it
/// (`barcodes[2]`, `operator.email`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub code: &'static str,
    pub detail: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: field.into(), code, detail: detail.into() }
    }
}

/// Collects what is wrong with fields, so that a person corrects all at once. None: it was wrong.
pub fn collected<T>(outcome: Result<T>, wrong: &mut Vec<FieldError>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(fields)) => {
            wrong.extend(fields);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// A refusal by a rule, with all a person or a program needs to act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub detail: String,
    pub fields: Vec<FieldError>,
    /// Extra members of the problem document, e.g. `on_hand`.
    pub extra: Vec<(&'static str, String)>,
}

impl Refusal {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), fields: Vec::new(), extra: Vec::new() }
    }

    #[must_use]
    pub fn field(mut self, field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        self.fields.push(FieldError::new(field, code, detail));
        self
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }
}

#[derive(Debug)]
pub enum Error {
    /// The thing named in the path does not exist, or the caller may not know that it does.
    NotFound,
    /// Nobody is signed in, or the credential is not valid (any more).
    SignInNeeded(Refusal),
    /// The caller is known and lacks this permission.
    Forbidden { needed: &'static str },
    /// The caller must prove first who they are, in one of these ways.
    StepUpNeeded { methods: Vec<&'static str> },
    /// The caller may never do this here, for a reason with its own code.
    Denied(Refusal),
    /// The request could not be read at all (malformed JSON, bad header, bad cursor).
    Malformed(Refusal),
    /// Fields are missing, unknown, of the wrong type or out of range.
    Invalid(Vec<FieldError>),
    /// A rule of the business says no.
    Rule(Refusal),
    /// It clashes with what is there now.
    Conflict(Refusal),
    /// The object has a version and the request did not say which one it changes.
    VersionNeeded,
    /// Somebody changed the object since the caller read it. Carries the current version.
    Stale { version: i64 },
    /// The body or a part of it is over its limit; 0 where that is not known.
    TooLarge { limit_bytes: u64 },
    /// Too many tries or requests; come back after so many seconds. `limit` is how many may come
    /// at once, where that is a fixed number.
    Throttled { code: &'static str, retry_after_s: u64, limit: Option<u64> },
    /// A bounded queue is full, or a deadline passed.
    Busy { retry_after_s: u64 },
    /// The request took longer than it may. What it had begun to write may be kept.
    TimedOut { retry_after_s: u64 },
    /// The disk is full: nothing was changed.
    StorageFull,
    /// The disk failed: it is not known whether the change was kept.
    StorageFailed(String),
    /// A database file is not what was written to it. Says what was found.
    Damaged(String),
    /// It cannot be done as long as something lasts that somebody has to mend.
    Unavailable(Refusal),
    /// A fault of ours; the cause is logged and never shown.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    pub fn invalid(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, detail)])
    }

    /// The refusal of a rule as a clash with what is there now: where nobody sent anything wrong.
    #[must_use]
    pub fn into_conflict(self) -> Self {
        match self {
            Self::Rule(refusal) => Self::Conflict(refusal),
            other => other,
        }
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict(Refusal::new(code, detail))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("not found"),
            Self::StepUpNeeded { .. } => f.write_str("a proof of who it is is needed"),
            Self::Forbidden { needed } => write!(f, "permission {needed} is needed"),
            Self::SignInNeeded(refusal)
            | Self::Denied(refusal)
            | Self::Malformed(refusal)
            | Self::Rule(refusal)
            | Self::Conflict(refusal)
            | Self::Unavailable(refusal) => write!(f, "{}: {}", refusal.code, refusal.detail),
            Self::Invalid(fields) => {
                f.write_str("invalid:")?;
                fields.iter().try_for_each(|one| write!(f, " {} ({})", one.field, one.detail))
            }
            Self::VersionNeeded => f.write_str("If-Match is needed"),
            Self::Stale { version } => write!(f, "stale, the current version is {version}"),
            Self::TooLarge { limit_bytes } => write!(f, "larger than {limit_bytes} bytes"),
            Self::Throttled { code, retry_after_s, .. } => {
                write!(f, "{code}, wait {retry_after_s} s")
            }
            Self::Busy { retry_after_s } => write!(f, "busy, wait {retry_after_s} s"),
            Self::TimedOut { retry_after_s } => write!(f, "timed out, wait {retry_after_s} s"),
            Self::StorageFull => f.write_str("the disk is full"),
            Self::StorageFailed(cause) => write!(f, "the disk failed: {cause}"),
            Self::Damaged(found) => write!(f, "a file is damaged: {found}"),
            Self::Internal(cause) => write!(f, "internal: {cause}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::StorageFull;
        }
        Self::Internal(Box::new(error))
    }
}

/// Whether a failure to read says something of the file or of what it lies on, and not of the
/// process or the rest of the box: a full disk or too many open files damage nothing.
pub fn is_of_the_file(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    const OF_THE_FILE: [Errno; 6] =
        [Errno::IO, Errno::NODATA, Errno::UCLEAN, Errno::BADMSG, Errno::NXIO, Errno::ISDIR];
    Errno::from_io_error(error).is_some_and(|one| OF_THE_FILE.contains(&one))
}

/// Refuses by a rule; the answer is 422 with this code.
pub fn refuse<T>(code: &'static str, detail: impl Into<String>) -> Result<T> {
    Err(Error::Rule(Refusal::new(code, detail)))
}

/// An error code of the product, its meaning and what the person can do. Codes never change
/// their meaning; each has a page at `/problems/<id>`.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub id: &'static str,
    pub meaning: &'static str,
    pub remedy: &'static str,
}

/// Short form to write a table of codes: `code("stock-short", "…", "…")`.
pub const fn code(id: &'static str, meaning: &'static str, remedy: &'static str) -> Code {
    Code { id, meaning, remedy }
}
