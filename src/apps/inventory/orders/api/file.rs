//! An order as a CSV file: the columns of order files first, then what else is known.

use axum::response::{IntoResponse, Response};
use http::header;

use crate::apps::inventory::imports::rules::writer::{defused, push_row};
use crate::apps::inventory::orders::ops::Full;

const COLUMNS: [&str; 11] = [
    "po_number",
    "supplier",
    "item_number",
    "req_qty",
    "unit_price",
    "item_name",
    "unit",
    "supplier_sku",
    "received_qty",
    "value",
    "note",
];

pub(super) fn csv(full: &Full) -> Response {
    let (order, mut csv) = (&full.order, String::new());
    push_row(&mut csv, COLUMNS);
    let (number, supplier) = (defused(&order.po_number), defused(&order.supplier_name));
    for line in &full.lines {
        let item = &line.item;
        let texts = [&item.item_number, &item.name, &item.unit, &line.supplier_sku, &line.note];
        let [item_number, name, unit, sku, note] = texts.map(|text| defused(text));
        let amounts = [line.req_qty, line.received_qty].map(|qty| qty.to_string());
        let money = [line.unit_price, line.value()].map(|money| money.to_string());
        let row = [
            &*number,
            &*supplier,
            &*item_number,
            &amounts[0],
            &money[0],
            &*name,
            &*unit,
            &*sku,
            &amounts[1],
            &money[1],
            &*note,
        ];
        push_row(&mut csv, row);
    }
    let name = format!("attachment; filename=\"order-{}.csv\"", plain(&order.po_number));
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &name)];
    (headers, csv).into_response()
}

/// A number as part of a file's name: letters, digits and hyphens.
fn plain(po_number: &str) -> String {
    let plain = |one: char| if one.is_ascii_alphanumeric() { one } else { '-' };
    po_number.chars().map(plain).collect()
}
