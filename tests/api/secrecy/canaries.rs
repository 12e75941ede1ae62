//! Unique words are put into everything of one workspace that takes a text. Nobody outside of it
//! may ever hear them: not in an answer, a file, a search, an event or a counter, and no other
//! database file may hold them. What the log says is looked at in `tests/logs.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use http::Method;
use serde_json::{Value, json};

use super::crawl::{Crawler, told};
use super::planted::every_marked_text_was_planted;
use crate::fuzz::chance::Chance;
use crate::fuzz::description::Operation;
use crate::fuzz::draft::Drafter;
use crate::fuzz::exchange;
use crate::fuzz::world::World;
use crate::inventory::{location, movement, path};
use crate::support::Client;

/// Stands in what an app keeps: known to members alone.
const SECRET: &str = "zebrafinch";
/// Stands in names of people, their addresses and the workspace's own: known to members and, where
/// they run the box, to operators.
const KNOWN: &str = "quetzalcoatl";
/// Finds both without being either.
const WORDS: &[&str] = &["zebrafin", "quetzalc"];
/// All but the last digit of an operation's id.
const CLIENT_OP: &str = "01a1fcb0-0000-7000-8000-00000000000";
/// Times each operation of the workspace is used to put words in.
const PLANTINGS: usize = 6;

fn caller<'a>(world: &'a World, name: &str) -> &'a Client {
    let found = world.callers.iter().find(|one| one.name == name);
    &found.expect("a caller").client
}

/// Puts the words where a person would write.
async fn plant_by_hand(world: &World) {
    let owner = caller(world, "owner");
    let shelf = json!({ "code": format!("{SECRET}-A"), "name": format!("Place {SECRET}") });
    let shelf = owner.post("/inventory/locations", &shelf).await.is(201);
    let cold = location(owner, "PLAIN").await;
    let item = |number: &str| {
        json!({ "item_number": format!("{SECRET}-{number}"), "name": format!("Thing {SECRET}"),
            "unit": "kg", "category": format!("Kind {SECRET}"), "notes": format!("note {SECRET}"),
            "barcodes": [format!("{SECRET}{number}")], "min_qty": "100" })
    };
    // What comes in the head of a request is kept too.
    let key = format!("{SECRET}-key");
    let request_id = format!("{SECRET}-request");
    let head = [("idempotency-key", key.as_str()), ("x-request-id", request_id.as_str())];
    let kept = owner.json(Method::POST, "/inventory/items", &head, &item("1")).await.is(201);
    let deleted = owner.post("/inventory/items", &item("2")).await.is(201);
    let mut receipt = movement("receive", &kept, &shelf, "9");
    receipt["note"] = json!(format!("note {SECRET}"));
    receipt["reference"] = json!(format!("slip {SECRET}"));
    let received = owner.post("/inventory/movements", &receipt).await.is(201);
    let reason = json!({ "note": format!("because {SECRET}"), "override_reason": SECRET });
    owner.post(&format!("{}/reverse", path("movements", &received)), &reason).await.is(201);
    let transfer = json!({ "item_id": kept["id"], "from_location_id": shelf["id"],
        "to_location_id": cold["id"], "qty": "1", "note": SECRET, "reference": SECRET,
        "override_reason": SECRET });
    owner.post("/inventory/transfers", &transfer).await.is(201);
    owner.change(Method::DELETE, &path("items", &deleted), 1, &Value::Null).await.is(204);
    let file = format!("item_number,name,unit\n{SECRET}-3,{SECRET},kg\n{SECRET}-4,,{SECRET}\n");
    let csv = [("content-type", "text/csv")];
    let preview = "/inventory/import/preview?kind=items";
    owner.send(Method::POST, preview, &csv, file).await.is(200);
    let said = json!({ "text": format!("said {SECRET}") });
    owner.post(&format!("{}/comments", path("items", &kept)), &said).await.is(201);
    let filter = json!({ "name": format!("Mine {SECRET}"), "q": SECRET,
        "category": format!("Kind {SECRET}"), "location": shelf["id"], "sort": "-on_hand" });
    owner.post("/inventory/saved-filters", &filter).await.is(201);
    plant_orders(world, &kept, &cold).await;
    plant_a_count(world, &kept, &cold).await;
    name_everybody(world).await;
}

