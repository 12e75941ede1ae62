//! Files in and out.

mod orders;

use http::Method;
use serde_json::{Value, json};

use super::{column, item, location, on_hand, path, post};
use crate::support::{Client, TestServer};

async fn preview(client: &Client, kind: &str, csv: &str) -> Value {
    send(client, &format!("kind={kind}"), csv.as_bytes()).await.is(200)
}

async fn send(client: &Client, query: &str, csv: &[u8]) -> crate::support::Reply {
    let path = format!("/inventory/import/preview?{query}");
    client.send(Method::POST, &path, &[("content-type", "text/csv")], csv.to_vec()).await
}

async fn commit(client: &Client, preview: &Value) -> crate::support::Reply {
    let path = format!("/inventory/import/{}/commit", super::text(&preview["id"]));
    client.post(&path, &Value::Null).await
}

/// Previews and takes over a file that is fine.
async fn import(client: &Client, kind: &str, csv: &str) -> Value {
    let shown = preview(client, kind, csv).await;
    assert_eq!(shown["errors"], json!([]), "{shown}");
    commit(client, &shown).await.is(200)
}

async fn export(client: &Client, kind: &str) -> String {
    let reply = client.get(&format!("/inventory/export/{kind}.csv")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    reply.text()
}

fn errors(preview: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = preview["errors"].as_array().expect("a list").iter();
    rows.map(|row| {
        (row["line"].as_u64().expect("a line"), text(&row["column"]), text(&row["code"]))
    })
    .collect()
}

const ITEMS: &str = "\
item_number;Name;unit;category;min_qty;max_qty;unit_cost;barcodes;supplier;supplier_sku;temp_zone;\
colour
SAL-1;Salmon fillet;kg;Fish;5;20;18.5;4006381333931|SAL;Nordfisk;NF-9;freezer;pink
=CMD;\"Cod, \"\"wild\"\"
second line\";kg;Fish;;;;;;;;
OIL;Olive oil;l;;0.5;;7,25;;;;dry;green
";

#[tokio::test]
async fn a_preview_names_line_column_value_and_reason_and_changes_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    let shown = preview(&manager, "items", ITEMS).await;

    assert_eq!(shown["rows"], 3);
    assert_eq!(
        (&shown["create"], &shown["update"], &shown["skip"]),
        (&json!(2), &json!(0), &json!(0))
    );
    assert_eq!(shown["unused_columns"], json!(["colour"]));
    let expected = json!([{
        "line": 5, "column": "unit_cost", "value": "7,25", "code": "amount-comma",
        "detail": "Write a point before the decimals and no other marks.",
    }]);
    assert_eq!(shown["errors"], expected);
    assert_eq!(shown["sample"][1]["values"]["name"], "Cod, \"wild\"\nsecond line");
    assert_eq!(shown["sample"][2]["action"], "error");
    commit(&manager, &shown).await.is_problem(409, "import-has-errors");
    assert_eq!(manager.get("/inventory/items").await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn a_commit_takes_over_all_rows_once() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let csv = ITEMS.replace("7,25", "7.25");

    let shown = preview(&manager, "items", &csv).await;
    let done = commit(&manager, &shown).await.is(200);
    let again = commit(&manager, &shown).await.is(200);

    assert_eq!(done, json!({ "created": 3, "updated": 0, "skipped": 0 }));
    assert_eq!(again, done, "asked again it tells what it did");
    let list = manager.get("/inventory/items").await.is(200);
    assert_eq!(column(&list, "item_number"), ["=CMD", "OIL", "SAL-1"]);
    let salmon = &list["items"][2];
    assert_eq!((&salmon["unit_cost"], &salmon["min_qty"]), (&json!("18.5000"), &json!("5.000")));
    assert_eq!(salmon["barcodes"][0]["kind"], "ean");
    let found = manager.get("/inventory/items?q=NF-9").await.is(200);
    assert_eq!(column(&found, "item_number"), ["SAL-1"], "found by the supplier's number");
    let actions = server.audit_actions().await;
    let count = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!(count("inventory.item.created"), 3);
    assert_eq!(count("inventory.supplier.created"), 1);
    assert_eq!(count("inventory.import.committed"), 1);
    server.finish().await;
}

#[tokio::test]
async fn importing_our_own_export_changes_nothing() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    import(&manager, "items", &ITEMS.replace("7,25", "7.25")).await;
    let locations = "code,name,temp_zone,parent_code,active\n\
        A-1,Shelf,cooler,A,true\nA,-Cold room,,,yes\nOLD,Cellar,,,no\n";
    import(&manager, "locations", locations).await;
    let stock = "item_number,location_code,qty,unit_cost\n\
        SAL-1,A-1,2.5,17\nsal-1,A,1,17\n=CMD,A,3,\nOIL,A,0,\n";
    let opened = import(&manager, "opening_stock", stock).await;
    assert_eq!(opened, json!({ "created": 3, "updated": 0, "skipped": 1 }));
    let before = server.audit_actions().await.len();

    for kind in ["items", "locations", "opening_stock"] {
        let csv = export(&manager, kind).await;
        let shown = preview(&manager, kind, &csv).await;
        assert_eq!(shown["errors"], json!([]), "{csv}");
        assert_eq!((&shown["create"], &shown["update"]), (&json!(0), &json!(0)), "{csv}");
        assert_eq!(shown["skip"], shown["rows"]);
        let done = commit(&manager, &shown).await.is(200);
        assert_eq!((&done["created"], &done["updated"]), (&json!(0), &json!(0)));
        assert_eq!(export(&manager, kind).await, csv);
    }

    let actions = server.audit_actions().await.split_off(before);
    let harmless =
        |action: &String| action.starts_with("inventory.import.") || action == "inventory.exported";
    assert!(actions.iter().all(harmless), "{actions:?}");
    let items = export(&manager, "items").await;
    assert!(items.starts_with(
        "item_number,name,unit,category,min_qty,max_qty,unit_cost,barcodes,supplier,supplier_sku,\
         temp_zone"
    ));
    assert!(items.contains("\r\n'=CMD,"), "formulas are defused: {items}");
    assert!(export(&manager, "locations").await.contains("A,'-Cold room,"));
    let salmon = "SAL-1,A-1,2.500,17.0000\r\n";
    assert!(export(&manager, "opening_stock").await.contains(salmon));
    server.finish().await;
}

