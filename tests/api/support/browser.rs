//! A browser: it keeps cookies and says which page it comes from.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::body::Body;
use http::{Method, header};
use serde_json::{Value, json};

use super::client::{Client, Reply};

pub const SESSION: &str = "__Host-hf_session";

pub struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    /// A browser without any cookie.
    pub fn new(client: Client) -> Self {
        Self { client, cookies: Mutex::default() }
    }

    /// A browser that is signed in already.
    pub fn with_session(client: Client, session: &str) -> Self {
        let cookies = BTreeMap::from([(SESSION.to_owned(), session.to_owned())]);
        Self { client, cookies: Mutex::new(cookies) }
    }

    /// Another browser that starts with the same cookies, as a thief's copy does.
    pub fn copy(&self) -> Self {
        let cookies = self.cookies.lock().expect("no panic").clone();
        Self { client: self.client.clone(), cookies: Mutex::new(cookies) }
    }

    pub fn session(&self) -> Option<String> {
        self.cookies.lock().expect("no panic").get(SESSION).cloned()
    }

    /// A client that sends the cookies of this moment, keeps none, and says nothing of the page
    /// it comes from.
    pub fn bare(&self) -> Client {
        self.client.saying("cookie", &self.cookie_header())
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().expect("no panic");
        let pairs: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// Sends a request and loses the answer on its way.
    pub async fn send_and_lose(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.exchange(method, path, &[("sec-fetch-site", "same-origin")], body).await
    }

    /// Sends headers as given, with the cookies.
    pub async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let cookies = self.cookie_header();
        let mut all = headers.to_vec();
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        if *body == Value::Null {
            return self.client.send(method, path, &all, Body::empty()).await;
        }
        self.client.json(method, path, &all, body).await
    }

    /// Keeps the cookies of an answer.
    pub fn take_in(&self, reply: &Reply) {
        let mut cookies = self.cookies.lock().expect("no panic");
        for value in reply.headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().expect("a plain cookie");
            for flag in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
                assert!(text.contains(flag), "{flag} is missing in {text}");
            }
            assert!(!text.contains("Domain"), "{text}");
            let (name, rest) = text.split_once('=').expect("a name");
            let value = rest.split(';').next().unwrap_or_default();
            if text.contains("Max-Age=0;") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let mut headers = headers.to_vec();
        headers.push(("sec-fetch-site", "same-origin"));
        let reply = self.exchange(method, path, &headers, body).await;
        self.take_in(&reply);
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[], body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, &[], body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], &Value::Null).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Reply {
        let body = json!({ "email": email, "password": password });
        self.post("/api/v1/auth/login", &body).await
    }
}
