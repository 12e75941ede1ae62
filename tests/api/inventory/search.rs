//! The one search: what it finds, who finds it, and what typed text can do to it.

use std::fmt::Write;

use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, movement, path, post};
use crate::support::{Client, TestServer};

async fn search(client: &Client, typed: &str) -> Value {
    let mut encoded = String::new();
    for byte in typed.bytes() {
        write!(encoded, "%{byte:02X}").expect("a text takes all");
    }
    client.get(&format!("/search?q={encoded}")).await.is(200)
}

async fn found(client: &Client, typed: &str) -> Vec<String> {
    column(&search(client, typed).await, "title")
}

async fn named(client: &Client, number: &str, name: &str) -> Value {
    let body = json!({ "item_number": number, "name": name, "unit": "kg" });
    client.post("/inventory/items", &body).await.is(201)
}

/// A supplier, who comes into being with an item.
async fn supplied(client: &Client, supplier: &str) {
    let csv = format!("item_number,name,unit,supplier\nX-1,Thing X,kg,{supplier}\n");
    let headers = [("content-type", "text/csv")];
    let preview = "/inventory/import/preview?kind=items";
    let shown = client.send(Method::POST, preview, &headers, csv).await.is(200);
    assert_eq!(shown["errors"], json!([]));
    let commit = format!("/inventory/import/{}/commit", super::text(&shown["id"]));
    client.post(&commit, &Value::Null).await.is(200);
}

#[tokio::test]
async fn items_places_movements_and_suppliers_are_found_in_one_list() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let olives = named(&manager, "OL-1", "Green olives").await;
    let body = json!({ "code": "OLD", "name": "Old cellar" });
    let cellar = manager.post("/inventory/locations", &body).await.is(201);
    let mut body = movement("receive", &olives, &cellar, "3");
    body["reference"] = json!("Oliveira 2026/17");
    body["note"] = json!("left at the gate");
    let received = manager.post("/inventory/movements", &body).await.is(201);
    supplied(&manager, "Olmo & Sons").await;

    let list = search(&manager, "ol").await;

    let kinds = column(&list, "kind");
    let inventory = |kind: &str| format!("inventory.{kind}");
    assert_eq!(kinds, ["item", "location", "supplier", "movement"].map(inventory));
    let movement = &list["items"][3];
    assert_eq!(movement["id"], received["id"]);
    assert_eq!(movement["title"], "Oliveira 2026/17");
    assert_eq!(movement["subtitle"], "OL-1 Green olives");
    assert_eq!(movement["parent_id"], olives["id"]);
    assert_eq!(movement["score_class"], "word");
    assert_eq!(found(&manager, "gate left").await, ["Oliveira 2026/17"]);
    assert_eq!(found(&manager, "oliveira 2026/17").await, ["Oliveira 2026/17"]);
    server.finish().await;
}

#[tokio::test]
async fn codes_numbers_and_whole_names_come_before_everything_else() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    named(&manager, "A", "Salt, fine").await;
    named(&manager, "B", "Salt").await;
    named(&manager, "C", "Basalt plate").await;
    let body = json!({ "item_number": "SALT", "name": "Zinc", "unit": "kg",
        "barcodes": [{ "code": "4006381333931" }] });
    manager.post("/inventory/items", &body).await.is(201);

    let list = search(&manager, "salt").await;

    assert_eq!(column(&list, "title"), ["Zinc", "Salt", "Salt, fine", "Basalt plate"]);
    assert_eq!(column(&list, "score_class"), ["exact", "exact", "word", "part"]);
    assert_eq!(found(&manager, "4006381333931").await, ["Zinc"]);
    server.finish().await;
}

#[tokio::test]
async fn accents_and_case_do_not_matter() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    named(&manager, "CF", "Crème fraîche").await;
    let body = json!({ "code": "KÜHL", "name": "Kühlraum" });
    manager.post("/inventory/locations", &body).await.is(201);

    assert_eq!(found(&manager, "FRAICHE creme").await, ["Crème fraîche"]);
    assert_eq!(found(&manager, "kuhl").await, ["Kühlraum"]);
    server.finish().await;
}

#[tokio::test]
async fn each_sees_only_what_their_role_may_see_and_nobody_a_price() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let body = json!({ "item_number": "ACME-1", "name": "Acme thing", "unit": "kg",
        "unit_cost": "1234567.7700" });
    manager.post("/inventory/items", &body).await.is(201);
    supplied(&manager, "Acme Trading").await;

    for role in ["counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        assert_eq!(found(&person, "acme").await, ["Acme thing"], "{role}");
    }
    let list = search(&manager, "acme").await;
    assert_eq!(column(&list, "title"), ["Acme thing", "Acme Trading"]);
    let members: Vec<&String> = list["items"][0].as_object().expect("an object").keys().collect();
    assert_eq!(members, ["id", "kind", "parent_id", "score_class", "subtitle", "title"]);
    // Longer than any number in the names of those people.
    assert_eq!(found(&manager, "1234567.77").await, [""; 0]);
    server.finish().await;
}