#[tokio::test]
async fn an_update_changes_the_columns_that_are_there() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    import(&manager, "items", &ITEMS.replace("7,25", "7.25")).await;

    let csv = "item_number,name,unit,category,min_qty\nsal-1,Salmon side,kg,,6\n";
    let shown = preview(&manager, "items", csv).await;
    assert_eq!((&shown["update"], &shown["create"]), (&json!(1), &json!(0)));
    commit(&manager, &shown).await.is(200);

    let found = manager.get("/inventory/items?q=salmon").await.is(200);
    let salmon = &found["items"][0];
    assert_eq!(salmon["name"], "Salmon side");
    assert_eq!((&salmon["category"], &salmon["min_qty"]), (&Value::Null, &json!("6.000")));
    assert_eq!((&salmon["max_qty"], &salmon["unit_cost"]), (&json!("20.000"), &json!("18.5000")));
    assert_eq!(salmon["barcodes"].as_array().unwrap().len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn rows_that_clash_are_named() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let (salmon, shelf) = (item(&manager, "S").await, location(&manager, "A").await);
    post(&manager, "receive", &salmon, &shelf, "2").await;
    let body = json!({ "item_number": "T", "name": "Trout", "unit": "kg", "barcodes": ["77"] });
    manager.post("/inventory/items", &body).await.is(201);

    let items = preview(
        &manager,
        "items",
        "item_number,name,unit,barcodes\nS,Salmon,lb,\nN,New,kg,77\nn,New,kg,8\nM,More,kg,8\n",
    );
    let items = items.await;
    let stock = "item_number,location_code,qty\nS,A,3\nT,X,1\nX,A,1\nT,A,-1\nT,A,1\n";
    let stock = preview(&manager, "opening_stock", stock).await;
    let places = preview(&manager, "locations", "code,name,parent_code\nB,Bar,C\nC,Cellar,B\n");
    let places = places.await;

    let expected = [
        (2, "unit", "unit-in-use"),
        (3, "barcodes", "barcode-taken"),
        (4, "item_number", "row-twice"),
        (5, "barcodes", "row-twice"),
    ];
    let named = |rows: &[(u64, &str, &str)]| {
        let row = |(line, column, code): &(u64, &str, &str)| {
            (*line, (*column).to_owned(), (*code).to_owned())
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(errors(&items), named(&expected));
    let expected = [
        (2, "qty", "stock-exists"),
        (3, "location_code", "unknown-location"),
        (4, "item_number", "unknown-item"),
        (5, "qty", "amount-negative"),
        (6, "item_number", "row-twice"),
    ];
    assert_eq!(errors(&stock), named(&expected));
    let expected = [(2, "parent_code", "location-cycle"), (3, "parent_code", "location-cycle")];
    assert_eq!(errors(&places), named(&expected));
    server.finish().await;
}

#[tokio::test]
async fn a_file_that_is_no_good_is_told_so_and_never_a_fault_of_ours() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    for (csv, line, code) in [
        (&b""[..], 1, "csv-empty"),
        (b"item_number,name,unit\n", 1, "csv-no-rows"),
        (b"item_number,name,unit\nA,\"b,kg\nB,c,kg\n", 2, "csv-quote-unclosed"),
        (b"item_number,name,unit\nA,b\0,kg\n", 2, "csv-nul"),
        (b"item_number,name,unit\nA,\xff,kg\n", 2, "csv-not-utf8"),
        (b"item_number,name,name\nA,b,c\n", 1, "column-twice"),
        (b"name,unit\nA,kg\n", 1, "column-missing"),
        (b"item_number,name,unit\nA,b\n", 2, "csv-cells"),
        (b"PK\x03\x04zip", 1, "column-missing"),
    ] {
        let shown = send(&manager, "kind=items", csv).await.is(200);
        let first = &shown["errors"][0];
        assert_eq!((&first["line"], &first["code"]), (&json!(line), &json!(code)), "{shown}");
        commit(&manager, &shown).await.is_problem(409, "import-has-errors");
    }
    let comma = "item_number;name;unit;min_qty\nA;b;kg;1,5\n";
    let shown = send(&manager, "kind=items&decimal_comma=true", comma.as_bytes()).await.is(200);
    assert_eq!(shown["errors"], json!([]));
    assert_eq!(shown["sample"][0]["values"]["min_qty"], "1.5");

    send(&manager, "kind=users", b"").await.is_field_problem("kind", "import-kind");
    send(&manager, "", b"").await.is_field_problem("kind", "missing");
    let big = send(&manager, "kind=items", &vec![b'x'; 17 * 1024 * 1024]).await;
    big.is_problem(413, "too-large");
    let json = manager.post("/inventory/import/preview?kind=items", &json!({})).await;
    json.is_problem(415, "unsupported-media-type");
    let missing = format!("/inventory/import/{}/commit", crate::support::nothing::<()>());
    manager.post(&missing, &Value::Null).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_preview_that_would_do_something_else_now_is_stale() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let salmon = item(&manager, "S").await;
    let csv = "item_number,name,unit\nS,Salmon,kg\nT,Trout,kg\n";

    let shown = preview(&manager, "items", csv).await;
    let mut body = salmon.clone();
    body["notes"] = json!("Changed meanwhile");
    manager.change(Method::PUT, &path("items", &salmon), 1, &body).await.is(200);
    commit(&manager, &shown).await.is_problem(409, "import-stale");
    assert_eq!(column(&manager.get("/inventory/items").await.is(200), "item_number"), ["S"]);

    let shown = preview(&manager, "items", csv).await;
    server.advance(std::time::Duration::from_hours(25));
    let manager = server.person("manager").await;
    commit(&manager, &shown).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn the_ledger_is_exported_in_pieces_without_gap() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let rows: Vec<String> = (0..1_203).map(|row| format!("N{row},Thing {row},kg")).collect();
    let csv = format!("item_number,name,unit\n{}\n", rows.join("\n"));
    import(&manager, "items", &csv).await;
    location(&manager, "A").await;
    let rows: Vec<String> = (0..1_203).map(|row| format!("N{row},A,{}", row + 1)).collect();
    import(
        &manager,
        "opening_stock",
        &format!("item_number,location_code,qty\n{}", rows.join("\n")),
    )
    .await;

    let ledger = export(&manager, "movements").await;

    let seqs: Vec<usize> =
        ledger.lines().skip(1).map(|row| row.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(seqs, (1..=1_203).collect::<Vec<_>>());
    assert_eq!(export(&manager, "items").await.lines().count(), 1_204);
    assert_eq!(export(&manager, "opening_stock").await.lines().count(), 1_204);
    let found = manager.get("/inventory/items?q=N1202").await.is(200);
    assert_eq!(on_hand(&manager, &found["items"][0]).await, "1203.000");
    let findings = manager.post("/inventory/integrity", &Value::Null).await.is(200);
    assert_eq!(findings["ok"], true);
    server.finish().await;
}

#[tokio::test]
async fn only_those_who_may_import_and_export_do() {
    let server = TestServer::start().await;

    for role in ["counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        send(&person, "kind=items", b"").await.is_problem(403, "forbidden");
        person.get("/inventory/export/items.csv").await.is_problem(403, "forbidden");
    }
    let manager = server.person("manager").await;
    manager.get("/inventory/export/users.csv").await.is_problem(404, "not-found");
    server.finish().await;
}
