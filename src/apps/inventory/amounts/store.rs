//! How amounts are kept in a table: as integers.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::rules::{Money, Qty};

impl ToSql for Qty {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.thousandths()))
    }
}

impl FromSql for Qty {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let thousandths = value.as_i64()?;
        Self::from_thousandths(thousandths).ok_or(FromSqlError::OutOfRange(thousandths))
    }
}

impl ToSql for Money {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.ten_thousandths()))
    }
}

impl FromSql for Money {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_ten_thousandths)
    }
}
