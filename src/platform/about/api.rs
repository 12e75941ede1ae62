//! The version, the licences and the bill of materials of everything built in.

use std::sync::LazyLock;

use axum::response::Response;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::http::fixed::Fixed;
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::error::Result;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::tasks;

/// Written by `make generate`; a test compares it with the lock files.
const LICENCES: &str = include_str!("../../../docs/reference/licences.json");
/// Their texts, packed: the same words stand in most of them.
const TEXTS_PACKED: &[u8] = include_bytes!("../../../docs/reference/licences.txt.zst");
/// What is built in, as programs read it: a document of `CycloneDX`, packed.
const BILL_PACKED: &[u8] = include_bytes!("../../../docs/reference/sbom.cdx.json.zst");
const BILL_KIND: &str = "application/vnd.cyclonedx+json; version=1.6";
/// Seconds since 1970, where whoever built the program said so; see reproducible-builds.org.
const BUILT_AT: Option<&str> = option_env!("SOURCE_DATE_EPOCH");

static ABOUT: LazyLock<Fixed> = LazyLock::new(|| {
    let about = AboutResponse {
        version: VERSION.to_owned(),
        built_at: time_of_build().map(|moment| moment.to_string()),
        licences: serde_json::from_str(LICENCES).expect("a test reads the same file"),
    };
    Fixed::json(serde_json::to_string(&about).expect("texts alone"))
});

static TEXTS: LazyLock<Fixed> = LazyLock::new(|| Fixed::text(unpacked(TEXTS_PACKED)));
static BILL: LazyLock<Fixed> = LazyLock::new(|| Fixed::of_kind(BILL_KIND, unpacked(BILL_PACKED)));

fn unpacked(packed: &[u8]) -> String {
    let bytes = zstd::decode_all(packed).expect("a test unpacks the same file");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_about))
        .routes(routes!(get_licence_texts))
        .routes(routes!(get_bill_of_materials))
}

/// What runs here and what is in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AboutResponse {
    pub version: String,
    /// When the program was built, where its builder said so.
    pub built_at: Option<String>,
    /// Everything built in that somebody else wrote.
    pub licences: Vec<LicenceResponse>,
}

/// A part that somebody else wrote.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceResponse {
    pub name: String,
    pub version: String,
    /// An SPDX expression, e.g. `MIT OR Apache-2.0`.
    pub licence: String,
    /// `rust` for the program, `web` for the pages.
    pub kind: String,
}

/// Get the version and the licences of what is built in.
#[utoipa::path(get, path = "/about", tag = "monitoring", security(("session" = [])),
    extensions(("x-while-enrolling" = json!(true))),
    responses((status = 200, body = AboutResponse),
        (status = 304, description = "What If-None-Match names is still right.")))]
async fn get_about(headers: HeaderMap) -> Response {
    ABOUT.answer(&headers)
}

/// Get the licence texts of everything built in, with the copyright lines of its authors.
#[utoipa::path(get, path = "/about/licence-texts", tag = "monitoring", security(("session" = [])),
    extensions(("x-while-enrolling" = json!(true))),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 304, description = "What If-None-Match names is still right.")))]
async fn get_licence_texts(headers: HeaderMap) -> Result<Response> {
    let texts = tasks::blocking(|| Ok(TEXTS.clone())).await?;
    Ok(texts.answer(&headers))
}

/// Get the bill of materials (CycloneDX): every part with its hash, and which needs which.
#[utoipa::path(get, path = "/about/bill-of-materials", tag = "monitoring",
    security(("session" = [])), extensions(("x-while-enrolling" = json!(true))),
    responses((status = 200, body = String, content_type = "application/vnd.cyclonedx+json"),
        (status = 304, description = "What If-None-Match names is still right.")))]
async fn get_bill_of_materials(headers: HeaderMap) -> Result<Response> {
    let bill = tasks::blocking(|| Ok(BILL.clone())).await?;
    Ok(bill.answer(&headers))
}

/// When the program was built, where its builder said so.
pub fn time_of_build() -> Option<Moment> {
    BUILT_AT.and_then(built_at)
}

fn built_at(seconds: &str) -> Option<Moment> {
    seconds.trim().parse::<i64>().ok()?.checked_mul(1_000).map(Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_build_is_read_where_it_was_given() {
        let moment = built_at("1795240800").map(|moment| moment.to_string());
        assert_eq!(moment.as_deref(), Some("2026-11-21T06:00:00.000Z"));
        assert_eq!(built_at("yesterday"), None);
        assert_eq!(built_at("9223372036854775807"), None);
    }

    #[test]
    fn the_bill_of_materials_is_of_what_runs_here() {
        let bill: serde_json::Value = serde_json::from_slice(BILL.bytes()).unwrap();
        assert_eq!(bill["bomFormat"], "CycloneDX");
        assert_eq!(bill["metadata"]["component"]["version"], VERSION);
    }
}
