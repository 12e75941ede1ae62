//! `/trust`: the page that lets a device trust the box, over HTTP and HTTPS alike. It sets no
//! cookie, runs no script and reads nothing but the certificates.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
    REFERRER_POLICY, USER_AGENT, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::platform::clock::Moment;
use crate::platform::tls::{CertificateStatus, Certificates, Root};

const PAGE: &str = include_str!("trust.html");
const STEPS: &str = include_str!("trust_steps.html");
const OWN: &str = include_str!("trust_own.html");
/// The page carries its style itself; nothing else is loaded.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// The address on the page where a client names no host.
const HOST_UNKNOWN: &str = "localhost";

/// What the page needs to know.
#[derive(Debug, Clone)]
pub struct Trust {
    pub certificates: Arc<Certificates>,
    /// The port people reach HTTPS at.
    pub https_port: u16,
    /// Whether this page is itself served over HTTPS.
    pub scheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

/// `GET /trust`, and below it `root.pem`, `root.crt` (DER) and `root.mobileconfig` of the root
/// in use, `root-<first eight digits>.…` of every root that is offered. Over plain HTTP also what
/// authorities ask for to see that a name leads here.
pub fn trust_router(trust: Trust) -> Router {
    let router =
        Router::new().route("/trust", get(show_page)).route("/trust/{file}", get(download_root));
    let router = match trust.scheme {
        Scheme::Http => router.route("/.well-known/acme-challenge/{token}", get(answer_authority)),
        Scheme::Https => router,
    };
    router.with_state(trust)
}

/// Answers only what is being asked for at this moment.
async fn answer_authority(State(trust): State<Trust>, Path(token): Path<String>) -> Response {
    let answer = trust.certificates.challenges().and_then(|held| held.over_http(&token));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    match answer {
        Some(answer) => (headers, answer).into_response(),
        None => (StatusCode::NOT_FOUND, "Nothing is being asked for here.\n").into_response(),
    }
}

async fn show_page(State(trust): State<Trust>, uri: Uri, headers: HeaderMap) -> Response {
    let host = host_of(&uri, &headers);
    let host_name = host.as_ref().map_or(HOST_UNKNOWN, Authority::host);
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let status = trust.certificates.status();
    let roots = trust.certificates.roots();
    let is_trusted = trust.certificates.is_publicly_trusted(host_name);
    let content = match roots.split_first() {
        Some((root, others)) if !is_trusted => steps(root, others, &status, agent),
        _ => own(&status),
    };
    let here = match trust.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let host_here = host.as_ref().map_or(HOST_UNKNOWN, Authority::as_str);
    let page = PAGE
        .replace("{{content}}", &content)
        .replace("{{https}}", &escape(&at_port(host_name, trust.https_port)))
        .replace("{{here}}", &escape(&format!("{here}://{host_here}")))
        .replace("{{host}}", &escape(host_name));
    let headers = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Html(page)).into_response()
}

async fn download_root(State(trust): State<Trust>, Path(file): Path<String>) -> Response {
    let roots = trust.certificates.roots();
    let found = file.rsplit_once('.').and_then(|(name, kind)| Some((find(&roots, name)?, kind)));
    let Some((root, kind)) = found else { return not_found() };
    let (media_type, body) = match kind {
        "pem" => ("application/x-pem-file", root.pem.clone().into_bytes()),
        "crt" => ("application/x-x509-ca-cert", root.der.clone()),
        "mobileconfig" => ("application/x-apple-aspen-config", profile(root).into_bytes()),
        _ => return not_found(),
    };
    let mut answer = body.into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Safari offers to install a profile only when it is not told to save it.
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{file}\""));
    if let (true, Ok(disposition)) = (kind != "mobileconfig", disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    answer
}

/// `root` is the one in use, `root-1a2b3c4d` the one whose fingerprint begins so.
fn find<'a>(roots: &'a [Root], name: &str) -> Option<&'a Root> {
    match name.strip_prefix("root-") {
        Some(short) => roots.iter().find(|root| root.short() == short),
        None => roots.first().filter(|_| name == "root"),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is no such certificate. See /trust.\n").into_response()
}

