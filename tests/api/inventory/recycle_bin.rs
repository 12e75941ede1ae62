//! The recycle bin: what is in it, who takes it out, and when it is too late.

use std::time::Duration;

use holdfast::platform::clock::Moment;
use holdfast::platform::recycle_bin::ops::empty;
use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, path, post};
use crate::support::{Client, START, TestServer, nothing};

const DAY: Duration = Duration::from_hours(24);

async fn delete(client: &Client, of: &str, thing: &Value) {
    let version = thing["version"].as_i64().expect("a version");
    let reply = client.change(Method::DELETE, &path(of, thing), version, &Value::Null).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
}

async fn restore(client: &Client, of: &str, thing: &Value) -> crate::support::Reply {
    client.post(&format!("{}/restore", path(of, thing)), &Value::Null).await
}

#[tokio::test]
async fn the_bin_lists_every_kind_from_the_newest_deletion_on() {
    let server = TestServer::start().await;
    let (user, admin) = (server.user("manager").await, server.person("admin").await);
    let manager = server.token_of(user).await;
    let (salmon, shelf) = (item(&manager, "S-1").await, location(&manager, "FRZ").await);
    delete(&manager, "items", &salmon).await;
    server.advance(Duration::from_mins(1));
    delete(&admin, "locations", &shelf).await;

    let bin = manager.get("/deleted").await.is(200);

    assert_eq!(column(&bin, "kind"), ["inventory.location", "inventory.item"]);
    assert_eq!(column(&bin, "title"), ["Place FRZ", "Thing S-1"]);
    assert_eq!(column(&bin, "subtitle"), ["FRZ", "S-1"]);
    let own = &bin["items"][1];
    assert_eq!(own["id"], salmon["id"]);
    assert_eq!(own["deleted_at"], START.to_string());
    assert_eq!(own["deleted_by"]["id"], user.to_string());
    assert_eq!(own["restorable_until"], START.plus(30 * DAY).to_string());
    assert_eq!([&own["can_restore"], &bin["items"][0]["can_restore"]], [true, false]);
    let seen_by_admin = admin.get("/deleted").await.is(200);
    assert_eq!(seen_by_admin["items"][1]["can_restore"], true);
    server.finish().await;
}

#[tokio::test]
async fn the_bin_is_read_in_pages_and_by_kind() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for number in ["A", "B", "C"] {
        // All at the same moment: the id decides.
        delete(&manager, "items", &item(&manager, number).await).await;
        delete(&manager, "locations", &location(&manager, number).await).await;
    }

    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let page = manager.get(&format!("/deleted?limit=4{next}")).await.is(200);
        seen.extend(column(&page, "id"));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    let all = manager.get("/deleted").await.is(200);
    assert_eq!(seen, column(&all, "id"));
    assert_eq!(seen.len(), 6);
    let items = manager.get("/deleted?kind=inventory.item").await.is(200);
    let mut numbers = column(&items, "subtitle");
    numbers.sort();
    assert_eq!(numbers, ["A", "B", "C"]);
    manager.get("/deleted?kind=x").await.is_field_problem("kind", "recycle-kind-unknown");
    manager.get("/deleted?cursor=x").await.is_problem(400, "cursor-bad");
    manager.get("/deleted?limit=0").await.is_field_problem("limit", "limit-out-of-range");
    server.finish().await;
}