/// A supplier, an order from it, and what came of it.
async fn plant_orders(world: &World, item: &Value, place: &Value) {
    let owner = caller(world, "owner");
    let supplier = json!({ "name": format!("Fish {SECRET}"), "phone": SECRET, "notes": SECRET,
        "email": format!("{SECRET}@example.com") });
    let supplier = owner.post("/inventory/suppliers", &supplier).await.is(201);
    let item_id = item["id"].as_str().expect("an id");
    let delivers = format!("{}/items/{item_id}", path("suppliers", &supplier));
    let terms = json!({ "sku": format!("{SECRET}-9"), "last_price": "2", "preferred": true });
    owner.change(Method::PUT, &delivers, 1, &terms).await.is(200);
    let order = json!({ "po_number": format!("PO-{SECRET}"), "supplier_id": supplier["id"],
        "notes": SECRET, "lines": [{ "item_id": item_id, "req_qty": "2", "note": SECRET }] });
    let order = owner.post("/inventory/purchase-orders", &order).await.is(201);
    let at = path("purchase-orders", &order);
    owner.post(&format!("{at}/submit"), &Value::Null).await.is(200);
    owner.post(&format!("{at}/comments"), &json!({ "text": SECRET })).await.is(201);
    let note = format!("{at}/files?name={SECRET}.pdf");
    let bytes = [("content-type", "application/octet-stream")];
    owner.send(Method::POST, &note, &bytes, "%PDF-1.7").await.is(201);
    let receipt = json!({ "client_op": format!("{CLIENT_OP}1"), "remaining_to": place["id"],
        "delivery_reference": SECRET });
    owner.post(&format!("{at}/receive"), &receipt).await.is(201);
}

/// A count that was given back.
async fn plant_a_count(world: &World, item: &Value, place: &Value) {
    let owner = caller(world, "owner");
    let count = json!({ "name": format!("Count {SECRET}"),
        "scope": { "category": format!("Kind {SECRET}") } });
    let count = owner.post("/inventory/counts", &count).await.is(201);
    let at = path("counts", &count);
    let entry = json!({ "client_op": format!("{CLIENT_OP}2"), "item_id": item["id"],
        "location_id": place["id"], "qty": "3", "mode": "set" });
    owner.post(&format!("{at}/entries"), &json!({ "entries": [entry] })).await.is(200);
    owner.post(&format!("{at}/submit"), &Value::Null).await.is(200);
    let reason = json!({ "reason": format!("Again, {SECRET}") });
    owner.post(&format!("{at}/reject"), &reason).await.is(200);
}

/// A file that was looked over and waits. Later ones push it out, so it comes last.
async fn plant_a_file(world: &World) {
    let file = format!("item_number,name,unit\n{SECRET}-5,{SECRET},kg\n");
    let (preview, csv) = ("/inventory/import/preview?kind=items", [("content-type", "text/csv")]);
    caller(world, "owner").send(Method::POST, preview, &csv, file).await.is(200);
}

/// Names of people and of the workspace.
async fn name_everybody(world: &World) {
    for name in ["owner", "manager", "viewer"] {
        let person = caller(world, name);
        let me = person.get("/api/v1/me").await.is(200);
        let version = me["version"].as_i64().expect("a version");
        let named = json!({ "name": format!("{name} {KNOWN}") });
        person.change(Method::PATCH, "/api/v1/me", version, &named).await.is(200);
    }
    let owner = caller(world, "owner");
    let invitation = json!({ "email": format!("{KNOWN}@example.com"), "role": "viewer" });
    owner.post("/invitations", &invitation).await.is(201);
    let at = format!("/api/v1/workspaces/{}", world.homes[0]);
    let version = owner.get(&at).await.is(200)["version"].as_i64().expect("a version");
    let named = json!({ "name": format!("Kitchen {KNOWN}") });
    owner.change(Method::PATCH, &at, version, &named).await.is(200);
}

/// Puts the word wherever the description says that a text is taken, so that what is new is
/// planted too.
async fn plant_by_description(world: &World, crawler: &mut Crawler) {
    let (root, home) = (caller(world, "root"), &world.homes[0]);
    let mut chance = Chance::new(3);
    let writes: Vec<Operation> = crawler.description.operations.clone();
    let is_of_an_app = |one: &&Operation| {
        one.path.starts_with("/api/v1/workspaces/{workspace}/inventory/")
            && one.method != Method::GET
            && one.method != Method::DELETE
    };
    for operation in writes.iter().filter(is_of_an_app) {
        for _ in 0..PLANTINGS {
            let mut drafter = Drafter {
                description: &crawler.description,
                seen: &crawler.seen,
                chance: &mut chance,
                home,
                elsewhere: home,
                mark: Some(SECRET),
            };
            let sent = drafter.request(operation);
            let reply = exchange(root, &sent).await;
            assert!(!reply.status.is_server_error(), "{sent}: {}", reply.text());
            if let (true, Ok(body)) =
                (reply.status.is_success(), serde_json::from_slice(&reply.bytes))
            {
                crawler.seen.learn(home, operation, &body);
            }
        }
    }
}

