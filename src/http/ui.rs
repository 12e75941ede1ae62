//! The web UI inside the binary: hashed files that are cached for ever, compressed once at
//! build time, and the page that starts it.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::fixed;
use super::help;
use crate::platform::error::{Error, Refusal};

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Files;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const START_PAGE: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>Holdfast</title>\
<body style=\"font:16px/1.5 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem\">\
<h1>The web UI was not built</h1><p>This box is running, but its binary was built without the \
pages. Build it with <code>make build</code>, or use the API at <a href=\"/api/v1/openapi.json\">\
/api/v1/openapi.json</a>.</p></body></html>";

/// Answers everything that is no API route: a file of the UI, or the page that starts it.
pub fn serve(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path();
    if let Some(rest) = path.strip_prefix("/api/") {
        return unknown_api(rest, uri);
    }
    if path == "/help" || path == "/help/" {
        return help::serve(None);
    }
    if let Some(page) = path.strip_prefix("/help/") {
        return help::serve(Some(page));
    }
    if *method != Method::GET && *method != Method::HEAD {
        let detail = "This address can only be read.";
        return Error::Denied(Refusal::new("method-not-allowed", detail)).into_response();
    }
    let name = path.trim_start_matches('/');
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if is_file {
        return match Files::get(name) {
            Some(_) => file(name, headers),
            None => Error::NotFound.into_response(),
        };
    }
    file(START_PAGE, headers)
}

/// An address below `/api/` that is no route: the unversioned ones moved, the rest is unknown.
fn unknown_api(rest: &str, uri: &Uri) -> Response {
    let is_versioned = rest == "v1" || rest.starts_with("v1/");
    if is_versioned || rest.is_empty() {
        return Error::NotFound.into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match HeaderValue::from_str(&format!("/api/v1/{rest}{query}")) {
        Ok(target) => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, target)]).into_response()
        }
        Err(_) => Error::NotFound.into_response(),
    }
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some(plain) = Files::get(name) else { return not_built() };
    let tag = fixed::tag(&plain.metadata.sha256_hash());
    let cached = if name.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    if fixed::is_known(headers, &tag) {
        let about = [(header::CACHE_CONTROL, cached), (header::ETAG, tag)];
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let (encoding, chosen) = compressed(name, accepted.unwrap_or_default(), plain);
    let mut response = axum::body::Body::from(bytes_of(chosen)).into_response();
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    about.insert(header::CACHE_CONTROL, cached);
    about.insert(header::ETAG, tag);
    about.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        about.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Files in the binary are served without a copy.
fn bytes_of(file: EmbeddedFile) -> bytes::Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(data) => bytes::Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => data.into(),
    }
}

/// The smallest form of a file that the browser takes.
fn compressed(
    name: &str,
    accepted: &str,
    plain: EmbeddedFile,
) -> (Option<&'static str>, EmbeddedFile) {
    let takes = |coding: &str| {
        accepted.split(',').any(|one| {
            let mut parts = one.trim().split(';');
            parts.next() == Some(coding) && parts.all(|part| part.trim() != "q=0")
        })
    };
    for (coding, ending) in [("br", "br"), ("gzip", "gz")] {
        if takes(coding)
            && let Some(smaller) = Files::get(&format!("{name}.{ending}"))
        {
            return (Some(coding), smaller);
        }
    }
    (None, plain)
}

fn not_built() -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    (StatusCode::OK, kind, NOT_BUILT).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        _ => "application/octet-stream",
    }
}
