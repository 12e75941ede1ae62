//! Whoever a comment mentions is told of it, once, where they may see what is spoken of.

use std::time::Duration;

use holdfast::platform::identity::UserId;
use holdfast::platform::notices::runner;
use http::Method;
use serde_json::{Value, json};

use super::low_stock::mails_to;
use super::receivers::{Server, Smtp};
use super::{NOTICES, SETTINGS, items};
use crate::inventory::comments::{comments_of, order, say};
use crate::inventory::{column, item, path};
use crate::support::{Client, TestServer, nothing, system};

const KIND: &str = "inventory.mention";
const SOON: Duration = Duration::from_secs(6);

/// What somebody is called from now on.
async fn call(client: &Client, name: &str) {
    let me = client.get("/api/v1/me").await.is(200);
    let version = me["version"].as_i64().expect("a version");
    let named = json!({ "name": name });
    client.change(Method::PATCH, "/api/v1/me", version, &named).await.is(200);
}

/// What stands in somebody's bell of mentions, newest first.
async fn told(client: &Client) -> Vec<Value> {
    let all = items(&client.get(NOTICES).await);
    all.into_iter().filter(|notice| notice["kind"] == KIND).collect()
}

/// Lets the time go by after which people are told.
async fn soon(server: &TestServer) {
    server.run_jobs().await;
    server.advance(SOON);
    server.run_jobs().await;
}

struct Kitchen {
    server: TestServer,
    ana: Client,
    ben: UserId,
    /// Where the comments on salmon are, and those on an order.
    of_salmon: String,
    of_order: String,
    salmon: Value,
}

impl Kitchen {
    /// Two managers, an item and an order.
    async fn open() -> Self {
        let server = TestServer::start().await;
        let ana = server.person("manager").await;
        call(&ana, "Ana Lima").await;
        let ben = server.user("manager").await;
        call(&server.token_of(ben).await, "Ben Okoro").await;
        let salmon = item(&ana, "SAL").await;
        let bought = order(&ana).await;
        let of_salmon = comments_of("items", &salmon);
        let of_order = comments_of("purchase-orders", &bought);
        Self { server, ana, ben, of_salmon, of_order, salmon }
    }

    async fn ben(&self) -> Client {
        self.server.token_of(self.ben).await
    }

    async fn change(&self, at: &str, comment: &Value, words: &str) -> Value {
        let at = format!("{at}/{}", comment["id"].as_str().expect("an id"));
        let version = comment["version"].as_i64().expect("a version");
        self.ana.change(Method::PUT, &at, version, &json!({ "text": words })).await.is(200)
    }
}

