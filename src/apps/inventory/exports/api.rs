//! Files out over HTTP.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header;
use utoipa_axum::routes;

use super::ops::Export;
use super::rules::ExportKind;
use crate::http::extract::Path;
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(export))
}

/// Download a table as CSV: `items.csv`, `locations.csv`, `opening_stock.csv` or
/// `movements.csv`. Cells that a spreadsheet would run as formulas have an apostrophe in front.
#[utoipa::path(get, path = "/export/{file}", tag = "inventory",
    params(("file" = String, Path, description = "What to export, e.g. `items.csv`")),
    security(("session" = ["inventory.export"])),
    extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export(ctx: Ctx, Path(file): Path<String>) -> Result<Response> {
    let kind = ExportKind::from_file_name(&file).ok_or(Error::NotFound)?;
    let date = ctx.now().to_string();
    let date = date.get(..10).unwrap_or_default();
    let name = format!("attachment; filename=\"{}-{date}.csv\"", kind.name());
    let pieces = futures_util::stream::try_unfold(Export::begin(ctx, kind).await?, Export::next);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
