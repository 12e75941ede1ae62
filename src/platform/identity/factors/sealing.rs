//! Where sealed fields of second factors stand, and how they are sealed anew with another key.

use super::rules::EnrolmentId;
use super::store;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::secrets::{Place, Purpose, Secrets};

pub(super) fn waiting(id: &EnrolmentId) -> Place<'_> {
    Place { table: "totp_enrolments", column: "secret", row: id.as_bytes() }
}

pub(super) fn in_use(user: &UserId) -> Place<'_> {
    Place { table: "totp_secrets", column: "secret", row: user.as_bytes() }
}

pub(super) fn on_paper(row: &[u8]) -> Place<'_> {
    Place { table: "backup_codes", column: "code_hash", row }
}

/// What names a backup code's row.
pub(super) fn row_of(user: UserId, number: i64) -> Vec<u8> {
    [user.as_bytes().as_slice(), &number.to_be_bytes()].concat()
}

/// Seals secrets of apps anew that an older key sealed, at most so many; gives how many.
pub(in crate::platform) fn seal_secrets_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let old = store::secrets_not_of(scope, &secrets.prefix(), most)?;
    let count = old.len();
    for (user, sealed) in old {
        if let Some(anew) = secrets.seal_anew(Purpose::Totp, &in_use(&user), &sealed)? {
            store::put_secret(scope, user, &anew)?;
        }
    }
    Ok(count)
}

/// Like `seal_secrets_anew_in` for secrets that wait for their first code.
pub(in crate::platform) fn seal_waiting_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let old = store::waiting_not_of(scope, &secrets.prefix(), most)?;
    let count = old.len();
    for (id, sealed) in old {
        if let Some(anew) = secrets.seal_anew(Purpose::Totp, &waiting(&id), &sealed)? {
            store::put_waiting(scope, id, &anew)?;
        }
    }
    Ok(count)
}

/// Like `seal_secrets_anew_in` for backup codes.
pub(in crate::platform) fn seal_codes_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let old = store::codes_not_of(scope, &secrets.prefix(), most)?;
    let count = old.len();
    for (user, number, sealed) in old {
        let row = row_of(user, number);
        if let Some(anew) = secrets.seal_anew(Purpose::BackupCodes, &on_paper(&row), &sealed)? {
            store::put_code(scope, user, number, &anew)?;
        }
    }
    Ok(count)
}