#[tokio::test]
async fn whoever_is_mentioned_is_told_once_with_a_link_and_without_the_words() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, salmon, .. } = &kitchen;

    let words = format!("@{{{ben}}} it costs 3.17, @{{{ben}}}");
    let said = say(ana, of_salmon, &words).await;
    assert_eq!(told(&kitchen.ben().await).await.len(), 0, "not at once");
    soon(server).await;
    soon(server).await;

    let bell = told(&kitchen.ben().await).await;
    assert_eq!(bell.len(), 1, "{bell:?}");
    assert_eq!(bell[0]["title"], "Ana Lima mentioned you");
    assert_eq!(bell[0]["detail"], "In a comment on Thing SAL in Harbour Kitchen.");
    let page = path("items", salmon);
    let link = format!("/w/{}{page}#comments", server.workspace);
    assert_eq!(bell[0]["link"], link);
    assert_eq!(bell[0]["workspace_id"], server.workspace.to_string());
    assert!(!bell[0].to_string().contains("3.17"));
    assert_eq!(said["text"], words);
    assert_eq!(said["mentions"], json!([{ "id": ben.to_string(), "name": "Ben Okoro" }]));
    assert_eq!(told(ana).await.len(), 0);
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_changed_comment_tells_whom_it_mentions_for_the_first_time() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, .. } = &kitchen;
    let (eve, own) = (server.user("viewer").await, ana.get("/api/v1/me").await.is(200));
    let own = own["id"].as_str().expect("an id");

    let said = say(ana, of_salmon, &format!("@{{{ben}}} and myself, @{{{own}}}")).await;
    soon(server).await;
    let more = kitchen.change(of_salmon, &said, &format!("@{{{ben}}} @{{{eve}}} look")).await;
    soon(server).await;
    // Taken out and put back: they know already.
    let less = kitchen.change(of_salmon, &more, "look").await;
    kitchen.change(of_salmon, &less, &format!("@{{{ben}}} look")).await;
    soon(server).await;

    assert_eq!(told(&kitchen.ben().await).await.len(), 1);
    let viewer = server.token_of(eve).await;
    assert_eq!(told(&viewer).await.len(), 1, "who reads items may be told of them");
    assert_eq!(told(ana).await.len(), 0, "nobody is told of their own words");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn what_is_deleted_or_mended_at_once_tells_nobody() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, salmon, .. } = &kitchen;

    let said = say(ana, of_salmon, &format!("@{{{ben}}} look")).await;
    let wrong = say(ana, of_salmon, &format!("@{{{ben}}} look there")).await;
    let at = format!("{of_salmon}/{}", said["id"].as_str().expect("an id"));
    assert_eq!(ana.change(Method::DELETE, &at, 1, &Value::Null).await.status, 204);
    kitchen.change(of_salmon, &wrong, "look there").await;
    soon(server).await;
    assert_eq!(told(&kitchen.ben().await).await.len(), 0);

    say(ana, of_salmon, &format!("@{{{ben}}} look")).await;
    let gone = ana.change(Method::DELETE, &path("items", salmon), 1, &Value::Null).await;
    assert_eq!(gone.status, 204);
    soon(server).await;
    assert_eq!(told(&kitchen.ben().await).await.len(), 0, "there is nothing to look at");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn nobody_is_mentioned_who_may_not_see_what_is_spoken_of() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, of_order, .. } = &kitchen;
    let counter = server.user("counter").await;
    let elsewhere = server.second_workspace().await;
    let stranger = server.person_in(elsewhere, "owner").await.get("/api/v1/me").await.is(200);
    let stranger = stranger["id"].as_str().expect("an id").to_owned();
    let disabled = server.user("manager").await;
    let off = "UPDATE users SET disabled_at = 1 WHERE id = :user";
    server.change_user(disabled, off).await;

    let unknown = [stranger, disabled.to_string(), nothing::<()>().to_string()];
    for at in [of_salmon, of_order] {
        for one in &unknown {
            let words = json!({ "text": format!("@{{{one}}} look") });
            ana.post(at, &words).await.is_field_problem("text", "mention-unknown");
        }
    }
    let words = json!({ "text": format!("@{{{counter}}} look") });
    ana.post(of_order, &words).await.is_field_problem("text", "mention-unknown");
    let said = say(ana, of_order, "look").await;
    let at = format!("{of_order}/{}", said["id"].as_str().expect("an id"));
    let changed = ana.change(Method::PUT, &at, 1, &words).await;
    changed.is_field_problem("text", "mention-unknown");
    soon(server).await;

    assert_eq!(told(&server.token_of(counter).await).await.len(), 0);
    say(ana, of_order, &format!("@{{{ben}}} 3.17 is too dear")).await;
    soon(server).await;
    let bell = told(&kitchen.ben().await).await;
    assert_eq!(bell[0]["detail"], "In a comment on PO-0001 in Harbour Kitchen.");
    assert!(!bell[0].to_string().contains("3.17"), "{bell:?}");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn who_may_not_see_it_any_more_when_people_are_told_is_not_told() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, of_order, ben, .. } = &kitchen;
    let owner = server.person("owner").await;
    let (lowered, removed) = (server.user("manager").await, server.user("manager").await);

    let words = format!("@{{{lowered}}} @{{{removed}}} @{{{ben}}} look");
    let said = say(ana, of_order, &words).await;
    let counter = json!({ "role": "counter" });
    owner.change(Method::PATCH, &format!("/members/{lowered}"), 1, &counter).await.is(200);
    let gone = owner.change(Method::DELETE, &format!("/members/{removed}"), 1, &Value::Null).await;
    assert_eq!(gone.status, 204);
    soon(server).await;

    for user in [lowered, removed] {
        assert_eq!(told(&server.token_of(user).await).await.len(), 0);
    }
    assert_eq!(told(&kitchen.ben().await).await.len(), 1);
    // They stay readable, and where they stood they may go on standing.
    let names = said["mentions"].as_array().expect("a list").len();
    let again = kitchen.change(of_order, &said, &format!("{words} again")).await;
    assert_eq!((names, again["mentions"].as_array().map(Vec::len)), (3, Some(3)));
    for mention in again["mentions"].as_array().expect("a list") {
        assert!(!mention["name"].as_str().expect("a name").is_empty(), "{again}");
    }
    kitchen.server.finish().await;
}

