//! Bringing the databases of a folder along to this release and looking at them whole: what the
//! next release does with a copy of the data, and then the one before with what came of it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::copying::MARK;
use super::report::{Checked, Failed, Report, Rows, SLOWEST_MAX, Timed, WHAT_CHARS_MAX};
use super::rules::not_a_copy;
use super::smoke::{ON_BOX, of_workspaces, why};
use crate::platform::access::Role;
use crate::platform::app::SmokeKind;
use crate::platform::audit::ops::tree::catch_up_in;
use crate::platform::audit::store::tree::Tree;
use crate::platform::backups::contents;
use crate::platform::backups::contents::rules::Depth;
use crate::platform::clock::Clock;
use crate::platform::ctx::{BoxScope, Membership, Scope, Unit};
use crate::platform::db::{Apart, MigrationSet, Snapshot, format_of_file};
use crate::platform::error::{Error, Result};
use crate::platform::monitoring::ops::VERSION;
use crate::platform::workspaces::ops::list_in;
use crate::platform::workspaces::rules::States;
use crate::platform::workspaces::{self, WorkspaceId, Workspaces, file_id_of};
use crate::platform::{Parts, SYSTEM_SET, WORKSPACE_SET};

/// The box's own file, below the data folder.
pub(super) const SYSTEM: &str = "system.db";
/// Workspaces read at once from the box's file.
const PAGE: usize = 500;

