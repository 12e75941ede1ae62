//! Writing a file piece by piece, so that a long ledger needs no more memory than a short one.

use std::fs::File;
use std::io::Write;

use serde::Deserialize;

use super::jobs::{EXPORT, Input};
use super::rules::{ExportKind, ORDERS_AT_ONCE, ROWS_AT_ONCE, RowWriter};
use super::store;
use crate::apps::inventory::alerts::ops::Low;
use crate::apps::inventory::imports::rules::ImportKind;
use crate::apps::inventory::{alerts, counts};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, View, Wanted};
use crate::platform::jobs::{self, Job, JobId, Work};
use crate::platform::spool::{FILE_SIZE_BYTES_MAX, Kept, Spool};
use crate::platform::tasks;

/// Audit kind.
const KIND: &str = "inventory.export";

/// A file on its way out.
#[derive(Clone)]
pub struct Export {
    ctx: Ctx,
    kind: ExportKind,
    writer: RowWriter,
    /// Number of the last row written; none before the header.
    after: Option<i64>,
    /// Rows written so far, the header left out.
    rows: u64,
}

/// Says in the audit log who takes what.
pub(super) fn exported(kind: &str) -> Entry {
    Entry::about("inventory.exported", KIND).set("kind", kind)
}

/// Notes in the audit log that somebody takes a report, once it could be made.
pub async fn note_report(ctx: &Ctx, kind: &'static str) -> Result<()> {
    ctx.write(move |scope| {
        scope.need("inventory.export")?;
        scope.audit(exported(kind))
    })
    .await?;
    Ok(())
}

impl Export {
    /// Notes in the audit log who takes what, and begins.
    pub async fn begin(ctx: Ctx, kind: ExportKind) -> Result<Self> {
        check_told(&ctx, kind).await?;
        ctx.write(move |scope| scope.audit(exported(kind.name()))).await?;
        Ok(Self::open(ctx, kind))
    }

    /// Begins where the audit log has been told.
    fn open(ctx: Ctx, kind: ExportKind) -> Self {
        let writer = if ctx.may("inventory.prices") {
            RowWriter::with_prices(kind)
        } else {
            RowWriter::without_prices(kind)
        };
        Self { ctx, kind, writer, after: None, rows: 0 }
    }

    /// The next piece of the file; none at its end.
    pub async fn next(mut self) -> Result<Option<(String, Self)>> {
        let Some(after) = self.after else {
            self.after = Some(0);
            return Ok(Some((self.writer.header(), self)));
        };
        let (kind, deliveries) = (self.kind, self.writer.deliveries());
        let rows = self.ctx.read(move |scope| match kind {
            ExportKind::Table(ImportKind::Items) => store::items(scope, after, ROWS_AT_ONCE),
            ExportKind::Table(ImportKind::Locations) => {
                store::locations(scope, after, ROWS_AT_ONCE)
            }
            ExportKind::Table(ImportKind::OpeningStock) => store::stock(scope, after, ROWS_AT_ONCE),
            ExportKind::Table(ImportKind::PurchaseOrders) => {
                store::order_lines(scope, after, ORDERS_AT_ONCE)
            }
            ExportKind::Movements => store::movements(scope, after, ROWS_AT_ONCE, deliveries),
            ExportKind::LowStock => low_stock(scope, after),
        });
        let rows = rows.await?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        self.after = Some(*last);
        let mut csv = String::new();
        for (_, cells) in rows.iter().filter(|(_, cells)| !cells.is_empty()) {
            self.writer.push(&mut csv, cells);
            self.rows += 1;
        }
        Ok(Some((csv, self)))
    }
}

/// Low items by when they were made, with what brings them back.
fn low_stock(scope: &Scope<'_>, after: i64) -> Result<Vec<store::Numbered>> {
    let cells = |Low { item, restock }: Low| {
        let restock = restock.map(|one| (one.on_order, one.to_order.unwrap_or_default()));
        let cells = vec![
            item.item.item_number,
            item.item.name,
            item.item.unit,
            item.category.unwrap_or_default(),
            item.on_hand.to_string(),
            item.min.to_string(),
            item.max.map(|max| max.to_string()).unwrap_or_default(),
            item.since.map(|at| at.to_string()).unwrap_or_default(),
            restock.map(|(on_order, _)| on_order.to_string()).unwrap_or_default(),
            restock.map(|(_, to_order)| to_order.to_string()).unwrap_or_default(),
        ];
        (item.rid, cells)
    };
    let found = alerts::ops::by_row_in(scope, after, ROWS_AT_ONCE)?;
    Ok(found.into_iter().map(cells).collect())
}