#[tokio::test]
async fn people_are_offered_by_name_if_they_may_see_it_and_the_caller_may_see_people() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, of_salmon, of_order, .. } = &kitchen;
    let eve = server.user("counter").await;
    call(&server.token_of(eve).await, "Eve Adams").await;
    let offered = async |client: &Client, at: &str, query: &str| {
        column(&client.get(&format!("{at}/people{query}")).await.is(200), "name")
    };

    assert_eq!(offered(ana, of_salmon, "").await, ["Ana Lima", "Ben Okoro", "Eve Adams"]);
    assert_eq!(offered(ana, of_order, "").await, ["Ana Lima", "Ben Okoro"]);
    assert_eq!(offered(ana, of_salmon, "?q=%20OKO").await, ["Ben Okoro"]);
    assert_eq!(offered(ana, of_salmon, "?q=a&limit=1").await, ["Ana Lima"]);
    assert_eq!(offered(ana, of_order, "?q=eve").await, [""; 0]);
    let row = ana.get(&format!("{of_salmon}/people?q=eve")).await.is(200)["items"][0].clone();
    let known = json!({ "id": eve.to_string(), "name": "Eve Adams", "role_name": "counter" });
    assert_eq!(row, known, "no address among it");

    let admin = server.person("admin").await;
    let held = ["workspace.read", "inventory.read", "inventory.comment"];
    let body = json!({ "name": "Floor", "permissions": held });
    let role = admin.post("/roles", &body).await.is(201);
    let user = server.user("viewer").await;
    let body = json!({ "role": role["id"] });
    admin.change(Method::PATCH, &format!("/members/{user}"), 1, &body).await.is(200);
    let floor = server.token_of(user).await;
    assert_eq!(offered(&floor, of_salmon, "").await, [""; 0]);
    let words = json!({ "text": format!("@{{{eve}}} look") });
    floor.post(of_salmon, &words).await.is_field_problem("text", "mention-unknown");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_also_after_somebody_left() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, .. } = &kitchen;
    let owner = server.person("owner").await;
    let key = [("idempotency-key", "k-1")];
    let words = json!({ "text": format!("@{{{ben}}} look") });

    let first = ana.json(Method::POST, of_salmon, &key, &words).await.is(201);
    let gone = owner.change(Method::DELETE, &format!("/members/{ben}"), 1, &Value::Null).await;
    assert_eq!(gone.status, 204);
    let again = ana.json(Method::POST, of_salmon, &key, &words).await;

    assert_eq!(again.is(201), first);
    kitchen.server.finish().await;
}

