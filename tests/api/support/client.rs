//! A client that speaks to the router as somebody.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::response::Response;
use holdfast::platform::workspaces::WorkspaceId;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;

use super::HOST;

#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    workspace: WorkspaceId,
    address: Option<IpAddr>,
    /// Sent with every request.
    headers: Vec<(&'static str, String)>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Client {
    pub fn new(router: Router, token: Option<String>, workspace: WorkspaceId) -> Self {
        Self { router, token, workspace, address: None, headers: Vec::new() }
    }

    /// The same client at an address, which throttling counts.
    pub fn at(&self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        Self { address: Some(address), ..self.clone() }
    }

    /// The same caller, whose short paths are taken below another workspace.
    pub fn in_workspace(&self, workspace: WorkspaceId) -> Self {
        Self { workspace, ..self.clone() }
    }

    /// The same caller, who sends this header with every request.
    pub fn saying(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.to_owned()));
        client
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// `/inventory/items` is taken below the workspace, `/api/…` and other full paths as given.
    fn url(&self, path: &str) -> String {
        let is_full = [
            "http://",
            "/api/",
            "/.well-known/",
            "/livez",
            "/readyz",
            "/health",
            "/metrics",
            "/problems",
            "/help",
        ];
        if path == "/" || is_full.iter().any(|start| path.starts_with(start)) {
            return path.to_owned();
        }
        format!("/api/v1/workspaces/{}{path}", self.workspace)
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let response = self.answer(method, path, headers, body).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 * 1024 * 1024).await.expect("a body");
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    /// Like `send` for answers that have no end.
    pub async fn answer(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(self.url(path));
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, HOST);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(SocketAddr::new(address, 50_000)));
        }
        let request = request.body(body.into()).expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::POST, path, &[], body).await
    }

    pub async fn json(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        self.send(method, path, &headers, body.to_string()).await
    }

    /// PUT, PATCH or DELETE of a version.
    pub async fn change(&self, method: Method, path: &str, version: i64, body: &Value) -> Reply {
        let tag = format!("\"{version}\"");
        self.json(method, path, &[("if-match", &tag)], body).await
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Asserts the status and gives the body.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts a problem document and gives it.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/problems/{code}"));
        problem
    }

    /// Asserts a problem with a field and the field's code.
    #[track_caller]
    pub fn is_field_problem(&self, field: &str, code: &str) {
        assert_eq!(self.status.as_u16(), 422, "{}", self.text());
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let found = errors.iter().any(|one| one["field"] == field && one["code"] == code);
        assert!(found, "no {field}: {code} in {problem}");
    }
}
