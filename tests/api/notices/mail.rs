//! Mail: set, tested, sent, tried again, and never in anybody's way.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::receivers::{Server, Session, Smtp, silent};
use super::{NOTICES, SETTINGS, items};
use crate::support::{Client, PASSWORD, TestServer, nothing, system};
use holdfast::platform::notices::runner;

const NOTIFY: &str = "/api/v1/box/notify";
const OUTBOX: &str = "/api/v1/box/outbox";
const EMAIL: &str = "mira@example.com";

fn smtp(port: u16) -> Value {
    json!({ "smtp": { "host": "127.0.0.1", "port": port, "security": "none",
        "from": "Kitchen box <box@example.com>" } })
}

async fn set(operator: &Client, body: &Value) -> Value {
    operator.json(Method::PATCH, NOTIFY, &[], body).await.is(200)
}

/// Sends what is due to a server with this script.
async fn sent(server: &TestServer, mails: &Server, script: Smtp) -> Session {
    let (ran, session) = tokio::join!(runner::run_due(&server.platform), mails.mail(script));
    assert_eq!(ran.expect("a round"), 1);
    session
}

async fn tried(server: &TestServer) -> usize {
    runner::run_due(&server.platform).await.expect("a round")
}

/// Gives somebody with an account another role, which is told.
async fn change_role(server: &TestServer, role: &str) {
    let owner = server.person("owner").await;
    let mira = server.account(EMAIL, "viewer").await;
    let path = format!("/members/{mira}");
    owner.change(Method::PATCH, &path, 1, &json!({ "role": role })).await.is(200);
}

#[tokio::test]
async fn a_mail_server_is_set_by_operators_and_its_password_is_never_seen_again() {
    let server = TestServer::start().await;
    let (operator, owner) = (server.operator().await, server.person("owner").await);
    assert_eq!(operator.get(NOTIFY).await.is(200)["smtp"], Value::Null);
    let with = |host: &str, password: Option<&str>| {
        let mut smtp = json!({ "host": host, "port": 465, "security": "tls", "user": "box",
            "from": "box@example.com" });
        if let Some(password) = password {
            smtp["password"] = json!(password);
        }
        json!({ "smtp": smtp })
    };

    let first = set(&operator, &with("smtp.example.com", Some("open sesame 4711"))).await;
    let kept = set(&operator, &with("smtp.example.com", None)).await;

    assert_eq!(first["smtp"]["has_password"], true);
    assert_eq!(kept, first);
    assert_eq!(set(&operator, &json!({})).await, first, "what is left out stays");
    let elsewhere = with("evil.example.com", None);
    let refused = operator.json(Method::PATCH, NOTIFY, &[], &elsewhere).await;
    refused.is_field_problem("smtp.password", "mail-password");
    let open = json!({ "smtp": { "host": "smtp.example.com", "port": 25, "security": "none",
        "user": "box", "password": "x", "from": "nobody" } });
    let refused = operator.json(Method::PATCH, NOTIFY, &[], &open).await;
    refused.is_field_problem("smtp.security", "mail-security");
    refused.is_field_problem("smtp.from", "mail-sender");
    owner.get(NOTIFY).await.is_problem(403, "forbidden");
    for file in std::fs::read_dir(server.folder()).expect("a folder").flatten() {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("open sesame 4711"), "{}", file.path().display());
    }
    assert_eq!(set(&operator, &json!({ "smtp": null })).await["smtp"], Value::Null);
    operator
        .post(&format!("{NOTIFY}/test"), &json!({ "to": EMAIL }))
        .await
        .is_problem(409, "mail-off");
    server.finish().await;
}

#[tokio::test]
async fn a_test_mail_says_at_once_how_it_ended() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    let (test, body) = (format!("{NOTIFY}/test"), json!({ "to": EMAIL }));

    let (answer, session) = tokio::join!(operator.post(&test, &body), mails.mail(Smtp::Takes));
    assert_eq!(answer.is(200)["ok"], true);
    assert_eq!(session.header("To"), EMAIL);
    assert!(session.header("From").contains("<box@example.com>"), "{session:?}");
    assert_eq!(session.header("Subject"), "A test mail from Holdfast");
    assert_eq!(operator.get(NOTIFY).await.is(200)["smtp"]["last"]["ok"], true);

    let (answer, _) = tokio::join!(operator.post(&test, &body), mails.mail(Smtp::Refuses));
    let answer = answer.is(200);
    assert_eq!(answer["ok"], false);
    assert!(answer["detail"].as_str().expect("a text").contains("No such person"), "{answer}");
    drop(mails);
    let answer = operator.post(&test, &body).await.is(200);
    assert_eq!(answer["ok"], false);
    assert_eq!(operator.get(NOTIFY).await.is(200)["smtp"]["last"], answer);
    operator.post(&test, &json!({ "to": "nobody" })).await.is_field_problem("to", "email-bad");
    server.finish().await;
}

