//! `cargo bench -- updates`: a box takes signed releases and leaves them again, a hundred times,
//! under a crowd; and what of it takes how long.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Problem;
use crate::boxed::Machine;
use crate::crowd::Crowd;
use crate::crowded::{self, Outcome};
use crate::publisher::Publisher;
use crate::report::{self, Figure, Unit};

const CHANGES: u32 = 100;
const ANSWERS_EACH: usize = 10_000;
/// As many as ask in `make test`, each as often as leaves the box the time for its updates.
const CROWD: Crowd =
    Crowd { http1: 64, http2: 16, streams: 50, pace: Some(Duration::from_millis(100)) };
/// How long the supervisor is looked at: its worker asks it something each minute.
const LOOKED_AT: Duration = Duration::from_secs(130);
/// Tells the kernel to begin anew with the most that lay in memory: proc(5).
const FORGET_LARGEST: &str = "5";
/// Starts of which the middle one counts.
const STARTS: usize = 5;

pub(crate) fn measure(changes: Option<&str>) -> Result<bool, Problem> {
    let changes = changes.map_or(Ok(CHANGES), str::parse)?;
    let mut figures = vec![delta()];
    figures.extend(alone()?);
    let began = Instant::now();
    let outcome = crowded::run(changes, changes as usize * ANSWERS_EACH, CROWD);
    println!(
        "\n{} updates and {} rollbacks in {} s under {} HTTP/1.1 and {} HTTP/2 connections and {} \
         streams over TLS: {} answers, {} confirmed writes, {} streams begun.",
        outcome.updates.len(),
        outcome.rollbacks.len(),
        began.elapsed().as_secs(),
        CROWD.http1,
        CROWD.http2,
        CROWD.streams,
        outcome.answers,
        outcome.confirmed,
        outcome.streams
    );
    outcome.failures.iter().take(5).for_each(|failure| println!("Failed: {failure}"));
    figures.extend(under_the_crowd(&outcome));
    println!();
    Ok(report::print(&[], &figures))
}

fn under_the_crowd(outcome: &Outcome) -> [Figure; 5] {
    let longest = |times: &[Duration]| micros(times.iter().max().copied().unwrap_or_default());
    [
        figure("requests that failed", outcome.failures.len() as u64, Unit::Count, 0),
        figure("confirmed writes that were lost", outcome.lost.len() as u64, Unit::Count, 0),
        figure("longest update, all of it", longest(&outcome.updates), Unit::Micros, 600_000_000),
        figure("longest rollback, watched", longest(&outcome.rollbacks), Unit::Micros, 300_000_000),
        figure("longest answer in a change", micros(outcome.slowest), Unit::Micros, 2_000_000),
    ]
}

/// What a box without anybody else takes for each way back, and its supervisor.
fn alone() -> Result<Vec<Figure>, Problem> {
    let publisher = Publisher::new();
    let mut machine = Machine::owned(&publisher, &publisher.address());
    let crash = without_answers(&machine, &publisher, 1, "exit");
    let faults = without_answers(&machine, &publisher, 2, "faults-after-ms=1000");
    publisher.publish(3, "good");
    machine.said(&["update", "check"]);
    machine.said(&["update", "apply", "--yes"]);
    let back = way_back(&machine);
    machine.last_update();
    let supervisor_kib = largest_kib(machine.supervisor_id())?;
    let verified = starts(&mut machine, &publisher);
    Ok(vec![
        figure("no answer: crash at start", micros(crash), Unit::Micros, 3_000_000),
        figure("no good answer: fails when watched", micros(faults), Unit::Micros, 15_000_000),
        figure("rollback by hand", micros(back), Unit::Micros, 2_000_000),
        figure("largest RSS of the supervisor", supervisor_kib, Unit::Kib, 10 * 1_024),
        figure("a verified start takes longer by", micros(verified), Unit::Micros, 250_000),
    ])
}

/// Has a release applied that does not behave, and gives how long nobody was answered well.
fn without_answers(
    machine: &Machine,
    publisher: &Publisher,
    number: u32,
    conduct: &str,
) -> Duration {
    publisher.publish(number, conduct);
    machine.said(&["update", "check"]);
    let is_well = || {
        let asked = machine.try_ask("GET", "me", &Value::Null);
        asked.is_ok_and(|(status, _)| status == 200)
    };
    let mut command = machine.command(&["update", "apply", "--yes", "--json"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut applying = command.spawn().expect("the package's program");
    let (mut longest, mut last_well) = (Duration::ZERO, Instant::now());
    loop {
        let has_ended = applying.try_wait().expect("a child").is_some();
        if is_well() {
            longest = longest.max(last_well.elapsed());
            last_well = Instant::now();
            if has_ended {
                return longest;
            }
        }
    }
}

/// From the wish to go back until the release before answers.
fn way_back(machine: &Machine) -> Duration {
    let mut command = machine.command(&["update", "rollback", "--yes", "--json"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let began = Instant::now();
    let mut going = command.spawn().expect("the package's program");
    let is_back = || {
        let asked = machine.try_ask("GET", "platform/updates/status", &Value::Null).ok();
        asked.is_some_and(|(_, status)| status["current"]["version"] == env!("CARGO_PKG_VERSION"))
    };
    while !is_back() {}
    let took = began.elapsed();
    going.wait().expect("a child");
    took
}

/// How much longer a box takes to serve with a release that has to be proved first than with the
/// package's own.
fn starts(machine: &mut Machine, publisher: &Publisher) -> Duration {
    let packaged = middle_start(machine);
    publisher.publish(4, "good");
    machine.said(&["update", "check"]);
    machine.said(&["update", "apply", "--yes"]);
    middle_start(machine).saturating_sub(packaged)
}

fn middle_start(machine: &mut Machine) -> Duration {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        machine.stop();
        let began = Instant::now();
        machine.start();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[STARTS / 2]
}

/// What of the next release's download a box of this one fetches.
fn delta() -> Figure {
    let publisher = Publisher::new();
    let (whole, delta) = publisher.delta_bytes();
    println!("\nThe next release is fetched as {whole} bytes, or as {delta} from this one.");
    let share = delta * 1_000 / whole.max(1);
    figure("delta, thousandths of the whole", share, Unit::Count, 150)
}

/// The most that a process has in memory while it is looked at, KiB. The kernel keeps it, so that
/// what lasts a moment counts as well.
fn largest_kib(process: u32) -> Result<u64, Problem> {
    std::fs::write(format!("/proc/{process}/clear_refs"), FORGET_LARGEST)?;
    sleep(LOOKED_AT);
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn figure(name: &'static str, value: u64, unit: Unit, most: u64) -> Figure {
    Figure { name, value, unit, most }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
