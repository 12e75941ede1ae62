//! Items.

use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, path, post};
use crate::support::{TestServer, nothing};

fn salmon() -> Value {
    json!({
        "item_number": "SAL-1", "name": "Salmon fillet", "unit": "kg", "qty_step": "0.5",
        "category": "Fish", "min_qty": "5", "max_qty": 20, "unit_cost": "18.5",
        "temp_zone": "freezer", "notes": "Skin on",
        "barcodes": ["4006381333931", { "code": "BOX-SAL", "pack_qty": "10" }],
    })
}

#[tokio::test]
async fn an_item_is_kept_as_it_was_sent_with_exact_decimals() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    let reply = manager.post("/inventory/items", &salmon()).await;
    let made = reply.is(201);
    let read = manager.get(&path("items", &made)).await;

    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.is(200), made);
    for (field, value) in [
        ("qty_step", "0.500"),
        ("min_qty", "5.000"),
        ("max_qty", "20.000"),
        ("unit_cost", "18.5000"),
        ("on_hand", "0.000"),
        ("stock_value", "0.0000"),
        ("temp_zone", "freezer"),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["low"], true);
    let expected = json!([
        { "code": "4006381333931", "kind": "ean", "pack_qty": "1.000" },
        { "code": "BOX-SAL", "kind": "code128", "pack_qty": "10.000" },
    ]);
    assert_eq!(made["barcodes"], expected);
    assert_eq!(server.audit_actions().await, ["inventory.item.created"]);
    server.finish().await;
}

#[tokio::test]
async fn a_number_or_a_code_belongs_to_one_item() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    manager.post("/inventory/items", &salmon()).await.is(201);
    let other = |number: &str, codes: Value| {
        let name = "Other";
        json!({ "item_number": number, "name": name, "unit": "kg", "barcodes": codes })
    };

    for number in ["SAL-1", " sal-1 ", "ＳＡＬ-１"] {
        let refused = manager.post("/inventory/items", &other(number, json!([]))).await;
        refused.is_problem(422, "item-number-taken");
        refused.is_field_problem("item_number", "item-number-taken");
    }
    let refused = manager.post("/inventory/items", &other("X", json!(["Y", "BOX-SAL"]))).await;
    refused.is_problem(422, "barcode-taken");
    refused.is_field_problem("barcodes[1]", "barcode-taken");

    let list = manager.get("/inventory/items").await.is(200);
    assert_eq!(column(&list, "item_number"), ["SAL-1"]);
    assert_eq!(server.audit_actions().await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn wrong_fields_are_named_and_nothing_is_kept() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let with = |field: &str, value: Value| {
        let mut body = salmon();
        body[field] = value;
        body
    };

    for (field, value, code) in [
        ("min_qty", json!("1e3"), "amount-exponent"),
        ("min_qty", json!("1,5"), "amount-comma"),
        ("min_qty", json!("0.0005"), "amount-decimals"),
        ("min_qty", json!("-0"), "amount-negative-zero"),
        ("min_qty", json!("١٢"), "amount-digits"),
        ("max_qty", json!("NaN"), "amount-not-a-number"),
        ("unit_cost", json!("123456789012345"), "amount-too-large"),
        ("max_qty", json!("1"), "max-below-min"),
        ("max_qty", json!(1.5), "wrong-type"),
        ("name", json!(""), "text-empty"),
        ("name", json!("a\u{202e}b"), "text-hidden-characters"),
        ("unit", json!("x".repeat(300)), "text-too-long"),
        ("temp_zone", json!("warm"), "temp-zone"),
        ("colour", json!("pink"), "unknown-field"),
    ] {
        let refused = manager.post("/inventory/items", &with(field, value)).await;
        refused.is_field_problem(field, code);
    }
    let refused = manager.post("/inventory/items", &json!({ "item_number": "X" })).await;
    refused.is_field_problem("name", "missing");

    assert_eq!(manager.get("/inventory/items").await.is(200)["items"], json!([]));
    assert!(server.audit_actions().await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_change_needs_the_version_it_changes() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let made = manager.post("/inventory/items", &salmon()).await.is(201);
    let path = path("items", &made);
    let mut body = made.clone();
    body["name"] = json!("Salmon side");
    body.as_object_mut().unwrap().remove("unit_cost");

    manager.json(Method::PUT, &path, &[], &body).await.is_problem(428, "version-needed");
    let changed = manager.change(Method::PUT, &path, 1, &body).await;
    let stale = manager.change(Method::PUT, &path, 1, &made).await;
    let same = manager.change(Method::PUT, &path, 2, &body).await.is(200);

    assert_eq!(changed.header("etag"), Some("\"2\""));
    let changed = changed.is(200);
    assert_eq!(changed["name"], "Salmon side");
    assert_eq!(changed["unit_cost"], "18.5000", "an absent price is kept");
    assert_eq!(stale.is_problem(412, "stale")["version"], 2);
    assert_eq!(same["version"], 2, "saying what is kept changes nothing");
    let actions = ["inventory.item.created", "inventory.item.changed"];
    assert_eq!(server.audit_actions().await, actions);
    server.finish().await;
}

#[tokio::test]
async fn the_unit_stays_while_there_is_stock_and_so_does_the_item() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "2").await;
    let path = path("items", &salmon);
    let mut body = salmon.clone();
    body["unit"] = json!("lb");

    let unit = manager.change(Method::PUT, &path, 1, &body).await;
    let gone = manager.change(Method::DELETE, &path, 1, &Value::Null).await;
    post(&manager, "use", &salmon, &shelf, "2").await;

    unit.is_problem(422, "unit-in-use");
    gone.is_problem(409, "item-in-use");
    assert_eq!(manager.change(Method::PUT, &path, 1, &body).await.is(200)["unit"], "lb");
    assert_eq!(manager.change(Method::DELETE, &path, 2, &Value::Null).await.status, 204);
    server.finish().await;
}

