//! Counts times in a few steps, for a handful of nanoseconds each: what a statement or a request
//! costs must not grow by being counted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the steps, microseconds; what takes longer is counted behind the last.
pub const BOUNDS_US: [u64; 15] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000, 30_000_000,
];
const STEPS: usize = BOUNDS_US.len() + 1;

/// Times so far.
#[derive(Debug, Default)]
pub struct Tally {
    counts: [AtomicU64; STEPS],
    sum_us: AtomicU64,
}

impl Tally {
    pub fn add(&self, took: Duration) {
        let micros = micros(took);
        let step = BOUNDS_US.partition_point(|bound| *bound < micros);
        self.counts[step].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn counted(&self) -> Counted {
        Counted {
            counts: std::array::from_fn(|step| self.counts[step].load(Ordering::Relaxed)),
            sum_us: self.sum_us.load(Ordering::Relaxed),
        }
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// What was counted by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// By step, each without those before.
    pub counts: [u64; STEPS],
    pub sum_us: u64,
}

impl Counted {
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What was counted since.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            counts: std::array::from_fn(|step| {
                self.counts[step].saturating_sub(earlier.counts[step])
            }),
            sum_us: self.sum_us.saturating_sub(earlier.sum_us),
        }
    }

    /// The time that so many of a hundred kept within, within its step as if they were spread
    /// evenly over it. None when nothing was counted.
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let wanted = (self.total() * percent).div_ceil(100).max(1);
        let mut before = 0;
        for (step, count) in self.counts.iter().enumerate() {
            if *count > 0 && before + count >= wanted {
                let from = step.checked_sub(1).map_or(0, |below| BOUNDS_US[below]);
                let to = BOUNDS_US.get(step).copied().unwrap_or(from);
                let within = (to - from).saturating_mul(wanted - before) / count;
                return Some(Duration::from_micros(from + within));
            }
            before += count;
        }
        None
    }
}

/// Seconds with all their microseconds, as programs read them: `0.0005`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let rest = format!("{rest:06}");
        write!(f, "{whole}.{}", rest.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times_ms: &[u64]) -> Counted {
        let tally = Tally::default();
        for ms in times_ms {
            tally.add(Duration::from_millis(*ms));
        }
        tally.counted()
    }

    #[test]
    fn every_time_is_counted_once_also_beyond_the_last_step() {
        let counted = of(&[0, 1, 1, 30_000, 30_001, 4_000_000]);
        assert_eq!(counted.total(), 6);
        assert_eq!((counted.counts[0], counted.counts[1]), (1, 2));
        assert_eq!((counted.counts[STEPS - 2], counted.counts[STEPS - 1]), (1, 2));
        assert_eq!(counted.since(&of(&[1])).total(), 5);
    }

    #[test]
    fn a_percentile_lies_within_the_step_it_falls_into() {
        assert_eq!(of(&[]).percentile(95), None);
        let times: Vec<u64> = (0..100).map(|one| if one < 90 { 1 } else { 300 }).collect();
        let p50 = of(&times).percentile(50).unwrap();
        let p95 = of(&times).percentile(95).unwrap();
        assert!(p50 > Duration::from_micros(500) && p50 <= Duration::from_millis(1), "{p50:?}");
        assert_eq!(p95, Duration::from_millis(350));
        assert_eq!(of(&[40_000]).percentile(95), Some(Duration::from_secs(30)));
    }

    #[test]
    fn seconds_are_written_without_idle_zeros() {
        let text = [0, 500, 1_000_000, 2_500_000, 30_000_001].map(|us| Seconds(us).to_string());
        assert_eq!(text, ["0", "0.0005", "1", "2.5", "30.000001"]);
    }
}
