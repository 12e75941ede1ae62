//! Mail to a server that other people wrote, over TLS and with a sign-in.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::items;
use crate::support::python::{Running, python_with};
use crate::support::{Client, TestServer};
use holdfast::platform::notices::runner;

const NOTIFY: &str = "/api/v1/box/notify";
const OUTBOX: &str = "/api/v1/box/outbox";
const USER: &str = "box";
const MAIL_PASSWORD: &str = "a password of the mail server";

/// Where the server will listen, and what it shows.
struct Place {
    port: u16,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).expect("a file");
        let key = made.signing_key.serialize_pem();
        std::fs::write(folder.path().join("key.pem"), key).expect("a file");
        // Free again when this returns; the box tries it while nobody listens.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self { port: listener.local_addr().expect("an address").port(), folder }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn listen(&self, python: &Path, security: &str) -> Running {
        let (certificate, key) = (self.file("certificate.pem"), self.file("key.pem"));
        let port = self.port.to_string();
        let arguments = [security, &port, &certificate, &key, USER, MAIL_PASSWORD];
        let mut running = Running::start(python, "mail_server.py", &arguments);
        assert_eq!(running.said().await["port"], self.port);
        running
    }

    async fn server(&self, security: &str) -> (TestServer, Client) {
        let authority = self.file("certificate.pem");
        let server = TestServer::start_with(&[("notices.ca_file", &authority)]).await;
        let operator = server.operator().await;
        let smtp = json!({ "smtp": { "host": "localhost", "port": self.port, "user": USER,
            "password": MAIL_PASSWORD, "security": security, "from": "box@example.com" } });
        operator.json(Method::PATCH, NOTIFY, &[], &smtp).await.is(200);
        (server, operator)
    }
}

async fn invite(admin: &Client, email: &str) -> String {
    let body = json!({ "email": email, "role": "counter" });
    let invited = admin.post("/invitations", &body).await.is(201);
    invited["link"].as_str().expect("a link").to_owned()
}

/// Tries what is due.
async fn tried(server: &TestServer) -> usize {
    runner::run_due(&server.platform).await.expect("a round")
}

/// The mail in the outbox to an address.
async fn parcel(operator: &Client, to: &str) -> Value {
    let all = items(&operator.get(OUTBOX).await);
    all.into_iter().find(|one| one["to"] == to).unwrap_or_else(|| panic!("no mail to {to}"))
}

#[tokio::test]
async fn an_invitation_arrives_at_a_real_server_that_was_down_before() {
    let Some(python) = python_with("aiosmtpd") else { return };
    for (security, protocol) in [("starttls", "TLSv1"), ("tls", "TLSv1")] {
        let place = Place::new();
        let (server, operator) = place.server(security).await;
        let link = invite(&server.person("admin").await, "iva@example.com").await;

        assert_eq!(tried(&server).await, 1);
        let down = parcel(&operator, "iva@example.com").await;
        let mut mails = place.listen(&python, security).await;
        server.advance(Duration::from_secs(40));
        assert_eq!(tried(&server).await, 1);
        let mail = mails.said().await;

        assert_eq!((&down["state"], &down["tries"]), (&json!("waiting"), &json!(1)), "{security}");
        assert!(down["last_error"].as_str().is_some_and(|error| !error.is_empty()));
        assert_eq!(mail["to"], json!(["iva@example.com"]));
        assert_eq!(mail["from"], "box@example.com");
        assert!(mail["protocol"].as_str().is_some_and(|one| one.starts_with(protocol)), "{mail}");
        let data = mail["data"].as_str().expect("a mail");
        let text = data.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
        let token = link.split_once("#token=").expect("a token").1;
        assert!(text.contains(token), "{text}");
        assert_eq!(parcel(&operator, "iva@example.com").await["state"], "sent");
        server.finish().await;
    }
}

#[tokio::test]
async fn what_a_real_server_refuses_is_shown_and_tried_again() {
    let Some(python) = python_with("aiosmtpd") else { return };
    let place = Place::new();
    let _mails = place.listen(&python, "starttls").await;
    let (server, operator) = place.server("starttls").await;
    let admin = server.person("admin").await;
    invite(&admin, "refused@example.com").await;
    invite(&admin, "later@example.com").await;

    assert_eq!(tried(&server).await, 2);
    server.advance(Duration::from_secs(40));
    assert_eq!(tried(&server).await, 2);

    for (to, said) in [("refused", "No such person here"), ("later", "Come back later")] {
        let waiting = parcel(&operator, &format!("{to}@example.com")).await;
        assert_eq!((&waiting["state"], &waiting["tries"]), (&json!("waiting"), &json!(2)));
        let error = waiting["last_error"].as_str().expect("an error");
        assert!(error.contains(said), "{error}");
    }
    let wrong = json!({ "smtp": { "host": "localhost", "port": place.port, "user": USER,
        "password": "another one", "security": "starttls", "from": "box@example.com" } });
    operator.json(Method::PATCH, NOTIFY, &[], &wrong).await.is(200);
    let to = json!({ "to": "iva@example.com" });
    let answer = operator.post(&format!("{NOTIFY}/test"), &to).await.is(200);
    assert_eq!(answer["ok"], false, "{answer}");
    server.finish().await;
}

#[tokio::test]
async fn a_real_server_that_never_answers_keeps_no_other_mail_and_nobody_waiting() {
    let Some(python) = python_with("aiosmtpd") else { return };
    let place = Place::new();
    let mut mails = place.listen(&python, "starttls").await;
    let (server, operator) = place.server("starttls").await;
    let admin = server.person("admin").await;
    runner::start(&server.platform);

    invite(&admin, "slow@example.com").await;
    assert_eq!(mails.said().await["stuck"], "slow@example.com");
    invite(&admin, "iva@example.com").await;
    let mail = mails.said().await;

    assert_eq!(mail["to"], json!(["iva@example.com"]));
    admin.get("/members").await.is(200);
    assert_eq!(parcel(&operator, "slow@example.com").await["state"], "waiting");
    server.finish().await;
}
