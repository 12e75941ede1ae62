//! `make bench`: the release binary over a real socket, with token, audit log, limits, access
//! log and metrics on, under load from a process of its own, every answer checked. Ends with 1
//! when something that must be reached was missed.
//!
//! `cargo bench -- TEXT` runs only the loads whose names contain the text, `cargo bench -- large`
//! looks at a long ledger, `cargo bench -- audit` at a long audit log, `cargo bench -- identity`
//! at signing in and at a hundred thousand sessions, `cargo bench -- workspaces` at a box with a
//! thousand of them, and `cargo bench -- backups` at backups of a thousand workspaces, of 500 MB
//! and of 2 GB; `backups-cut`, `backups-500-MB` and `backups-2-GB` at one of them. `restarts`
//! starts a box fifty times anew under load, `switches` has it change hands a hundred times and
//! `switches-3` three times, `updates` has it take signed releases and leave them again, a hundred
//! changes in all, and `updates-4` four, `capacity` has a thousand people use one with 512 MiB.
#![expect(clippy::print_stdout, reason = "the table is what a bench is for")]

mod audit;
mod backups;
#[path = "../../tests/endtoend_updates/boxed.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod boxed;
mod capacity;
#[path = "../../tests/system/client.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod client;
#[path = "../../tests/handover/clients.rs"]
mod clients;
mod count;
#[path = "../../tests/handover/crowd.rs"]
mod crowd;
#[path = "../../tests/crowded/crowded.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod crowded;
mod identity;
mod large;
mod ledger;
mod load;
mod machine;
mod plan;
#[path = "../../tests/endtoend_updates/publisher.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod publisher;
#[path = "../../tests/fixtures/releases.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of it is for tests")]
mod releases;
mod report;
mod requests;
mod restarts;
#[path = "../../tests/system/rig.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod rig;
#[path = "../../tests/release/scene.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of it is for tests")]
mod scene;
mod seed;
#[path = "../../tests/system/seeded.rs"]
mod seeded;
mod server;
#[path = "../../tests/fixtures/small.rs"]
#[expect(unreachable_pub, reason = "it is taken in by path")]
mod small;
#[path = "../../tests/handover/supervisor.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod supervisor;
mod switches;
#[path = "../../tests/system/restarts.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod under_load;
#[path = "../../tests/handover/switches.rs"]
#[expect(dead_code, reason = "a part of it is for tests")]
mod under_switches;
mod updates;
mod workspaces;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use plan::{Outcome, Plan, Request};
use report::{Figure, Load, Must, Unit};
use seed::Seeded;
use server::Server;

type Problem = Box<dyn std::error::Error + Send + Sync>;

