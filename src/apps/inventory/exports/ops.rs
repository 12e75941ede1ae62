//! Writing a file piece by piece, so that a long ledger needs no more memory than a short one.

use super::rules::{ExportKind, ROWS_AT_ONCE, RowWriter};
use super::store;
use crate::apps::inventory::imports::rules::ImportKind;
use crate::platform::audit::Entry;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;

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
}

impl Export {
    /// Notes in the audit log who takes what, and begins.
    pub async fn begin(ctx: Ctx, kind: ExportKind) -> Result<Self> {
        let entry = Entry::about("inventory.exported", KIND).set("kind", kind.name());
        ctx.write(move |scope| scope.audit(entry)).await?;
        let writer = if ctx.may("inventory.prices") {
            RowWriter::with_prices(kind)
        } else {
            RowWriter::without_prices(kind)
        };
        Ok(Self { ctx, kind, writer, after: None })
    }

    /// The next piece of the file; none at its end.
    pub async fn next(mut self) -> Result<Option<(String, Self)>> {
        let Some(after) = self.after else {
            self.after = Some(0);
            return Ok(Some((self.writer.header(), self)));
        };
        let kind = self.kind;
        let rows = self.ctx.read(move |scope| match kind {
            ExportKind::Table(ImportKind::Items) => store::items(scope, after, ROWS_AT_ONCE),
            ExportKind::Table(ImportKind::Locations) => {
                store::locations(scope, after, ROWS_AT_ONCE)
            }
            ExportKind::Table(ImportKind::OpeningStock) => store::stock(scope, after, ROWS_AT_ONCE),
            ExportKind::Movements => store::movements(scope, after, ROWS_AT_ONCE),
        });
        let rows = rows.await?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        self.after = Some(*last);
        let mut csv = String::new();
        for (_, cells) in rows.iter().filter(|(_, cells)| !cells.is_empty()) {
            self.writer.push(&mut csv, cells);
        }
        Ok(Some((csv, self)))
    }
}
