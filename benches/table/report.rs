//! The table: what was measured beside what must be reached.

use std::time::Duration;

use crate::plan::Outcome;

/// A measured load.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    /// Processor time of the server for one request, nanoseconds.
    pub(crate) cpu_ns: u64,
    pub(crate) per_s: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) must: Must,
}

/// What a load must reach; what is left out is only shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Must {
    pub(crate) cpu_us_max: Option<u64>,
    pub(crate) per_s_min: Option<u64>,
    pub(crate) p99_ms_max: Option<u64>,
}

impl Load {
    pub(crate) fn new(
        name: &'static str,
        connections: usize,
        must: Must,
        outcome: &Outcome,
        cpu_us: u64,
    ) -> Self {
        Self {
            name,
            connections,
            cpu_ns: cpu_us * 1_000 / outcome.requests.max(1),
            per_s: outcome.requests * 1_000_000 / outcome.elapsed_us.max(1),
            p50_us: outcome.p50_us,
            p99_us: outcome.p99_us,
            must,
        }
    }

    fn is_met(&self) -> bool {
        self.must.cpu_us_max.is_none_or(|most| self.cpu_ns <= most * 1_000)
            && self.must.per_s_min.is_none_or(|least| self.per_s >= least)
            && self.must.p99_ms_max.is_none_or(|most| self.p99_us <= most * 1_000)
    }
}

impl Must {
    fn words(self) -> String {
        let words: Vec<_> = [
            self.cpu_us_max.map(|most| format!("≤ {most} µs CPU")),
            self.per_s_min.map(|least| format!("≥ {least}/s")),
            self.p99_ms_max.map(|most| format!("p99 ≤ {most} ms")),
        ]
        .into_iter()
        .flatten()
        .collect();
        words.join(", ")
    }
}

/// A single figure.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: u64,
    pub(crate) unit: Unit,
    /// Must not be above this, in the same unit.
    pub(crate) most: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Nanos,
    Micros,
    Kib,
    Bytes,
    Percent,
    Count,
}

impl Unit {
    fn words(self, value: u64) -> String {
        match self {
            Self::Nanos if value < 1_000_000 => format!("{} µs", tenths(value, 1_000)),
            Self::Nanos => format!("{} ms", tenths(value, 1_000_000)),
            Self::Micros => format!("{} ms", tenths(value, 1_000)),
            Self::Kib => format!("{} MiB", tenths(value, 1_024)),
            Self::Bytes => format!("{value} bytes"),
            Self::Percent => format!("{value} %"),
            Self::Count => value.to_string(),
        }
    }
}

/// `value / divisor` with one decimal, rounded.
fn tenths(value: u64, divisor: u64) -> String {
    let tenths = (value * 10 + divisor / 2) / divisor;
    format!("{}.{}", tenths / 10, tenths % 10)
}

pub(crate) fn millis(duration: Duration) -> String {
    tenths(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), 1_000)
}

/// Prints everything and says whether all that must be reached was reached.
pub(crate) fn print(loads: &[Load], figures: &[Figure]) -> bool {
    if !loads.is_empty() {
        print_loads(loads);
    }
    println!("\n| figure | measured | must reach | |\n|---|---:|---|---|");
    for figure in figures {
        let (value, most) = (figure.unit.words(figure.value), figure.unit.words(figure.most));
        let verdict = verdict(false, figure.value <= figure.most);
        println!("| {} | {value} | ≤ {most} | {verdict} |", figure.name);
    }
    loads.iter().all(Load::is_met) && figures.iter().all(|one| one.value <= one.most)
}

fn print_loads(loads: &[Load]) {
    println!("| request | connections | server CPU | requests/s | p50 | p99 | must reach | |");
    println!("|---|---:|---:|---:|---:|---:|---|---|");
    for load in loads {
        println!(
            "| {} | {} | {} µs | {} | {} ms | {} ms | {} | {} |",
            load.name,
            load.connections,
            tenths(load.cpu_ns, 1_000),
            load.per_s,
            tenths(load.p50_us, 1_000),
            tenths(load.p99_us, 1_000),
            load.must.words(),
            verdict(load.must.words().is_empty(), load.is_met()),
        );
    }
}

fn verdict(is_only_shown: bool, is_met: bool) -> &'static str {
    match (is_only_shown, is_met) {
        (true, _) => "",
        (false, true) => "met",
        (false, false) => "MISSED",
    }
}