/// First argument of the process that makes the load.
const LOAD: &str = "load";
const WARM_UP: Duration = Duration::from_millis(500);
const STARTS: usize = 7;
/// After so long without a request the memory is looked at.
const IDLE: Duration = Duration::from_secs(2);
const REST_AFTER_LOAD: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [load, plan] if load == LOAD => load::run(Path::new(plan)).map(|()| true),
        [hog] if hog == capacity::HOG => {
            capacity::take_too_much();
            Ok(true)
        }
        // cargo adds `--bench`.
        others => bench(others.iter().find(|one| !one.starts_with("--")).map(String::as_str)),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            println!("The bench failed: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was chosen; without a choice everything but the long audit log and the backups.
fn bench(chosen: Option<&str>) -> Result<bool, Problem> {
    let started = Instant::now();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!("Machine: {}", machine::describe(folder.path())?);
    println!("Command: make bench (cargo bench --locked), {}", server::BINARY);
    println!(
        "Changed settings: {}",
        server::SETTINGS.map(|(name, value)| format!("{name}={value}")).join(" ")
    );
    println!("Access log: text lines into a file on the same disk. Disk: synchronous=FULL.");
    let is_met = match chosen {
        Some("audit") => audit::measure(folder.path())?,
        Some(name) if name.starts_with("backups") => {
            backups::measure(folder.path(), name.strip_prefix("backups-"))?
        }
        Some("capacity") => capacity::measure(folder.path())?,
        Some("restarts") => restarts::measure(),
        Some(name) if name.starts_with("switches") => {
            switches::measure(name.strip_prefix("switches-"))?
        }
        Some(name) if name.starts_with("updates") => {
            updates::measure(name.strip_prefix("updates-"))?
        }
        Some("identity") => identity::measure(folder.path())?,
        Some("large") => large::measure(folder.path())?,
        Some("workspaces") => workspaces::measure(folder.path())?,
        Some(_) => usual(folder.path(), chosen)?,
        None => {
            // Each has a box of its own and is measured whatever the others reached. A long
            // audit log and much data take minutes to write, so they are asked for by name.
            let each = [
                usual(folder.path(), None)?,
                identity::measure(folder.path())?,
                workspaces::measure(folder.path())?,
                large::measure(folder.path())?,
                restarts::measure(),
                switches::measure(None)?,
                updates::measure(None)?,
                capacity::measure(folder.path())?,
            ];
            each.into_iter().all(|is_met| is_met)
        }
    };
    println!("\nTook {} s in all.", started.elapsed().as_secs());
    Ok(is_met)
}

/// One workspace with 10,000 items and 100,000 movements.
fn usual(folder: &Path, chosen: Option<&str>) -> Result<bool, Problem> {
    let started = Instant::now();
    let data = folder.join("data");
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::seed(&data))?;
    drop(runtime);
    println!(
        "Seeded {} items and {} movements in {} ms.",
        seed::ITEMS,
        seed::MOVEMENTS,
        report::millis(started.elapsed())
    );
    let bench = Bench { folder, data: &data, seeded, chosen };
    let (server, start) = bench.start()?;
    sleep(IDLE);
    let idle_kib = server.rss_kib()?;
    let (loads, has_ui) = bench.loads(&server)?;
    let kib = std::fs::metadata(server::BINARY)?.len().div_ceil(1_024);
    let figure = |name, value, unit, most| Figure { name, value, unit, most };
    let mut figures = vec![
        figure("start to first answer (middle of 7)", start, Unit::Micros, 50_000),
        figure("RSS idle, one workspace open", idle_kib, Unit::Kib, 30 * 1_024),
        figure("binary", kib, Unit::Kib, 40 * 1_024),
    ];
    if chosen.is_none() {
        sleep(REST_AFTER_LOAD);
        let rested_kib = server.rss_kib()?;
        figures.push(figure("RSS 30 s after the load", rested_kib, Unit::Kib, 120 * 1_024));
    }
    server.stop()?;
    bench.verify_audit_log()?;
    println!();
    let is_met = report::print(&loads, &figures);
    if !has_ui {
        println!("\nMISSED: this binary was built without the web UI; use `make bench`.");
    }
    Ok(is_met && has_ui)
}

struct Bench<'a> {
    folder: &'a Path,
    data: &'a Path,
    seeded: Seeded,
    /// Only the loads whose names contain this.
    chosen: Option<&'a str>,
}

