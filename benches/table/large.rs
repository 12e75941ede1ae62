//! `cargo bench -- large`: 10,000 items with a ledger of 1,000,000 entries, asked one request at
//! a time, so that what is measured is the server's own time; the same with 100,000 beside it,
//! since only what reads the ledger may grow with it; files of 20,000 rows; and a count of 1,000
//! lines.

use std::fmt::Write as _;
use std::path::Path;
use std::thread::sleep;
use std::time::Instant;

use serde_json::Value;

use crate::report::{self, Figure, Load, Must, Unit};
use crate::seed::{self, Seeded};
use crate::server::{self, Server, ask_once};
use crate::{Bench, Problem, REST_AFTER_LOAD, Row, count, requests};

pub(crate) const MOVEMENTS: usize = 1_000_000;
/// As many as an import takes.
const IMPORTED_ROWS: usize = 20_000;
/// Half as many may take as long.
const IMPORT_US_MAX: u64 = 5_000_000;
/// What reads the ledger, and so may take longer with a longer one.
const READS_THE_LEDGER: &[&str] = &[WORTH_THEN];
const WORTH_THEN: &str = "what stock was worth on a day";
/// Figures that differ by less are the same: no two runs of one load are closer.
const SAME_US: u64 = 2_000;

pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let (small_is_met, small) = with_a_ledger_of(folder, MOVEMENTS / 10)?;
    let (large_is_met, large) = with_a_ledger_of(folder, MOVEMENTS)?;
    let mut is_met = small_is_met && large_is_met;
    assert_eq!(small.len(), large.len(), "both ran the same loads");
    for (small, large) in small.iter().zip(&large) {
        let is_longer = large.p99_us > small.p99_us * 3 / 2 + SAME_US;
        if is_longer && !READS_THE_LEDGER.contains(&large.name) {
            println!(
                "MISSED: {} grew with the ledger, p99 from {} to {} µs",
                large.name, small.p99_us, large.p99_us
            );
            is_met = false;
        }
    }
    Ok(is_met)
}

fn with_a_ledger_of(folder: &Path, movements: usize) -> Result<(bool, Vec<Load>), Problem> {
    let data = folder.join(format!("large-{movements}"));
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::large(&data, movements))?;
    drop(runtime);
    println!(
        "\nSeeded {} items and {movements} movements in {} ms.",
        seed::ITEMS,
        report::millis(started.elapsed())
    );
    let bench = Bench { folder, data: &data, seeded, chosen: None };
    let server = Server::start(&data, &folder.join("log"))?;
    let loads = asked(&bench, &server)?;
    sleep(REST_AFTER_LOAD);
    let rested_kib = server.rss_kib()?;
    let checked_us = checked(&server, &bench.seeded)?;
    let [counted, submitted, approved] = count::of_a_thousand_lines(&server, &bench.seeded)?;
    let figure = |name, value, most| Figure { name, value, unit: Unit::Micros, most };
    let figures = [
        Figure {
            name: "RSS 30 s after the load",
            value: rested_kib,
            unit: Unit::Kib,
            most: 150 * 1_024,
        },
        figure("the ledger is recomputed", checked_us, 1_000_000),
        figure("1,000 lines are entered", counted, 2_000_000),
        figure("a count of 1,000 lines is handed in", submitted, 800_000),
        figure("a count of 1,000 lines is approved", approved, 800_000),
        import(&server, &bench.seeded, "import of 20,000 items", "items", &items())?,
        import(&server, &bench.seeded, "import of their stock", "opening_stock", &opening())?,
    ];
    checked(&server, &bench.seeded)?;
    server.stop()?;
    println!();
    Ok((report::print(&loads, &figures), loads))
}

/// Each kind of question, one after the other.
fn asked(bench: &Bench<'_>, server: &Server) -> Result<Vec<Load>, Problem> {
    let within = |ms| Must { p99_ms_max: Some(ms), ..Must::default() };
    let seeded = &bench.seeded;
    let searches = requests::searches(seeded);
    let searches_of_all = requests::searches_of_all(seeded);
    let histories = requests::histories(seeded);
    let deep = requests::deep_histories(server.plain, seeded)?;
    let journal = requests::journal(server.plain, seeded)?;
    let on_hand = requests::on_hand(seeded);
    let (lists, items) = (requests::category_page(seeded), requests::one_item(seeded));
    let (worth, worth_then) = (requests::worth_now(seeded), requests::worth_then(seeded));
    let rows = [
        Row::new("search items as somebody types", &searches, 1).must_be(within(5)),
        Row::new("search everything as somebody types", &searches_of_all, 1).must_be(within(5)),
        Row::new("list of 50, category, by name", &lists, 1).must_be(within(15)),
        Row::new("GET one item", &items, 1).must_be(within(10)),
        Row::new("page of an item's history", &histories, 1).must_be(within(5)),
        Row::new("last pages of long histories", &deep, 1).must_be(within(5)),
        Row::new("any page of the journal", &journal, 1).must_be(within(20)),
        Row::new("stock on hand of an item", &on_hand, 1).must_be(within(2)),
        Row::new("what stock is worth now", &worth, 1).must_be(within(60)),
        Row::new(WORTH_THEN, &worth_then, 1).must_be(within(400)),
    ];
    rows.iter().map(|row| Ok(bench.run(server, row)?.0)).collect()
}

/// Has the ledger recomputed; gives how long it took, microseconds.
fn checked(server: &Server, seeded: &Seeded) -> Result<u64, Problem> {
    let (said, took_us) = post(server, seeded, "/integrity", "")?;
    if said["ok"] != true {
        return Err(format!("the stock is not the sum of its ledger: {said}").into());
    }
    Ok(took_us)
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
    ask(server, seeded, "POST", path, "text/csv", body)
}

/// Asks on a connection of its own; gives the answer and how long it took, microseconds.
pub(crate) fn ask(
    server: &Server,
    seeded: &Seeded,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> Result<(Value, u64), Problem> {
    let request = format!(
        "{method} /api/v1/workspaces/{}/inventory{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Authorization: Bearer {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
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
    Err(format!("{} {method} {path}: {text}", server::BINARY).into())
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
