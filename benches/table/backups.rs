//! `cargo bench -- backups`: what a backup costs beside the tools of any Linux doing the same, what
//! it does to those who write meanwhile, and how long it takes to come back.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::backups::archive::{Identity, Kit};
use holdfast::platform::clock::Clock;
use serde_json::{Value, json};

use crate::report::{self, Figure, Unit};
use crate::seed::{self, Seeded};
use crate::server::{self, Server, ask_once};
use crate::{Problem, requests};

/// Movements that make about so much data.
const SIZES: [(&str, usize); 2] = [("500 MB", 2_080_000), ("2 GB", 8_320_000)];
const ROUNDS: usize = 3;
const WORKSPACES: usize = 1_000;
/// Ours may take so many hundredths of the time of the others: 100 / 0.95.
const OF_THE_OTHERS_MAX: u64 = 105;
const WRITE_US_MAX: u64 = 50_000;
const RSS_KIB_MAX: u64 = 64 * 1_024;
const RESTORE_US_PER_MB: u64 = 8_000_000 / 500;
const RECOVERY_US_PER_MB: u64 = 60_000_000 / 500;
const CUT_US_MAX: u64 = 25_000;
const PATIENCE: Duration = Duration::from_mins(20);
/// Somebody writes this often, however long the one before took; each is counted from when it
/// was due. Without a pause one client fills the log, which a backup keeps from being folded in.
const WRITE_EVERY: Duration = Duration::from_millis(20);
/// How often a backup on its way is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Measures and prints; false when something was missed.
pub(crate) fn measure(folder: &Path, only: Option<&str>) -> Result<bool, Problem> {
    let is_wanted = |name: &str| only.is_none_or(|only| only == name);
    let mut is_met = true;
    if is_wanted("cut") {
        is_met &= many_workspaces(&folder.join("cut"))?;
    }
    for (size, movements) in SIZES {
        let name = size.replace(' ', "-");
        if is_wanted(&name) {
            is_met &= one_size(&folder.join(name), size, movements)?;
        }
    }
    Ok(is_met)
}

fn one_size(folder: &Path, size: &str, movements: usize) -> Result<bool, Problem> {
    fs::create_dir_all(folder)?;
    let started = Instant::now();
    let data = folder.join("data");
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::large(&data, movements))?;
    drop(runtime);
    let file = data.join(format!("workspaces/{}.db", seeded.workspace));
    let megabytes = fs::metadata(&file)?.len() / 1_000_000;
    println!("\n{size}: {megabytes} MB made in {} ms.", report::millis(started.elapsed()));
    let server = Server::start(&data, &folder.join("log"))?;
    let bed = Bed::ready(folder, &data, &server, seeded)?;
    let idle_kib = server.rss_kib()?;
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    let mut seen = Seen::default();
    for _ in 0..ROUNDS {
        ours.push(bed.back_up(&server, &mut seen)?);
        others.push(bed.back_up_with_tools(&file)?);
    }
    ours.sort_unstable();
    others.sort_unstable();
    let (ours, others) = (ours[ROUNDS / 2], others[ROUNDS / 2]);
    let per_s = |took: Duration| u128::from(megabytes) * 1_000 / took.as_millis().max(1);
    println!("Backup: {} MB/s; sqlite3, zstd -3 and age: {} MB/s.", per_s(ours), per_s(others));
    let (during, idle) = bed.longest_writes(&server, &mut seen)?;
    println!("Longest write: {during} µs during a backup, {idle} µs in as long without one.");
    server.stop()?;
    let (restored, answered) = bed.come_back()?;
    let figure = |name, value, unit, most| Figure { name, value, unit, most };
    let hundredths = u64::try_from(ours.as_micros() * 100 / others.as_micros().max(1))?;
    let figures = [
        figure("time of a backup, % of the tools'", hundredths, Unit::Percent, OF_THE_OTHERS_MAX),
        figure("plain copy on the disk meanwhile", seen.plain_bytes, Unit::Bytes, 0),
        figure(
            "RSS above idle during a backup",
            seen.rss_kib.saturating_sub(idle_kib),
            Unit::Kib,
            RSS_KIB_MAX,
        ),
        figure("longest write in a backup", during, Unit::Micros, WRITE_US_MAX.max(idle * 2)),
        figure(
            "recover, with all checks",
            micros(restored)?,
            Unit::Micros,
            megabytes * RESTORE_US_PER_MB,
        ),
        figure(
            "recover until the first answer",
            micros(answered)?,
            Unit::Micros,
            megabytes * RECOVERY_US_PER_MB,
        ),
    ];
    println!();
    Ok(report::print(&[], &figures))
}

