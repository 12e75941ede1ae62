//! `cargo bench -- switches`: the load of `tests/handover` while the box changes hands a hundred
//! times, beside the same load on a box that merely ends and starts.

use std::time::{Duration, Instant};

use crate::Problem;
use crate::report::{self, Figure, Unit};
use crate::under_switches::{CROWD, How, Outcome, run};

const SWITCHES: usize = 100;
const ANSWERS_EACH: usize = 10_000;
/// The load must notice a box that merely ends.
const BASELINE_SWITCHES: usize = 5;
const BASELINE_ANSWERS: usize = 20_000;

pub(crate) fn measure(times: Option<&str>) -> Result<bool, Problem> {
    let switches = times.map_or(Ok(SWITCHES), str::parse)?;
    let baseline = run(BASELINE_SWITCHES, BASELINE_ANSWERS, CROWD, How::ExitAtOnce);
    println!(
        "\n{BASELINE_SWITCHES} workers that merely ended, under {} HTTP/1.1 and {} HTTP/2 \
         connections and {} streams over TLS: {} requests failed beside {} answers.",
        CROWD.http1,
        CROWD.http2,
        CROWD.streams,
        baseline.failures.len(),
        baseline.answers
    );
    let started = Instant::now();
    let outcome = run(switches, switches * ANSWERS_EACH, CROWD, How::HandOver);
    println!(
        "{switches} switches in {} s under the same load: {} answers, {} confirmed writes, {} \
         streams and {} HTTP/2 connections begun.",
        started.elapsed().as_secs(),
        outcome.answers,
        outcome.confirmed,
        outcome.streams,
        outcome.http2_connections
    );
    outcome.failures.iter().take(5).for_each(|failure| println!("Failed: {failure}"));
    let figures = figures(&baseline, &outcome);
    println!();
    Ok(report::print(&[], &figures) && !baseline.failures.is_empty())
}

fn figures(baseline: &Outcome, outcome: &Outcome) -> Vec<Figure> {
    let figure = |name, value, unit, most| Figure { name, value, unit, most };
    let longest = |times: Vec<Duration>| micros(times.into_iter().max().unwrap_or_default());
    let closing = longest(outcome.took.iter().map(|took| took.closing).collect());
    let opening = longest(outcome.took.iter().map(|took| took.opening).collect());
    let lost = outcome.lost.len() + baseline.lost.len();
    vec![
        figure("requests that failed", outcome.failures.len() as u64, Unit::Count, 0),
        figure("confirmed writes that were lost", lost as u64, Unit::Count, 0),
        figure("connections ended at rest", outcome.ended_at_rest as u64, Unit::Count, 0),
        figure("longest closing of the files", closing, Unit::Micros, 1_000_000),
        figure("longest opening of the files", opening, Unit::Micros, 1_000_000),
        figure("longest answer around a switch", micros(outcome.slowest), Unit::Micros, 2_000_000),
    ]
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
