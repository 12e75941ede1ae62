//! What an app is to the platform: plain data, listed in `apps::ALL`.

use super::access::{Grant, PermissionSpec};
use super::clock::Moment;
use super::ctx::Scope;
use super::db::MigrationSet;
use super::error::{Code, Result};
use super::jobs::JobSpec;
use super::notices::NoticeSpec;
use super::recycle_bin::rules::{Deleted, Stretch};
use super::search::rules::{Hit, Typed};

pub use crate::http::routes::Routes;

/// Who hears of changes to a kind of object.
#[derive(Debug, Clone, Copy)]
pub struct EventSpec {
    /// The object kind of the audit entry, e.g. `inventory.item`.
    pub kind: &'static str,
    pub permission: &'static str,
    pub audience: Audience,
}

/// Who of those with the permission hears of a change.
#[derive(Debug, Clone, Copy)]
pub enum Audience {
    All,
    /// Whoever's role is of this sort does not, although they may read the thing at other times.
    AllBut(fn(&Grant) -> bool),
    /// Only whoever made it, in their other windows: such things are somebody's own.
    WhoMadeIt,
}

/// What of one kind can be deleted, and brought back by the object's own route.
#[derive(Clone, Copy)]
pub struct RecycleSpec {
    /// The object kind of the audit entry, e.g. `inventory.item`.
    pub kind: &'static str,
    /// Who may delete: they see what was deleted and restore their own.
    pub permission: &'static str,
    /// Who may restore anybody's.
    pub restore_any: &'static str,
    /// A stretch of what was deleted, newest first, at most so many.
    pub list: fn(&Scope<'_>, Stretch, usize) -> Result<Vec<Deleted>>,
    /// Forgets what was deleted before a moment and what nothing refers to, at most so many at
    /// once; gives how many.
    pub forget: fn(&Scope<'_>, Moment, usize) -> Result<usize>,
}

/// What of one kind the search finds.
#[derive(Clone, Copy)]
pub struct SearchSpec {
    /// The object kind of the audit entry, e.g. `inventory.item`.
    pub kind: &'static str,
    /// Who finds it.
    pub permission: &'static str,
    /// What fits, best first, at most so many. It looks at a bounded number of rows and says
    /// nothing that the permission does not open.
    pub find: fn(&Scope<'_>, &Typed, usize) -> Result<Vec<Hit>>,
}

/// Something of an app that is past its time some day.
#[derive(Clone, Copy)]
pub struct CleanUpSpec {
    /// What it is counted as.
    pub what: &'static str,
    /// Drops what is past its time, at most so many at once; gives how many.
    pub drop: fn(&Scope<'_>, usize) -> Result<usize>,
}

/// Whether a text column can say something about a person. Export, erasure and the audit log rely
/// on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Personal,
    Impersonal,
    /// Personal, and shown to nobody, not even to that person: what is kept of a password.
    Secret,
}

/// The marks of a table's text columns, and whose its rows are: what export hands out and erasure
/// takes away.
#[derive(Debug, Clone, Copy)]
pub struct ColumnMarks {
    pub table: &'static str,
    pub columns: &'static [(&'static str, Mark)],
    pub whose: Whose,
    pub named: Named,
}

/// Whose the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Nobody's in particular.
    Nobodys,
    /// Of the person whose id stands in this column. They get them, and the rows go with them.
    Theirs(&'static str),
    /// Of whoever has the address that stands in this column as `email_key` writes it; as above.
    Addressed(&'static str),
    /// Of the person behind a row of another table; as above.
    Through { column: &'static str, table: &'static str, key: &'static str, person: &'static str },
    /// The team's, with texts that the person in this column wrote once and nobody changes. They
    /// get those texts; when they are erased the texts are emptied and the rows stay.
    Written(&'static str),
    /// Found in another way, which is said here.
    Elsewhere(&'static str),
}

/// What an erasure does where a personal column of somebody else's row names the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Nothing: it is somebody else's own name or address.
    Kept,
    /// The name or address is taken out of the text.
    Masked,
    /// The row goes: without the name it makes no sense.
    Dropped,
}

impl ColumnMarks {
    pub const fn new(table: &'static str, columns: &'static [(&'static str, Mark)]) -> Self {
        Self { table, columns, whose: Whose::Nobodys, named: Named::Kept }
    }

    #[must_use]
    pub const fn whose(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }

    #[must_use]
    pub const fn named(self, named: Named) -> Self {
        Self { named, ..self }
    }

    /// Its columns that can say something about a person.
    pub fn personal(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter(|(_, mark)| *mark != Mark::Impersonal).map(|(name, _)| *name)
    }

    /// Whether a column is shown to nobody.
    pub fn is_secret(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, mark)| *name == column && *mark == Mark::Secret)
    }
}

/// Something of an app that is tried whenever another release is to take over: on a copy of every
/// workspace by both releases, and by the new one on the data itself, where nothing of it stays.
#[derive(Debug, Clone, Copy)]
pub struct SmokeSpec {
    /// Unique in the app, in kebab-case.
    pub name: &'static str,
    /// What is tried, as a person would read it.
    pub title: &'static str,
    pub kind: SmokeKind,
    /// Does it inside a transaction that is taken back, with all that an owner may do. What does
    /// not come out as it should is
    /// [`differs`](crate::platform::updates::rehearsal::rules::differs).
    pub run: fn(&Scope<'_>) -> Result<()>,
}

/// Whether a check only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SmokeKind {
    Read,
    Write,
}

/// An app that works in workspaces.
#[derive(Clone, Copy)]
pub struct AppSpec {
    /// Also the name of its migration set and the prefix of its permissions.
    pub id: &'static str,
    pub title: &'static str,
    pub permissions: &'static [PermissionSpec],
    pub migrations: MigrationSet,
    pub events: &'static [EventSpec],
    pub recycle_bin: &'static [RecycleSpec],
    pub search: &'static [SearchSpec],
    pub codes: &'static [&'static [Code]],
    pub columns: &'static [ColumnMarks],
    pub jobs: &'static [JobSpec],
    /// Kinds of notices that it tells people.
    pub notices: &'static [&'static NoticeSpec],
    pub clean_up: &'static [CleanUpSpec],
    /// Below `/api/v1/workspaces/{workspace}/<id>`.
    pub routes: fn() -> Routes,
    pub usage: UsageSpec,
    /// At least three that read and two that write.
    pub smoke: &'static [SmokeSpec],
    /// Made-up data to try the app out with.
    pub sample_data: Option<SampleSpec>,
}

/// How much of one kind a workspace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub kind: &'static str,
    pub title: &'static str,
    pub count: i64,
}

/// What an app says of how much it holds.
#[derive(Clone, Copy)]
pub struct UsageSpec {
    pub count: fn(&Scope<'_>) -> Result<Vec<Count>>,
    /// Whether amounts of money are kept that would mean something else in another currency.
    pub has_amounts: fn(&Scope<'_>) -> Result<bool>,
}

/// How far the loading of sample data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleProgress {
    pub done: usize,
    pub total: usize,
}

/// Made-up data that an app takes into a workspace with nothing in it.
#[derive(Clone, Copy)]
pub struct SampleSpec {
    /// Does the steps after `done` that fit into one transaction, inside the caller's. The data
    /// is always the same, seen from the moment it is told at.
    pub load: fn(&Scope<'_>, done: usize, told_at: Moment) -> Result<SampleProgress>,
}
