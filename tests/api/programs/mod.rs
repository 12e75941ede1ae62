//! Programs: the token endpoint, access tokens, service accounts, and attacks on all of them.

mod attacks;
mod independent;
mod people;
mod services;

use std::collections::BTreeMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use holdfast::platform::identity::signing;
use holdfast::platform::secret::{from_base64, to_base64};
use http::{Method, header};
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestServer, system};

pub const TOKEN: &str = "/api/v1/auth/token";
pub const ACCOUNTS: &str = "/api/v1/service-accounts";
pub const ME: &str = "/api/v1/me";
pub const EMAIL: &str = "mira@example.com";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks the token endpoint with a form, as OAuth libraries do.
pub async fn ask(client: &Client, parameters: &[(&str, &str)]) -> Reply {
    let escaped = |text: &str| {
        let plain = |one: u8| one.is_ascii_alphanumeric() || b"-_.~".contains(&one);
        let bytes = text.bytes();
        bytes.fold(String::new(), |out, one| {
            if plain(one) {
                out + char::from(one).to_string().as_str()
            } else {
                format!("{out}%{one:02X}")
            }
        })
    };
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    client.send(Method::POST, TOKEN, &kind, pairs.join("&")).await
}

pub async fn sign_in(server: &TestServer, email: &str, password: &str) -> Reply {
    let grant = [("grant_type", "password"), ("username", email), ("password", password)];
    ask(&server.stranger(), &grant).await
}

pub async fn refresh(server: &TestServer, value: &str) -> Reply {
    let grant = [("grant_type", "refresh_token"), ("refresh_token", value)];
    ask(&server.stranger(), &grant).await
}

pub async fn by_secret(client: &Client, id: &str, secret: &str) -> Reply {
    let grant =
        [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    ask(client, &grant).await
}

pub async fn by_assertion(client: &Client, assertion: &str) -> Reply {
    let grant = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    ask(client, &grant).await
}

/// Asks for something with an access token.
pub async fn with(client: &Client, token: &str, path: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    client.send(Method::GET, path, &[(header::AUTHORIZATION.as_str(), &bearer)], "").await
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Head and claims of a token, unchecked.
pub fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| from_base64(part).expect("base64"));
    let mut next = || serde_json::from_slice(&parts.next().expect("a part")).expect("JSON");
    (next(), next())
}

/// Signs with the box's own key, as nobody else can.
pub async fn signed_by_box(server: &TestServer, kind: &str, claims: &Value) -> String {
    let keys = signing::ops::keys(&system(&server.platform)).await.expect("keys");
    keys.signer.sign(kind, claims).expect("a token").reveal().to_owned()
}

/// A key pair of a program.
pub struct Pair(Ed25519KeyPair);

impl Pair {
    pub fn new() -> Self {
        Self(Ed25519KeyPair::generate().expect("a pair"))
    }

    pub fn public(&self) -> String {
        to_base64(self.0.public_key().as_ref())
    }

    pub fn sign(&self, head: &Value, claims: &Value) -> String {
        let part = |json: &Value| to_base64(json.to_string().as_bytes());
        let signed = format!("{}.{}", part(head), part(claims));
        format!("{signed}.{}", to_base64(self.0.sign(signed.as_bytes()).as_ref()))
    }

    /// An assertion of an account, with some claims changed.
    pub fn assertion(
        &self,
        server: &TestServer,
        client: &str,
        issuer: &str,
        change: &Value,
    ) -> String {
        let now = server.clock.now().0 / 1_000;
        let mut claims = json!({
            "iss": client, "sub": client, "aud": issuer, "jti": Pair::new().public(),
            "iat": now, "exp": now + 120,
        });
        let members = claims.as_object_mut().expect("an object");
        for (name, value) in change.as_object().into_iter().flatten() {
            match value {
                Value::Null => drop(members.remove(name)),
                value => drop(members.insert(name.clone(), value.clone())),
            }
        }
        self.sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims)
    }
}

/// What tokens of the box name as their issuer.
pub async fn issuer(server: &TestServer) -> String {
    let keys = signing::ops::keys(&system(&server.platform)).await.expect("keys");
    keys.issuer.clone()
}

/// What a service account is made with.
pub fn draft(server: &TestServer, change: &Value) -> Value {
    let mut draft = json!({
        "name": "Scale", "workspace_id": server.workspace.to_string(),
        "permissions": ["workspace.read", "audit.read"],
    });
    let change = change.as_object().cloned().unwrap_or_default();
    draft.as_object_mut().expect("an object").extend(change);
    draft
}

/// Actions of the box's log that are new since `before`.
pub async fn new_actions(server: &TestServer, before: usize) -> Vec<String> {
    server.box_actions().await.split_off(before)
}

/// How often each code of refused credentials was noted.
pub async fn refused(server: &TestServer) -> BTreeMap<String, u64> {
    use holdfast::platform::audit::ops::{Filter, list_box};
    let action = Some("identity.token.refused".into());
    let filter = Filter { action, ..Filter::default() };
    let entries = list_box(&system(&server.platform), filter, 200).await.expect("the log");
    let mut counts = BTreeMap::new();
    for entry in entries {
        let changes: Value = serde_json::from_str(&entry.record.changes).expect("JSON");
        let count: u64 = text(&changes["count"]["to"]).parse().expect("a number");
        *counts.entry(text(&changes["code"]["to"])).or_insert(0) += count;
    }
    counts
}