/// How long all writers of a box with many workspaces are held up.
fn many_workspaces(folder: &Path) -> Result<bool, Problem> {
    fs::create_dir_all(folder)?;
    let data = folder.join("data");
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::seed(&data))?;
    let many = runtime.block_on(seed::many(&data, &seeded, WORKSPACES))?;
    drop(runtime);
    let log = folder.join("log");
    let server = Server::start(&data, &log)?;
    let bed = Bed::ready(folder, &data, &server, seeded)?;
    for one in &many {
        let path = format!("/api/v1/workspaces/{}/inventory/items?limit=1", one.workspace);
        bed.ask("GET", &path, &Value::Null)?;
    }
    bed.back_up(&server, &mut Seen::default())?;
    server.stop()?;
    let lines = fs::read_to_string(&log)?;
    let held = lines.lines().find_map(|line| line.split_once("cut.held_us=")).ok_or("no cut")?.1;
    let held: u64 = held.split_whitespace().next().unwrap_or_default().parse()?;
    let name = "all writers held, 1,001 workspaces";
    let figures = [Figure { name, value: held, unit: Unit::Micros, most: CUT_US_MAX }];
    println!();
    Ok(report::print(&[], &figures))
}

/// The most that was seen during backups.
#[derive(Default)]
struct Seen {
    rss_kib: u64,
    plain_bytes: u64,
}

/// A box with a kit and a target, and who asks it.
struct Bed {
    folder: PathBuf,
    data: PathBuf,
    address: SocketAddr,
    seeded: Seeded,
    recipient: String,
    kit: PathBuf,
    target: PathBuf,
    /// What lay in the data folder before.
    files: Vec<PathBuf>,
}