#[tokio::test]
async fn a_deleted_item_is_hidden_frees_its_number_and_comes_back() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let made = manager.post("/inventory/items", &salmon()).await.is(201);
    let path = path("items", &made);

    assert_eq!(manager.change(Method::DELETE, &path, 1, &Value::Null).await.status, 204);
    manager.get(&path).await.is_problem(404, "not-found");
    let hidden = manager.get(&format!("{path}?deleted=true")).await.is(200);
    assert!(hidden["deleted_at"].is_string());
    assert_eq!(manager.get("/inventory/items?q=salmon").await.is(200)["items"], json!([]));

    let usurper = manager.post("/inventory/items", &salmon()).await.is(201);
    let restore = format!("{path}/restore");
    manager.post(&restore, &Value::Null).await.is_problem(409, "item-number-taken");
    let usurper_path = super::path("items", &usurper);
    manager.change(Method::DELETE, &usurper_path, 1, &Value::Null).await;
    let restored = manager.post(&restore, &Value::Null).await.is(200);

    assert_eq!(restored["deleted_at"], Value::Null);
    assert_eq!(restored["version"], 3);
    assert_eq!(restored["barcodes"], made["barcodes"]);
    server.finish().await;
}

#[tokio::test]
async fn people_restore_their_own_deletions_and_admins_anybodys() {
    let server = TestServer::start().await;
    let (manager, other) = (server.person("manager").await, server.person("manager").await);
    let admin = server.person("admin").await;
    let made = item(&manager, "S").await;
    let path = path("items", &made);
    manager.change(Method::DELETE, &path, 1, &Value::Null).await;
    let restore = format!("{path}/restore");

    let refused = other.post(&restore, &Value::Null).await;
    let allowed = admin.post(&restore, &Value::Null).await;

    assert_eq!(refused.is_problem(403, "forbidden")["needed"], "inventory.restore");
    allowed.is(200);
    server.finish().await;
}

#[tokio::test]
async fn prices_are_absent_for_those_who_may_not_see_them() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let made = manager.post("/inventory/items", &salmon()).await.is(201);
    let shelf = location(&manager, "A").await;
    post(&manager, "receive", &made, &shelf, "2").await;

    for role in ["counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        let one = person.get(&path("items", &made)).await.is(200);
        let list = person.get("/inventory/items").await.is(200);
        let found = person.get("/inventory/items?q=salmon").await.is(200);
        let journal = person.get("/inventory/movements").await.is(200);
        let history = format!("{}/movements", path("items", &made));
        let history = person.get(&history).await.is(200);
        let rows = [&one, &list["items"][0], &found["items"][0]];
        for row in rows {
            assert_eq!(row["name"], "Salmon fillet");
            assert!(row.get("unit_cost").is_none() && row.get("stock_value").is_none());
        }
        for row in [&journal["items"][0], &history["items"][0]] {
            assert_eq!(row["qty"], "2.000");
            assert!(row.get("unit_cost").is_none() && row.get("value").is_none());
        }
    }
    assert_eq!(manager.get(&path("items", &made)).await.is(200)["stock_value"], "37.0000");
    server.finish().await;
}

