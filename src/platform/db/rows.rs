//! Rows of whatever table the marks of the columns name: read page by page, deleted, emptied.
//! Export and erasure of what is held on a person are made of nothing else, so that a new column
//! needs a mark and no code. The names of tables and columns come from the code's own marks; values
//! are bound.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

/// A table as the file describes it.
#[derive(Debug, Clone)]
pub struct Table {
    name: &'static str,
    pub columns: Vec<Column>,
    /// Places of the primary key's columns.
    key: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    is_nullable: bool,
    /// No two rows have the same there, alone or together with other columns.
    pub is_unique: bool,
}

impl Column {
    /// What stands there when nothing is said.
    pub fn empty(&self) -> Value {
        if self.is_nullable { Value::Null } else { Value::Text(String::new()) }
    }
}

/// Values in the order of the table's columns.
pub type Row = Vec<Value>;

/// Which rows.
#[derive(Debug, Clone)]
pub enum Which {
    All,
    /// Those with this value in a column.
    With {
        column: &'static str,
        value: Value,
    },
    /// Those whose row in another table has this value.
    Through {
        column: &'static str,
        table: &'static str,
        key: &'static str,
        owner: &'static str,
        value: Value,
    },
}

impl Which {
    fn condition(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::With { column, .. } => Some(format!("{column} = ?")),
            Self::Through { column, table, key, owner, .. } => {
                Some(format!("{column} IN (SELECT {key} FROM {table} WHERE {owner} = ?)"))
            }
        }
    }

    fn value(&self) -> Option<&Value> {
        match self {
            Self::All => None,
            Self::With { value, .. } | Self::Through { value, .. } => Some(value),
        }
    }
}

impl Table {
    pub fn read(connection: &Connection, name: &'static str) -> Result<Self> {
        let unique = unique_columns(connection, name)?;
        let mut statement = connection.prepare_cached(&format!("PRAGMA table_info({name})"))?;
        let described = statement.query_map([], |row| {
            let (name, is_nullable) = (row.get(1)?, !row.get::<_, bool>(3)?);
            let column = Column { name, is_nullable, is_unique: unique.contains(&row.get(0)?) };
            Ok((column, row.get::<_, i64>(5)?))
        })?;
        let described = described.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut key: Vec<(i64, usize)> = described
            .iter()
            .enumerate()
            .filter_map(|(place, (_, rank))| (*rank > 0).then_some((*rank, place)))
            .collect();
        key.sort_unstable();
        if key.is_empty() {
            return Err(Error::internal(format!("there is no table {name} with a key")));
        }
        let columns = described.into_iter().map(|(column, _)| column).collect();
        Ok(Self { name, columns, key: key.into_iter().map(|(_, place)| place).collect() })
    }

    /// The text for a row of a column that holds no text twice: with the row's key behind it.
    pub fn told_apart(text: &str, key: &[Value]) -> String {
        let key = key.iter().map(|part| match part {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Blob(bytes) => to_hex(bytes),
            Value::Null | Value::Real(_) => String::new(),
        });
        format!("{text} {}", key.collect::<Vec<_>>().join(" "))
    }

    /// The place of a column.
    pub fn place(&self, column: &str) -> Result<usize> {
        let found = self.columns.iter().position(|one| one.name == column);
        found.ok_or_else(|| Error::internal(format!("{}.{column} is not there", self.name)))
    }

    pub fn key_of(&self, row: &Row) -> Vec<Value> {
        self.key.iter().map(|place| row[*place].clone()).collect()
    }

    fn names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn key_names(&self) -> String {
        let names = self.key.iter().map(|place| self.columns[*place].name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    fn marks(&self) -> String {
        vec!["?"; self.key.len()].join(", ")
    }

    /// Rows in the order of the key, what follows `after`.
    pub fn page(
        &self,
        connection: &Connection,
        which: &Which,
        after: Option<&[Value]>,
        limit: usize,
    ) -> Result<Vec<Row>> {
        let (keys, marks) = (self.key_names(), self.marks());
        let following = after.map(|_| format!("({keys}) > ({marks})"));
        let conditions: Vec<String> = which.condition().into_iter().chain(following).collect();
        let conditions = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let (names, table) = (self.names(), self.name);
        let sql = format!("SELECT {names} FROM {table}{conditions} ORDER BY {keys} LIMIT {limit}");
        let values = which.value().into_iter().chain(after.unwrap_or_default());
        self.query(connection, &sql, values)
    }

    /// The row with a key; none when it is gone.
    pub fn get(&self, connection: &Connection, key: &[Value]) -> Result<Option<Row>> {
        let (names, table, keys) = (self.names(), self.name, self.key_names());
        let marks = self.marks();
        let sql = format!("SELECT {names} FROM {table} WHERE ({keys}) = ({marks})");
        Ok(self.query(connection, &sql, key.iter())?.pop())
    }

    fn query<'v>(
        &self,
        connection: &Connection,
        sql: &str,
        values: impl Iterator<Item = &'v Value>,
    ) -> Result<Vec<Row>> {
        let count = self.columns.len();
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| {
            (0..count).map(|place| row.get(place)).collect::<rusqlite::Result<Row>>()
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Deletes the row with a key.
    pub fn delete(&self, connection: &Connection, key: &[Value]) -> Result<()> {
        let (table, keys, marks) = (self.name, self.key_names(), self.marks());
        let sql = format!("DELETE FROM {table} WHERE ({keys}) = ({marks})");
        connection.prepare_cached(&sql)?.execute(params_from_iter(key))?;
        Ok(())
    }

    /// Writes some columns of the row with a key, in one statement.
    pub fn set(
        &self,
        connection: &Connection,
        key: &[Value],
        values: &[(usize, Value)],
    ) -> Result<()> {
        let (table, keys, marks) = (self.name, self.key_names(), self.marks());
        let set = values.iter().map(|(place, _)| format!("{} = ?", self.columns[*place].name));
        let set = set.collect::<Vec<_>>().join(", ");
        let sql = format!("UPDATE {table} SET {set} WHERE ({keys}) = ({marks})");
        let values = values.iter().map(|(_, value)| value).chain(key);
        connection.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        Ok(())
    }
}

/// Columns of unique indexes, by their numbers.
fn unique_columns(connection: &Connection, table: &str) -> Result<BTreeSet<i64>> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA index_list({table})"))?;
    let indexes = statement.query_map([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    let indexes = indexes.collect::<rusqlite::Result<Vec<(String, bool)>>>()?;
    let mut columns = BTreeSet::new();
    for (index, _) in indexes.iter().filter(|(_, is_unique)| *is_unique) {
        let mut statement = connection.prepare_cached(&format!("PRAGMA index_info({index})"))?;
        let places = statement.query_map([], |row| row.get::<_, i64>(1))?;
        columns.extend(places.collect::<rusqlite::Result<Vec<i64>>>()?);
    }
    Ok(columns)
}

/// Rows of every table of a file, by its name: the file's own names, quoted.
pub fn counts(connection: &Connection) -> Result<BTreeMap<String, u64>> {
    let mut statement = connection.prepare(
        "SELECT name FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut rows = BTreeMap::new();
    for name in names {
        let quoted = name.replace('"', "\"\"");
        let sql = format!("SELECT count(*) FROM \"{quoted}\"");
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        rows.insert(name, u64::try_from(count).unwrap_or_default());
    }
    Ok(rows)
}
