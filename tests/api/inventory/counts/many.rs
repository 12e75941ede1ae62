//! Counts as large as they may be.

use std::fmt::Write as _;

use super::*;

/// Lines of the large count.
const LINES: usize = 1_000;

#[tokio::test]
async fn a_large_count_is_paged_and_posted_at_once() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    location(&manager, "F").await;
    let mut file = "item_number,name,unit\r\n".to_owned();
    let mut stock = "item_number,location_code,qty,unit_cost\r\n".to_owned();
    for number in 0..LINES {
        write!(file, "I{number:05},Thing,kg\r\n").expect("room");
        write!(stock, "I{number:05},F,10,1.5\r\n").expect("room");
    }
    take_over(&manager, "items", file).await;
    take_over(&manager, "opening_stock", stock).await;
    let count = open(&manager, false).await;
    assert_eq!(count["lines"], LINES);

    let mut number = 0;
    let mut cursor = String::new();
    loop {
        let page = counter.get(&below(&count, &format!("lines?limit=200{cursor}"))).await.is(200);
        let rows = page["items"].as_array().expect("lines");
        let found: Vec<Value> = rows
            .iter()
            .map(|line| {
                number += 1;
                json!({ "client_op": op(number), "item_id": line["item_id"],
                    "location_id": line["location_id"], "mode": "set", "qty": "9.5" })
            })
            .collect();
        assert!(enter(&counter, &count, &found).await.iter().all(|one| one == "accepted"));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(number as usize, LINES);
    let handed_in = act(&counter, &count, "submit", json!({})).await;
    assert_eq!(handed_in["summary"], json!({ "variance": LINES }));

    act(&manager, &count, "approve", json!({})).await;

    // A thousand times 9.5 for 1.5 each.
    let worth = manager.get("/inventory/reports/valuation").await.is(200);
    assert_eq!(worth["total"]["value"], "14250.0000");
    let found = manager.post("/inventory/integrity", &json!({})).await.is(200);
    assert_eq!(found["ok"], true);
    server.finish().await;
}

/// Takes over a file that is fine.
async fn take_over(client: &Client, kind: &str, file: String) {
    let headers = [("content-type", "text/csv")];
    let address = format!("/inventory/import/preview?kind={kind}");
    let preview = client.send(http::Method::POST, &address, &headers, file).await.is(200);
    let commit = format!("/inventory/import/{}/commit", text(&preview["id"]));
    client.post(&commit, &json!({})).await.is(200);
}
