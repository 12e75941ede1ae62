//! What answers plain HTTP: the way to HTTPS.

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, HOST, LOCATION};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

/// The port browsers leave out.
const HTTPS_PORT: u16 = 443;

/// Everything plain HTTP answers with: `trust` as it is, and for the rest 308 to the same host
/// and path over HTTPS at `https_port`.
pub fn redirect_router(https_port: u16, trust: Router) -> Router {
    trust.fallback(move |uri: Uri, headers: HeaderMap| async move {
        let host = host_of(&uri, &headers);
        redirect(host.map(|one| at_port(one.host(), https_port)), &uri)
    })
}

/// Answers plain HTTP that came to the HTTPS port itself.
pub(super) fn to_same_port() -> Router {
    Router::new().fallback(|uri: Uri, headers: HeaderMap| async move {
        let host = host_of(&uri, &headers);
        redirect(host.map(|one| one.as_str().to_owned()), &uri)
    })
}

/// The host the client asked for, from an absolute address or the `Host` header.
fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let named = uri.authority().cloned();
    let host = named.or_else(|| headers.get(HOST)?.to_str().ok()?.parse().ok())?;
    // A user name in front would make another host look like the box.
    (!host.as_str().contains('@') && !host.host().is_empty()).then_some(host)
}

fn at_port(host: &str, port: u16) -> String {
    if port == HTTPS_PORT { host.to_owned() } else { format!("{host}:{port}") }
}

fn redirect(host: Option<String>, uri: &Uri) -> Response {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // `OPTIONS *` has no path to go to.
    let path = if path.starts_with('/') { path } else { "/" };
    let location =
        host.and_then(|host| HeaderValue::try_from(format!("https://{host}{path}")).ok());
    match location {
        // Not kept: the port of HTTPS may be another tomorrow.
        Some(location) => {
            let kept = HeaderValue::from_static("no-store");
            let headers = [(LOCATION, location), (CACHE_CONTROL, kept)];
            (StatusCode::PERMANENT_REDIRECT, headers).into_response()
        }
        None => (StatusCode::BAD_REQUEST, "The request names no host.\n").into_response(),
    }
}