/// Migrates every database below `data` and looks at each whole: pages, indexes, references, rows,
/// and every check of the platform and the apps. A file that cannot be brought along is named, and
/// the others are looked at all the same. Nobody else may use the folder; no key is needed, since
/// nothing is unsealed. `tell` hears how many files of how many are done. Blocks for long.
///
/// # Errors
/// Only what keeps it from looking at all; what it finds is in the report.
pub fn rehearse(
    data: &Path,
    parts: &Parts,
    clock: &Clock,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Report> {
    if !data.join(MARK).is_file() {
        return Err(not_a_copy(&data.display().to_string()));
    }
    let started = Instant::now();
    let mut looking = Looking::new(data, parts, clock);
    let mut ids = Workspaces::file_ids(&data.join(workspaces::FOLDER))?;
    ids.sort_unstable();
    let total = ids.len() as u64 + 1;
    tell(0, total);
    looking.look_at_box();
    for (done, id) in (1..).zip(&ids) {
        tell(done, total);
        looking.look_at_workspace(*id);
    }
    tell(total, total);
    Ok(looking.report(&ids, started))
}

/// What went wrong with a file: the kind, and what was found.
type Wrong = (&'static str, String);

/// Rows of one kind of file by table, before and after.
type Counted = BTreeMap<String, (u64, Option<u64>)>;

struct Looking<'a> {
    data: &'a Path,
    parts: &'a Parts,
    clock: &'a Clock,
    sets: Vec<MigrationSet>,
    /// What people call the workspaces that the box knows.
    names: HashMap<WorkspaceId, String>,
    report: Report,
    times: Vec<Timed>,
    of_box: Counted,
    of_workspaces: Counted,
}

impl<'a> Looking<'a> {
    fn new(data: &'a Path, parts: &'a Parts, clock: &'a Clock) -> Self {
        let report = Report { version: VERSION.to_owned(), ..Report::default() };
        Self {
            data,
            parts,
            clock,
            sets: sets_of_workspaces(parts),
            names: HashMap::new(),
            report,
            times: Vec::new(),
            of_box: Counted::new(),
            of_workspaces: Counted::new(),
        }
    }

    fn look_at_box(&mut self) {
        if let Err((kind, what)) = self.try_box() {
            let (file, kind) = (SYSTEM.to_owned(), kind.to_owned());
            self.report.fail(Failed { file, workspace: None, name: None, kind, what });
        }
    }

    fn try_box(&mut self) -> Result<(), Wrong> {
        let path = self.data.join(SYSTEM);
        let before = self.before(&path)?;
        let mut file = self.open(&path, SYSTEM, &[SYSTEM_SET])?;
        let clock = self.clock;
        let names =
            file.try_out(|connection| all_names(&BoxScope::apart(Unit::apart(connection, clock))));
        self.names = names.map_err(|error| ("damaged", why(&error)))?;
        self.after(&path, before, None)?;
        for check in ON_BOX {
            let outcome = file.try_out(|connection| {
                (check.run)(&BoxScope::apart(Unit::apart(connection, clock)))
            });
            let of = ("platform", check.name, check.title, check.kind);
            self.note_check(of, "the box", outcome);
        }
        file.close().map_err(|error| ("damaged", why(&error)))
    }

    fn look_at_workspace(&mut self, id: WorkspaceId) {
        let file = format!("{}/{id}.db", workspaces::FOLDER);
        if let Err((kind, what)) = self.try_workspace(id, &file) {
            let name = self.names.get(&id).cloned();
            let (workspace, kind) = (Some(id.to_string()), kind.to_owned());
            self.report.fail(Failed { file, workspace, name, kind, what });
        }
    }

    fn try_workspace(&mut self, id: WorkspaceId, file: &str) -> Result<(), Wrong> {
        let path = self.data.join(file);
        let before = self.before(&path)?;
        let sets = std::mem::take(&mut self.sets);
        let opened = self.open(&path, file, &sets);
        self.sets = sets;
        let mut opened = opened?;
        self.after(&path, before, Some(id))?;
        let place = self.names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        let (clock, grant) = (self.clock, self.parts.roles.grant(Role::Owner));
        for (app, check) in of_workspaces(self.parts.apps) {
            let membership = Membership::new(id, Role::Owner, grant.clone());
            let outcome = opened.try_out(|connection| {
                Scope::apart(Unit::apart(connection, clock), membership).tried(check.run)
            });
            self.note_check((app, check.name, check.title, check.kind), &place, outcome);
        }
        opened.close().map_err(|error| ("damaged", why(&error)))
    }

    /// What a file holds before it is brought along.
    fn before(&mut self, path: &Path) -> Result<BTreeMap<String, u64>, Wrong> {
        let look = || {
            let bytes = std::fs::metadata(path)?.len();
            let file = Snapshot::open(path)?;
            Ok((bytes, format_of_file(&file)?, contents::ops::of(&file)?.rows))
        };
        let found: Result<_> = look();
        let (bytes, format, rows) = found.map_err(|error| ("damaged", why(&error)))?;
        self.report.files += 1;
        self.report.bytes += bytes;
        self.report.format_before = self.report.format_before.max(format);
        Ok(rows)
    }

    fn open(&mut self, path: &Path, file: &str, sets: &[MigrationSet]) -> Result<Apart, Wrong> {
        let started = Instant::now();
        let begin = |connection: &_| catch_up_in(Tree(connection));
        let opened = Apart::open(path, sets, self.clock.now(), begin);
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let opened = opened.map_err(|error| ("migration", why(&error)))?;
        self.report.migrate_ms += ms;
        self.times.push(Timed { file: file.to_owned(), ms });
        if !opened.applied().is_empty() {
            self.report.migrated_files += 1;
        }
        for one in opened.applied() {
            if !self.report.applied.contains(one) {
                self.report.applied.push(one.clone());
            }
        }
        Ok(opened)
    }

    /// Goes through a whole file as it is now, and counts its rows.
    fn after(
        &mut self,
        path: &Path,
        before: BTreeMap<String, u64>,
        id: Option<WorkspaceId>,
    ) -> Result<(), Wrong> {
        let look = || {
            let file = Snapshot::open(path)?;
            if let Some(id) = id
                && file_id_of(&file)? != Some(id)
            {
                return Ok(Err("it belongs to another workspace".to_owned()));
            }
            if let Some(fault) = contents::ops::fault(&file, Depth::Indexes)? {
                return Ok(Err(fault));
            }
            Ok(Ok((format_of_file(&file)?, contents::ops::of(&file)?.rows)))
        };
        let found: Result<_> = look();
        let found = found.map_err(|error| ("damaged", why(&error)))?;
        let (format, after) = found.map_err(|fault| ("references", fault))?;
        self.report.format_after = self.report.format_after.max(format);
        let counted = if id.is_some() { &mut self.of_workspaces } else { &mut self.of_box };
        for (table, rows) in before {
            let entry = counted.entry(table).or_insert((0, None));
            entry.0 += rows;
        }
        for (table, rows) in after {
            if let Some(entry) = counted.get_mut(&table) {
                *entry.1.get_or_insert(0) += rows;
            }
        }
        Ok(())
    }

    fn note_check(
        &mut self,
        (app, name, title, kind): (&str, &str, &str, SmokeKind),
        place: &str,
        outcome: Result<()>,
    ) {
        let name = format!("{app}.{name}");
        let at = self.report.checks.iter().position(|check| check.name == name);
        let at = at.unwrap_or_else(|| {
            let (title, writes) = (title.to_owned(), kind == SmokeKind::Write);
            let new = Checked { name, title, writes, ran: 0, failed: 0, detail: None };
            self.report.checks.push(new);
            self.report.checks.len() - 1
        });
        let Some(check) = self.report.checks.get_mut(at) else { return };
        check.ran += 1;
        if let Err(error) = outcome {
            check.failed += 1;
            check.detail.get_or_insert_with(|| {
                let what = format!("{place}: {}", why(&error));
                what.chars().take(WHAT_CHARS_MAX).collect()
            });
        }
    }

    fn report(mut self, ids: &[WorkspaceId], started: Instant) -> Report {
        self.times.sort_by_key(|one| std::cmp::Reverse(one.ms));
        self.times.truncate(SLOWEST_MAX);
        let of = |kind: &'static str, counted: Counted| {
            counted.into_iter().map(move |(table, (before, after))| Rows {
                table: format!("{kind}.{table}"),
                before,
                after,
            })
        };
        let known = self.names.keys();
        let missing = known.filter(|id| ids.binary_search(id).is_err()).count() as u64;
        let tables = of("box", self.of_box).chain(of("workspace", self.of_workspaces)).collect();
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Report { tables, slowest: self.times, missing, took_ms, ..self.report }
    }
}