#[tokio::test]
async fn a_notice_is_mailed_in_the_language_of_its_person() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    change_role(&server, "manager").await;

    let session = sent(&server, &mails, Smtp::Takes).await;

    assert_eq!(session.header("To"), EMAIL);
    assert_eq!(session.header("Subject"), "You have another role in Harbour Kitchen");
    assert!(session.text().contains("You were viewer and are manager now."), "{session:?}");
    assert!(session.text().contains(&format!("/w/{}", server.workspace)), "{session:?}");
    assert!(session.header("List-Unsubscribe").ends_with("/account>"), "{session:?}");
    let all = items(&operator.get(OUTBOX).await);
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["state"], &all[0]["to"]), (&json!("sent"), &json!(EMAIL)));
    assert_eq!(all[0]["next_at"], Value::Null);
    assert_eq!(tried(&server).await, 0, "it was confirmed");
    server.finish().await;
}

#[tokio::test]
async fn a_refused_mail_is_tried_again_later_and_shown_meanwhile() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    change_role(&server, "manager").await;

    sent(&server, &mails, Smtp::Refuses).await;
    let waiting = items(&operator.get(&format!("{OUTBOX}?state=waiting")).await);
    assert_eq!(tried(&server).await, 0, "not at once");
    server.advance(Duration::from_secs(40));
    let session = sent(&server, &mails, Smtp::Takes).await;

    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["tries"], 1);
    let error = waiting[0]["last_error"].as_str().expect("an error");
    assert!(error.contains("No such person"), "{error}");
    assert!(waiting[0]["next_at"].is_string());
    assert!(!session.data.is_empty());
    assert_eq!(items(&operator.get(&format!("{OUTBOX}?state=sent")).await).len(), 1);
    operator.get(&format!("{OUTBOX}?state=lost")).await.is_field_problem("state", "outbox-state");
    server.finish().await;
}

#[tokio::test]
async fn a_mail_that_nobody_confirmed_is_sent_again_after_a_restart_under_the_same_name() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    change_role(&server, "manager").await;
    let first = sent(&server, &mails, Smtp::Drops).await;

    let server = server.restart().await;
    server.advance(Duration::from_secs(40));
    let second = sent(&server, &mails, Smtp::Takes).await;

    assert!(first.header("Message-ID").ends_with("@example.com>"), "{first:?}");
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    assert_eq!(tried(&server).await, 0);
    server.finish().await;
}

#[tokio::test]
async fn what_nobody_takes_for_three_days_is_given_up_and_can_be_sent_anew() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let (gone, port) = silent().await;
    drop(gone);
    set(&operator, &smtp(port)).await;
    change_role(&server, "manager").await;

    let mut tries = 0;
    let failed = loop {
        tries += tried(&server).await;
        // Everybody's token is good for a day.
        let operator = server.operator().await;
        let failed = items(&operator.get(&format!("{OUTBOX}?state=failed")).await);
        if let Some(failed) = failed.first() {
            break failed.clone();
        }
        server.advance(Duration::from_hours(8));
        assert!(tries < 50, "it is tried for ever");
    };

    let operator = server.operator().await;
    let retry = format!("{OUTBOX}/{}/retry", failed["id"].as_str().expect("an id"));
    assert!(tries >= 8, "{tries}");
    let again = operator.post(&retry, &Value::Null).await.is(200);
    assert_eq!((&again["state"], &again["tries"]), (&json!("waiting"), &json!(0)));
    assert_eq!(tried(&server).await, 1);
    let unknown = format!("{OUTBOX}/{}/retry", nothing::<()>());
    operator.post(&unknown, &Value::Null).await.is_problem(404, "not-found");
    assert_eq!(server.box_counts().await["outbox.retried"], 1);
    server.finish().await;
}

#[tokio::test]
async fn a_silent_mail_server_holds_up_nobody() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let (held, port) = silent().await;
    set(&operator, &smtp(port)).await;
    runner::start(&server.platform);
    change_role(&server, "manager").await;

    // The mail is on its way and will be for long; everything else goes on.
    let (stuck, _) = held.accept().await.expect("the mail's connection");
    let viewer = server.person("viewer").await;
    viewer.get("/inventory/items").await.is(200);
    assert_eq!(items(&operator.get(OUTBOX).await)[0]["state"], "waiting");
    drop((stuck, held));
    server.finish().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_mail() {
    let (mails, authority) = Server::start_tls().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority).expect("a file");
    let path = file.display().to_string();
    let body = json!({ "smtp": { "host": "localhost", "port": mails.port(), "security": "tls",
        "user": "box", "password": "open sesame", "from": "box@example.com" } });
    let (test, to) = (format!("{NOTIFY}/test"), json!({ "to": EMAIL }));

    let stranger = TestServer::start().await;
    let operator = stranger.operator().await;
    set(&operator, &body).await;
    let (answer, session) = tokio::join!(operator.post(&test, &to), mails.mail(Smtp::Takes));
    assert_eq!(answer.is(200)["ok"], false);
    assert_eq!(session.commands, [] as [&str; 0], "nothing was said");
    stranger.finish().await;

    let friend = TestServer::start_with(&[("notices.ca_file", &path)]).await;
    let operator = friend.operator().await;
    let body = json!({ "smtp": { "host": "localhost", "port": mails.port(), "security": "tls",
        "from": "box@example.com" } });
    set(&operator, &body).await;
    let (answer, session) = tokio::join!(operator.post(&test, &to), mails.mail(Smtp::Takes));
    assert_eq!(answer.is(200)["ok"], true, "{session:?}");
    friend.finish().await;
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail_when_it_was_chosen() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    let body = json!({ "smtp": { "host": "localhost", "port": mails.port(),
        "security": "starttls", "from": "box@example.com" } });
    set(&operator, &body).await;
    let (test, to) = (format!("{NOTIFY}/test"), json!({ "to": EMAIL }));

    let (answer, session) = tokio::join!(operator.post(&test, &to), mails.mail(Smtp::Takes));

    assert_eq!(answer.is(200)["ok"], false);
    assert!(!session.commands.iter().any(|line| line.starts_with("MAIL")), "{session:?}");
    server.finish().await;
}

