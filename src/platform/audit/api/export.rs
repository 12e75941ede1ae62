//! Audit logs as files.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::http::extract::Query;
use crate::platform::app::Routes;
use crate::platform::audit::ops::export::{Export, Personal};
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::Result;

pub fn workspace_routes() -> Routes {
    Routes::new().routes(routes!(export_audit))
}

pub fn box_routes() -> Routes {
    Routes::new().routes(routes!(export_box_audit))
}

/// What goes along.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditExportQuery {
    /// Also what is kept about people beside the entries: addresses, browsers, names. Left out
    /// unless asked for; a verification does not need it.
    personal: Option<bool>,
}

impl AuditExportQuery {
    fn personal(&self) -> Personal {
        if self.personal == Some(true) { Personal::Included } else { Personal::LeftOut }
    }
}

fn answer(export: Export) -> Response {
    let name = format!("attachment; filename=\"{}\"", export.file_name());
    let pieces = futures_util::stream::try_unfold(export, Export::next);
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CONTENT_DISPOSITION, &name)];
    (headers, Body::from_stream(pieces)).into_response()
}

/// Download a workspace's audit log as a file that needs no box to be verified.
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(AuditExportQuery),
    security(("session" = ["audit.read"])),
    extensions(("x-heavy" = json!(true)), ("x-step-up" = json!(true))),
    responses((status = 200, body = String, content_type = "application/x-ndjson")))]
async fn export_audit(ctx: Ctx, Query(query): Query<AuditExportQuery>) -> Result<Response> {
    Ok(answer(Export::begin(ctx, query.personal()).await?))
}

/// Download the box's audit log as a file that needs no box to be verified (operators).
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(AuditExportQuery),
    security(("session" = ["box.operate"])),
    extensions(("x-heavy" = json!(true)), ("x-step-up" = json!(true))),
    responses((status = 200, body = String, content_type = "application/x-ndjson")))]
async fn export_box_audit(ctx: BoxCtx, Query(query): Query<AuditExportQuery>) -> Result<Response> {
    Ok(answer(Export::begin_box(ctx, query.personal()).await?))
}
