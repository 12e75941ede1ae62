//! A long life of random movements: whatever was posted, every sum stays exact.

use std::time::Duration;

use serde_json::{Value, json};

use super::{item, location, path, text};
use crate::support::{Client, TestServer};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let sides = u64::try_from(of.len()).expect("few");
        &of[usize::try_from(self.throw(sides)).expect("small")]
    }

    fn qty(&mut self) -> String {
        format!("{}.{:03}", self.throw(8), self.throw(1_000))
    }
}

/// Thousandths or ten-thousandths of a decimal text.
fn units(decimal: &Value) -> i128 {
    text(decimal).replace('.', "").parse().expect("a decimal")
}

async fn throw_one(dice: &mut Dice, admin: &Client, items: &[Value], places: &[Value]) -> u16 {
    let (item, place) = (dice.pick(items), dice.pick(places));
    let reason = if dice.throw(4) == 0 { json!("Counted again") } else { Value::Null };
    let qty = dice.qty();
    let reply = match dice.throw(10) {
        0..=3 => {
            let price = format!("{}.{:04}", dice.throw(50), dice.throw(10_000));
            let body = json!({
                "type": "receive", "item_id": item["id"], "location_id": place["id"],
                "qty": qty, "unit_cost": price,
            });
            admin.post("/inventory/movements", &body).await
        }
        4..=6 => {
            let back = Duration::from_mins(dice.throw(600));
            let now = crate::support::START.plus(Duration::from_hours(1_000)).minus(back);
            let body = json!({
                "type": *dice.pick(&["use", "adjust"]), "item_id": item["id"],
                "location_id": place["id"], "qty": qty, "override_reason": reason,
                "effective_at": now.to_string(),
            });
            admin.post("/inventory/movements", &body).await
        }
        7..=8 => {
            let body = json!({
                "item_id": item["id"], "from_location_id": place["id"],
                "to_location_id": dice.pick(places)["id"], "qty": qty,
                "override_reason": reason,
            });
            admin.post("/inventory/transfers", &body).await
        }
        _ => {
            let list = admin.get("/inventory/movements?limit=200").await.is(200);
            let rows = list["items"].as_array().expect("a list");
            if rows.is_empty() {
                return 422;
            }
            let path = format!("{}/reverse", path("movements", dice.pick(rows)));
            admin.post(&path, &json!({ "override_reason": reason })).await
        }
    };
    reply.status.as_u16()
}

#[tokio::test]
async fn sums_stay_exact_over_a_long_random_life() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let items = [item(&admin, "A").await, item(&admin, "B").await, item(&admin, "C").await];
    let places = [location(&admin, "X").await, location(&admin, "Y").await];
    server.advance(Duration::from_hours(1_000));
    let admin = server.person("admin").await;
    let mut dice = Dice(2_026);

    let mut posted = 0;
    for _ in 0..300 {
        let status = throw_one(&mut dice, &admin, &items, &places).await;
        assert!([201, 409, 422].contains(&status), "{status}");
        posted += u32::from(status == 201);
    }

    assert!(posted > 150, "only {posted} were posted");
    let findings = admin.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(findings["differences"], json!([]));
    for thing in &items {
        check_sums(&admin, thing).await;
    }
    server.finish().await;
}

async fn check_sums(admin: &Client, thing: &Value) {
    let kept = admin.get(&path("items", thing)).await.is(200);
    let (mut qty, mut value, mut rows) = (0, 0, Vec::new());
    let mut cursor = String::new();
    loop {
        let history = format!("{}/movements?limit=50{cursor}", path("items", thing));
        let page = admin.get(&history).await.is(200);
        rows.extend(page["items"].as_array().expect("a list").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(rows[0]["balance"], kept["on_hand"]);
    for row in rows.iter().rev() {
        qty += units(&row["qty"]);
        value += units(&row["value"]);
        assert_eq!(units(&row["balance"]), qty, "{row}");
    }
    assert_eq!(units(&kept["on_hand"]), qty);
    assert_eq!(units(&kept["stock_value"]), value);
    let now = admin.get(&format!("{}/stock", path("items", thing))).await.is(200);
    let at = crate::support::START.plus(Duration::from_hours(2_000));
    let then = format!("/inventory/stock?item_id={}&at={at}", text(&thing["id"]));
    assert_eq!(admin.get(&then).await.is(200)["items"], now["items"]);
    let places = now["items"].as_array().expect("a list");
    assert_eq!(places.iter().map(|row| units(&row["qty"])).sum::<i128>(), qty);
}
