//! A count as large as it may be: ten thousand lines, entered in batches and approved while goods
//! arrive.

use std::fmt::Write as _;

use super::*;
use crate::fuzz::world::SETTINGS;
use crate::inventory::oracle::kitchen::all;

/// Lines of the count, the most it may have.
const LINES: u32 = 10_000;
/// Entries of a batch, the most it may have.
const BATCH: usize = 500;
/// Receipts that are posted while the count is approved.
const RECEIPTS: usize = 20;

#[tokio::test]
async fn ten_thousand_lines_are_entered_and_approved_while_goods_arrive_and_none_is_lost() {
    // How long it takes is for the benchmarks to say.
    let patient = [SETTINGS, &[("server.request_timeout_s", "300")]].concat();
    let server = TestServer::start_with(&patient).await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let shelf = location(&manager, "F").await;
    let other = location(&manager, "G").await;
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

    let listed = all(&counter, &below(&count, "lines?")).await;
    assert_eq!(listed.len(), LINES as usize);
    let found = listed.iter().zip(1..).map(|(line, number)| {
        json!({ "client_op": op(number), "item_id": line["item_id"],
            "location_id": line["location_id"], "mode": "set", "qty": "9.5" })
    });
    let found: Vec<Value> = found.collect();
    for batch in found.chunks(BATCH) {
        let told = enter(&counter, &count, batch).await;
        assert!(told.iter().all(|one| one == "accepted"), "{told:?}");
    }
    // Every batch is sent again by a phone that did not hear of it, and counts once.
    for batch in found.chunks(BATCH).step_by(5) {
        let told = enter(&counter, &count, batch).await;
        assert!(told.iter().all(|one| one == "replayed"), "{told:?}");
    }
    let one_more = json!({ "id": listed[0]["item_id"] });
    let one_more = entry(LINES + 1, &one_more, &other, "set", "1");
    assert_eq!(enter(&counter, &count, &[one_more]).await, ["count-too-large"]);
    let handed_in = act(&counter, &count, "submit", json!({})).await;
    assert_eq!(handed_in["summary"], json!({ "variance": LINES }));

    let receipts = listed.iter().take(RECEIPTS).map(|line| {
        let mut body = json!({ "type": "receive", "item_id": line["item_id"],
            "location_id": shelf["id"], "qty": "1" });
        body["unit_cost"] = json!("1.5");
        let manager = manager.clone();
        async move { manager.post("/inventory/movements", &body).await.is(201) }
    });
    let receipts = futures_util::future::join_all(receipts);
    let decide = |line: &Value| json!({ "line_id": line["id"], "decision": "keep_delta" });
    let decisions: Vec<Value> = listed.iter().map(decide).collect();
    let decided = act(&manager, &count, "approve", json!({ "decisions": decisions }));
    tokio::join!(decided, receipts);

    let approved = all(&manager, &below(&count, "lines?state=approved")).await;
    assert_eq!(approved.len(), LINES as usize);
    assert!(approved.iter().all(|line| line["posted"] == "-0.500"));
    let adjusted = manager.get("/inventory/movements?type=adjust&limit=1&total=true").await;
    assert_eq!(adjusted.is(200)["total"], LINES);
    // Ten thousand times 9.5 for 1.5 each, and twenty times one more.
    let worth = manager.get("/inventory/reports/valuation").await.is(200);
    assert_eq!(worth["total"]["value"], "142530.0000");
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
