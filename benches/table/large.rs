//! `cargo bench -- large`: 10,000 items with a ledger of 1,000,000 entries, asked one request at
//! a time, so that what is measured is the server's own time; and files of 20,000 rows.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::report::{self, Figure, Must, Unit};
use crate::seed::{self, Seeded};
use crate::server::{self, Server, ask_once};
use crate::{Bench, Problem, Row, requests};

pub(crate) const MOVEMENTS: usize = 1_000_000;
/// As many as an import takes.
const IMPORTED_ROWS: usize = 20_000;
const IMPORT_US_MAX: u64 = 2_000_000;

pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let data = folder.join("large");
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::large(&data, MOVEMENTS))?;
    drop(runtime);
    println!(
        "\nSeeded {} items and {MOVEMENTS} movements in {} ms.",
        seed::ITEMS,
        report::millis(started.elapsed())
    );
    let bench = Bench { folder, data: &data, seeded, chosen: None };
    let server = Server::start(&data, &folder.join("log"))?;
    let within = |ms| Must { p99_ms_max: Some(ms), ..Must::default() };
    let searches = requests::searches(&bench.seeded);
    let searches_of_all = requests::searches_of_all(&bench.seeded);
    let histories = requests::histories(&bench.seeded);
    let deep = requests::deep_histories(server.plain, &bench.seeded)?;
    let on_hand = requests::on_hand(&bench.seeded);
    let rows = [
        Row::new("search items as somebody types", &searches, 1).must_be(within(5)),
        Row::new("search everything as somebody types", &searches_of_all, 1).must_be(within(5)),
        Row::new("page of an item's history", &histories, 1).must_be(within(5)),
        Row::new("last pages of long histories", &deep, 1).must_be(within(5)),
        Row::new("stock on hand of an item", &on_hand, 1).must_be(within(2)),
    ];
    let mut loads = Vec::new();
    for row in &rows {
        loads.push(bench.run(&server, row)?.0);
    }
    let figures = [
        import(&server, &bench.seeded, "import of 20,000 items", "items", &items())?,
        import(&server, &bench.seeded, "import of their stock", "opening_stock", &opening())?,
    ];
    let rest = post(&server, &bench.seeded, "/integrity", "")?.0;
    server.stop()?;
    println!();
    let is_met = report::print(&loads, &figures);
    if rest["ok"] != true {
        return Err(format!("the stock is not the sum of its ledger: {rest}").into());
    }
    Ok(is_met)
}

/// Has a file previewed and takes the time of its commit.
fn import(
    server: &Server,
    seeded: &Seeded,
    name: &'static str,
    kind: &str,
    file: &str,
) -> Result<Figure, Problem> {
    let (preview, _) = post(server, seeded, &format!("/import/preview?kind={kind}"), file)?;
    let id = preview["id"].as_str().ok_or_else(|| format!("no preview: {preview}"))?;
    let (report, took_us) = post(server, seeded, &format!("/import/{id}/commit"), "")?;
    if report["created"] != IMPORTED_ROWS {
        return Err(format!("{kind} were imported like this: {report}").into());
    }
    Ok(Figure { name, value: took_us, unit: Unit::Micros, most: IMPORT_US_MAX })
}

/// Posts and gives the answer and how long it took, microseconds.
fn post(server: &Server, seeded: &Seeded, path: &str, body: &str) -> Result<(Value, u64), Problem> {
    let request = format!(
        "POST /api/v1/workspaces/{}/inventory{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Authorization: Bearer {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        seeded.workspace,
        seeded.token,
        body.len()
    );
    let asked = Instant::now();
    let answer = ask_once(server.plain, &request)?;
    let took = u64::try_from(asked.elapsed().as_micros())?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or("no head")?;
    if head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.1 201") {
        return Ok((serde_json::from_str(body)?, took));
    }
    Err(format!("{} POST {path}: {text}", server::BINARY).into())
}

fn items() -> String {
    let mut file = String::from(
        "item_number,name,unit,category,min_qty,max_qty,unit_cost,barcodes,supplier,\
         supplier_sku,temp_zone\n",
    );
    for number in 0..IMPORTED_ROWS {
        let (category, supplier) = (number % 40, number % 30);
        writeln!(
            file,
            "NEW-{number:05},Delivered thing {number},kg,Imported {category},2,40,3.25,\
             NB{number:09},Supplier {supplier},S{number},dry"
        )
        .expect("texts take what is written to them");
    }
    file
}

fn opening() -> String {
    let mut file = String::from("item_number,location_code,qty,unit_cost\n");
    for number in 0..IMPORTED_ROWS {
        writeln!(file, "NEW-{number:05},A-{:02},12.5,3.25", number % 20)
            .expect("texts take what is written to them");
    }
    file
}
