//! The version and the licences of everything built in.

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
/// Seconds since 1970, where whoever built the program said so; see reproducible-builds.org.
const BUILT_AT: Option<&str> = option_env!("SOURCE_DATE_EPOCH");

static ABOUT: LazyLock<Fixed> = LazyLock::new(|| {
    let about = AboutResponse {
        version: VERSION.to_owned(),
        built_at: BUILT_AT.and_then(built_at).map(|moment| moment.to_string()),
        licences: serde_json::from_str(LICENCES).expect("a test reads the same file"),
    };
    Fixed::json(serde_json::to_string(&about).expect("texts alone"))
});

static TEXTS: LazyLock<Fixed> = LazyLock::new(|| {
    let bytes = zstd::decode_all(TEXTS_PACKED).expect("a test unpacks the same file");
    Fixed::text(String::from_utf8_lossy(&bytes).into_owned())
});

pub fn routes() -> Routes {
    Routes::new().routes(routes!(get_about)).routes(routes!(get_licence_texts))
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
}