#[tokio::test]
async fn lists_are_sorted_narrowed_and_paged_without_gap_or_repetition() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let shelf = location(&manager, "A").await;
    for (number, name, category, stock) in [
        ("3", "Äpfel", "Fruit", "5"),
        ("1", "Bananas", "Fruit", "1"),
        ("2", "apples", "Fruit", "3"),
        ("4", "Cod", "Fish", "2"),
        ("5", "Cod", "Fish", "4"),
    ] {
        let body = json!({
            "item_number": number, "name": name, "unit": "kg", "category": category,
            "min_qty": "2.5",
        });
        let made = manager.post("/inventory/items", &body).await.is(201);
        post(&manager, "receive", &made, &shelf, stock).await;
        server.advance(std::time::Duration::from_secs(1));
    }
    let pages = async |query: &str| {
        let mut numbers: Vec<String> = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/inventory/items?limit=2&total=true&{query}{cursor}");
            let page = manager.get(&path).await.is(200);
            numbers.extend(column(&page, "item_number"));
            let Some(next) = page["next_cursor"].as_str() else {
                assert_eq!(page["total"], numbers.len());
                assert_eq!(page["total_is_more"], false);
                return numbers.join("");
            };
            cursor = format!("&cursor={next}");
        }
    };

    assert_eq!(pages("").await, "32145");
    assert_eq!(pages("sort=-name").await, "54123");
    assert_eq!(pages("sort=item_number").await, "12345");
    assert_eq!(pages("sort=-item_number").await, "54321");
    assert_eq!(pages("sort=on_hand").await, "14253");
    assert_eq!(pages("sort=-on_hand").await, "35241");
    assert_eq!(pages("sort=updated_at").await, "31245");
    assert_eq!(pages("category=Fruit&sort=name").await, "321");
    assert_eq!(pages("category=Fish&sort=-on_hand").await, "54");
    assert_eq!(pages("low=true").await, "14");
    assert_eq!(pages("low=true&category=Fish").await, "4");
    assert_eq!(pages("low=true&sort=-on_hand").await, "41");
    assert_eq!(pages(&format!("location={}", shelf["id"].as_str().unwrap())).await, "32145");
    assert_eq!(pages(&format!("location={}", nothing::<()>())).await, "");
    assert_eq!(pages("q=cod").await, "45");
    assert_eq!(pages("q=cod&sort=-item_number").await, "54");
    assert_eq!(pages("q=apfel").await, "3");
    assert_eq!(pages("q=a&category=Fruit&sort=on_hand").await, "23");
    let categories = manager.get("/inventory/items/categories").await.is(200);
    let expected = json!([{ "category": "Fish", "count": 2 }, { "category": "Fruit", "count": 3 }]);
    assert_eq!(categories["items"], expected);
    server.finish().await;
}

#[tokio::test]
async fn a_search_shows_exact_codes_first_then_words_then_parts_of_words() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    for (number, name, code) in [
        ("A1", "Smoked salmon", "111"),
        ("A2", "Salmon fillet", "sal"),
        ("SAL", "Rock salt", "222"),
        ("A4", "Universal cleaner", "333"),
    ] {
        let body = json!({
            "item_number": number, "name": name, "unit": "kg", "barcodes": [code],
        });
        manager.post("/inventory/items", &body).await.is(201);
    }
    let found = async |q: &str| {
        let query = q.replace('"', "%22").replace(' ', "%20").replace('*', "%2A");
        let page = manager.get(&format!("/inventory/items?q={query}")).await.is(200);
        column(&page, "item_number").join(" ")
    };

    // "sal" is A2's code and SAL's number; A1 has a word with it; "universal" has it inside.
    assert_eq!(found("sal").await, "SAL A2 A1 A4");
    assert_eq!(found("222").await, "SAL");
    assert_eq!(found("fillet salm").await, "A2");
    assert_eq!(found("leane").await, "A4");
    for hostile in ["\"", "a OR b", "*", "NEAR(", "name:x", "-", "AND", "(", "'"] {
        assert_eq!(found(hostile).await, "", "{hostile}");
    }
    let hidden = manager.get("/inventory/items?q=%00").await;
    hidden.is_field_problem("q", "text-hidden-characters");
    server.finish().await;
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;

    for (query, field, code) in [
        ("sort=price", "sort", "sort-unknown"),
        ("limit=0", "limit", "limit-out-of-range"),
        ("limit=201", "limit", "limit-out-of-range"),
        ("location=x", "location", "unknown-location"),
        ("colour=red", "colour", "unknown-field"),
    ] {
        let refused = viewer.get(&format!("/inventory/items?{query}")).await;
        refused.is_field_problem(field, code);
    }
    viewer.get("/inventory/items?cursor=zzz").await.is_problem(400, "cursor-bad");
    viewer.get("/inventory/items?cursor=WzEsMl0").await.is_problem(400, "cursor-bad");
    let by_name = viewer.get("/inventory/items?sort=on_hand&cursor=eyJrIjoiYSIsInIiOjF9").await;
    by_name.is_problem(400, "cursor-bad");
    viewer.get("/inventory/items/x").await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_post_makes_one_item() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let key = [("idempotency-key", "first-try")];
    let mut other = salmon();
    other["name"] = json!("Trout");

    let first = manager.json(Method::POST, "/inventory/items", &key, &salmon()).await;
    let again = manager.json(Method::POST, "/inventory/items", &key, &salmon()).await;
    let differs = manager.json(Method::POST, "/inventory/items", &key, &other).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.is(201), again.is(201));
    differs.is_problem(422, "idempotency-mismatch");
    assert_eq!(server.audit_actions().await, ["inventory.item.created"]);
    server.finish().await;
}

#[tokio::test]
async fn only_those_who_may_write_change_items() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let made = item(&manager, "S").await;
    let path = path("items", &made);

    for role in ["counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        person.post("/inventory/items", &salmon()).await.is_problem(403, "forbidden");
        let changed = person.change(Method::PUT, &path, 1, &salmon()).await;
        changed.is_problem(403, "forbidden");
        let deleted = person.change(Method::DELETE, &path, 1, &Value::Null).await;
        deleted.is_problem(403, "forbidden");
        person.get(&path).await.is(200);
    }
    server.finish().await;
}