#[tokio::test]
async fn another_workspace_is_not_searched() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    named(&manager, "S", "Canary salmon").await;
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;

    assert_eq!(found(&outsider, "canary").await, [""; 0]);
    let foreign = outsider.in_workspace(server.workspace);
    foreign.get("/search?q=canary").await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn what_was_deleted_is_not_found() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (thing, place) = (item(&manager, "DEL").await, location(&manager, "DEL").await);
    for path in [path("items", &thing), path("locations", &place)] {
        assert_eq!(manager.change(Method::DELETE, &path, 1, &Value::Null).await.status, 204);
    }

    assert_eq!(found(&manager, "del").await, [""; 0]);
    server.finish().await;
}

#[tokio::test]
async fn nothing_typed_is_search_syntax_and_nothing_breaks_it() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let thing = named(&manager, "N-1", "NEAR OR AND NOT").await;
    let shelf = location(&manager, "A").await;
    let mut body = movement("receive", &thing, &shelf, "1");
    body["note"] = json!("quote \" and star *");
    manager.post("/inventory/movements", &body).await.is(201);

    let long = "x".repeat(5_000);
    for typed in [
        "\"",
        "*",
        "(",
        "NEAR(",
        "NEAR/2",
        "name:x",
        "a OR",
        "-a",
        "^a",
        "{a b}",
        "a\"b",
        "+",
        "''",
        "\u{0}",
        "\u{202e}",
        "%",
        "_",
        "ab\u{301}",
        "हिन्दी भाषा",
        "½",
        "日本語",
        "🐟",
        "\t\n",
        &long,
    ] {
        search(&manager, typed).await;
    }
    assert_eq!(found(&manager, "or and near").await, ["NEAR OR AND NOT"]);
    assert_eq!(found(&manager, "quote \"*").await, ["quote \" and star *"]);
    assert_eq!(search(&manager, "").await["items"], json!([]));
    manager.get("/search").await.is_field_problem("q", "missing");
    manager.get("/search?q=a&limit=201").await.is_field_problem("limit", "limit-out-of-range");
    server.finish().await;
}

#[tokio::test]
async fn many_of_one_kind_do_not_hide_another_and_the_list_is_bounded() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for number in 0..30 {
        named(&manager, &format!("M{number:02}"), &format!("Milk {number:02}")).await;
    }
    let body = json!({ "code": "MR", "name": "Milk room" });
    manager.post("/inventory/locations", &body).await.is(201);

    let list = search(&manager, "milk").await;

    let titles = column(&list, "title");
    assert_eq!(titles.len(), 20);
    assert_eq!(titles[0], "Milk 00");
    assert_eq!(titles[19], "Milk room");
    let short = manager.get("/search?q=milk&limit=3").await.is(200);
    assert_eq!(column(&short, "title"), ["Milk 00", "Milk 01", "Milk room"]);
    server.finish().await;
}

#[tokio::test]
async fn movements_are_found_newest_first_by_the_beginning_of_a_word() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, a, b) =
        (item(&manager, "S").await, location(&manager, "A").await, location(&manager, "B").await);
    for number in 1..=3 {
        let mut body = movement("receive", &salmon, &a, "5");
        body["reference"] = json!(format!("Delivery {number}"));
        manager.post("/inventory/movements", &body).await.is(201);
    }
    post(&manager, "use", &salmon, &a, "1").await;
    let transfer = json!({ "item_id": salmon["id"], "from_location_id": a["id"],
        "to_location_id": b["id"], "qty": "1", "note": "Delivered to the bar" });
    manager.post("/inventory/transfers", &transfer).await.is(201);

    let all = ["Delivered to the bar", "Delivery 3", "Delivery 2", "Delivery 1"];
    assert_eq!(found(&manager, "deliver").await, all);
    assert_eq!(found(&manager, "delivery 2").await, ["Delivery 2"]);
    let two = manager.get("/search?q=deliv&limit=2").await.is(200);
    assert_eq!(column(&two, "title").len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn members_are_found_by_those_who_may_see_them() {
    let server = TestServer::start().await;
    let mira = server.account("mira@example.com", "counter").await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;

    let list = search(&manager, "mira").await;

    assert_eq!(column(&list, "kind"), ["workspace.member"]);
    assert_eq!(column(&list, "id"), [mira.to_string()]);
    assert_eq!(column(&list, "title"), ["Mira Novak"]);
    for stranger in [&viewer, &outsider] {
        assert_eq!(found(stranger, "mira").await, [""; 0]);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_switched_off_is_neither_searched_nor_in_the_bin() {
    let server = TestServer::start().await;
    let (manager, owner) = (server.person("manager").await, server.person("owner").await);
    named(&manager, "S", "Salmon").await;
    let gone = named(&manager, "T", "Trout").await;
    manager.change(Method::DELETE, &path("items", &gone), 1, &Value::Null).await;
    let settings = format!("/api/v1/workspaces/{}", server.workspace);
    let version = owner.get(&settings).await.is(200)["version"].as_i64().expect("a version");

    owner.change(Method::PATCH, &settings, version, &json!({ "apps": [] })).await.is(200);

    assert_eq!(found(&manager, "salmon").await, [""; 0]);
    assert_eq!(manager.get("/deleted").await.is(200)["items"], json!([]));
    server.finish().await;
}
