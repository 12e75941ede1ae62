//! Comments on items and orders: who reads, writes, changes and deletes which.

use std::time::Duration;

use holdfast::platform::recycle_bin::ops::empty;
use http::Method;
use rusqlite::named_params;
use serde_json::{Value, json};

use super::suppliers::supplier;
use super::{column, item, path, text};
use crate::events::Listener;
use crate::support::{Client, Reply, START, TestServer, nothing};

const DAY: Duration = Duration::from_hours(24);

/// Where the comments on something are.
pub(crate) fn comments_of(of: &str, thing: &Value) -> String {
    format!("{}/comments", path(of, thing))
}

fn one(at: &str, comment: &Value) -> String {
    format!("{at}/{}", text(&comment["id"]))
}

pub(crate) async fn say(client: &Client, at: &str, words: &str) -> Value {
    client.post(at, &json!({ "text": words })).await.is(201)
}

async fn change(client: &Client, at: &str, comment: &Value, words: &str) -> Reply {
    let version = comment["version"].as_i64().expect("a version");
    client.change(Method::PUT, &one(at, comment), version, &json!({ "text": words })).await
}

async fn delete(client: &Client, at: &str, comment: &Value) -> Reply {
    let version = comment["version"].as_i64().expect("a version");
    client.change(Method::DELETE, &one(at, comment), version, &Value::Null).await
}

/// A draft of an order.
pub(crate) async fn order(client: &Client) -> Value {
    let fish = supplier(client, "Nordsee").await;
    let body = json!({ "supplier_id": fish["id"], "lines": [] });
    client.post("/inventory/purchase-orders", &body).await.is(201)
}

/// How often something of comments was done.
async fn entries(server: &TestServer) -> Vec<String> {
    let actions = server.audit_actions().await.into_iter();
    actions.filter(|action| action.contains("-comment.")).collect()
}

#[tokio::test]
async fn comments_are_read_newest_first_in_pages_by_whoever_reads_the_item() {
    let server = TestServer::start().await;
    let (user, viewer) = (server.user("manager").await, server.person("viewer").await);
    let manager = server.token_of(user).await;
    let (salmon, cod) = (item(&manager, "SAL").await, item(&manager, "COD").await);
    let at = comments_of("items", &salmon);
    say(&manager, &comments_of("items", &cod), "of the cod").await;
    for words in ["one", "two", "three"] {
        say(&manager, &at, words).await;
    }

    let first = viewer.get(&format!("{at}?limit=2&total=true")).await.is(200);
    let next = text(&first["next_cursor"]).to_owned();
    let rest = viewer.get(&format!("{at}?limit=2&cursor={next}")).await.is(200);

    assert_eq!((column(&first, "text"), &first["total"]), (list(&["three", "two"]), &json!(3)));
    assert_eq!((column(&rest, "text"), &rest["next_cursor"]), (list(&["one"]), &Value::Null));
    let newest = &first["items"][0];
    assert_eq!(newest["author"]["id"], user.to_string());
    assert!(text(&newest["author"]["name"]).starts_with("Person "), "{newest}");
    assert_eq!([&newest["version"], &newest["edited_at"]], [&json!(1), &Value::Null]);
    assert_eq!(newest["created_at"], START.to_string());
    let single = viewer.get(&one(&at, newest)).await;
    assert_eq!((single.is(200), single.header("etag")), (newest.clone(), Some("\"1\"")));
    viewer.get(&format!("{at}?limit=201")).await.is_field_problem("limit", "limit-out-of-range");
    viewer.get(&format!("{at}?cursor=x")).await.is_problem(400, "cursor-bad");
    server.finish().await;
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn a_comment_is_plain_text_of_a_bounded_length() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let at = comments_of("items", &salmon);

    for (words, code) in [
        (json!(""), "text-empty"),
        (json!(" \r\n\t"), "text-empty"),
        (json!("x".repeat(4_001)), "text-too-long"),
        (json!("a\u{202e}b"), "text-hidden-characters"),
        (json!("a\u{0}b"), "text-hidden-characters"),
        (json!(5), "wrong-type"),
        (Value::Null, "wrong-type"),
    ] {
        let refused = manager.post(&at, &json!({ "text": words })).await;
        refused.is_field_problem("text", code);
    }
    let more = json!({ "text": "a", "author": null });
    manager.post(&at, &more).await.is_field_problem("author", "unknown-field");
    manager.post(&at, &json!({})).await.is_field_problem("text", "missing");
    let unknown = json!({ "id": server.workspace.to_string() });
    let nowhere = comments_of("items", &unknown);
    let said = json!({ "text": "a" });
    manager.post(&nowhere, &said).await.is_problem(404, "not-found");
    manager.get(&nowhere).await.is_problem(404, "not-found");
    manager.get(&format!("{nowhere}/people")).await.is_problem(404, "not-found");
    assert_eq!(entries(&server).await, [""; 0]);

    let kept = say(&manager, &at, " <b>Two</b>\r\n\r\n  boxes 🐟\n").await;
    assert_eq!(kept["text"], "<b>Two</b>\n\n  boxes 🐟");
    let longest = "é".repeat(4_000);
    assert_eq!(say(&manager, &at, &longest).await["text"], longest);
    server.finish().await;
}