impl Bench<'_> {
    /// Starts the server several times; gives the last one and the middle time until it had
    /// answered a request for an item, microseconds. The very first start makes certificates
    /// and does not count.
    fn start(&self) -> Result<(Server, u64), Problem> {
        let log = self.folder.join("log");
        let request = requests::first(&self.seeded);
        Server::start(self.data, &log)?.stop()?;
        let mut times = Vec::new();
        loop {
            let server = Server::start(self.data, &log)?;
            let took = server.first_answer(&request, "200")?;
            times.push(u64::try_from(took.as_micros())?);
            if times.len() == STARTS {
                times.sort_unstable();
                return Ok((server, times[STARTS / 2]));
            }
            server.stop()?;
        }
    }

    /// Runs every load; says also whether the binary has the web UI.
    fn loads(&self, server: &Server) -> Result<(Vec<Load>, bool), Problem> {
        let one_item = requests::one_item(&self.seeded);
        let page = requests::category_page(&self.seeded);
        let movements = requests::movements(&self.seeded);
        let script = requests::main_script(server.plain)?;
        let mut rows = Vec::from(Row::usual(&one_item, &page, &movements));
        rows.extend([
            Row::new("POST movement with Idempotency-Key", &movements, 64).writes().keys(),
            Row::new("GET one item, TLS", &one_item, 16).tls(),
            Row::new("list of 50, TLS", &page, 16).tls(),
            Row::new("POST movement, TLS", &movements, 64).writes().tls(),
        ]);
        if let Some((hit, full)) = &script {
            let (hit, full) = (std::slice::from_ref(hit), std::slice::from_ref(full));
            rows.extend([
                Row::new("main script, validator hit", hit, 16).must(Some(60), None, None),
                Row::new("main script, full", full, 16).must(Some(300), None, None),
                Row::new("main script, validator hit, TLS", hit, 16).tls(),
                Row::new("main script, full, TLS", full, 16).tls(),
            ]);
        }
        let mut posted = seed::MOVEMENTS as u64;
        let mut loads = Vec::new();
        rows.retain(|row| self.chosen.is_none_or(|text| row.name.contains(text)));
        for row in rows {
            let (load, requests) = self.run(server, &row)?;
            posted += if row.writes { requests } else { 0 };
            loads.push(load);
        }
        let last = requests::last_movement(server.plain, &self.seeded)?;
        if last != posted {
            let wrong = format!("{posted} movements were acknowledged, {last} are there");
            return Err(wrong.into());
        }
        Ok((loads, script.is_some()))
    }

    /// Runs one load in a process of its own; gives its row and all its requests.
    fn run(&self, server: &Server, row: &Row<'_>) -> Result<(Load, u64), Problem> {
        let plan = Plan {
            address: if row.tls { server.tls } else { server.plain },
            root: row.tls.then(|| server.root.clone()),
            connections: row.connections,
            warm_up_ms: u64::try_from(WARM_UP.as_millis())?,
            measured_ms: if row.writes { 6_000 } else { 4_000 },
            requests_max: 150_000,
            requests: row.requests.to_vec(),
            has_keys: row.has_keys,
        };
        let path = self.folder.join("plan.json");
        std::fs::write(&path, serde_json::to_vec(&plan)?)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg(LOAD)
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let warm = out.next().ok_or("the load generator said nothing")??;
        if warm != load::WARM {
            return Err(format!("{}: {warm}", row.name).into());
        }
        let before = server.cpu_us()?;
        child.stdin.take().ok_or("no input")?.write_all(b"go\n")?;
        let outcome = out.next().ok_or("the load generator ended early")??;
        let cpu_us = server.cpu_us()? - before;
        if !child.wait()?.success() {
            return Err(format!("{}: {outcome}", row.name).into());
        }
        let outcome: Outcome = serde_json::from_str(&outcome)?;
        if !outcome.wrong.is_empty() {
            return Err(format!("wrong answers: {}", outcome.wrong.join("\n")).into());
        }
        let load = Load::new(row.name, row.connections, row.must, &outcome, cpu_us);
        Ok((load, outcome.requests_in_all))
    }

    /// Recomputes every chain of the audit log after the load.
    fn verify_audit_log(&self) -> Result<(), Problem> {
        let verified = Command::new(server::BINARY)
            .args(["audit", "verify", "--data"])
            .arg(self.data)
            .stdout(Stdio::null())
            .status()?;
        if verified.success() { Ok(()) } else { Err("the audit log does not verify".into()) }
    }
}

/// One row of the table.
struct Row<'a> {
    name: &'static str,
    requests: &'a [Request],
    connections: usize,
    must: Must,
    writes: bool,
    has_keys: bool,
    tls: bool,
}

impl<'a> Row<'a> {
    fn new(name: &'static str, requests: &'a [Request], connections: usize) -> Self {
        let must = Must::default();
        Self { name, requests, connections, must, writes: false, has_keys: false, tls: false }
    }

    /// What a day consists of.
    fn usual(one_item: &'a [Request], page: &'a [Request], movements: &'a [Request]) -> [Self; 3] {
        [
            Row::new("GET one item", one_item, 16).must(Some(150), Some(10_000), None),
            Row::new("list of 50, category, by name", page, 16).must(Some(500), None, None),
            Row::new("POST movement, durable", movements, 64)
                .must(None, Some(5_000), Some(100))
                .writes(),
        ]
    }

    fn must(
        mut self,
        cpu_us_max: Option<u64>,
        per_s_min: Option<u64>,
        p99_ms_max: Option<u64>,
    ) -> Self {
        self.must = Must { cpu_us_max, per_s_min, p99_ms_max };
        self
    }

    fn must_be(mut self, must: Must) -> Self {
        self.must = must;
        self
    }

    fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    fn keys(mut self) -> Self {
        self.has_keys = true;
        self
    }

    fn tls(mut self) -> Self {
        self.tls = true;
        self
    }
}
