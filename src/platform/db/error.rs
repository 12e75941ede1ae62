//! SQLite's errors in the product's words.

use rusqlite::ErrorCode;

use crate::platform::error::{Error, Result};

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return Self::NotFound;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::StorageFull,
            Some(ErrorCode::OperationInterrupted) => Self::Busy { retry_after_s: 1 },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { retry_after_s: 1 }
            }
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
                Self::StorageFailed(error.to_string())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Internal(Box::new(error)),
        }
    }
}

/// Turns a violated constraint into the refusal that belongs to it, next to the SQL.
pub trait OnConstraint<T> {
    /// `name` is the constraint's text in SQLite's message: an index name or `table.column`.
    fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Error) -> Result<T>;
}

impl<T> OnConstraint<T> for rusqlite::Result<T> {
    fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|error| match &error {
            rusqlite::Error::SqliteFailure(failure, Some(message))
                if failure.code == ErrorCode::ConstraintViolation && message.contains(name) =>
            {
                refusal()
            }
            _ => error.into(),
        })
    }
}

/// True for failures of a COMMIT after which nobody knows what reached the disk.
pub(super) fn leaves_doubt(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ConstraintViolation
        )
    )
}
