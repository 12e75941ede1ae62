//! `cargo bench -- workspaces`: many workspaces, of which the box holds a part open.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::seed::{self, Seeded};
use crate::server::{self, Server, ask_once};
use crate::{Problem, report};

const WORKSPACES: usize = 1_000;

/// Asks every workspace once for its items, in turn, so that each has to be opened and most
/// others closed; says what that costs.
pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let data = folder.join("data");
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let many = runtime.block_on(seed::many(&data, WORKSPACES))?;
    drop(runtime);
    println!("Made {WORKSPACES} workspaces in {} ms.", report::millis(started.elapsed()));
    let server = Server::start(&data, &folder.join("log"))?;
    println!("RSS before: {} KiB", server.rss_kib()?);
    let mut took = many.iter().map(|one| ask(&server, one)).collect::<Result<Vec<_>, _>>()?;
    took.sort_unstable();
    println!(
        "First answer of a workspace that was not open: p50 {} ms, p99 {} ms.",
        report::millis(took[took.len() / 2]),
        report::millis(took[took.len() * 99 / 100])
    );
    println!("RSS after all were asked: {} KiB", server.rss_kib()?);
    println!("Open files: {}", server.open_files()?);
    server.stop()?;
    Ok(true)
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
