//! The SQL of the lock date: one row.

use rusqlite::named_params;
use rusqlite::types::Type;

use super::rules::{KeptLock, Lock};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

pub(super) fn get(scope: &Scope<'_>) -> Result<KeptLock> {
    Ok(scope
        .prepare_cached("SELECT day, locked_until, version FROM lock_dates WHERE rid = 1")?
        .query_row([], |row| {
            let (day, until): (Option<String>, Option<Moment>) = (row.get(0)?, row.get(1)?);
            let odd =
                |error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
            let day = day.map(|day| day.parse().map_err(odd)).transpose()?;
            let lock = day.zip(until).map(|(day, until)| Lock { day, until });
            Ok(KeptLock { lock, version: row.get(2)? })
        })?)
}

pub(super) fn set(scope: &Scope<'_>, lock: Option<Lock>) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE lock_dates SET day = :day, locked_until = :until, version = version + 1,
                 updated_at = :now, updated_by = :user
             WHERE rid = 1",
        )?
        .execute(named_params! {
            ":day": lock.map(|lock| lock.day.to_string()), ":until": lock.map(|lock| lock.until),
            ":now": scope.now(), ":user": scope.user(),
        })?;
    Ok(())
}
