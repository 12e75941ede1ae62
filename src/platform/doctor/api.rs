//! The doctor over HTTP, for operators.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::report::DoctorResponse;
use super::{bundle, ops};
use crate::http::answer::{Answer, ok};
use crate::http::extract::{Json, Query};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_doctor))
        .routes(routes!(fix_findings))
        .routes(routes!(get_bundle))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DoctorQuery {
    /// Codes of checks with commas between them; all when left out.
    only: Option<String>,
}

impl DoctorQuery {
    fn codes(&self) -> Vec<String> {
        let only = self.only.as_deref().unwrap_or_default();
        only.split(',').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
    }
}

/// Look what is wrong with the box, with the commands that mend it (operators).
#[utoipa::path(get, path = "/doctor", tag = "monitoring", params(DoctorQuery),
    security(("session" = ["box.operate"])), extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = DoctorResponse)))]
async fn get_doctor(ctx: BoxCtx, Query(query): Query<DoctorQuery>) -> Answer<DoctorResponse> {
    let report = ops::check(&ctx, &query.codes()).await?;
    let mut response = DoctorResponse::from(&report);
    for finding in &mut response.findings {
        // What only root or a box at rest can mend has its command.
        finding.fixable &= ops::is_mended_by_box(&finding.code);
    }
    Ok(ok(response))
}

/// What is to be mended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixRequest {
    /// Codes of findings that are fixable.
    codes: Vec<String>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct FixResponse {
    /// By the code of the check, one sentence for each thing.
    pub done: BTreeMap<String, Vec<String>>,
}

/// Mend what can be mended safely (operators). What was done is in the audit log.
#[utoipa::path(post, path = "/doctor/fix", tag = "monitoring", request_body = FixRequest,
    security(("session" = ["box.operate"])), extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = FixResponse)))]
async fn fix_findings(ctx: BoxCtx, Json(body): Json<FixRequest>) -> Answer<FixResponse> {
    Ok(ok(FixResponse { done: ops::fix(&ctx, &body.codes).await? }))
}

/// Download what somebody who helps needs, without secrets and names of people (operators).
#[utoipa::path(get, path = "/doctor/bundle", tag = "monitoring",
    security(("session" = ["box.operate"])), extensions(("x-heavy" = json!(true))),
    responses((status = 200, body = String, content_type = "application/zstd")))]
async fn get_bundle(ctx: BoxCtx) -> Result<Response> {
    let bytes = bundle::from_inside(&ctx).await?;
    let name = format!("attachment; filename=\"{}\"", bundle::FILE_NAME);
    let headers =
        [(header::CONTENT_TYPE, "application/zstd"), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, bytes).into_response())
}