/// Database files, with their logs, that hold a word.
fn files_with(folder: &Path, word: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, word));
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        if bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())) {
            found.insert(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    found
}

/// Asks for all that is known of the workspace, at each address, and finds who hears a word.
async fn overheard(
    world: &World,
    crawler: &Crawler,
    who: &str,
    words: &[&str],
) -> (usize, BTreeSet<String>) {
    let client = caller(world, who);
    let [home, elsewhere] = &world.homes;
    let (mut accepted, mut heard) = (0, BTreeSet::new());
    for at in [home, elsewhere] {
        for question in crawler.questions(home, at, WORDS) {
            // Whoever sends a word may be told it again.
            if [SECRET, KNOWN].iter().any(|word| question.sent.uri().contains(word)) {
                continue;
            }
            let reply = exchange(client, &question.sent).await;
            accepted += usize::from(reply.status.is_success());
            let said = told(&reply).to_lowercase();
            if words.iter().any(|word| said.contains(word)) {
                heard.insert(question.operation);
            }
        }
    }
    (accepted, heard)
}

#[tokio::test]
async fn nothing_of_a_workspace_is_heard_outside_of_it() {
    let world = World::make().await;
    let mut crawler = Crawler::of(&world.server).await;
    plant_by_hand(&world).await;
    crawler.explore(caller(&world, "root"), &world.homes[0]).await;
    plant_by_description(&world, &mut crawler).await;
    crawler.explore(caller(&world, "root"), &world.homes[0]).await;
    plant_a_file(&world).await;
    every_marked_text_was_planted(&world, SECRET).await;

    let (_, by_owner) = overheard(&world, &crawler, "owner", &[SECRET]).await;
    let (asked_by_outsider, by_outsider) =
        overheard(&world, &crawler, "outsider", &[SECRET, KNOWN]).await;
    let (asked_by_operator, by_operator) = overheard(&world, &crawler, "operator", &[SECRET]).await;
    let counters = caller(&world, "operator").get("/metrics").await.text().to_lowercase();

    // The owner hears them, so the words are there and the questions reach them.
    for place in [
        "/inventory/items",
        "/inventory/items/{id}",
        "/inventory/items/{id}/movements",
        "/inventory/items/{id}/stock",
        "/inventory/items/{id}/comments",
        "/inventory/purchase-orders/{id}/comments",
        "/inventory/purchase-orders/{id}/files",
        "/inventory/items/categories",
        "/inventory/locations",
        "/inventory/movements",
        "/inventory/stock",
        "/inventory/export/{file}",
        "/audit",
        "/deleted",
    ] {
        let name = format!("GET /api/v1/workspaces/{{workspace}}{place}");
        assert!(by_owner.contains(&name), "{name} was not reached: {by_owner:#?}");
    }
    assert!(asked_by_outsider > 30 && asked_by_operator > 15, "too little was answered");
    assert_eq!(by_outsider, BTreeSet::new(), "another workspace's owner hears it");
    assert_eq!(by_operator, BTreeSet::new(), "an operator who is no member hears it");
    assert!(!counters.contains(SECRET) && !counters.contains(KNOWN));
    let files = files_with(world.server.folder(), SECRET);
    assert!(!files.is_empty(), "nothing was kept");
    assert!(files.iter().all(|name| name.starts_with(&world.homes[0])), "{files:?}");
    world.server.finish().await;
}

/// Whoever may not list people does not learn of them by other ways.
#[tokio::test]
async fn who_may_not_list_people_sees_no_address_of_another() {
    let world = World::make().await;
    let (home, owner) = (&world.homes[0], caller(&world, "owner"));
    plant_by_hand(&world).await;
    let mut crawler = Crawler::of(&world.server).await;
    crawler.explore(caller(&world, "root"), home).await;
    let address = owner.get("/api/v1/me").await.is(200)["email"].clone();
    let address = address.as_str().expect("an address").to_lowercase();

    let (_, by_owner) = overheard(&world, &crawler, "owner", &[&address]).await;
    assert!(by_owner.contains("GET /api/v1/workspaces/{workspace}/members"), "{by_owner:#?}");
    for who in ["counter", "analyst", "member", "viewer", "narrowed"] {
        let (_, heard) = overheard(&world, &crawler, who, &[&address, "quetzalcoatl@"]).await;
        // A token sees who it belongs to; that is another person here.
        assert_eq!(heard, BTreeSet::new(), "{who}");
    }
    world.server.finish().await;
}
