//! `cargo bench -- workspaces`: many workspaces, of which the box holds a part open, must not slow
//! down the one that works.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::report::{self, Figure, Unit};
use crate::seed::{self, Seeded};
use crate::server::{self, Server, ask_once};
use crate::{Bench, Problem, REST_AFTER_LOAD, Row, requests, restarts};

const WORKSPACES: usize = 1_000;
const RSS_KIB_MAX: u64 = 150 * 1_024;

/// Asks every workspace once for its items, in turn, so that each has to be opened and most
/// others closed, then does the usual work in one more, and looks at the memory when all is over.
pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let data = folder.join("workspaces");
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::seed(&data))?;
    let many = runtime.block_on(seed::many(&data, &seeded, WORKSPACES))?;
    drop(runtime);
    println!("\nMade {WORKSPACES} more workspaces in {} ms.", report::millis(started.elapsed()));
    let bench = Bench { folder, data: &data, seeded, chosen: None };
    let (server, start) = bench.start()?;
    let mut took = many.iter().map(|one| ask(&server, one)).collect::<Result<Vec<_>, _>>()?;
    took.sort_unstable();
    println!(
        "First answer of a workspace that was not open: p50 {} ms, p99 {} ms.",
        report::millis(took[took.len() / 2]),
        report::millis(took[took.len() * 99 / 100])
    );
    println!("Open files and sockets: {}", server.open_files()?);
    let asked_kib = server.rss_kib()?;
    let one_item = requests::one_item(&bench.seeded);
    let page = requests::category_page(&bench.seeded);
    let movements = requests::movements(&bench.seeded);
    let mut loads = Vec::new();
    for row in Row::usual(&one_item, &page, &movements) {
        loads.push(bench.run(&server, &row)?.0);
    }
    sleep(REST_AFTER_LOAD);
    let rested_kib = server.rss_kib()?;
    server.stop()?;
    bench.verify_audit_log()?;
    let ready = restarts::start_to_ready(folder, &data)?;
    let figure = |name, value, unit, most| Figure { name, value, unit, most };
    let figures = [
        figure("start to first answer, 1,001 workspaces", start, Unit::Micros, 50_000),
        figure("start to READY, 1,001 workspaces", ready, Unit::Micros, 100_000),
        figure("RSS after all were asked", asked_kib, Unit::Kib, RSS_KIB_MAX),
        figure("RSS 30 s after the load", rested_kib, Unit::Kib, RSS_KIB_MAX),
    ];
    println!();
    Ok(report::print(&loads, &figures))
}

fn ask(server: &Server, seeded: &Seeded) -> Result<Duration, Problem> {
    let request = format!(
        "GET /api/v1/workspaces/{}/inventory/items?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Authorization: Bearer {}\r\nConnection: close\r\n\r\n",
        seeded.workspace, seeded.token
    );
    let asked = Instant::now();
    let answer = ask_once(server.plain, &request)?;
    if answer.starts_with(b"HTTP/1.1 200") {
        return Ok(asked.elapsed());
    }
    Err(format!("{}: {}", server::BINARY, String::from_utf8_lossy(&answer)).into())
}
