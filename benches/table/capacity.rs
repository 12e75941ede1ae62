//! `cargo bench -- capacity`: a box with 512 MiB and one processor, used by a thousand people, a
//! hundred at once. First a planted allocation must die of the limit, or the run proves nothing.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use crate::client::{Tls, trust};
use crate::report::{self, Figure, Unit};
use crate::seed::{self, Seeded};
use crate::server::Server;
use crate::{Problem, requests};

/// First argument of the process that takes more memory than there is.
pub(crate) const HOG: &str = "hog";
const MEMORY_BYTES: u64 = 512 * 1024 * 1024;
const HOG_BYTES: usize = 600 * 1024 * 1024;
const PEOPLE: usize = 1_000;
const AT_ONCE: usize = 100;
const REQUESTS_PER_MIN: u32 = 10_000;
const LASTS: Duration = Duration::from_mins(2);
/// Longer than that is what operators are woken for.
const P95_US_MAX: u64 = 1_000_000;
const KILLED: i32 = 9;
const PAGE_BYTES: usize = 4_096;

/// A group of processes that share so much memory.
struct Group {
    path: PathBuf,
    has_v1: bool,
}

impl Group {
    fn make() -> Result<Self, Problem> {
        let name = format!("holdfast-bench-{}", std::process::id());
        let v1 = Path::new("/sys/fs/cgroup/memory");
        let has_v1 = v1.is_dir();
        let above = if has_v1 { v1 } else { Path::new("/sys/fs/cgroup") };
        let group = Self { path: above.join(name), has_v1 };
        fs::create_dir(&group.path)?;
        let limits: &[(&str, u64)] = if has_v1 {
            &[("memory.limit_in_bytes", MEMORY_BYTES)]
        } else {
            &[("memory.max", MEMORY_BYTES), ("memory.swap.max", 0)]
        };
        for (file, bytes) in limits {
            fs::write(group.path.join(file), bytes.to_string())?;
        }
        Ok(group)
    }

    /// A command that runs in the group and on the first processor.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        let script = r#"echo $$ >"$GROUP/cgroup.procs" && exec taskset -c 0 "$@""#;
        command.args(["-c", script, "sh"]).arg(program).env_clear().env("GROUP", &self.path);
        command
    }

    /// The most that was used at once.
    fn peak_bytes(&self) -> Option<u64> {
        let file = if self.has_v1 { "memory.max_usage_in_bytes" } else { "memory.peak" };
        fs::read_to_string(self.path.join(file)).ok()?.trim().parse().ok()
    }

    /// How many processes died for want of memory.
    fn killed(&self) -> Option<u64> {
        let file = if self.has_v1 { "memory.oom_control" } else { "memory.events" };
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.and_then(|count| count.trim().parse().ok())
    }

    /// Whether the limit holds: a process that takes more must be ended.
    fn is_a_limit(&self) -> Result<bool, Problem> {
        let own = std::env::current_exe()?;
        let status = self.command(&own).arg(HOG).stdin(Stdio::null()).status()?;
        Ok(status.signal() == Some(KILLED))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A process may take a moment to be gone.
        for _ in 0..50 {
            match fs::remove_dir(&self.path) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                    sleep(Duration::from_millis(20));
                }
                _ => return,
            }
        }
    }
}

/// Takes more memory than the group has, page by page.
pub(crate) fn take_too_much() {
    let mut taken = vec![0_u8; HOG_BYTES];
    for page in taken.chunks_mut(PAGE_BYTES) {
        page[0] = 1;
    }
    std::hint::black_box(&taken);
}

pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let group = match Group::make() {
        Ok(group) => group,
        Err(problem) => {
            println!("\nSKIPPED: capacity, because no memory group can be made here: {problem}");
            return Ok(true);
        }
    };
    if !group.is_a_limit()? {
        println!("\nMISSED: a process of 600 MiB lives in a group of 512: the run proves nothing.");
        return Ok(false);
    }
    println!("\nA process of 600 MiB was ended in the group, as it must be.");
    let data = folder.join("capacity");
    let runtime = tokio::runtime::Runtime::new()?;
    let seeded = runtime.block_on(seed::seed(&data))?;
    let people = runtime.block_on(seed::people_of(&data, &seeded, PEOPLE))?;
    drop(runtime);
    println!("Made {PEOPLE} people.");
    let killed_before = group.killed();
    let command = group.command(Path::new(crate::server::BINARY));
    let server = Server::start_by(command, &data, &folder.join("log"))?;
    let tls = trust(&fs::read_to_string(&server.root)?);
    let load = Load { address: server.tls, tls, seeded: &seeded, people: &people };
    let mut outcome = load.run();
    let rss = server.rss_kib()?;
    server.stop()?;
    println!(
        "{} requests in {} s by {PEOPLE} people, {AT_ONCE} at once, over TLS on one processor.",
        outcome.took_us.len(),
        LASTS.as_secs()
    );
    outcome.failures.iter().take(5).for_each(|failure| println!("Failed: {failure}"));
    let killed = group.killed().unwrap_or(0).saturating_sub(killed_before.unwrap_or(0));
    println!("Ended for want of memory during the load: {killed}.");
    outcome.took_us.sort_unstable();
    let at = |percent: usize| {
        let place = outcome.took_us.len() * percent / 100;
        outcome.took_us.get(place).copied().unwrap_or(u64::MAX)
    };
    let wanted = u64::from(REQUESTS_PER_MIN) * LASTS.as_secs() / 60;
    let missing = wanted.saturating_sub(outcome.took_us.len() as u64);
    let figure = |name, value, unit, most| Figure { name, value, unit, most };
    let figures = [
        figure("requests that failed", outcome.failures.len() as u64, Unit::Count, 0),
        figure("requests that were not sent in time", missing, Unit::Count, wanted / 100),
        figure("p50 in 512 MiB", at(50), Unit::Micros, P95_US_MAX),
        figure("p95 in 512 MiB", at(95), Unit::Micros, P95_US_MAX),
        figure("p99 in 512 MiB", at(99), Unit::Micros, 2 * P95_US_MAX),
        figure("RSS at the end", rss, Unit::Kib, MEMORY_BYTES / 1_024),
        figure(
            "most memory of the group, with cached files",
            group.peak_bytes().unwrap_or(0) / 1_024,
            Unit::Kib,
            MEMORY_BYTES / 1_024,
        ),
    ];
    println!();
    Ok(report::print(&[], &figures) && killed == 0)
}

struct Load<'a> {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    seeded: &'a Seeded,
    /// Their tokens.
    people: &'a [String],
}

#[derive(Default)]
struct Outcome {
    took_us: Vec<u64>,
    failures: Vec<String>,
}

impl Load<'_> {
    fn run(&self) -> Outcome {
        let mut all = Outcome::default();
        scope(|scope| {
            let lines: Vec<_> =
                (0..AT_ONCE).map(|nth| scope.spawn(move || self.one(nth))).collect();
            for line in lines {
                match line.join() {
                    Ok(mut one) => {
                        all.took_us.append(&mut one.took_us);
                        all.failures.append(&mut one.failures);
                    }
                    Err(_) => all.failures.push("a line panicked".to_owned()),
                }
            }
        });
        all
    }

    /// One connection, on which ten people take turns: of ten requests seven read an item, two a
    /// list, and one writes.
    fn one(&self, nth: usize) -> Outcome {
        let mut outcome = Outcome::default();
        let every = Duration::from_mins(1) / REQUESTS_PER_MIN * u32::try_from(AT_ONCE).unwrap_or(1);
        let offset = every / u32::try_from(AT_ONCE).unwrap_or(1) * u32::try_from(nth).unwrap_or(0);
        let started = Instant::now() + offset;
        sleep(offset);
        let mut connection = match Tls::open(self.address, &self.tls) {
            Ok(connection) => connection,
            Err(error) => {
                outcome.failures.push(format!("no connection: {error}"));
                return outcome;
            }
        };
        let mut due = started;
        for number in 0.. {
            if due.duration_since(started) >= LASTS {
                break;
            }
            sleep(due.saturating_duration_since(Instant::now()));
            let person = &self.people[(nth + number * AT_ONCE) % self.people.len()];
            let (request, status) = requests::of_a_day(self.seeded, person, nth * 1_000 + number);
            let asked = Instant::now();
            match connection.ask(&request) {
                Ok(answer) if answer.status == status => {
                    let took = asked.elapsed().as_micros();
                    outcome.took_us.push(u64::try_from(took).unwrap_or(u64::MAX));
                }
                Ok(answer) => outcome.failures.push(format!("{} to {request}", answer.status)),
                Err(error) => {
                    outcome.failures.push(error.to_string());
                    return outcome;
                }
            }
            due += every;
        }
        outcome
    }
}
