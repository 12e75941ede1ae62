//! Numbers that are looked up when somebody asks for them.

use std::fs;
use std::sync::Arc;

use super::exposition::Exposition;
use super::ops::{VERSION, certificate_status};
use super::{host, process, recorder, score};
use crate::platform::backups::standing::ops::standing_in;
use crate::platform::backups::standing::rules::Standing;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::Result;
use crate::platform::jobs::ops::Figures;
use crate::platform::tally::Seconds;
use crate::platform::{Platform, jobs, tasks};

/// What stands in the box's own file.
struct Kept {
    jobs: Figures,
    backups: Standing,
    now: Moment,
}

/// All counters, with those that are looked up when somebody asks. The text of Prometheus.
pub async fn metrics(platform: &Arc<Platform>) -> Result<String> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let read = ctx.read(|scope| {
        let (jobs, backups) = (jobs::ops::figures_in(scope)?, standing_in(scope)?);
        Ok(Kept { jobs, backups, now: scope.now() })
    });
    // A box whose file cannot be read still tells the rest.
    let kept = read.await.ok();
    let score = score::current(&ctx).await?;
    let platform = Arc::clone(platform);
    tasks::blocking(move || {
        if let Some(kept) = &kept {
            of_work(kept);
        }
        of_files(&platform);
        of_machine(&platform);
        set("holdfast_stability_score", score.score);
        for part in &score.parts {
            if let Some(grade) = part.grade {
                let gauge = metrics::gauge!("holdfast_stability_grade", "part" => part.name);
                gauge.set(float(grade));
            }
        }
        let mut text = Exposition::begin(recorder::render());
        append(&mut text, &platform);
        Ok(text.text())
    })
    .await
}

fn of_work(Kept { jobs, backups, now }: &Kept) {
    set("holdfast_jobs_waiting", jobs.waiting);
    set("holdfast_jobs_running", jobs.running);
    set("holdfast_jobs_failed", jobs.failed);
    let oldest = jobs.due_since.map_or(0, |since| now.since(since).as_secs());
    set("holdfast_jobs_oldest_waiting_seconds", oldest);
    let seconds = |at: Option<Moment>| at.map_or(0, |at| at.0 / 1_000);
    set("holdfast_backup_set_up_timestamp_seconds", seconds(backups.ready_since));
    set("holdfast_backup_last_success_timestamp_seconds", seconds(backups.last_made_at));
    set("holdfast_backup_last_verified_timestamp_seconds", seconds(backups.last_verified_at));
    set("holdfast_backup_troubles", backups.trouble(*now).len());
    set("holdfast_workspaces_damaged", backups.damaged.len());
}

fn of_files(platform: &Platform) {
    let (system, workspaces) = (&platform.system, &platform.workspaces);
    for (kind, waiting, log) in [
        ("system", system.waiting_commands(), system_log_bytes(platform)),
        ("workspace", workspaces.longest_queue(), workspaces.log_bytes()),
    ] {
        metrics::gauge!("holdfast_write_queue_commands", "kind" => kind).set(float(waiting));
        metrics::gauge!("holdfast_database_wal_bytes", "kind" => kind).set(float(log));
    }
    let capacity = platform.config.storage.queue_commands_max;
    set("holdfast_write_queue_capacity_commands", capacity);
    set("holdfast_workspaces_open", workspaces.open_count());
    set("holdfast_event_streams_open", platform.streams.count());
    set("holdfast_http_requests_in_flight", platform.watching.traffic.in_flight());
    set("holdfast_audit_chain_ok", u8::from(platform.watching.is_every_chain_whole()));
}

fn of_machine(platform: &Platform) {
    if let Ok(disk) = platform.room.of(platform.config.data()) {
        set("holdfast_disk_free_bytes", disk.free_bytes);
        set("holdfast_disk_size_bytes", disk.size_bytes);
    }
    if let Some(memory) = host::memory() {
        set("holdfast_memory_used_bytes", memory.used_bytes);
        set("holdfast_memory_limit_bytes", memory.limit_bytes);
    }
    if let Some(status) = certificate_status(platform) {
        set("holdfast_certificate_not_after_timestamp_seconds", status.not_after.0 / 1_000);
    }
    metrics::gauge!("holdfast_build_info", "version" => VERSION).set(1.0);
}

/// What the recorder cannot hold.
fn append(text: &mut Exposition, platform: &Platform) {
    let watching = &platform.watching;
    let files = [&watching.on_system, &watching.on_workspaces];
    let statements = files.iter().flat_map(|file| {
        let kind = file.kind;
        let labels = move |op| format!("kind=\"{kind}\",op=\"{op}\"");
        file.statements().map(|(op, counted)| (labels(op), counted))
    });
    let statements: Vec<_> = statements.collect();
    text.times("holdfast_database_statement_duration_seconds", &statements);
    let commits = files.map(|file| (format!("kind=\"{}\"", file.kind), file.commits()));
    text.times("holdfast_database_commit_duration_seconds", &commits);
    let pressure: Vec<_> = host::pressure()
        .into_iter()
        .flat_map(|one| {
            let labels = |share| format!("resource=\"{}\",share=\"{share}\"", one.resource);
            [(labels("some"), Seconds(one.some_us)), (labels("full"), Seconds(one.full_us))]
        })
        .collect();
    text.family("holdfast_pressure_waiting_seconds_total", &pressure);
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let cpu = process::cpu_time().map(|time| Seconds(micros(time)));
    text.one("process_cpu_seconds_total", cpu);
    let memory = process::memory();
    text.one("process_resident_memory_bytes", memory.as_ref().map(|one| one.resident_bytes));
    text.one("process_virtual_memory_bytes", memory.as_ref().map(|one| one.virtual_bytes));
    text.one("process_threads", memory.map(|one| one.threads));
    text.one("process_open_fds", process::open_files());
    text.one("process_max_fds", process::open_files_max());
    let started = u64::try_from(platform.started_at.0).unwrap_or(0).saturating_mul(1_000);
    text.one("process_start_time_seconds", Some(Seconds(started)));
}

/// The write-ahead log of the box's own file.
pub(super) fn system_log_bytes(platform: &Platform) -> u64 {
    let log = platform.config.data().join("system.db-wal");
    fs::metadata(log).map_or(0, |about| about.len())
}

fn set(name: &'static str, value: impl TryInto<i64>) {
    metrics::gauge!(name).set(float(value));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; 53 bits are enough for it")]
fn float(value: impl TryInto<i64>) -> f64 {
    value.try_into().unwrap_or(i64::MAX) as f64
}