#[tokio::test]
async fn an_invitation_is_mailed_with_the_link_that_is_shown_and_lies_sealed_until_then() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    let admin = server.person("admin").await;

    let body = json!({ "email": "iva@example.com", "role": "counter" });
    let invited = admin.post("/invitations", &body).await.is(201);
    let link = invited["link"].as_str().expect("a link").to_owned();
    let ctx = system(&server.platform);
    let kept: Vec<u8> = ctx
        .read(|scope| {
            let mut statement = scope.prepare_cached("SELECT content FROM outbox")?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
        .await
        .expect("a row");
    let session = sent(&server, &mails, Smtp::Takes).await;

    let token = link.split_once("#token=").expect("a token").1;
    assert!(!String::from_utf8_lossy(&kept).contains(token));
    assert_eq!(session.header("To"), "iva@example.com");
    assert_eq!(session.header("Subject"), "You are invited to Harbour Kitchen");
    assert!(session.text().contains(token), "{}", session.text());
    server.finish().await;
}

#[tokio::test]
async fn a_link_that_ended_is_not_mailed_any_more() {
    let server = TestServer::start().await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    let mira = server.account(EMAIL, "viewer").await;
    let path = format!("/api/v1/users/{mira}/reset-link");
    operator.post(&path, &Value::Null).await.is(201);

    server.advance(Duration::from_mins(31));
    assert_eq!(tried(&server).await, 1);

    let failed = items(&operator.get(&format!("{OUTBOX}?state=failed")).await);
    assert_eq!(failed[0]["kind"], "identity.reset");
    assert_eq!(operator.get(NOTIFY).await.is(200)["smtp"]["last"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn whoever_wants_one_gets_a_summary_a_day_and_urgent_things_at_once() {
    let zone = [("notices.time_zone", "Europe/Berlin")];
    let server = TestServer::start_with(&zone).await;
    let (operator, mails) = (server.operator().await, Server::start().await);
    set(&operator, &smtp(mails.port())).await;
    let owner = server.person("owner").await;
    let mira = server.account(EMAIL, "viewer").await;
    let client = server.token_of(mira).await;
    let choice = json!({ "email": "digest", "digest_at": "07:30" });
    client.json(Method::PATCH, SETTINGS, &[], &choice).await.is(200);
    for (version, role) in [(1, "manager"), (2, "viewer")] {
        let path = format!("/members/{mira}");
        owner.change(Method::PATCH, &path, version, &json!({ "role": role })).await.is(200);
    }

    // 07:00 in Berlin, then 07:30.
    assert_eq!(tried(&server).await, 0);
    server.advance(Duration::from_mins(30));
    let digest = sent(&server, &mails, Smtp::Takes).await;
    assert_eq!(tried(&server).await, 0);

    assert_eq!(digest.header("Subject"), "2 notices from Holdfast");
    assert!(digest.text().contains("You were manager and are viewer now."), "{digest:?}");
    for _ in ["first", "second"] {
        server.browser().sign_in(EMAIL, PASSWORD).await.is(200);
    }
    let urgent = sent(&server, &mails, Smtp::Takes).await;
    assert_eq!(urgent.header("Subject"), "You signed in with a new browser");
    server.advance(Duration::from_hours(24));
    assert_eq!(tried(&server).await, 0, "nothing new, no mail");
    assert_eq!(items(&server.token_of(mira).await.get(NOTICES).await).len(), 3);
    server.finish().await;
}

#[tokio::test]
async fn nobody_gets_what_they_switched_off() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    set(&operator, &smtp(1)).await;
    let owner = server.person("owner").await;
    let mira = server.account(EMAIL, "viewer").await;
    let client = server.token_of(mira).await;
    let choice = json!({ "kinds": { "people.role-changed": false } });
    client.json(Method::PATCH, SETTINGS, &[], &choice).await.is(200);

    let path = format!("/members/{mira}");
    owner.change(Method::PATCH, &path, 1, &json!({ "role": "manager" })).await.is(200);

    assert_eq!(items(&operator.get(OUTBOX).await).len(), 0);
    assert_eq!(client.get(NOTICES).await.is(200)["unread"], 1, "the bell has everything");
    server.finish().await;
}