#[tokio::test]
async fn only_whoever_wrote_a_comment_changes_it_and_says_which_version() {
    let server = TestServer::start().await;
    let (manager, other) = (server.person("manager").await, server.person("manager").await);
    let admin = server.person("admin").await;
    let (salmon, cod) = (item(&manager, "SAL").await, item(&manager, "COD").await);
    let at = comments_of("items", &salmon);
    let said = say(&manager, &at, "too smal").await;
    server.advance(Duration::from_mins(1));

    for stranger in [&other, &admin] {
        change(stranger, &at, &said, "mine").await.is_problem(403, "comment-not-own");
    }
    let blind = manager.json(Method::PUT, &one(&at, &said), &[], &json!({ "text": "a" })).await;
    blind.is_problem(428, "version-needed");
    let elsewhere = change(&manager, &comments_of("items", &cod), &said, "a").await;
    elsewhere.is_problem(404, "not-found");
    let same = change(&manager, &at, &said, "too smal ").await;
    assert_eq!(same.is(200), said, "nothing was changed");
    let changed = change(&manager, &at, &said, "too small").await.is(200);
    change(&manager, &at, &said, "too big").await.is_problem(412, "stale");

    assert_eq!([&changed["text"], &changed["version"]], [&json!("too small"), &json!(2)]);
    let edited_at = START.plus(Duration::from_mins(1)).to_string();
    assert_eq!(changed["edited_at"], edited_at);
    assert_eq!(changed["created_at"], said["created_at"]);
    let added = ["inventory.item-comment.added", "inventory.item-comment.changed"];
    assert_eq!(entries(&server).await, added);
    server.finish().await;
}

#[tokio::test]
async fn people_delete_their_own_and_who_administers_anybodys() {
    let server = TestServer::start().await;
    let (manager, other) = (server.person("manager").await, server.person("manager").await);
    let admin = server.person("admin").await;
    let salmon = item(&manager, "SAL").await;
    let at = comments_of("items", &salmon);
    let (mine, theirs) = (say(&manager, &at, "mine").await, say(&other, &at, "theirs").await);

    delete(&manager, &at, &theirs).await.is_problem(403, "forbidden");
    let blind = manager.json(Method::DELETE, &one(&at, &mine), &[], &Value::Null).await;
    blind.is_problem(428, "version-needed");
    let changed = change(&manager, &at, &mine, "mine too").await.is(200);
    delete(&manager, &at, &mine).await.is_problem(412, "stale");
    assert_eq!(delete(&manager, &at, &changed).await.status, 204);
    assert_eq!(delete(&admin, &at, &theirs).await.status, 204);

    delete(&manager, &at, &changed).await.is_problem(404, "not-found");
    assert_eq!(manager.get(&at).await.is(200)["items"], json!([]));
    let deleted = "inventory.item-comment.deleted";
    assert_eq!(entries(&server).await[3..], [deleted, deleted]);
    server.finish().await;
}

#[tokio::test]
async fn viewers_and_counters_write_nothing_and_meet_no_comment_on_an_order() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, bought) = (item(&manager, "SAL").await, order(&manager).await);
    let (of_item, of_order) =
        (comments_of("items", &salmon), comments_of("purchase-orders", &bought));
    let open = say(&manager, &of_item, "salmon is late").await;
    let closed = say(&manager, &of_order, "quetzal costs 3.17").await;

    for role in ["viewer", "member", "analyst", "counter"] {
        let client = server.person(role).await;
        assert_eq!(column(&client.get(&of_item).await.is(200), "text"), ["salmon is late"]);
        for at in [&of_item, &of_order] {
            let refused = client.post(at, &json!({ "text": "mine" })).await;
            refused.is_problem(403, "forbidden");
            client.get(&format!("{at}/people")).await.is_problem(403, "forbidden");
        }
        change(&client, &of_item, &open, "mine").await.is_problem(403, "forbidden");
        delete(&client, &of_item, &open).await.is_problem(403, "forbidden");
        client.get(&of_order).await.is_problem(403, "forbidden");
        client.get(&one(&of_order, &closed)).await.is_problem(403, "forbidden");
        // An order's comment is not an item's, whoever asks for it.
        client.get(&one(&of_item, &closed)).await.is_problem(404, "not-found");
        for question in ["/search?q=quetzal", "/inventory/items", "/inventory/movements"] {
            let told = client.get(question).await.text();
            assert!(!told.contains("quetzal") && !told.contains("3.17"), "{role}: {told}");
        }
    }
    // Nor does an item's comment stand below an order.
    manager.get(&one(&of_order, &open)).await.is_problem(404, "not-found");
    let files = ["items.csv", "movements.csv", "opening_stock.csv"];
    for file in files {
        let told = manager.get(&format!("/inventory/export/{file}")).await.text();
        assert!(!told.contains("quetzal"), "{file}: {told}");
    }
    let lines = format!("{}/lines.csv", path("purchase-orders", &bought));
    assert!(!manager.get(&lines).await.text().contains("quetzal"));
    server.finish().await;
}

