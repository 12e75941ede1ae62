//! Files out over HTTP.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ops::{self, Export};
use super::rules::ExportKind;
use crate::apps::inventory::imports::api::AcceptedResponse;
use crate::http::answer::{Answer, accepted};
use crate::http::body::of_file;
use crate::http::extract::{Json, Path};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::{self, JobId};

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(export))
        .routes(routes!(ask_for_export))
        .routes(routes!(fetch_export))
}

/// Download a table as CSV: `items.csv`, `locations.csv`, `opening_stock.csv`,
/// `purchase_orders.csv` (for those who see prices), `movements.csv` or `low_stock.csv`. Cells
/// that a spreadsheet would run as formulas have an apostrophe in front.
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

/// What to export.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskForExportRequest {
    /// `items`, `locations`, `opening_stock`, `purchase_orders`, `movements` or `low_stock`.
    kind: String,
}

/// Let a job write a large file. Its result says where the file can be fetched for 24 hours.
#[utoipa::path(post, path = "/exports", tag = "inventory", request_body = AskForExportRequest,
    security(("session" = ["inventory.export"])),
    extensions(("x-heavy" = json!(true)), ("x-makes-job" = json!(true))),
    responses((status = 202, body = AcceptedResponse)))]
async fn ask_for_export(
    ctx: Ctx,
    Json(body): Json<AskForExportRequest>,
) -> Answer<AcceptedResponse> {
    let kind = ExportKind::from_name(&body.kind).ok_or_else(|| {
        let detail =
            "Use items, locations, opening_stock, purchase_orders, movements or low_stock.";
        Error::invalid("kind", "export-kind", detail)
    })?;
    let asked = ops::ask(&ctx, kind).await?;
    let job = jobs::api::shown(&ctx, asked.value).await?;
    Ok(accepted(Created { value: AcceptedResponse { job }, is_replay: asked.is_replay }))
}

/// Fetch a file that a job wrote, within 24 hours.
#[utoipa::path(get, path = "/exports/{id}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the job")),
    security(("session" = ["inventory.export"])),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn fetch_export(ctx: Ctx, Path(id): Path<JobId>) -> Result<Response> {
    let ready = ops::open(&ctx, id).await?;
    let date = ready.made_on.to_string();
    let date = date.get(..10).unwrap_or_default();
    let name = format!("attachment; filename=\"{}-{date}.csv\"", ready.kind);
    let length = ready.size_bytes.to_string();
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, name.as_str()),
        (header::CONTENT_LENGTH, length.as_str()),
    ];
    Ok((headers, of_file(ready.file)).into_response())
}