/// What makes the schema of a workspace's file.
pub(super) fn sets_of_workspaces(parts: &Parts) -> Vec<MigrationSet> {
    [WORKSPACE_SET].into_iter().chain(parts.apps.iter().map(|app| app.migrations)).collect()
}

/// All database files of a data folder, below it: the box's own first.
pub(super) fn files_of(data: &Path) -> Result<Vec<PathBuf>> {
    let mut ids = Workspaces::file_ids(&data.join(workspaces::FOLDER))?;
    ids.sort_unstable();
    let of_workspaces = ids.iter().map(|id| Path::new(workspaces::FOLDER).join(format!("{id}.db")));
    Ok([PathBuf::from(SYSTEM)].into_iter().chain(of_workspaces).collect())
}

/// What people call all workspaces that the box knows.
pub(super) fn all_names(scope: &BoxScope<'_>) -> Result<HashMap<WorkspaceId, String>> {
    let mut names = HashMap::new();
    let mut after = None;
    loop {
        let page = list_in(scope, States::All, after, PAGE)?;
        after = page.last().map(|last| last.id);
        let is_last = page.len() < PAGE;
        names.extend(page.into_iter().map(|one| (one.id, one.name)));
        if is_last {
            return Ok(names);
        }
    }
}

impl From<Error> for Report {
    /// A look that could not be taken.
    fn from(error: Error) -> Self {
        let mut report = Self { version: VERSION.to_owned(), ..Self::default() };
        let (workspace, name) = (None, None);
        let (file, kind) = (String::new(), "damaged".to_owned());
        report.fail(Failed { file, workspace, name, kind, what: why(&error) });
        report
    }
}
