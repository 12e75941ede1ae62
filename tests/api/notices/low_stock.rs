//! What ran low is told by mail: once, together, at most every hour, to those who asked for it.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::receivers::{Server, Session, Smtp};
use super::{NOTICES, SETTINGS, items, kinds};
use crate::inventory::suppliers::{deliver, supplier};
use crate::inventory::{column, location, path, post};
use crate::support::{Client, TestServer};
use holdfast::platform::identity::UserId;
use holdfast::platform::notices::runner;

const HOUR: Duration = Duration::from_hours(1);
const KIND: &str = "inventory.low-stock";

/// Says where mail goes.
pub(super) async fn mails_to(server: &TestServer, mails: &Server) {
    let body = json!({ "smtp": { "host": "127.0.0.1", "port": mails.port(), "security": "none",
        "from": "Kitchen box <box@example.com>" } });
    let operator = server.operator().await;
    operator.json(Method::PATCH, "/api/v1/box/notify", &[], &body).await.is(200);
}

/// Asks to hear of what runs low.
async fn asks(server: &TestServer, email: &str, role: &str) -> UserId {
    let user = server.account(email, role).await;
    let person = server.token_of(user).await;
    assert_eq!(person.get(SETTINGS).await.is(200)["kinds"][KIND], false, "nobody has to");
    let body = json!({ "kinds": { KIND: true } });
    let kinds = person.json(Method::PATCH, SETTINGS, &[], &body).await.is(200)["kinds"].clone();
    assert_eq!(kinds[KIND], true, "{kinds}");
    user
}

/// Lets an hour go by and does what is due then; gives how many mails were tried.
async fn an_hour_later(server: &TestServer) -> usize {
    server.run_jobs().await;
    server.advance(HOUR);
    server.run_jobs().await;
    runner::run_due(&server.platform).await.expect("a round")
}

/// The same where one mail is expected.
async fn mail_an_hour_later(server: &TestServer, mails: &Server) -> Session {
    let (tried, mail) = tokio::join!(an_hour_later(server), mails.mail(Smtp::Takes));
    assert_eq!(tried, 1);
    mail
}

async fn kept(client: &Client, number: &str) -> Value {
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": "kg",
        "min_qty": "5", "max_qty": "20" });
    client.post("/inventory/items", &body).await.is(201)
}

/// A manager with a shelf.
async fn at_work(server: &TestServer, code: &str) -> (Client, Value) {
    let manager = server.person("manager").await;
    let shelf = location(&manager, code).await;
    (manager, shelf)
}

/// Scenario 7: low stock raises one mail, one click drafts the order, rounded to the supplier's
/// packs, up to the maximum.
#[tokio::test]
async fn what_runs_low_is_told_in_one_mail_and_ordered_with_one_click() {
    let (server, mails) = (TestServer::start().await, Server::start().await);
    mails_to(&server, &mails).await;
    asks(&server, "mira@example.com", "manager").await;
    let (manager, shelf) = at_work(&server, "A").await;
    let (salmon, cod) = (kept(&manager, "salmon").await, kept(&manager, "cod").await);
    let fish = supplier(&manager, "Nordsee").await;
    let terms = json!({ "sku": "LAX", "pack_qty": "6", "last_price": "18.25" });
    deliver(&manager, &fish, &salmon, &terms).await;
    for goods in [&salmon, &cod] {
        post(&manager, "receive", goods, &shelf, "6").await;
    }
    // On Monday the kitchen uses salmon twice, and cod, of which more comes within the hour.
    post(&manager, "use", &salmon, &shelf, "2").await;
    post(&manager, "use", &salmon, &shelf, "1").await;
    post(&manager, "use", &cod, &shelf, "3").await;
    post(&manager, "receive", &cod, &shelf, "10").await;

    let mail = mail_an_hour_later(&server, &mails).await;

    let subject = mail.header("Subject");
    assert!(subject.contains("Low stock in Harbour Kitchen"), "{subject}");
    let text = mail.text();
    assert!(text.contains("Below their minimum (1): Thing salmon"), "{text}");
    assert!(!text.contains("Thing cod"), "it is back: {text}");
    assert_eq!(an_hour_later(&server).await, 0, "once is enough");
    let manager = server.person("manager").await;
    let low_stock = "/inventory/purchase-orders/from-low-stock";
    let made = manager.post(low_stock, &json!({})).await.is(200);
    assert_eq!(column(&made, "supplier_name"), ["Nordsee"]);
    let line = &made["items"][0]["lines"][0];
    // Three are there; 17 are missing to 20, which are three packs of six.
    assert_eq!([&line["item_number"], &line["req_qty"]], ["salmon", "18.000"]);
    let again = manager.post(low_stock, &json!({})).await.is(200);
    assert_eq!(again["items"], json!([]), "it is coming");
    server.finish().await;
}

