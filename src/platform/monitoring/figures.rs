//! Numbers that are looked up when somebody asks for them.

use std::fs;
use std::sync::Arc;

use super::exposition::Exposition;
use super::ops::{VERSION, certificate_status};
use super::score::rules::{Part, Score};
use super::{host, process, recorder, score};
use crate::platform::backups::standing::ops::standing_in;
use crate::platform::backups::standing::rules::Standing;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::Result;
use crate::platform::jobs::ops::Figures;
use crate::platform::tally::Seconds;
use crate::platform::{Platform, jobs, tasks, updates};

/// What stands in the box's own file.
struct Kept {
    jobs: Figures,
    /// Scheduled jobs that failed and were not done since.
    jobs_failed: i64,
    backups: Standing,
    updates: updates::ops::figures::Figures,
    now: Moment,
}

/// All counters, with what is looked up when somebody asks: what cannot be looked up now is left
/// out, since an earlier value would pass for a present one. The text of Prometheus.
pub async fn metrics(platform: &Arc<Platform>) -> Result<String> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let of_jobs = Arc::clone(platform);
    let read = ctx.read(move |scope| {
        let (jobs, backups) = (jobs::ops::figures_in(scope)?, standing_in(scope)?);
        let failing = jobs::ops::failing_in(scope, &of_jobs.jobs)?;
        let jobs_failed = failing.iter().map(|(_, count)| count).sum();
        let updates = updates::ops::figures::figures_in(scope, active_seq(&of_jobs))?;
        Ok(Kept { jobs, jobs_failed, backups, updates, now: scope.now() })
    });
    // A box whose file cannot be read still tells the rest.
    let kept = read.await.ok();
    let score = score::current(&ctx).await?;
    let platform = Arc::clone(platform);
    tasks::blocking(move || {
        let mut text = Exposition::begin(recorder::render());
        of_requests(&mut text, &platform);
        text.one("holdfast_box_file_readable", Some(u8::from(kept.is_some())));
        if let Some(kept) = &kept {
            of_work(&mut text, kept);
            of_updates(&mut text, &kept.updates, active_seq(&platform));
        }
        of_files(&mut text, &platform);
        of_times(&mut text, &platform);
        of_score(&mut text, &score);
        of_machine(&mut text, &platform);
        of_process(&mut text, &platform);
        Ok(text.text())
    })
    .await
}

fn of_requests(text: &mut Exposition, platform: &Platform) {
    let traffic = &platform.watching.traffic;
    let counted = traffic.counted();
    text.one("holdfast_http_answers_total", Some(counted.times.total()));
    text.one("holdfast_http_faults_total", Some(counted.faults));
    text.one("holdfast_http_requests_in_flight", Some(traffic.in_flight()));
    text.one("holdfast_event_streams_open", Some(platform.streams.count()));
}

fn of_work(text: &mut Exposition, kept: &Kept) {
    let Kept { jobs, jobs_failed, backups, now, .. } = kept;
    text.one("holdfast_jobs_waiting", Some(jobs.waiting));
    text.one("holdfast_jobs_running", Some(jobs.running));
    text.one("holdfast_jobs_failed", Some(jobs_failed));
    let oldest = jobs.due_since.map_or(0, |since| now.since(since).as_secs());
    text.one("holdfast_jobs_oldest_waiting_seconds", Some(oldest));
    for (name, at) in [
        ("holdfast_backup_set_up_timestamp_seconds", backups.ready_since),
        ("holdfast_backup_last_success_timestamp_seconds", backups.last_made_at),
        ("holdfast_backup_last_verified_timestamp_seconds", backups.last_verified_at),
    ] {
        text.one(name, Some(at.map_or(0, |at| at.0 / 1_000)));
    }
    text.one("holdfast_backup_troubles", Some(backups.trouble(*now).len()));
    text.one("holdfast_workspaces_damaged", Some(backups.damaged.len()));
}

