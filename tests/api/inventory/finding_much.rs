//! A search that finds hundreds of items shows the same pages as one that finds a few.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};

use super::{column, location, post};
use crate::support::{Client, TestServer};

/// More than are sorted at once.
const ITEMS: usize = 450;

/// Items `IT-000` … named in the reverse order, every third in the category Fish.
async fn stock(manager: &Client) {
    let mut file = String::from("item_number,name,unit,category,min_qty\n");
    for number in 0..ITEMS {
        let category = if number % 3 == 0 { "Fish" } else { "Meat" };
        writeln!(file, "IT-{number:03},Smoked {:03},kg,{category},5", ITEMS - number)
            .expect("a row");
    }
    let (path, csv) = ("/inventory/import/preview?kind=items", [("content-type", "text/csv")]);
    let preview = manager.send(Method::POST, path, &csv, file.into_bytes()).await.is(200);
    let id = preview["id"].as_str().expect("an id");
    let path = format!("/inventory/import/{id}/commit");
    assert_eq!(manager.post(&path, &Value::Null).await.is(200)["created"], ITEMS);
}

/// One field of all rows of a list, page by page.
async fn pages(manager: &Client, query: &str, field: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/inventory/items?limit=100{query}{cursor}");
        let page = manager.get(&path).await.is(200);
        all.extend(column(&page, field));
        let Some(next) = page["next_cursor"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}

fn numbers(which: impl Iterator<Item = usize>) -> Vec<String> {
    which.map(|number| format!("IT-{number:03}")).collect()
}

#[tokio::test]
async fn many_hits_come_best_first_and_each_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    stock(&manager).await;

    let by_fit = pages(&manager, "&q=smoked", "item_number").await;
    let with_exact = pages(&manager, "&q=it-007", "item_number").await;
    let parts = pages(&manager, "&q=moked", "item_number").await;

    let by_name = numbers((0..ITEMS).rev());
    assert_eq!(by_fit, by_name);
    assert_eq!(parts, by_name);
    // Its own number before the beginnings of words.
    assert_eq!(with_exact, ["IT-007", "IT-443"]);
    // A number that is an item's own and the beginning of all others comes first.
    let all = json!({ "item_number": "IT", "name": "Zebra", "unit": "kg" });
    manager.post("/inventory/items", &all).await.is(201);
    let found = pages(&manager, "&q=it", "item_number").await;
    assert_eq!((found.len(), found[0].as_str()), (ITEMS + 1, "IT"));
    assert_eq!(found[1..], by_name);
    server.finish().await;
}

#[tokio::test]
async fn many_hits_are_sorted_and_narrowed_as_asked() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    stock(&manager).await;
    let shelf = location(&manager, "A").await;
    for number in ["IT-003", "IT-010"] {
        let found = manager.get(&format!("/inventory/items?q={number}")).await.is(200);
        post(&manager, "receive", &found["items"][0], &shelf, "7").await;
    }

    for (sort, expected) in [
        ("item_number", numbers(0..ITEMS)),
        ("-item_number", numbers((0..ITEMS).rev())),
        ("-name", numbers(0..ITEMS)),
    ] {
        let found = pages(&manager, &format!("&q=it&sort={sort}"), "item_number").await;
        assert_eq!(found, expected, "{sort}");
    }
    let most = pages(&manager, "&q=smoked&sort=-on_hand", "item_number").await;
    assert_eq!((most.len(), &most[..2]), (ITEMS, &numbers([10, 3].into_iter())[..]));
    let here = format!("&q=it&location={}", super::text(&shelf["id"]));
    assert_eq!(pages(&manager, &here, "item_number").await, numbers([10, 3].into_iter()));
    let fish = pages(&manager, "&q=it&category=Fish&low=true", "item_number").await;
    let expected = (0..ITEMS).rev().filter(|number| number % 3 == 0 && *number != 3);
    assert_eq!(fish, numbers(expected));
    server.finish().await;
}
