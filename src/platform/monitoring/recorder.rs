//! Where the program's counters end: one recorder for each process, in the text form of
//! Prometheus.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::MissedTickBehavior;

use super::families::{self, Family, Kind};
use crate::platform::Platform;
use crate::platform::error::{Error, Result};
use crate::platform::identity::sign_in::Reason;

/// Bounds of the histograms of times, in seconds: from a look into memory to the time-out.
const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];
/// The same for jobs, from a look to a night.
const JOB_SECONDS: &[f64] =
    &[0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0];
/// Counters that are written beside the recorder.
const APPENDED: [&str; 3] =
    ["holdfast_http_answers_total", "holdfast_http_faults_total", "process_cpu_seconds_total"];
/// Recorded times wait in a list until they are counted; so it stays short under load.
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder is the process's own: the counters find it by themselves.
static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder, once. Counters made before are lost, so call it first.
pub fn install() -> Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .and_then(|builder| {
            let jobs = Matcher::Full("holdfast_job_duration_seconds".to_owned());
            builder.set_buckets_for_metric(jobs, JOB_SECONDS)
        })
        .map_err(Error::internal)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| Error::internal(error.to_string()))?;
    HANDLE.get_or_init(|| handle);
    describe();
    Ok(())
}

/// Counts what was recorded, every few seconds, until the box stops.
pub fn keep(platform: &Arc<Platform>) {
    platform.tasks.start("metrics", |mut stop| async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.requested() => return,
                _ = ticks.tick() => {}
            }
            if let Some(handle) = HANDLE.get() {
                handle.run_upkeep();
            }
        }
    });
}

/// All counters in the text form of Prometheus.
pub(super) fn render() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Counters that are not there yet stand at nothing, so that the first of each is seen as a rise.
fn describe() {
    for Family { name, kind, labels, help } in families::all() {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *help),
            Kind::Gauge => metrics::describe_gauge!(*name, *help),
            Kind::Histogram => metrics::describe_histogram!(*name, *help),
        }
        let is_ours = !APPENDED.contains(name);
        if *kind == Kind::Counter && labels.is_empty() && is_ours {
            metrics::counter!(*name).increment(0);
        }
    }
    for reason in Reason::ALL {
        let name = "holdfast_sign_in_failures_total";
        metrics::counter!(name, "reason" => reason.name()).increment(0);
    }
    for kind in ["system", "workspace"] {
        metrics::counter!("holdfast_slow_statements_total", "kind" => kind).increment(0);
    }
    for channel in ["mail", "webhook"] {
        for outcome in ["sent", "failed"] {
            let name = "holdfast_notice_deliveries_total";
            metrics::counter!(name, "channel" => channel, "outcome" => outcome).increment(0);
        }
    }
    metrics::gauge!("holdfast_connections_open").increment(0);
}