/// Asks for a job that writes the file.
pub async fn ask(ctx: &Ctx, kind: ExportKind) -> Result<Created<Job>> {
    check_told(ctx, kind).await?;
    let principal = ctx.principal()?;
    // What somebody else asked for may show other columns, and so may what a narrowed token asked
    // for.
    let asker = if principal.is_narrowed {
        principal.family.to_string()
    } else {
        principal.user.to_string()
    };
    let input = Input { kind: kind.name().to_owned() };
    let wanted = Wanted {
        kind: EXPORT.kind,
        workspace: Some(ctx.workspace()),
        subject: format!("{}:{asker}", kind.name()),
        input: serde_json::to_value(input).map_err(Error::internal)?,
    };
    jobs::ops::ask(ctx, wanted, UnderWay::Join).await
}

/// Refuses a file of orders to whoever sees no prices, and one of quantities to whoever counts
/// blind.
async fn check_told(ctx: &Ctx, kind: ExportKind) -> Result<()> {
    if kind.tells_orders() && !ctx.may("inventory.prices") {
        return Err(Error::Forbidden { needed: "inventory.prices" });
    }
    if kind.tells_quantities() { counts::ops::hidden(ctx).await?.check_told() } else { Ok(()) }
}

/// A file that was written.
pub(super) struct Written {
    pub(super) size_bytes: u64,
    pub(super) rows: u64,
}

/// Writes a file for whoever asked for the job.
pub(super) async fn write(work: &Work, ctx: Ctx, kind: ExportKind, kept: Kept) -> Result<Written> {
    // They may have lost the right, or begun to count, since they asked.
    check_told(&ctx, kind).await?;
    let (spool, now) = (Spool::of(&ctx.platform), ctx.now());
    let place = spool.clone();
    let file = tasks::blocking(move || place.create(kept, now)).await?;
    let written = write_to(work, Export::open(ctx, kind), file).await;
    spool.kept_if_done(kept, written).await
}

async fn write_to(work: &Work, mut export: Export, mut file: File) -> Result<Written> {
    let mut size_bytes = 0;
    loop {
        work.check()?;
        let rows = export.rows;
        let Some((piece, rest)) = export.next().await? else {
            return Ok(Written { size_bytes, rows });
        };
        export = rest;
        size_bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if size_bytes > FILE_SIZE_BYTES_MAX {
            let detail = "The file would be larger than 1 GiB.";
            return Err(Error::conflict("file-too-large", detail));
        }
        file = tasks::blocking(move || {
            file.write_all(piece.as_bytes())?;
            Ok(file)
        })
        .await?;
    }
}

/// A file to be fetched.
pub struct Ready {
    pub kind: String,
    pub made_on: Moment,
    pub file: File,
    pub size_bytes: u64,
}

/// What a job answers that wrote a file.
#[derive(Deserialize)]
struct Answer {
    kind: String,
    kept_until: String,
    has_prices: bool,
}

/// Opens the file of an export, for whoever sees its job, as long as it is kept.
pub async fn open(ctx: &Ctx, id: JobId) -> Result<Ready> {
    let job = jobs::ops::get(ctx, View::of(ctx)?, id).await?;
    let answer = job.result.filter(|_| job.kind == EXPORT.kind).ok_or(Error::NotFound)?;
    let answer: Answer = serde_json::from_str(&answer).map_err(Error::internal)?;
    if answer.has_prices && !ctx.may("inventory.prices") {
        return Err(Error::Forbidden { needed: "inventory.prices" });
    }
    if let Some(kind) = ExportKind::from_name(&answer.kind) {
        check_told(ctx, kind).await?;
    }
    let until = answer.kept_until.parse().map_err(Error::internal)?;
    let kept = Kept { workspace: ctx.workspace(), id: id.cast(), until };
    let (spool, now) = (Spool::of(&ctx.platform), ctx.now());
    let (kind, made_on) = (answer.kind, job.finished_at.unwrap_or(now));
    let ready = tasks::blocking(move || {
        let file = spool.open(kept, now)?;
        let size_bytes = file.metadata()?.len();
        Ok(Ready { kind, made_on, file, size_bytes })
    });
    let ready = ready.await?;
    let entry = Entry::new("inventory.export.fetched", KIND, id).set("kind", &ready.kind);
    ctx.write(move |scope| scope.audit(entry)).await?;
    Ok(ready)
}
