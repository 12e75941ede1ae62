//! The web UI inside the binary: hashed files that are cached for ever, compressed once at
//! build time, and the page that starts it.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::compression::accepts;
use super::fixed;
use super::help;
use crate::platform::error::{Error, Refusal};

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Files;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const CODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");
/// Smaller forms the build writes beside a file, smallest first, and their endings.
const FORMS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];
const UNKNOWN_TYPE: &str = "application/octet-stream";
const START_PAGE: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>Holdfast</title>\
<body style=\"font:16px/1.5 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem\">\
<h1>The web UI was not built</h1><p>This box is running, but its binary was built without the \
pages. Build it with <code>make build</code>, or use the API at <a href=\"/api/v1/openapi.json\">\
/api/v1/openapi.json</a>.</p></body></html>";

/// Answers everything that is no API route: a page of the manual, a file of the UI, or the page
/// that starts it.
pub fn serve(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    serve_from::<Files>(method, uri, headers)
}

fn serve_from<F: RustEmbed>(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path();
    if path == "/api" {
        return Error::NotFound.into_response();
    }
    if let Some(rest) = path.strip_prefix("/api/") {
        return unknown_api(rest, uri);
    }
    if *method != Method::GET && *method != Method::HEAD {
        let detail = "This address can only be read.";
        return Error::Denied(Refusal::new("method-not-allowed", detail)).into_response();
    }
    if path == "/help" || path == "/help/" {
        return help::serve(None);
    }
    if let Some(page) = path.strip_prefix("/help/") {
        return help::serve(Some(page));
    }
    let name = path.strip_prefix('/').unwrap_or(path);
    if is_a_file(name) {
        return file::<F>(name, headers).unwrap_or_else(|| Error::NotFound.into_response());
    }
    file::<F>(START_PAGE, headers).unwrap_or_else(not_built)
}

/// Whether an address asks for a file, there or not. Everything else is a place in the UI; those
/// may hold points as well. Hidden files and the smaller forms have no address of their own.
fn is_a_file(name: &str) -> bool {
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    name.starts_with("assets/") || content_type(kind) != UNKNOWN_TYPE
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

fn file<F: RustEmbed>(name: &str, headers: &HeaderMap) -> Option<Response> {
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    let is_smaller_form = FORMS.iter().any(|(_, ending)| *ending == kind);
    let plain = F::get(name).filter(|_| !is_smaller_form)?;
    let tag = fixed::tag(&plain.metadata.sha256_hash());
    let cached = if name.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    if fixed::is_known(headers, &tag) {
        let about = [(header::CACHE_CONTROL, cached), (header::ETAG, tag), (header::VARY, CODING)];
        return Some((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let (encoding, chosen) = compressed::<F>(name, accepted.unwrap_or_default(), plain);
    let mut response = axum::body::Body::from(bytes_of(chosen)).into_response();
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(kind)));
    about.insert(header::CACHE_CONTROL, cached);
    about.insert(header::ETAG, tag);
    about.insert(header::VARY, CODING);
    if let Some(encoding) = encoding {
        about.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// Files in the binary are served without a copy.
fn bytes_of(file: EmbeddedFile) -> bytes::Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(data) => bytes::Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => data.into(),
    }
}

/// The smallest form of a file that the browser takes.
fn compressed<F: RustEmbed>(
    name: &str,
    accepted: &str,
    plain: EmbeddedFile,
) -> (Option<&'static str>, EmbeddedFile) {
    for (coding, ending) in FORMS {
        if accepts(accepted, coding)
            && let Some(smaller) = F::get(&format!("{name}.{ending}"))
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

/// The type of files with this ending.
fn content_type(ending: &str) -> &'static str {
    match ending {
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
        _ => UNKNOWN_TYPE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small UI: a page, a script in three forms, a picture, a hidden file.
    #[derive(RustEmbed)]
    #[folder = "tests/ui/"]
    struct Planted;

    const SCRIPT: &str = "/assets/app-1a2b.js";

    fn get(path: &str, about: &[(&'static str, &str)]) -> Response {
        let headers = about.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), value.parse::<HeaderValue>().unwrap())
        });
        serve_from::<Planted>(&Method::GET, &path.parse().unwrap(), &headers.collect())
    }

    fn header_of<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn the_smallest_form_the_browser_takes_is_sent() {
        for (accepted, coding, begins) in [
            ("gzip, deflate, br, zstd", "br", "the brotli form"),
            ("gzip, br;q=0", "gzip", "\u{1f}"),
            ("zstd", "", "console.log"),
        ] {
            let response = get(SCRIPT, &[("accept-encoding", accepted)]);

            assert_eq!(response.status(), 200, "{accepted}");
            assert_eq!(header_of(&response, "content-encoding"), coding, "{accepted}");
            assert_eq!(header_of(&response, "content-type"), "text/javascript; charset=utf-8");
            assert_eq!(header_of(&response, "vary"), "Accept-Encoding");
            assert!(text(response).await.starts_with(begins), "{accepted}");
        }
    }

    #[tokio::test]
    async fn a_hashed_file_is_kept_for_ever_and_the_page_is_asked_for_again() {
        let script = get(SCRIPT, &[]);
        let page = get("/", &[]);

        assert!(header_of(&script, "cache-control").contains("immutable"));
        assert_eq!(header_of(&page, "cache-control"), "no-cache");
        let tag = header_of(&page, "etag").to_owned();
        let again = get("/", &[("if-none-match", &tag), ("accept-encoding", "br")]);
        assert_eq!(again.status(), 304);
        assert_eq!(header_of(&again, "etag"), tag);
        assert_eq!(text(again).await, "");
        assert_eq!(get("/", &[("if-none-match", "\"other\"")]).status(), 200);
    }

    #[tokio::test]
    async fn a_place_in_the_ui_gets_the_page_that_starts_it() {
        for place in ["/", "/w/0193/items", "/w/0193/items/SKU.12", "/sign-in?next=/a.js", "//"] {
            let response = get(place, &[]);
            assert_eq!(response.status(), 200, "{place}");
            assert!(text(response).await.contains("Planted"), "{place}");
        }
    }

    #[test]
    fn what_is_no_file_of_the_ui_is_not_there() {
        for address in [
            "/assets/app-old.js",
            "/assets/",
            "/assets/app-1a2b.js.br",
            "/assets/app-1a2b.js.gz",
            "/assets/../../Cargo.toml",
            "/assets/%2e%2e/index.html",
            "/missing.png",
            "/../secret.txt",
        ] {
            assert_eq!(get(address, &[]).status(), 404, "{address}");
        }
        assert_eq!(get("/icon.png", &[]).status(), 200);
    }

    #[tokio::test]
    async fn hidden_files_have_no_address() {
        for address in ["/.hidden", "/assets/.hidden", "//.hidden"] {
            assert!(!text(get(address, &[])).await.contains("hidden"), "{address}");
        }
    }

    #[test]
    fn the_ui_can_only_be_read() {
        let uri = "/".parse().unwrap();
        let response = serve_from::<Planted>(&Method::POST, &uri, &HeaderMap::new());
        assert_eq!(response.status(), 405);
    }
}
