//! How a database file is looked at.

/// How closely a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every page and row, for bytes that hash to what was looked through when they were saved.
    Pages,
    /// Every index against its table as well, which takes some five times as long.
    Indexes,
}
