//! What one test counts, apart from all that run beside it.

use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// A recorder of a test's own. Its runtime has one thread, so all that is counted outside of the
/// threads of files comes here.
pub struct Counters {
    recorder: PrometheusRecorder,
}

impl Counters {
    pub fn start() -> Self {
        Self { recorder: PrometheusBuilder::new().build_recorder() }
    }

    /// Counts here as long as what this gives is held.
    #[must_use]
    pub fn listen(&self) -> LocalRecorderGuard<'_> {
        metrics::set_default_local_recorder(&self.recorder)
    }

    fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }

    /// What a counter stands at; 0 where nothing was counted.
    pub fn of(&self, series: &str) -> u64 {
        sample(&self.handle().render(), series).map_or(0, |value| value.parse().expect("a count"))
    }

    /// Refused sign-ins of a reason.
    pub fn refused(&self, reason: &str) -> u64 {
        self.of(&format!("holdfast_sign_in_failures_total{{reason=\"{reason}\"}}"))
    }
}

/// The value of a series, written with its labels, in a scrape.
pub fn sample<'a>(scrape: &'a str, series: &str) -> Option<&'a str> {
    let of_line = |line: &'a str| line.strip_prefix(series)?.strip_prefix(' ');
    scrape.lines().find_map(of_line)
}