#[tokio::test]
async fn only_those_who_may_delete_look_into_the_bin() {
    let server = TestServer::start().await;

    for role in ["counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        person.get("/deleted").await.is_problem(403, "forbidden");
    }
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;
    let manager = server.person("manager").await;
    delete(&manager, "items", &item(&manager, "S").await).await;

    outsider.in_workspace(server.workspace).get("/deleted").await.is_problem(404, "not-found");
    assert_eq!(outsider.get("/deleted").await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn after_thirty_days_nobody_restores_and_the_bin_does_not_show_it() {
    let server = TestServer::start().await;
    let user = server.user("owner").await;
    let owner = server.token_of(user).await;
    let salmon = item(&owner, "S").await;
    delete(&owner, "items", &salmon).await;

    server.advance(30 * DAY + Duration::from_millis(1));
    let owner = server.token_of(user).await;
    let refused = restore(&owner, "items", &salmon).await;

    let problem = refused.is_problem(409, "restore-too-late");
    let detail = "It was deleted on 2026-11-21, more than 30 days ago.";
    assert_eq!(problem["detail"], detail);
    assert_eq!(owner.get("/deleted").await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn on_the_thirtieth_day_it_still_comes_back() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    let salmon = item(&manager, "S").await;
    delete(&manager, "items", &salmon).await;

    server.advance(30 * DAY);
    let manager = server.token_of(user).await;

    assert_eq!(manager.get("/deleted").await.is(200)["items"].as_array().map(Vec::len), Some(1));
    restore(&manager, "items", &salmon).await.is(200);
    assert_eq!(manager.get("/deleted").await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn a_number_or_code_taken_meanwhile_is_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "S", "name": "Salmon", "unit": "kg",
        "barcodes": [{ "code": "12345" }] });
    let salmon = manager.post("/inventory/items", &body).await.is(201);
    delete(&manager, "items", &salmon).await;
    let body = json!({ "item_number": "s", "name": "Sardine", "unit": "kg",
        "barcodes": [{ "code": "12345" }] });
    let sardine = manager.post("/inventory/items", &body).await.is(201);

    let number = restore(&manager, "items", &salmon).await.is_problem(409, "item-number-taken");
    let renamed = json!({ "item_number": "SA", "name": "Sardine", "unit": "kg",
        "barcodes": [{ "code": "12345" }] });
    manager.change(Method::PUT, &path("items", &sardine), 1, &renamed).await.is(200);
    let code = restore(&manager, "items", &salmon).await.is_problem(409, "barcode-taken");

    assert_eq!(number["taken_by"], sardine["id"]);
    assert!(number["detail"].as_str().is_some_and(|text| text.contains("Sardine")), "{number}");
    assert_eq!(code["errors"][0]["field"], "barcodes[0]");
    assert!(code["detail"].as_str().is_some_and(|text| text.contains("Item SA")), "{code}");
    server.finish().await;
}

#[tokio::test]
async fn a_place_comes_back_only_below_a_place_that_is_there() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let cellar = location(&manager, "CELLAR").await;
    let body = json!({ "code": "RACK", "name": "Rack", "parent_id": cellar["id"] });
    let rack = manager.post("/inventory/locations", &body).await.is(201);
    delete(&manager, "locations", &rack).await;
    delete(&manager, "locations", &cellar).await;

    let orphan = restore(&manager, "locations", &rack).await;
    let usurper = location(&manager, "rack").await;
    let taken = restore(&manager, "locations", &rack).await;

    let problem = orphan.is_problem(409, "location-parent-deleted");
    assert_eq!(problem["parent"], cellar["id"]);
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("CELLAR")), "{problem}");
    let problem = taken.is_problem(409, "location-code-taken");
    assert_eq!(problem["taken_by"], usurper["id"]);
    delete(&manager, "locations", &usurper).await;
    restore(&manager, "locations", &cellar).await.is(200);
    restore(&manager, "locations", &rack).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_unknown_object_is_not_found_and_a_living_one_stays_as_it_is() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;

    let unknown = json!({ "id": nothing::<()>().to_string() });
    restore(&manager, "items", &unknown).await.is_problem(404, "not-found");
    let same = restore(&manager, "items", &salmon).await.is(200);

    assert_eq!(same["version"], 1);
    assert_eq!(server.audit_actions().await, ["inventory.item.created"]);
    server.finish().await;
}

#[tokio::test]
async fn emptying_forgets_what_nothing_ever_happened_to_and_keeps_the_ledger() {
    let server = TestServer::start().await;
    let user = server.user("manager").await;
    let manager = server.token_of(user).await;
    let (moved, unused) = (item(&manager, "MOVED").await, item(&manager, "UNUSED").await);
    let (shelf, corner) = (location(&manager, "SHELF").await, location(&manager, "CORNER").await);
    post(&manager, "receive", &moved, &shelf, "2").await;
    post(&manager, "use", &moved, &shelf, "2").await;
    for thing in [&moved, &unused] {
        delete(&manager, "items", thing).await;
    }
    for thing in [&shelf, &corner] {
        delete(&manager, "locations", thing).await;
    }
    let living = item(&manager, "LIVING").await;

    let too_early = empty(&server.inside()).await.expect("emptied");
    server.advance(31 * DAY);
    let forgotten = empty(&server.inside()).await.expect("emptied");
    let again = empty(&server.inside()).await.expect("emptied");

    assert_eq!([too_early, forgotten, again], [0, 2, 0]);
    let manager = server.token_of(user).await;
    let any = |thing: &Value| format!("{}?deleted=true", path("items", thing));
    manager.get(&any(&unused)).await.is_problem(404, "not-found");
    assert_eq!(manager.get(&any(&moved)).await.is(200)["name"], "Thing MOVED");
    manager.get(&path("items", &living)).await.is(200);
    let history = manager.get("/inventory/movements").await.is(200);
    assert_eq!(history["items"].as_array().map(Vec::len), Some(2));
    let places = manager.get("/inventory/locations?deleted=true").await.is(200);
    assert_eq!(column(&places, "code"), ["SHELF"]);
    let ok = manager.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(ok["ok"], true, "{ok}");
    assert_eq!(manager.get("/inventory/items?q=unused").await.is(200)["items"], json!([]));
    let actions = server.audit_actions().await;
    assert_eq!(
        actions[actions.len() - 2..],
        ["inventory.item.forgotten", "inventory.location.forgotten"]
    );
    assert_eq!(server.clock.now(), Moment(START.0).plus(31 * DAY));
    server.finish().await;
}

#[tokio::test]
async fn a_full_bin_is_emptied_in_several_steps() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for number in 0..101 {
        let thing = item(&manager, &format!("N{number}")).await;
        delete(&manager, "items", &thing).await;
    }
    server.advance(31 * DAY);

    assert_eq!(empty(&server.inside()).await.expect("emptied"), 101);

    server.finish().await;
}