#[tokio::test]
async fn only_those_are_told_who_asked_and_belong_there() {
    let (server, mails) = (TestServer::start().await, Server::start().await);
    mails_to(&server, &mails).await;
    let (manager, shelf) = at_work(&server, "A").await;
    let silent = server.user("manager").await;
    asks(&server, "viewer@example.com", "viewer").await;
    let elsewhere = server.second_workspace().await;
    let other = server.person_in(elsewhere, "manager").await;
    let body = json!({ "kinds": { KIND: true } });
    other.json(Method::PATCH, SETTINGS, &[], &body).await.is(200);
    let salmon = kept(&manager, "salmon").await;
    post(&manager, "receive", &salmon, &shelf, "2").await;

    let mail = mail_an_hour_later(&server, &mails).await;

    assert!(mail.header("To").contains("viewer@example.com"), "{}", mail.header("To"));
    assert!(!mail.text().contains("price"), "{}", mail.text());
    let silent = server.token_of(silent).await;
    assert_eq!(items(&silent.get(NOTICES).await), Vec::<Value>::new());
    server.finish().await;
}

#[tokio::test]
async fn after_a_restart_nothing_is_told_twice_and_nothing_is_forgotten() {
    let (server, mails) = (TestServer::start().await, Server::start().await);
    mails_to(&server, &mails).await;
    asks(&server, "mira@example.com", "manager").await;
    let (manager, shelf) = at_work(&server, "A").await;
    let salmon = kept(&manager, "salmon").await;
    post(&manager, "receive", &salmon, &shelf, "2").await;
    mail_an_hour_later(&server, &mails).await;

    let server = server.restart().await;
    assert_eq!(an_hour_later(&server).await, 0);
    let (manager, shelf) = at_work(&server, "B").await;
    let cod = kept(&manager, "cod").await;
    post(&manager, "receive", &cod, &shelf, "2").await;
    server.run_jobs().await;
    let server = server.restart().await;
    let mail = mail_an_hour_later(&server, &mails).await;

    assert!(mail.text().contains("(1): Thing cod"), "{}", mail.text());
    server.finish().await;
}

#[tokio::test]
async fn what_falls_again_within_the_hour_waits_for_the_next_mail() {
    let (server, mails) = (TestServer::start().await, Server::start().await);
    mails_to(&server, &mails).await;
    asks(&server, "mira@example.com", "manager").await;
    let (manager, shelf) = at_work(&server, "A").await;
    let salmon = kept(&manager, "salmon").await;
    post(&manager, "receive", &salmon, &shelf, "2").await;
    mail_an_hour_later(&server, &mails).await;

    let manager = server.person("manager").await;
    post(&manager, "receive", &salmon, &shelf, "5").await;
    let used = post(&manager, "use", &salmon, &shelf, "5").await;
    assert_eq!(server.run_jobs().await, 0);
    assert_eq!(runner::run_due(&server.platform).await.expect("a round"), 0, "not at once");
    let mail = mail_an_hour_later(&server, &mails).await;

    assert!(mail.text().contains("(1): Thing salmon"), "{}", mail.text());
    let manager = server.person("manager").await;
    let back = format!("{}/reverse", path("movements", &used));
    manager.post(&back, &json!({})).await.is(201);
    assert_eq!(an_hour_later(&server).await, 0, "what is well is no news");
    server.finish().await;
}

#[tokio::test]
async fn nobody_who_may_be_counting_blind_hears_of_it() {
    const ROLES: [&str; 3] = ["manager", "counter", "viewer"];
    let server = TestServer::start().await;
    let mut people = Vec::new();
    for role in ROLES {
        people.push(asks(&server, &format!("{role}@example.com"), role).await);
    }
    let (manager, shelf) = at_work(&server, "A").await;
    let (salmon, cod) = (kept(&manager, "salmon").await, kept(&manager, "cod").await);
    for goods in [&salmon, &cod] {
        post(&manager, "receive", goods, &shelf, "6").await;
    }
    let body = json!({ "name": "Friday", "blind": true });
    let count = manager.post("/inventory/counts", &body).await.is(201);

    post(&manager, "use", &salmon, &shelf, "2").await;
    an_hour_later(&server).await;

    assert_eq!(heard(&server, &people).await, [1, 0, 1]);
    // When it is over, they hear of what falls from then on.
    let manager = server.person("manager").await;
    let cancel = format!("{}/cancel", path("counts", &count));
    manager.post(&cancel, &json!({ "version": count["version"] })).await.is(200);
    post(&manager, "use", &cod, &shelf, "2").await;
    an_hour_later(&server).await;
    assert_eq!(heard(&server, &people).await, [2, 1, 2]);
    server.finish().await;
}

/// How often each was told.
async fn heard(server: &TestServer, people: &[UserId]) -> Vec<usize> {
    let mut heard = Vec::new();
    for user in people {
        let person = server.token_of(*user).await;
        heard.push(kinds(&person).await.iter().filter(|kind| *kind == KIND).count());
    }
    heard
}