#[tokio::test]
async fn what_is_said_of_orders_is_heard_by_those_who_see_orders() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, bought) = (item(&manager, "SAL").await, order(&manager).await);
    let mut counter = Listener::start(&server.person("counter").await, None).await;
    let mut other = Listener::start(&server.person("manager").await, None).await;

    let of_order = comments_of("purchase-orders", &bought);
    let closed = say(&manager, &of_order, "dear").await;
    assert_eq!(delete(&manager, &of_order, &closed).await.status, 204);
    let open = say(&manager, &comments_of("items", &salmon), "late").await;

    let heard = counter.next().await.expect("a change").data;
    let expected = json!({ "kind": "inventory.item-comment", "id": open["id"], "version": 1 });
    assert_eq!(heard, expected, "the first that a counter hears");
    let heard = other.next().await.expect("a change").data;
    let expected = json!({ "kind": "inventory.order-comment", "id": closed["id"], "version": 1 });
    assert_eq!(heard, expected);
    server.finish().await;
}

#[tokio::test]
async fn a_role_of_ones_own_comments_only_on_what_it_sees() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);
    let (salmon, bought) = (item(&manager, "SAL").await, order(&manager).await);
    let role = async |name: &str, permissions: &[&str]| {
        let body = json!({ "name": name, "permissions": permissions });
        let role = admin.post("/roles", &body).await.is(201);
        let user = server.user("viewer").await;
        let body = json!({ "role": role["id"] });
        let at = format!("/members/{user}");
        admin.change(Method::PATCH, &at, 1, &body).await.is(200);
        server.token_of(user).await
    };
    let base = ["workspace.read", "inventory.read"];
    let floor = role("Floor", &[base[0], base[1], "inventory.comment"]).await;
    let books = role("Books", &[base[0], base[1], "inventory.prices"]).await;

    let (of_item, of_order) =
        (comments_of("items", &salmon), comments_of("purchase-orders", &bought));
    let mine = say(&floor, &of_item, "the label is off").await;
    floor.post(&of_order, &json!({ "text": "a" })).await.is_problem(403, "forbidden");
    floor.get(&of_order).await.is_problem(403, "forbidden");
    assert_eq!(change(&floor, &of_item, &mine, "the label is back").await.is(200)["version"], 2);
    assert_eq!(books.get(&of_order).await.is(200)["items"], json!([]));
    books.post(&of_order, &json!({ "text": "a" })).await.is_problem(403, "forbidden");
    books.get(&format!("{of_order}/people")).await.is_problem(403, "forbidden");
    assert_eq!(entries(&server).await.len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn a_comment_sent_twice_is_one() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "SAL").await;
    let at = comments_of("items", &salmon);
    let key = [("idempotency-key", "k-1")];
    let said = json!({ "text": "late" });

    let first = manager.json(Method::POST, &at, &key, &said).await;
    let again = manager.json(Method::POST, &at, &key, &said).await;
    let other = manager.json(Method::POST, &at, &key, &json!({ "text": "later" })).await;

    assert_eq!(first.is(201), again.is(201));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("etag"), Some("\"1\""));
    other.is_problem(422, "idempotency-mismatch");
    assert_eq!(column(&manager.get(&at).await.is(200), "text"), ["late"]);
    server.finish().await;
}

