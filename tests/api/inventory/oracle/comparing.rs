//! Everything that the box says of a life, now and at the end of days that are over, beside what
//! the books say.

use std::collections::BTreeMap;
use std::time::Duration;

use holdfast::platform::clock::Moment;
use serde_json::{Value, json};

use super::books::{Entry, Kind, rounded};
use super::kitchen::{Kitchen, all, index, units};
use super::orders::State;
use super::steps::{ITEMS, PLACES};
use crate::inventory::{path, text};

/// The worth of each place, that of what lies nowhere, and whether the manual says it to the last
/// digit: of places that hold as much, and of stock below zero, it does not say who has the rest.
struct ByPlace {
    worths: BTreeMap<Option<usize>, i128>,
    is_told: bool,
}

impl Kitchen {
    pub async fn compare(&mut self, days: &[u32]) {
        self.compare_ledger().await;
        self.compare_worth("", Moment(i64::MAX)).await;
        for day in days {
            let then = self.now().minus(Duration::from_hours(24 * u64::from(*day)));
            let day = then.to_string()[..10].to_owned();
            let end: Moment = format!("{day}T23:59:59.999Z").parse().expect("a moment");
            // A day that is not over is told until now.
            let end = end.min(self.now());
            self.compare_worth(&format!("&at={day}"), end).await;
            self.compare_stock(&format!("&at={end}"), end).await;
        }
        self.compare_stock("", Moment(i64::MAX)).await;
        self.compare_orders().await;
        for item in 0..ITEMS {
            self.restore(item).await;
            self.compare_item(item).await;
        }
        let findings = self.admin.post("/inventory/integrity", &Value::Null).await.is(200);
        assert_eq!(findings["differences"], json!([]));
        assert_eq!(findings["ok"], true);
    }

    /// Each row is that of the books, in the same order, and there is none besides.
    async fn compare_ledger(&self) {
        let journal = self.journal().await;
        assert_eq!(journal.len(), self.books.entries.len());
        for (number, (told, entry)) in journal.iter().zip(&self.books.entries).enumerate() {
            let Entry { item, place, kind, qty, value, at, .. } = *entry;
            assert_eq!(text(&told["id"]), self.ids[number], "{told}");
            assert_eq!(told["type"], kind.name(), "{told}");
            assert_eq!(told["item_id"], self.items[item]["id"], "{told}");
            assert_eq!(told["location_id"], self.places[place]["id"], "{told}");
            assert_eq!((units(&told["qty"]), units(&told["value"])), (qty, value), "{told}");
            assert_eq!(told["effective_at"], Moment(at).to_string(), "{told}");
            let name = |of: Option<usize>| of.map_or(Value::Null, |of| json!(self.ids[of]));
            assert_eq!(told["reverses"], name(entry.reverses), "{told}");
            assert_eq!(told["reversed_by"], name(entry.reversed_by), "{told}");
        }
    }

    /// What an item's page and its history say: worth is what came in less what went out.
    async fn compare_item(&self, item: usize) {
        let goods = &self.books.goods[item];
        let told = self.admin.get(&path("items", &self.items[item])).await.is(200);
        assert_eq!(units(&told["on_hand"]), goods.qty, "{told}");
        assert_eq!(units(&told["stock_value"]), goods.value, "{told}");
        assert!(goods.qty != 0 || goods.value == 0, "nothing is worth nothing: {told}");
        let list = format!("{}/movements?", path("items", &self.items[item]));
        let mut rows = all(&self.admin, &list).await;
        rows.reverse();
        let (mut balance, mut receipts, mut issues) = (0, 0, 0);
        for row in &rows {
            let (qty, value) = (units(&row["qty"]), units(&row["value"]));
            balance += qty;
            assert_eq!(units(&row["balance"]), balance, "{row}");
            if row["type"] == Kind::Receive.name() {
                receipts += value;
            } else {
                issues -= value;
            }
        }
        assert_eq!(receipts - issues, goods.value, "{told}");
        let of_item = |entry: &&Entry| entry.item == item;
        assert_eq!(rows.len(), self.books.entries.iter().filter(of_item).count());
    }

    async fn compare_stock(&self, at: &str, moment: Moment) {
        let mut told = BTreeMap::new();
        for row in all(&self.admin, &format!("/inventory/stock?{at}")).await {
            let item = index(&self.items, &row["item_id"]);
            let place = index(&self.places, &row["location_id"]);
            told.insert((item, place), units(&row["qty"]));
        }
        told.retain(|_, qty| *qty != 0);
        let keys = (0..ITEMS).flat_map(|item| (0..PLACES).map(move |place| (item, place)));
        let expected = keys.map(|key| (key, self.books.at_place(key.0, key.1, moment.0)));
        let expected: BTreeMap<_, _> = expected.filter(|(_, qty)| *qty != 0).collect();
        assert_eq!(told, expected, "stock {at}");
    }

