//! Reading a file, showing what it would do, and doing exactly that in one transaction.

mod apply;
mod planning;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::jobs::{IMPORT, Input};
use super::rules::plan::Plan;
use super::rules::table::{self, Decimals};
use super::rules::{
    Action, ImportId, ImportKind, PREVIEW_KEPT, PREVIEWS_MAX, RowFault, SAMPLE_ROWS_MAX, Table,
    TableRow,
};
use super::store::{self, NewJob};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted};
use crate::platform::jobs::{self, Job};
use crate::platform::tasks;

/// Audit and event kind.
pub const KIND: &str = "inventory.import";

/// What a file would do.
pub struct Preview {
    pub id: ImportId,
    pub kind: ImportKind,
    pub counts: Counts,
    pub faults: Vec<RowFault>,
    pub unused_columns: Vec<String>,
    pub sample: Vec<(TableRow, Action)>,
    pub expires_at: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub rows: usize,
    pub create: usize,
    pub update: usize,
    pub skip: usize,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    pub created: usize,
    pub updated: usize,
    pub skipped: usize,
}

/// Reads a file and keeps it until somebody takes it over.
pub async fn preview(
    ctx: &Ctx,
    kind: ImportKind,
    decimals: Decimals,
    bytes: impl AsRef<[u8]> + Send + 'static,
) -> Result<Preview> {
    let table = tasks::blocking(move || Ok(table::read(bytes.as_ref(), kind, decimals))).await?;
    let (table, plan) = ctx
        .read(move |scope| {
            let plan = planning::plan(scope, kind, &table.rows)?;
            Ok((table, plan))
        })
        .await?;
    ctx.write(move |scope| keep(scope, kind, table, &plan)).await
}

fn keep(scope: &Scope<'_>, kind: ImportKind, table: Table, plan: &Plan) -> Result<Preview> {
    let Table { rows, mut faults, unused_columns } = table;
    let counts = Counts {
        rows: rows.len(),
        create: plan.count(Action::Create),
        update: plan.count(Action::Update),
        skip: plan.count(Action::Skip),
    };
    faults.extend(plan.faults.iter().cloned());
    faults.sort_by_key(|fault| fault.line);
    let id = scope.new_id();
    let expires_at = scope.now().plus(PREVIEW_KEPT);
    store::make_room(scope, PREVIEWS_MAX)?;
    let plan_hash = hash(kind, plan);
    let new = NewJob { id, kind, plan_hash, rows: rows.len(), errors: faults.len(), expires_at };
    let rid = store::insert(scope, &new)?;
    // A file with errors is never taken over, so its rows need not wait.
    for row in rows.iter().filter(|_| faults.is_empty()) {
        let cells = serde_json::to_string(&row.cells).map_err(Error::internal)?;
        store::insert_row(scope, rid, row.line, &cells)?;
    }
    scope.audit(
        Entry::new("inventory.import.previewed", KIND, id)
            .set("kind", kind.name())
            .set("rows", rows.len().to_string())
            .set("errors", faults.len().to_string()),
    )?;
    let actions = plan.steps.iter().map(|step| step.action);
    let sample = rows.into_iter().zip(actions).take(SAMPLE_ROWS_MAX).collect();
    Ok(Preview { id, kind, counts, faults, unused_columns, sample, expires_at })
}

fn hash(kind: ImportKind, plan: &Plan) -> [u8; 32] {
    Sha256::digest(plan.text(kind).as_bytes()).into()
}

/// Takes a file over: all of it or nothing. Asked again it says what it did.
pub async fn commit(ctx: &Ctx, id: ImportId) -> Result<Report> {
    ctx.write(move |scope| commit_in(scope, id)).await
}

/// Asks for a job that takes the file over. What can be refused now is refused now.
pub async fn commit_later(ctx: &Ctx, id: ImportId) -> Result<Created<Job>> {
    ctx.read(move |scope| committable(&store::get(scope, id)?)).await?;
    let input = Input { import: id.to_string() };
    let wanted = Wanted {
        kind: IMPORT.kind,
        workspace: Some(ctx.workspace()),
        subject: id.to_string(),
        input: serde_json::to_value(input).map_err(Error::internal)?,
    };
    jobs::ops::ask(ctx, wanted, UnderWay::Join).await
}

fn committable(job: &store::Job) -> Result<()> {
    if job.errors > 0 {
        let detail = "The file has errors. Correct them and read it again.";
        return Err(Error::conflict("import-has-errors", detail));
    }
    Ok(())
}

/// Takes a file over inside the caller's transaction.
pub fn commit_in(scope: &Scope<'_>, id: ImportId) -> Result<Report> {
    let job = store::get(scope, id)?;
    if job.is_committed {
        return read_report(&job.report);
    }
    committable(&job)?;
    let rows = stored_rows(scope, job.rid, job.kind)?;
    let plan = planning::plan(scope, job.kind, &rows)?;
    if hash(job.kind, &plan) != job.plan_hash || !plan.faults.is_empty() {
        let detail = "Something changed since the preview. Read the file again.";
        return Err(Error::conflict("import-stale", detail));
    }
    let report = Report {
        created: plan.count(Action::Create),
        updated: plan.count(Action::Update),
        skipped: plan.count(Action::Skip),
    };
    apply::apply(scope, plan)?;
    store::commit(scope, job.rid, &report_json(report).to_string())?;
    scope.audit(
        Entry::new("inventory.import.committed", KIND, id)
            .set("kind", job.kind.name())
            .set("created", report.created.to_string())
            .set("updated", report.updated.to_string())
            .set("skipped", report.skipped.to_string()),
    )?;
    Ok(report)
}

/// Forgets previews past their time, at most so many at once.
pub fn drop_expired_in(scope: &Scope<'_>, most: usize) -> Result<usize> {
    store::drop_expired(scope, most)
}

fn stored_rows(scope: &Scope<'_>, rid: i64, kind: ImportKind) -> Result<Vec<TableRow>> {
    let read = |(line, cells): (u32, String)| {
        let cells: BTreeMap<String, String> =
            serde_json::from_str(&cells).map_err(Error::internal)?;
        let cells = cells
            .into_iter()
            .filter_map(|(column, cell)| kind.column(&column).map(|column| (column, cell)));
        Ok(TableRow { line, cells: cells.collect() })
    };
    store::rows(scope, rid)?.into_iter().map(read).collect()
}

/// A report as a preview and a job keep it.
pub fn report_json(report: Report) -> serde_json::Value {
    let Report { created, updated, skipped } = report;
    serde_json::json!({ "created": created, "skipped": skipped, "updated": updated })
}

fn read_report(json: &str) -> Result<Report> {
    let counts: BTreeMap<String, usize> = serde_json::from_str(json).map_err(Error::internal)?;
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    Ok(Report { created: count("created"), updated: count("updated"), skipped: count("skipped") })
}