impl Bed {
    fn ready(folder: &Path, data: &Path, server: &Server, seeded: Seeded) -> Result<Self, Problem> {
        let identity = Identity::generate();
        let (kit, target) = (folder.join("kit.txt"), folder.join("target"));
        fs::create_dir(&target)?;
        let bed = Self {
            folder: folder.to_owned(),
            data: data.to_owned(),
            address: server.plain,
            seeded,
            recipient: identity.recipient().to_string(),
            kit,
            target,
            files: files_in(data)?,
        };
        let new = json!({ "name": "Safe", "recipient": bed.recipient });
        bed.ask("POST", "/api/v1/backup-kits", &new)?;
        let known = bed.ask("GET", "/api/v1/backup-kits", &Value::Null)?;
        let text = |name: &str| known[name].as_str().unwrap_or_default();
        let key = STANDARD.decode(text("signing_key"))?;
        let kit = Kit {
            identity,
            box_id: text("box_id").to_owned(),
            box_name: text("box_name").to_owned(),
            signing_key: key.try_into().map_err(|_| "no signing key")?,
            created_at: Clock::System.now(),
        };
        fs::write(&bed.kit, kit.text().reveal())?;
        let new = json!({ "name": "Disk", "kind": "folder", "settings": { "path": bed.target } });
        bed.ask("POST", "/api/v1/backup-targets", &new)?;
        Ok(bed)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Problem> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n\
             {body}",
            self.seeded.token,
            body.len()
        );
        let answer = ask_once(self.address, &request)?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no head")?;
        if !head.starts_with("HTTP/1.1 2") {
            return Err(format!("{method} {path} was answered {text}").into());
        }
        Ok(serde_json::from_str(body)?)
    }

    /// Makes a backup and gives how long it took until all of it was encrypted and on the disk.
    /// Waits for the rest of the job.
    fn back_up(&self, server: &Server, seen: &mut Seen) -> Result<Duration, Problem> {
        let started = Instant::now();
        let job = self.ask("POST", "/api/v1/backups", &Value::Null)?;
        let mut made = None;
        while started.elapsed() < PATIENCE {
            seen.rss_kib = seen.rss_kib.max(server.rss_kib()?);
            let (plain, bytes) = self.plain()?;
            if bytes > seen.plain_bytes {
                seen.plain_bytes = bytes;
                println!("Plain: {plain:?}.");
            }
            let newest = self.ask("GET", "/api/v1/backups?limit=1", &Value::Null)?;
            let newest = &newest["items"][0];
            if newest["job_id"] == job["id"] {
                if newest["size_bytes"].is_u64() {
                    made.get_or_insert_with(|| started.elapsed());
                }
                match newest["state"].as_str() {
                    Some("running") => {}
                    Some("uploaded") => {
                        self.wait_for(job["id"].as_str().unwrap_or_default())?;
                        return made.ok_or_else(|| "it has no size".into());
                    }
                    _ => return Err(format!("no backup was made: {newest}").into()),
                }
            }
            sleep(LOOK_EVERY);
        }
        Err("the backup did not end".into())
    }

    fn wait_for(&self, job: &str) -> Result<(), Problem> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let job = self.ask("GET", &format!("/api/v1/jobs/{job}"), &Value::Null)?;
            match job["state"].as_str() {
                Some("waiting" | "running") => sleep(LOOK_EVERY),
                Some("done") => return Ok(()),
                _ => return Err(format!("the job ended like this: {job}").into()),
            }
        }
        Err("the job did not end".into())
    }

    /// The same with the tools of any Linux: a copy, then compressed and encrypted.
    fn back_up_with_tools(&self, file: &Path) -> Result<Duration, Problem> {
        let copy = self.folder.join("copy.db");
        let out = self.folder.join("copy.age");
        let script = "set -e; sqlite3 \"$1\" \".backup '$2'\"; \
                      zstd -3 -q -c \"$2\" | age -r \"$3\" -o \"$4\"; sync \"$4\"";
        let started = Instant::now();
        let status = Command::new("sh")
            .args(["-c", script, "sh"])
            .args([file, &copy, Path::new(&self.recipient), &out])
            .stdin(Stdio::null())
            .status()?;
        let took = started.elapsed();
        if !status.success() {
            return Err("sqlite3, zstd or age failed; all three have to be installed".into());
        }
        fs::remove_file(copy)?;
        fs::remove_file(out)?;
        Ok(took)
    }

    /// The longest write in the time of a backup, and in as long a time without one, microseconds.
    fn longest_writes(&self, server: &Server, seen: &mut Seen) -> Result<(u64, u64), Problem> {
        let movements = requests::movements(&self.seeded);
        let has_ended = AtomicBool::new(false);
        let write = |until: &(dyn Fn() -> bool + Sync)| -> Result<u64, Problem> {
            let (mut longest, mut due) = (0, Instant::now());
            for request in movements.iter().cycle() {
                if until() {
                    break;
                }
                let body: Value = serde_json::from_str(&request.body)?;
                due += WRITE_EVERY;
                sleep(due.saturating_duration_since(Instant::now()));
                self.ask("POST", &request.path, &body)?;
                longest = longest.max(micros(due.elapsed())?);
            }
            Ok(longest)
        };
        let (during, took) = scope(|threads| -> Result<_, Problem> {
            let writer = threads.spawn(|| write(&|| has_ended.load(Ordering::Relaxed)));
            let took = self.back_up(server, seen);
            has_ended.store(true, Ordering::Relaxed);
            let during = writer.join().map_err(|_| "the writer broke")??;
            Ok((during, took?))
        })?;
        let started = Instant::now();
        Ok((during, write(&|| started.elapsed() > took)?))
    }

    /// Brings the box back from the target; gives how long that took, and how long it was until
    /// the box answered somebody it knew.
    fn come_back(&self) -> Result<(Duration, Duration), Problem> {
        let data = self.folder.join("back");
        let started = Instant::now();
        let status = Command::new(server::BINARY)
            .args(["recover", "--json", "--from"])
            .arg(&self.target)
            .arg("--kit")
            .arg(&self.kit)
            .arg("--data")
            .arg(&data)
            .stdout(Stdio::null())
            .status()?;
        let restored = started.elapsed();
        if !status.success() {
            return Err("the box did not come back".into());
        }
        let server = Server::start(&data, &self.folder.join("log-back"))?;
        server.first_answer(&requests::first(&self.seeded), "200")?;
        let answered = started.elapsed();
        server.stop()?;
        Ok((restored, answered))
    }

    /// Files that were not there before and are no part of an archive, and their bytes.
    fn plain(&self) -> Result<(Vec<PathBuf>, u64), Problem> {
        let is_log = |path: &Path| {
            path.extension().is_some_and(|ending| ending == "db-wal" || ending == "db-shm")
        };
        let is_sealed = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("part-") || name.starts_with("COMMIT.")
        };
        let new = files_in(&self.data)?
            .into_iter()
            .filter(|path| !self.files.contains(path) && !is_log(path) && !is_sealed(path));
        // What is checked in scratch after the backup was made is a copy of the backup, not of
        // the box: it lies below a folder of its own.
        let new = new.filter(|path| !path.components().any(|one| one.as_os_str() == "scratch"));
        let new: Vec<PathBuf> = new.collect();
        let bytes = new.iter().filter_map(|path| fs::metadata(path).ok()).map(|about| about.len());
        let bytes = bytes.sum();
        Ok((new, bytes))
    }
}

/// Every file below a folder; those that go meanwhile are left out.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn micros(duration: Duration) -> Result<u64, Problem> {
    Ok(u64::try_from(duration.as_micros())?)
}