    /// The report by item, by category and by place.
    async fn compare_worth(&self, at: &str, moment: Moment) {
        let by_item = self.report("item", at, moment).await;
        let mut categories: BTreeMap<String, i128> = BTreeMap::new();
        let mut total = 0;
        for item in 0..ITEMS {
            let (qty, value) = self.books.at(item, moment.0);
            let row = by_item.iter().find(|row| row["id"] == self.items[item]["id"]);
            let told = row.map_or((0, 0), |row| (units(&row["qty"]), units(&row["value"])));
            assert_eq!(told, (qty, value), "item {item} {at}");
            if let Some(row) = row.filter(|_| qty > 0 && value >= 0) {
                assert_eq!(units(&row["unit_value"]), rounded(value * 1_000, qty), "{row}");
            }
            let category = text(&self.items[item]["category"]).to_owned();
            *categories.entry(category).or_default() += value;
            total += value;
        }
        categories.retain(|_, value| *value != 0);
        let told = self.report("category", at, moment).await;
        let told = told.iter().map(|row| (text(&row["name"]).to_owned(), units(&row["value"])));
        let told: BTreeMap<_, _> = told.filter(|(_, value)| *value != 0).collect();
        assert_eq!(told, categories, "categories {at}");

        let told = self.report("location", at, moment).await;
        let place = |row: &Value| (!row["id"].is_null()).then(|| index(&self.places, &row["id"]));
        let told = told.iter().map(|row| (place(row), units(&row["value"])));
        let told: BTreeMap<_, _> = told.filter(|(_, value)| *value != 0).collect();
        assert_eq!(told.values().sum::<i128>(), total, "places {at}");
        let expected = self.by_place(moment);
        assert!(!expected.is_told || told == expected.worths, "{at}: {told:?}");
    }

    async fn report(&self, group: &str, at: &str, moment: Moment) -> Vec<Value> {
        let address = format!("/inventory/reports/valuation?group={group}&limit=200{at}");
        let report = self.admin.get(&address).await.is(200);
        if moment.0 != i64::MAX {
            assert_eq!(report["at"], moment.to_string());
        }
        let rows = report["items"].as_array().expect("rows").clone();
        let sum: i128 = rows.iter().map(|row| units(&row["value"])).sum();
        assert_eq!(units(&report["total"]["value"]), sum, "{report}");
        rows
    }

    fn by_place(&self, moment: Moment) -> ByPlace {
        let mut by_place = ByPlace { worths: BTreeMap::new(), is_told: true };
        for item in 0..ITEMS {
            let (qty, value) = self.books.at(item, moment.0);
            let lies = |place| (place, self.books.at_place(item, place, moment.0));
            let mut lying: Vec<_> = (0..PLACES).map(lies).filter(|(_, qty)| *qty != 0).collect();
            lying.sort_by_key(|(_, qty)| -qty);
            match lying[..] {
                [] => *by_place.worths.entry(None).or_default() += value,
                _ if lying.iter().any(|(_, qty)| *qty < 0) => by_place.is_told = false,
                [(_, most), (_, next), ..] if most == next => by_place.is_told = false,
                [(most, _), ref others @ ..] => {
                    let mut rest = value;
                    for (place, there) in others {
                        let share = rounded(value * there, qty);
                        *by_place.worths.entry(Some(*place)).or_default() += share;
                        rest -= share;
                    }
                    *by_place.worths.entry(Some(most)).or_default() += rest;
                }
            }
        }
        by_place.worths.retain(|_, value| *value != 0);
        by_place
    }

    async fn compare_orders(&self) {
        for (kept, order) in self.books.orders.iter().zip(&self.orders) {
            let told = self.admin.get(&path("purchase-orders", order)).await.is(200);
            let status = if kept.state == State::Open { "submitted" } else { "received" };
            assert_eq!(told["status"], status, "{told}");
            assert_eq!(told["short"], kept.state == State::ClosedShort, "{told}");
            for (line, row) in kept.lines.iter().zip(told["lines"].as_array().expect("lines")) {
                assert_eq!(units(&row["received_qty"]), line.received, "{told}");
                assert_eq!(units(&row["remaining_qty"]), line.ordered - line.received, "{told}");
            }
        }
    }
}