/// The number of the release that runs.
fn active_seq(platform: &Platform) -> u64 {
    platform.updates.as_ref().map_or(0, |link| link.seq)
}

fn of_updates(text: &mut Exposition, found: &updates::ops::figures::Figures, active_seq: u64) {
    let ended: Vec<_> =
        found.ended.iter().map(|(name, count)| (format!("outcome=\"{name}\""), *count)).collect();
    text.family("holdfast_updates_total", &ended);
    text.one("holdfast_update_last_duration_seconds", Some(found.last_took_s.unwrap_or(0.0)));
    text.one("holdfast_release_active_seq", Some(active_seq));
    text.one("holdfast_release_offered_seq", Some(found.offered_seq.unwrap_or(active_seq)));
    for (name, at) in [
        ("holdfast_update_critical_since_timestamp_seconds", found.critical_since),
        ("holdfast_update_feed_answered_timestamp_seconds", found.answered_at),
        ("holdfast_update_metadata_expires_timestamp_seconds", found.expires_at),
    ] {
        text.one(name, Some(at.map_or(0, |at| at.0 / 1_000)));
    }
    text.one("holdfast_update_feed_stale", Some(u8::from(found.is_stale)));
}

fn of_files(text: &mut Exposition, platform: &Platform) {
    let (system, workspaces) = (&platform.system, &platform.workspaces);
    let by_kind = |system: u64, workspaces: u64| {
        [("kind=\"system\"".to_owned(), system), ("kind=\"workspace\"".to_owned(), workspaces)]
    };
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let waiting = by_kind(wide(system.waiting_commands()), wide(workspaces.longest_queue()));
    text.family("holdfast_write_queue_commands", &waiting);
    let logs = by_kind(system_log_bytes(platform), workspaces.log_bytes());
    text.family("holdfast_database_wal_bytes", &logs);
    let capacity = platform.config.storage.queue_commands_max;
    text.one("holdfast_write_queue_capacity_commands", Some(capacity));
    text.one("holdfast_workspaces_open", Some(workspaces.open_count()));
    let is_whole = u8::from(platform.watching.is_every_chain_whole());
    text.one("holdfast_audit_chain_ok", Some(is_whole));
}

fn of_times(text: &mut Exposition, platform: &Platform) {
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
}

fn of_score(text: &mut Exposition, score: &Score) {
    text.one("holdfast_stability_score", Some(score.score));
    let known = |part: &Part| Some((format!("part=\"{}\"", part.name), part.grade?));
    let grades: Vec<_> = score.parts.iter().filter_map(known).collect();
    text.family("holdfast_stability_grade", &grades);
}

fn of_machine(text: &mut Exposition, platform: &Platform) {
    let disk = platform.room.of(platform.config.data()).ok();
    text.one("holdfast_disk_free_bytes", disk.as_ref().map(|disk| disk.free_bytes));
    text.one("holdfast_disk_size_bytes", disk.map(|disk| disk.size_bytes));
    let memory = host::memory();
    text.one("holdfast_memory_used_bytes", memory.as_ref().map(|one| one.used_bytes));
    text.one("holdfast_memory_limit_bytes", memory.map(|one| one.limit_bytes));
    let not_after = certificate_status(platform).map(|status| status.not_after.0 / 1_000);
    text.one("holdfast_certificate_not_after_timestamp_seconds", not_after);
    let pressure: Vec<_> = host::pressure()
        .into_iter()
        .flat_map(|one| {
            let labels = |share| format!("resource=\"{}\",share=\"{share}\"", one.resource);
            [(labels("some"), Seconds(one.some_us)), (labels("full"), Seconds(one.full_us))]
        })
        .collect();
    text.family("holdfast_pressure_waiting_seconds_total", &pressure);
    text.family("holdfast_build_info", &[(format!("version=\"{VERSION}\""), 1)]);
}

fn of_process(text: &mut Exposition, platform: &Platform) {
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