fn steps(root: &Root, others: &[Root], status: &CertificateStatus, agent: &str) -> String {
    let mut page = STEPS
        .replace("{{print}}", &print(&root.fingerprint))
        .replace("{{until}}", &day(root.not_after))
        .replace("{{names}}", &names(status))
        .replace("{{linux-tag}}", "Tried on Debian 12")
        .replace("{{others}}", &other_roots(others));
    let device = device_of(agent);
    for one in ["windows", "macos", "ios", "android", "linux", "firefox"] {
        let open = if one == device { " open" } else { "" };
        page = page.replace(&format!("{{{{open-{one}}}}}"), open);
    }
    page
}

fn own(status: &CertificateStatus) -> String {
    OWN.replace("{{print}}", &print(&status.fingerprint))
        .replace("{{until}}", &day(status.not_after))
        .replace("{{names}}", &names(status))
}

/// The steps to unfold, by what the browser says of itself.
fn device_of(agent: &str) -> &'static str {
    let marks = [
        ("iPhone", "ios"),
        ("iPad", "ios"),
        ("Android", "android"),
        ("Windows", "windows"),
        ("Macintosh", "macos"),
    ];
    let by_mark = marks.iter().find(|(mark, _)| agent.contains(mark));
    match by_mark {
        Some((_, device)) => device,
        None if agent.contains("Firefox") => "firefox",
        None if agent.contains("Linux") => "linux",
        None => "",
    }
}

/// The fingerprint in groups of two bytes, so that people find their place again.
fn print(fingerprint: &str) -> String {
    let pairs: Vec<&str> = fingerprint.split(':').collect();
    let mut html = String::new();
    for group in pairs.chunks(2) {
        write!(html, "<span>{}</span>", group.join(":")).expect("a string takes all text");
    }
    html
}

fn names(status: &CertificateStatus) -> String {
    let mut html = String::new();
    for name in &status.names {
        write!(html, "<li><code>{}</code></li>", escape(name)).expect("a string takes all text");
    }
    html
}

fn other_roots(others: &[Root]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<h2>Other roots of this box</h2><p>The box got names its first root does not cover, or a \
        root is near its end. Devices that trust one of these need it until the box has changed \
        over.</p><ul>",
    );
    for root in others {
        let (short, until) = (root.short(), day(root.not_after));
        write!(
            html,
            "<li><a href=\"/trust/root-{short}.crt\">.crt</a> · \
            <a href=\"/trust/root-{short}.mobileconfig\">profile</a> · \
            <a href=\"/trust/root-{short}.pem\">PEM</a>, good until {until}<br>\
            <code>{}</code></li>",
            root.fingerprint
        )
        .expect("a string takes all text");
    }
    html + "</ul>"
}

/// The date alone, as ISO 8601 writes it.
fn day(moment: Moment) -> String {
    moment.to_string().chars().take("2036-01-31".len()).collect()
}

fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let named = uri.authority().cloned();
    let host = named.or_else(|| headers.get(HOST)?.to_str().ok()?.parse().ok())?;
    (!host.as_str().contains('@')).then_some(host)
}

fn at_port(host: &str, port: u16) -> String {
    if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }
}

fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// The root as Apple's devices install it. The ids come from the certificate, so installing it
/// twice replaces it.
fn profile(root: &Root) -> String {
    let payload = uuid_of(root, 0);
    let whole = uuid_of(root, 1);
    let data = STANDARD.encode(&root.der);
    let short = root.short();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
  "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>holdfast.root.{short}</string>
<key>PayloadUUID</key><string>{whole}</string>
<key>PayloadDisplayName</key><string>Holdfast root {short}</string>
<key>PayloadDescription</key>
<string>Lets this device trust the box whose root certificate begins with {short}.</string>
<key>PayloadContent</key><array><dict>
<key>PayloadType</key><string>com.apple.security.root</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>holdfast.root.{short}.certificate</string>
<key>PayloadUUID</key><string>{payload}</string>
<key>PayloadDisplayName</key><string>Holdfast root {short}</string>
<key>PayloadCertificateFileName</key><string>root.crt</string>
<key>PayloadContent</key><data>{data}</data>
</dict></array>
</dict></plist>
"#
    )
}

/// An id from the certificate's hash; `part` makes several.
fn uuid_of(root: &Root, part: u8) -> uuid::Uuid {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] =
        Sha256::new().chain_update(&root.der).chain_update([part]).finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
