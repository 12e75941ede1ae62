//! Saved filters of the items list: one's own alone.

use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, path};
use crate::events::Listener;
use crate::support::{Client, TestServer, nothing};

const FILTERS: &str = "/inventory/saved-filters";
/// What the box keeps of one person.
const FILTERS_MAX: usize = 50;

async fn save(client: &Client, name: &str) -> Value {
    client.post(FILTERS, &json!({ "name": name })).await.is(201)
}

async fn names(client: &Client) -> Vec<String> {
    column(&client.get(FILTERS).await.is(200), "name")
}

#[tokio::test]
async fn a_filter_is_saved_listed_renamed_replaced_and_deleted() {
    let server = TestServer::start().await;
    let (owner, viewer) = (server.person("owner").await, server.person("viewer").await);
    let cold = location(&owner, "COLD").await;
    let body = json!({ "name": " Fish  today ", "q": "smoked  salmon", "category": "Fish",
        "location": cold["id"], "low": true, "sort": "-on_hand" });

    let made = viewer.post(FILTERS, &body).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let fish = made.is(201);
    save(&viewer, "all").await;

    let expected = json!({ "id": fish["id"], "version": 1, "name": "Fish today",
        "q": "smoked salmon", "category": "Fish", "location": cold["id"], "low": true,
        "sort": "-on_hand", "created_at": fish["created_at"], "updated_at": fish["updated_at"] });
    assert_eq!(fish, expected);
    assert_eq!(names(&viewer).await, ["all", "Fish today"]);
    let at = path("saved-filters", &fish);
    assert_eq!(viewer.get(&at).await.is(200), fish);

    // An answer can be sent back changed.
    let mut renamed = fish.clone();
    renamed["name"] = json!("Fish");
    viewer.change(Method::PUT, &at, 7, &renamed).await.is_problem(412, "stale");
    viewer.json(Method::PUT, &at, &[], &renamed).await.is_problem(428, "version-needed");
    let fish = viewer.change(Method::PUT, &at, 1, &renamed).await.is(200);
    assert_eq!([&fish["version"], &fish["name"]], [&json!(2), &json!("Fish")]);
    assert_eq!(viewer.change(Method::PUT, &at, 2, &fish).await.is(200)["version"], 2);
    let replaced = json!({ "name": "Fish", "q": "cod" });
    let fish = viewer.change(Method::PUT, &at, 2, &replaced).await.is(200);
    for field in ["category", "location", "sort"] {
        assert_eq!(fish[field], Value::Null, "{field}");
    }
    assert_eq!([&fish["q"], &fish["low"]], [&json!("cod"), &json!(false)]);
    viewer.change(Method::DELETE, &at, 1, &Value::Null).await.is_problem(412, "stale");
    assert_eq!(viewer.change(Method::DELETE, &at, 3, &Value::Null).await.status, 204);
    viewer.get(&at).await.is_problem(404, "not-found");
    assert_eq!(names(&viewer).await, ["all"]);
    server.finish().await;
}

#[tokio::test]
async fn nobody_reaches_the_filters_of_another() {
    let server = TestServer::start().await;
    let (viewer, owner) = (server.person("viewer").await, server.person("owner").await);
    let hers = save(&viewer, "Mine").await;
    let at = path("saved-filters", &hers);

    assert_eq!(names(&owner).await, [""; 0]);
    let change = json!({ "name": "Yours" });
    let none = format!("{FILTERS}/{}", nothing::<()>());
    for there in [&at, &none] {
        owner.get(there).await.is_problem(404, "not-found");
        owner.change(Method::PUT, there, 1, &change).await.is_problem(404, "not-found");
        owner.change(Method::DELETE, there, 1, &Value::Null).await.is_problem(404, "not-found");
    }

    // A name is taken only among one's own.
    save(&owner, "mine").await;
    assert_eq!(viewer.get(&at).await.is(200), hers);
    server.finish().await;
}

#[tokio::test]
async fn what_is_saved_twice_by_one_request_is_there_once() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let (body, key) = (json!({ "name": "Mine" }), [("idempotency-key", "one")]);

    let first = viewer.json(Method::POST, FILTERS, &key, &body).await.is(201);
    let again = viewer.json(Method::POST, FILTERS, &key, &body).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.is(201), first);
    assert_eq!(names(&viewer).await, ["Mine"]);
    server.finish().await;
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let kept = save(&viewer, "Mine").await;
    let at = path("saved-filters", &kept);
    let unknown = nothing::<()>().to_string();

    for (body, field, code) in [
        (json!({ "name": "" }), "name", "text-empty"),
        (json!({ "name": " \t " }), "name", "text-empty"),
        (json!({ "name": "x".repeat(81) }), "name", "text-too-long"),
        (json!({ "name": "a\u{202e}b" }), "name", "text-hidden-characters"),
        (json!({ "name": "A", "q": "x".repeat(201) }), "q", "text-too-long"),
        (json!({ "name": "A", "q": "\u{0}" }), "q", "text-hidden-characters"),
        (json!({ "name": "A", "category": "x".repeat(101) }), "category", "text-too-long"),
        (json!({ "name": "A", "location": "freezer" }), "location", "unknown-location"),
        (json!({ "name": "A", "location": unknown }), "location", "unknown-location"),
        (json!({ "name": "A", "sort": "price" }), "sort", "sort-unknown"),
        (json!({ "name": "A", "sort": "fit" }), "sort", "sort-unknown"),
    ] {
        viewer.post(FILTERS, &body).await.is_field_problem(field, code);
        viewer.change(Method::PUT, &at, 1, &body).await.is_field_problem(field, code);
    }
    for body in [json!({}), json!({ "name": "A", "low": "yes" }), json!({ "name": "A", "x": 1 })] {
        assert_eq!(viewer.post(FILTERS, &body).await.status, 422, "{body}");
    }

    assert_eq!(viewer.get(&at).await.is(200), kept);
    assert_eq!(names(&viewer).await, ["Mine"]);
    server.finish().await;
}

