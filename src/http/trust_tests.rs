use axum::body::Body;
use http::Request;
use http::header::LOCATION;
use http_body_util::BodyExt;
use tower::ServiceExt;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::*;
use crate::http::server::redirect_router;
use crate::platform::clock::Clock;
use crate::platform::random::Random;
use crate::platform::secrets::Secrets;
use crate::platform::tls::{Name, OwnPair, Source};

/// Port 80 of a box that answers HTTPS at 8443.
struct Page {
    router: Router,
    certificates: Arc<Certificates>,
    home: tempfile::TempDir,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Page {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(Moment(1_790_000_000_000));
        let secrets = Secrets::open(home.path(), None, &Random::new(clock.clone())).unwrap();
        let certificates = Certificates::open(
            Source::LocalCa {
                directory: home.path().join("tls"),
                label: "box".to_owned(),
                names: Box::new(|| vec![Name::parse("box.lan").unwrap()]),
                secrets: Arc::new(secrets),
            },
            clock,
        )
        .unwrap();
        let router = plain_router(&certificates, 8443);
        Self { router, certificates, home }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).header(HOST, "box.lan")).await
    }

    async fn ask(&self, request: http::request::Builder) -> Answer {
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

fn plain_router(certificates: &Arc<Certificates>, https_port: u16) -> Router {
    let certificates = Arc::clone(certificates);
    let trust = Trust { certificates, https_port, scheme: Scheme::Http };
    redirect_router(https_port, trust_router(trust))
}

impl Answer {
    fn header(&self, name: http::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

#[tokio::test]
async fn plain_http_is_sent_to_the_same_host_and_path_over_https() {
    let page = Page::new();
    for (host, path, location) in [
        ("box.lan", "/", "https://box.lan:8443/"),
        ("box.lan:8080", "/items/1?q=a%20b&c=d", "https://box.lan:8443/items/1?q=a%20b&c=d"),
        ("[fd00::2]:80", "/x", "https://[fd00::2]:8443/x"),
        ("192.168.1.20", "//evil.example/", "https://192.168.1.20:8443//evil.example/"),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = page.ask(Request::builder().method(method).uri(path).header(HOST, host));
            let answer = answer.await;

            assert_eq!((answer.status, answer.header(LOCATION)), (308, location));
            assert!(answer.headers.get(http::header::SET_COOKIE).is_none());
        }
    }
    let at_443 = plain_router(&page.certificates, 443);
    let request = Request::get("/a").header(HOST, "box.lan:80").body(Body::empty()).unwrap();
    let answer = at_443.oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[LOCATION], "https://box.lan/a");
}

#[tokio::test]
async fn a_request_that_names_no_host_or_a_strange_one_goes_nowhere() {
    let page = Page::new();

    assert_eq!(page.ask(Request::get("/a")).await.status, 400);
    for host in ["user@evil.example", "a b", "", "box.lan/path", "[::1"] {
        let answer = page.ask(Request::get("/a").header(HOST, host)).await;
        assert_eq!(answer.status, 400, "{host:?}");
    }
}

#[tokio::test]
async fn the_page_shows_the_fingerprint_and_the_steps_and_loads_nothing() {
    let page = Page::new();
    let root = page.certificates.roots()[0].clone();

    let answer = page.get("/trust").await;

    let text = answer.text();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header(CONTENT_TYPE), "text/html; charset=utf-8");
    assert!(answer.header(CONTENT_SECURITY_POLICY).starts_with("default-src 'none'; style-src"));
    assert!(answer.headers.get(http::header::SET_COOKIE).is_none());
    let groups =
        text.split("<div class=\"print\">").nth(1).unwrap().split("</div>").next().unwrap();
    let shown = groups.replace("</span><span>", ":").replace("<span>", "").replace("</span>", "");
    assert_eq!(shown, root.fingerprint);
    for device in ["Windows", "macOS", "iPhone", "Android", "Linux", "Firefox"] {
        assert!(text.contains(device), "{device}");
    }
    assert_eq!(text.matches("Not tried yet").count(), 5);
    assert!(text.contains("holdfast ca show"));
    assert!(text.contains("href=\"https://box.lan:8443/\""));
    assert!(text.contains("<code>box.lan</code>"));
    assert!(text.contains("good until 2036-09-2"));
    for forbidden in ["<script", "<link", "<img", "url(", "{{", "}}"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn the_steps_of_the_asking_device_are_open() {
    let page = Page::new();
    for (agent, title) in [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0", "Windows "),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", "iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile", "Android "),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", "Linux "),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Firefox/142.0", "Firefox "),
    ] {
        let request = Request::get("/trust").header(HOST, "box.lan").header(USER_AGENT, agent);
        let answer = page.ask(request).await;
        assert_eq!(answer.text().matches("<details open").count(), 1);
        assert!(answer.text().contains(&format!("<details open><summary>{title}")), "{agent}");
    }
    assert_eq!(page.get("/trust").await.text().matches("<details open").count(), 0);
}

#[tokio::test]
async fn what_a_client_sends_cannot_become_markup() {
    let page = Page::new();
    let request = Request::get("/trust").header(HOST, "a'b.lan").header(USER_AGENT, "<script>");

    let answer = page.ask(request).await;

    assert!(!answer.text().contains("<script>"));
    assert!(!answer.text().contains("a'b"));
}

#[tokio::test]
async fn the_root_comes_in_every_form() {
    let page = Page::new();
    let root = page.certificates.roots()[0].clone();

    let pem = page.get("/trust/root.pem").await;
    let der = page.get("/trust/root.crt").await;
    let profile = page.get("/trust/root.mobileconfig").await;
    let named = page.get(&format!("/trust/root-{}.crt", root.short())).await;

    assert_eq!(pem.text(), root.pem);
    assert_eq!(pem.header(CONTENT_TYPE), "application/x-pem-file");
    assert_eq!(der.header(CONTENT_TYPE), "application/x-x509-ca-cert");
    assert_eq!(der.header(CONTENT_DISPOSITION), "attachment; filename=\"root.crt\"");
    assert!(X509Certificate::from_der(&der.body).unwrap().1.is_ca());
    assert_eq!((named.status, named.body), (200, der.body.clone()));
    assert_eq!(profile.header(CONTENT_TYPE), "application/x-apple-aspen-config");
    let data = profile.text().split("<data>").nth(1).unwrap().split("</data>").next().unwrap();
    assert_eq!(STANDARD.decode(data).unwrap(), der.body);
    assert_eq!(page.get("/trust/root.mobileconfig").await.text(), profile.text());
    for missing in ["root.key", "leaf.pem", "root-00000000.pem", "root", "..%2froot-1.key"] {
        assert_eq!(page.get(&format!("/trust/{missing}")).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn an_own_certificate_needs_no_steps() {
    let page = Page::new();
    let home = tempfile::tempdir().unwrap();
    let leaf = page.home.path().join("tls/leaf.pem");
    let pair = OwnPair { certificate: leaf.clone(), key: leaf };
    let clock = Clock::fixed(Moment(1_790_000_000_000));
    let certificates = Certificates::open(Source::Own(pair), clock).unwrap();
    let page = Page { router: plain_router(&certificates, 8443), certificates, home };

    let answer = page.get("/trust").await;

    assert!(answer.text().contains("Nothing to install") && !answer.text().contains("{{"));
    assert_eq!(page.get("/trust/root.pem").await.status, 404);
}