#[tokio::test]
async fn there_are_never_more_comments_than_may_be() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, cod) = (item(&manager, "SAL").await, item(&manager, "COD").await);
    let at = comments_of("items", &salmon);
    let first = say(&manager, &at, "first").await;
    let inside = server.inside();
    let filled = inside.write(|scope| {
        for _ in 0..999 {
            let sql = "INSERT INTO comments (id, item_id, text, created_at)
                       SELECT :id, item_id, 'more', 1 FROM comments LIMIT 1";
            scope.prepare_cached(sql)?.execute(named_params! { ":id": scope.new_id::<()>() })?;
        }
        Ok(())
    });
    filled.await.expect("comments");

    let refused = manager.post(&at, &json!({ "text": "one more" })).await;
    refused.is_problem(409, "comments-too-many");
    say(&manager, &comments_of("items", &cod), "of another").await;
    let full = manager.get(&format!("{at}?total=true&limit=1")).await.is(200);
    assert_eq!(full["total"], 1_000);
    assert_eq!(full["items"][0]["author"], Value::Null, "the box wrote it");
    assert_eq!(delete(&manager, &at, &first).await.status, 204);

    say(&manager, &at, "one more").await;
    server.finish().await;
}

#[tokio::test]
async fn comments_hide_with_a_deleted_item_and_go_with_a_forgotten_one() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    let salmon = item(&manager, "SAL").await;
    let at = comments_of("items", &salmon);
    let said = say(&manager, &at, "late").await;
    say(&manager, &at, "very late").await;
    let remove = async |client: &Client, version: i64| {
        client.change(Method::DELETE, &path("items", &salmon), version, &Value::Null).await.is(204)
    };

    remove(&manager, 1).await;
    manager.get(&at).await.is_problem(404, "not-found");
    manager.post(&at, &json!({ "text": "a" })).await.is_problem(404, "not-found");
    change(&manager, &at, &said, "a").await.is_problem(404, "not-found");
    delete(&manager, &at, &said).await.is_problem(404, "not-found");
    let restore = format!("{}/restore", path("items", &salmon));
    manager.post(&restore, &Value::Null).await.is(200);
    assert_eq!(column(&manager.get(&at).await.is(200), "text"), ["very late", "late"]);
    remove(&manager, 3).await;
    server.advance(31 * DAY);
    assert_eq!(empty(&server.inside()).await.expect("emptied"), 1);

    let inside = server.inside();
    let left = inside.read(|scope| {
        let sql = "SELECT (SELECT count(*) FROM comments)
                       + (SELECT count(*) FROM comment_mentions)";
        Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(left.await.expect("a count"), 0);
    let actions = server.audit_actions().await;
    let deleted = "inventory.item-comment.deleted";
    assert_eq!(actions[actions.len() - 3..], [deleted, deleted, "inventory.item.forgotten"]);
    server.finish().await;
}

#[tokio::test]
async fn the_log_says_who_commented_on_what_and_not_what_was_said() {
    let server = TestServer::start().await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let (salmon, bought) = (item(&manager, "SAL").await, order(&manager).await);
    let of_order = comments_of("purchase-orders", &bought);
    let said = say(&manager, &of_order, "quetzal").await;
    change(&manager, &of_order, &said, "quetzal again").await.is(200);
    say(&manager, &comments_of("items", &salmon), "quetzal too").await;

    let log = admin.get("/audit").await.is(200);

    assert!(!log.to_string().contains("quetzal"), "{log}");
    let rows = log["items"].as_array().expect("a list");
    let of = |action: &str| {
        let row = rows.iter().find(|row| row["action"] == action);
        row.unwrap_or_else(|| panic!("no {action} in {log}")).clone()
    };
    let added = of("inventory.order-comment.added");
    assert_eq!(added["changes"]["po_number"]["to"], bought["po_number"], "{added}");
    assert_eq!(of("inventory.order-comment.changed")["object"]["id"], said["id"]);
    let added = of("inventory.item-comment.added");
    assert_eq!(added["changes"]["item_number"]["to"], "SAL", "{added}");
    server.finish().await;
}

#[tokio::test]
async fn another_workspace_sees_and_changes_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let elsewhere = server.second_workspace().await;
    let stranger = server.person_in(elsewhere, "owner").await;
    let salmon = item(&manager, "SAL").await;
    let at = comments_of("items", &salmon);
    let said = say(&manager, &at, "late").await;

    stranger.get(&at).await.is_problem(404, "not-found");
    change(&stranger, &at, &said, "mine").await.is_problem(404, "not-found");
    let here = stranger.in_workspace(server.workspace);
    here.get(&at).await.is_problem(404, "not-found");
    delete(&here, &at, &said).await.is_problem(404, "not-found");

    let unknown = format!("{at}/{}", nothing::<()>());
    manager.get(&unknown).await.is_problem(404, "not-found");
    assert_eq!(manager.get(&one(&at, &said)).await.is(200), said);
    server.finish().await;
}