#[tokio::test]
async fn a_name_is_used_once_by_each_person() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    save(&viewer, "Fish").await;
    let other = save(&viewer, "Meat").await;

    for name in ["Fish", " fish ", "ＦＩＳＨ"] {
        let body = json!({ "name": name });
        let taken = ("name", "saved-filter-name-taken");
        viewer.post(FILTERS, &body).await.is_field_problem(taken.0, taken.1);
        let there = path("saved-filters", &other);
        let renamed = viewer.change(Method::PUT, &there, 1, &body).await;
        renamed.is_field_problem(taken.0, taken.1);
    }

    let (at, own) = (path("saved-filters", &other), json!({ "name": "MEAT" }));
    let own = viewer.change(Method::PUT, &at, 1, &own).await.is(200);
    assert_eq!(own["name"], "MEAT");
    server.finish().await;
}

#[tokio::test]
async fn one_person_keeps_fifty_and_another_as_many() {
    let server = TestServer::start().await;
    let (viewer, manager) = (server.person("viewer").await, server.person("manager").await);
    let mut last = Value::Null;
    for number in 0..FILTERS_MAX {
        last = save(&viewer, &format!("Filter {number}")).await;
    }

    let one_more = json!({ "name": "One more" });
    viewer.post(FILTERS, &one_more).await.is_problem(422, "saved-filters-full");

    assert_eq!(names(&viewer).await.len(), FILTERS_MAX);
    manager.post(FILTERS, &one_more).await.is(201);
    let at = path("saved-filters", &last);
    assert_eq!(viewer.change(Method::DELETE, &at, 1, &Value::Null).await.status, 204);
    viewer.post(FILTERS, &one_more).await.is(201);
    server.finish().await;
}

#[tokio::test]
async fn a_filter_outlives_the_place_it_names() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let shed = location(&owner, "SHED").await;
    let body = json!({ "name": "Shed", "location": shed["id"], "category": "Gone" });
    let filter = owner.post(FILTERS, &body).await.is(201);
    let at = path("saved-filters", &filter);
    owner.change(Method::DELETE, &path("locations", &shed), 1, &Value::Null).await.is(204);

    assert_eq!(owner.get(&at).await.is(200)["location"], shed["id"]);
    let renamed = json!({ "name": "Old shed", "location": shed["id"] });
    let kept = owner.change(Method::PUT, &at, 1, &renamed).await.is(200);
    assert_eq!(kept["location"], shed["id"]);
    // What was deleted by mistake is saved once more.
    assert_eq!(owner.change(Method::DELETE, &at, 2, &Value::Null).await.status, 204);
    owner.post(FILTERS, &renamed).await.is(201);
    // The list itself takes it as well, and has nothing.
    let at = format!("/inventory/items?location={}", shed["id"].as_str().expect("an id"));
    assert_eq!(owner.get(&at).await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn the_log_says_that_a_filter_changed_and_not_what_it_is() {
    let server = TestServer::start().await;
    let (viewer, admin) = (server.person("viewer").await, server.person("admin").await);
    let body = json!({ "name": "Zebrafinch", "q": "Zebrafinch" });
    let made = viewer.post(FILTERS, &body).await.is(201);
    let at = path("saved-filters", &made);
    viewer.change(Method::PUT, &at, 1, &json!({ "name": "Zebrafinches" })).await.is(200);
    viewer.change(Method::DELETE, &at, 2, &Value::Null).await.is(204);

    let told =
        ["created", "changed", "deleted"].map(|what| format!("inventory.saved-filter.{what}"));
    assert_eq!(server.audit_actions().await, told);
    let log = admin.get("/audit").await.is(200);
    assert!(!log.to_string().to_lowercase().contains("zebrafinch"), "{log}");
    server.finish().await;
}

#[tokio::test]
async fn only_ones_own_windows_hear_of_a_filter() {
    let server = TestServer::start().await;
    let (viewer, owner) = (server.person("viewer").await, server.person("owner").await);
    let mut hers = Listener::start(&viewer, None).await;
    let mut others = Listener::start(&owner, None).await;

    let filter = save(&viewer, "Mine").await;
    item(&owner, "SAL").await;

    let heard = hers.next().await.expect("a change").data;
    let expected = json!({ "kind": "inventory.saved-filter", "id": filter["id"], "version": 1 });
    assert_eq!(heard, expected);
    assert_eq!(hers.next().await.expect("a change").data["kind"], "inventory.item");
    assert_eq!(others.next().await.expect("a change").data["kind"], "inventory.item");
    server.finish().await;
}

#[tokio::test]
async fn filters_go_with_their_person() {
    let server = TestServer::start().await;
    let (operator, viewer) = (server.operator().await, server.person("viewer").await);
    let user = server.account("mira@example.com", "manager").await;
    let mira = server.token_of(user).await;
    save(&mira, "Zebrafinch").await;
    save(&viewer, "Mine").await;

    let confirm = json!({ "confirm": "mira@example.com" });
    operator.post(&format!("/api/v1/users/{user}/erase"), &confirm).await.is(202);
    server.run_jobs().await;

    let inside = server.inside();
    let kept = inside.read(|scope| {
        let mut statement = scope.prepare_cached("SELECT name FROM saved_filters")?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(names.collect::<rusqlite::Result<Vec<_>>>()?)
    });
    assert_eq!(kept.await.expect("the rows"), ["Mine"]);
    assert_eq!(names(&viewer).await, ["Mine"]);
    server.finish().await;
}
