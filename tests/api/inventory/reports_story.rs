//! The auditor asks: what did you own on 31 March, and why?

use serde_json::{Value, json};

use super::{location, movement, path, text};
use crate::support::{Client, TestServer};

/// Reports have a limit of their own, which is not what is tried here.
const SETTINGS: &[(&str, &str)] = &[("limits.heavy_per_min", "1000")];

async fn item(client: &Client, number: &str, category: &str) -> Value {
    let body = json!({ "item_number": number, "name": format!("Thing {number}"), "unit": "kg",
        "category": category });
    client.post("/inventory/items", &body).await.is(201)
}

async fn on(client: &Client, moment: &str, mut body: Value, price: Option<&str>) -> Value {
    body["effective_at"] = json!(moment);
    if let Some(price) = price {
        body["unit_cost"] = json!(price);
    }
    client.post("/inventory/movements", &body).await.is(201)
}

async fn worth(client: &Client, query: &str) -> Value {
    let address = format!("/inventory/reports/valuation?at=2026-03-31{query}");
    client.get(&address).await.is(200)
}

/// An amount in ten-thousandths.
fn amount(value: &Value) -> i64 {
    text(value).replace('.', "").parse().expect("an amount")
}

#[tokio::test]
async fn what_was_owned_on_the_last_of_march_is_told_down_to_its_rows_and_stays_so() {
    let server = TestServer::start_with(SETTINGS).await;
    let (manager, admin) = (server.person("manager").await, server.person("admin").await);
    let (salmon, salt) = (item(&manager, "S", "Fish").await, item(&manager, "X", "Dry").await);
    let cellar = location(&manager, "C").await;

    // March: ten kilograms of salmon at 1.00, five at 2.00, of which one goes for 1.3333; salt.
    let receive = |thing, qty| movement("receive", thing, &cellar, qty);
    on(&manager, "2026-03-02T08:00:00Z", receive(&salmon, "10"), Some("1")).await;
    on(&manager, "2026-03-09T08:00:00Z", receive(&salmon, "5"), Some("2")).await;
    let used =
        on(&manager, "2026-03-31T23:59:59.999Z", movement("use", &salmon, &cellar, "1"), None);
    let used = used.await;
    on(&manager, "2026-03-20T08:00:00Z", receive(&salt, "4"), Some("0.25")).await;
    // The first of April is not March.
    on(&manager, "2026-04-01T00:00:00Z", receive(&salmon, "100"), Some("9")).await;

    // The month is handed in, and closed.
    let day = json!({ "locked_until": "2026-03-31" });
    admin.change(http::Method::PUT, "/inventory/lock-date", 1, &day).await.is(200);
    let handed_in = worth(&admin, "").await;
    assert_eq!(handed_in["total"]["value"], "19.6667");

    // Somebody finds a delivery note of March, and somebody else a mistake of March.
    let mut late = receive(&salmon, "3");
    late["effective_at"] = json!("2026-03-30T08:00:00Z");
    manager.post("/inventory/movements", &late).await.is_problem(422, "locked-period");
    manager.post(&format!("{}/reverse", path("movements", &used)), &json!({})).await.is(201);

    // The auditor asks in November, and gets what was handed in.
    let auditor = server.person("admin").await;
    assert_eq!(worth(&auditor, "").await, handed_in);
    let fish = worth(&auditor, "&group=item&category=Fish").await;
    let row = &fish["items"][0];
    assert_eq!(
        (&row["code"], &row["qty"], &row["value"]),
        (&json!("S"), &json!("14.000"), &json!("18.6667"))
    );

    // Why? The rows of the ledger until then add up to it.
    let to = text(&fish["at"]);
    let query = format!("/inventory/movements?item_id={}&to={to}", text(&salmon["id"]));
    let rows = auditor.get(&query).await.is(200);
    let rows = rows["items"].as_array().expect("rows");
    let told = |row: &Value| format!("{} {}", text(&row["type"]), text(&row["value"]));
    let told: Vec<String> = rows.iter().map(told).collect();
    assert_eq!(told, ["use -1.3333", "receive 10.0000", "receive 10.0000"]);
    assert_eq!(rows.iter().map(|row| amount(&row["value"])).sum::<i64>(), amount(&row["value"]));

    // And what was used in March, and how often the stock was turned over: evenings of 10.00 from
    // the 2nd to the 8th, 20.00 from the 9th to the 30th, 18.6667 on the 31st; the salt 1.00 from
    // the 20th on. 70 + 440 + 18.6667 + 12 in 31 days are 17.4409 on average.
    let march = "/inventory/reports/usage?from=2026-03-01&to=2026-03-31";
    let march = auditor.get(march).await.is(200);
    let total = &march["total"];
    assert_eq!(total["used_value"], "1.3333");
    assert_eq!(total["average_value"], "17.4409");
    assert_eq!(total["turnover"], "0.0764");
    assert_eq!(total["closing_value"], handed_in["total"]["value"]);

    // Nobody wrote into it: the ledger adds up, and the chain of the log is whole.
    let whole = auditor.post("/inventory/integrity", &json!({})).await.is(200);
    assert_eq!(whole["ok"], true);
    let verdict = auditor.post("/audit/verify", &Value::Null).await.is(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
    server.finish().await;
}
