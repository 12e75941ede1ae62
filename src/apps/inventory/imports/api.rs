//! Files in over HTTP.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Preview, Report};
use super::rules::table::{Decimals, IMPORT_SIZE_BYTES_MAX};
use super::rules::{ERRORS_SHOWN_MAX, ImportId, ImportKind, RowFault};
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Path, Query, body_bytes};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::jobs;
use crate::platform::jobs::api::JobResponse;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(preview_import)).routes(routes!(commit_import))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// `items`, `locations`, `opening_stock` or `purchase_orders`.
    kind: String,
    /// True when the file writes decimals with a comma.
    decimal_comma: Option<bool>,
}

/// What a file would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportPreviewResponse {
    /// For the commit.
    pub id: String,
    pub kind: String,
    /// Rows below the header.
    pub rows: usize,
    pub create: usize,
    pub update: usize,
    pub skip: usize,
    /// At most 1,000, by line.
    pub errors: Vec<ImportErrorResponse>,
    pub errors_total: usize,
    /// Columns of the file that mean nothing here.
    pub unused_columns: Vec<String>,
    /// The first rows.
    pub sample: Vec<ImportRowResponse>,
    /// The preview is kept until then.
    pub expires_at: String,
}

/// One thing wrong with a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportErrorResponse {
    /// From 1; the header stands on the first.
    pub line: u32,
    pub column: Option<String>,
    /// What stands there, shortened.
    pub value: Option<String>,
    pub code: String,
    /// One sentence for a person.
    pub detail: String,
}

impl From<RowFault> for ImportErrorResponse {
    fn from(fault: RowFault) -> Self {
        Self {
            line: fault.line,
            column: fault.column,
            value: fault.value,
            code: fault.code.to_owned(),
            detail: fault.detail,
        }
    }
}

/// A row of the file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportRowResponse {
    pub line: u32,
    /// `create`, `update`, `skip` or `error`.
    pub action: String,
    /// Its cells by column.
    pub values: BTreeMap<String, String>,
}

impl From<Preview> for ImportPreviewResponse {
    fn from(preview: Preview) -> Self {
        let errors_total = preview.faults.len();
        let sample = preview.sample.into_iter().map(|(row, action)| ImportRowResponse {
            line: row.line,
            action: action.name().to_owned(),
            values: row.cells.into_iter().map(|(column, cell)| (column.to_owned(), cell)).collect(),
        });
        Self {
            id: preview.id.to_string(),
            kind: preview.kind.name().to_owned(),
            rows: preview.counts.rows,
            create: preview.counts.create,
            update: preview.counts.update,
            skip: preview.counts.skip,
            errors: preview.faults.into_iter().take(ERRORS_SHOWN_MAX).map(Into::into).collect(),
            errors_total,
            unused_columns: preview.unused_columns,
            sample: sample.collect(),
            expires_at: preview.expires_at.to_string(),
        }
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReportResponse {
    pub created: usize,
    pub updated: usize,
    pub skipped: usize,
}

impl From<Report> for ImportReportResponse {
    fn from(report: Report) -> Self {
        Self { created: report.created, updated: report.updated, skipped: report.skipped }
    }
}

/// Read a CSV file and show what it would do. Nothing is taken over yet.
#[utoipa::path(post, path = "/import/preview", tag = "inventory", params(PreviewQuery),
    extensions(("x-body-size-bytes-max" = json!(IMPORT_SIZE_BYTES_MAX)),
        ("x-import" = json!(true))),
    request_body(content = String, content_type = "text/csv"),
    security(("session" = ["inventory.import"])),
    responses((status = 200, body = ImportPreviewResponse)))]
async fn preview_import(
    ctx: Ctx,
    Query(query): Query<PreviewQuery>,
    request: Request,
) -> Answer<ImportPreviewResponse> {
    let kind = ImportKind::from_name(&query.kind).ok_or_else(|| {
        let detail = "Use items, locations, opening_stock or purchase_orders.";
        Error::invalid("kind", "import-kind", detail)
    })?;
    let decimals =
        if query.decimal_comma == Some(true) { Decimals::Comma } else { Decimals::Point };
    let bytes = csv_bytes(request).await?;
    Ok(ok(ops::preview(&ctx, kind, decimals, bytes).await?.into()))
}

async fn csv_bytes(request: Request) -> Result<bytes::Bytes> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("text/csv") {
        let refusal = Refusal::new("unsupported-media-type", "Send the file as text/csv.");
        return Err(Error::Denied(refusal));
    }
    body_bytes(request).await
}

/// What will be done while nobody waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedResponse {
    pub job: JobResponse,
}

/// Take over a file that was previewed: all of it or nothing. Asked again it tells what it did.
/// With `Prefer: respond-async` a job does it, whose result is the report.
#[utoipa::path(post, path = "/import/{id}/commit", tag = "inventory",
    params(("id" = String, Path, description = "Id of the preview"),
        ("Prefer" = Option<String>, Header, description = "`respond-async` for a job")),
    security(("session" = ["inventory.import"])),
    extensions(("x-makes-job" = json!(true)), ("x-import" = json!(true))),
    responses((status = 200, body = ImportReportResponse),
        (status = 202, body = AcceptedResponse)))]
async fn commit_import(ctx: Ctx, Path(id): Path<ImportId>, headers: HeaderMap) -> Result<Response> {
    if !prefers_async(&headers) {
        let report: ImportReportResponse = ops::commit(&ctx, id).await?.into();
        return Ok(ok(report).into_response());
    }
    let asked = ops::commit_later(&ctx, id).await?;
    let job = jobs::api::shown(&ctx, asked.value).await?;
    let accepted = ok(AcceptedResponse { job }).accepted();
    Ok(([("preference-applied", "respond-async")], accepted).into_response())
}

fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim() == "respond-async")
}
