//! Where the program's counters end: one recorder for each process, in the text form of
//! Prometheus.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::MissedTickBehavior;

use crate::platform::Platform;
use crate::platform::error::{Error, Result};

/// Bounds of the histograms of times, in seconds: from a look into memory to the time-out.
const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];
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

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("holdfast_http_requests_total", "Requests by route, verb and status.");
    describe_histogram!("holdfast_http_request_seconds", "Time to an answer's head, by route.");
    describe_counter!("holdfast_handler_panics_total", "Requests that ended in a panic.");
    describe_counter!("holdfast_task_panics_total", "Tasks that ended in a panic.");
    describe_counter!("holdfast_commits_total", "Commits of all database files.");
    describe_counter!("holdfast_committed_commands_total", "Changes in those commits.");
    describe_counter!("holdfast_commit_failures_total", "Commits that failed.");
    describe_counter!("holdfast_slow_statements_total", "Statements over logs.slow_statement_ms.");
    describe_counter!("holdfast_write_queue_full_total", "Changes refused: too many waited.");
    describe_counter!("holdfast_password_hashes_total", "Passwords hashed or compared.");
    describe_counter!("holdfast_refusals_not_audited_total", "Refusals over the audited rate.");
    describe_counter!("holdfast_log_lines_dropped_total", "Log lines nobody took in time.");
    describe_counter!("holdfast_log_write_failures_total", "Writes of the log that failed.");
    describe_counter!("holdfast_jobs_total", "Runs of jobs, by kind and how they ended.");
    describe_histogram!("holdfast_job_seconds", "Time of a run of a job, by kind.");
    describe_gauge!("holdfast_jobs_waiting", "Jobs that wait to begin.");
    describe_gauge!("holdfast_jobs_running", "Jobs that run.");
    describe_gauge!("holdfast_jobs_failed", "Jobs that failed in a week and were not done since.");
    describe_gauge!("holdfast_write_queue_commands", "Changes waiting to be written.");
    describe_gauge!("holdfast_workspaces_open", "Workspace files held open.");
    describe_gauge!("holdfast_event_streams_open", "Live event streams.");
    describe_gauge!("holdfast_database_log_bytes", "Write-ahead log of the box's own file.");
    describe_gauge!("holdfast_disk_free_bytes", "Room on the disk of the data.");
    describe_gauge!("holdfast_process_resident_bytes", "Memory of the process.");
    describe_gauge!("holdfast_process_cpu_seconds", "Processor time since the start.");
    describe_gauge!("holdfast_process_open_files", "Files and sockets held open.");
    describe_gauge!("holdfast_certificate_end_seconds", "When the certificate ends, Unix time.");
    describe_gauge!("holdfast_box_info", "Always 1; the label says the version.");
}