#[tokio::test]
async fn many_mentions_are_told_in_several_goes() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, .. } = &kitchen;
    let mut crowd = Vec::new();
    for _ in 0..21 {
        crowd.push(server.user("viewer").await);
    }
    let words = |people: &[UserId]| {
        let all: Vec<String> = people.iter().map(|one| format!("@{{{one}}}")).collect();
        all.join(" ")
    };

    let too_many = json!({ "text": words(&crowd) });
    ana.post(of_salmon, &too_many).await.is_field_problem("text", "mentions-too-many");
    for _ in 0..3 {
        say(ana, of_salmon, &words(&crowd[..20])).await;
    }
    say(ana, of_salmon, &words(&[*ben])).await;
    soon(server).await;
    soon(server).await;

    for user in [crowd[0], crowd[19]] {
        assert_eq!(told(&server.token_of(user).await).await.len(), 3);
    }
    assert_eq!(told(&kitchen.ben().await).await.len(), 1, "the last of them");
    assert_eq!(told(&server.token_of(crowd[20]).await).await.len(), 0);
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_mention_is_mailed_unless_somebody_does_not_want_that() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_order, .. } = &kitchen;
    let mails = Server::start().await;
    mails_to(server, &mails).await;
    let silent = server.user("manager").await;
    let off = json!({ "kinds": { KIND: false } });
    let quiet = server.token_of(silent).await;
    assert_eq!(quiet.get(SETTINGS).await.is(200)["kinds"][KIND], true, "at first it is mailed");
    quiet.json(Method::PATCH, SETTINGS, &[], &off).await.is(200);

    say(ana, of_order, &format!("@{{{silent}}} @{{{ben}}} 3.17 is too dear")).await;
    soon(server).await;
    let (tried, mail) = tokio::join!(runner::run_due(&server.platform), mails.mail(Smtp::Takes));

    assert_eq!(tried.expect("a round"), 1);
    let subject = mail.header("Subject");
    assert!(subject.contains("Ana Lima mentioned you"), "{subject}");
    let text = mail.text();
    assert!(text.contains("In a comment on PO-0001 in Harbour Kitchen."), "{text}");
    assert!(!text.contains("3.17"), "{text}");
    assert_eq!(told(&quiet).await.len(), 1, "the bell has everything");
    kitchen.server.finish().await;
}

#[tokio::test]
async fn a_mention_is_shown_as_long_as_somebody_may_see_what_is_spoken_of() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_order, of_salmon, .. } = &kitchen;
    let owner = server.person("owner").await;
    let make = async |role: &str, version: i64| {
        let body = json!({ "role": role });
        owner.change(Method::PATCH, &format!("/members/{ben}"), version, &body).await.is(200);
    };
    for at in [of_order, of_salmon] {
        say(ana, at, &format!("@{{{ben}}} look")).await;
        soon(server).await;
    }
    let bell = async || {
        let client = kitchen.ben().await;
        let all = client.get(NOTICES).await;
        let unread = client.get(&format!("{NOTICES}?unread=true&limit=1")).await.is(200);
        let of_order = all.text().contains("PO-0001") || unread.to_string().contains("PO-0001");
        let count = items(&all).iter().filter(|one| one["read_at"].is_null()).count();
        assert_eq!(unread["unread"], count);
        (told(&client).await.len(), of_order)
    };
    assert_eq!(bell().await, (2, true));

    make("viewer", 1).await;
    assert_eq!(bell().await, (1, false));
    make("manager", 2).await;
    assert_eq!(bell().await, (2, true));
    kitchen.server.finish().await;
}

#[tokio::test]
async fn of_somebody_erased_no_word_and_no_name_is_left() {
    let kitchen = Kitchen::open().await;
    let Kitchen { server, ana, ben, of_salmon, .. } = &kitchen;
    let operator = server.operator().await;
    let theirs = say(&kitchen.ben().await, of_salmon, "quetzal is late").await;
    let mine = say(ana, of_salmon, &format!("Ben Okoro, @{{{ben}}}, look")).await;
    let id = *ben;
    let on_box = system(&server.platform);
    let email = on_box.read(move |scope| {
        let sql = "SELECT email FROM users WHERE id = ?1";
        Ok(scope.prepare_cached(sql)?.query_row([id], |row| row.get::<_, String>(0))?)
    });
    let email = email.await.expect("an address");

    let erase = format!("/api/v1/users/{ben}/erase");
    operator.post(&erase, &json!({ "confirm": email })).await.is(202);
    soon(server).await;

    let kept = ana.get(of_salmon).await.is(200);
    let [newest, oldest] = [&kept["items"][0], &kept["items"][1]];
    assert_eq!([&newest["id"], &oldest["id"]], [&mine["id"], &theirs["id"]]);
    assert_eq!([&oldest["text"], &oldest["author"]["name"]], ["", "Erased person"]);
    assert_eq!(newest["mentions"][0]["name"], "Erased person");
    let words = newest["text"].as_str().expect("a text");
    assert!(words.ends_with(&format!(", @{{{ben}}}, look")), "{words}");
    assert!(!kept.to_string().contains("Okoro") && !kept.to_string().contains("quetzal"));
    kitchen.server.finish().await;
}
