//! What the box counts: the one list of names, from which the descriptions in the scrape come and
//! with which the manual and the alert rules are compared.

/// What a number means to Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Numbers of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    pub kind: Kind,
    /// Their values are bounded: templates of routes, kinds, words of the program.
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, labels, help }
}

const fn histogram(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind: Kind::Histogram, labels, help }
}

/// All of them, as the manual lists them.
pub fn all() -> impl Iterator<Item = &'static Family> {
    [REQUESTS, DATABASE, WORK, SAFETY, UPDATES, MACHINE].into_iter().flatten()
}

/// One by its name.
pub fn named(name: &str) -> Option<&'static Family> {
    all().find(|family| family.name == name)
}

pub const REQUESTS: &[Family] = &[
    counter(
        "holdfast_http_requests_total",
        &["route", "method", "code"],
        "Requests answered, by template of the route, verb and status.",
    ),
    counter(
        "holdfast_http_answers_total",
        &[],
        "Requests answered, all together: there from the start, so that the first is seen as a \
         rise.",
    ),
    counter(
        "holdfast_http_faults_total",
        &[],
        "Requests that the box failed (a status from 500 on); probes that say it is not well and \
         senders that were too slow are none.",
    ),
    histogram(
        "holdfast_http_request_duration_seconds",
        &["route", "method"],
        "Time to the head of an answer, by template of the route and verb, without the time that \
         the sender took for the body.",
    ),
    gauge("holdfast_http_requests_in_flight", &[], "Requests that are worked on."),
    counter("holdfast_handler_panics_total", &[], "Requests that ended in a panic."),
    gauge("holdfast_connections_open", &[], "Connections that are open."),
    counter("holdfast_connections_refused_total", &[], "Connections over the limit."),
    gauge("holdfast_event_streams_open", &[], "Live event streams."),
    counter(
        "holdfast_sign_in_failures_total",
        &["reason"],
        "Refused sign-ins: password, second-factor, token, program, link or throttled.",
    ),
    counter(
        "holdfast_step_up_failures_total",
        &[],
        "Refused proofs of people who are signed in: wrong codes, passkeys and passwords.",
    ),
    counter("holdfast_password_hashes_total", &[], "Passwords hashed or compared."),
    counter("holdfast_refusals_not_audited_total", &[], "Refusals over the audited rate."),
];

pub const DATABASE: &[Family] = &[
    gauge(
        "holdfast_box_file_readable",
        &[],
        "1 when the box's own file could be read for this scrape; else what it tells of jobs, \
         backups and damage is left out.",
    ),
    histogram(
        "holdfast_database_statement_duration_seconds",
        &["kind", "op"],
        "Time of statements, by kind of file and whether they read or write. Counted in whole \
         milliseconds.",
    ),
    histogram(
        "holdfast_database_commit_duration_seconds",
        &["kind"],
        "Time of commits until they were on the disk, by kind of file.",
    ),
    counter(
        "holdfast_slow_statements_total",
        &["kind"],
        "Statements over logs.slow_statement_ms, by kind of file; the log has their text.",
    ),
    counter("holdfast_commits_total", &[], "Commits of all database files."),
    counter("holdfast_committed_commands_total", &[], "Changes in those commits."),
    counter("holdfast_commit_failures_total", &[], "Commits that failed."),
    gauge(
        "holdfast_database_wal_bytes",
        &["kind"],
        "Write-ahead logs: of the box's own file, and of all open workspaces together.",
    ),
    gauge(
        "holdfast_write_queue_commands",
        &["kind"],
        "Changes waiting in the longest queue of a file of this kind.",
    ),
    gauge("holdfast_write_queue_capacity_commands", &[], "Changes that may wait for one file."),
    counter("holdfast_write_queue_full_total", &[], "Changes refused: too many waited."),
    counter("holdfast_read_queue_full_total", &[], "Reads refused: too many waited."),
    gauge("holdfast_workspaces_open", &[], "Files of workspaces held open."),
    gauge("holdfast_workspaces_damaged", &[], "Workspaces whose file is damaged."),
    gauge(
        "holdfast_audit_chain_ok",
        &[],
        "1 unless the last verification of an audit log found an altered entry.",
    ),
];

pub const WORK: &[Family] = &[
    gauge("holdfast_jobs_waiting", &[], "Jobs that wait to begin."),
    gauge("holdfast_jobs_running", &[], "Jobs that run."),
    gauge(
        "holdfast_jobs_failed",
        &[],
        "Scheduled jobs that failed in a week and were not done since, as /health counts them.",
    ),
    gauge(
        "holdfast_jobs_oldest_waiting_seconds",
        &[],
        "How long the job has been due that waits longest.",
    ),
    counter("holdfast_jobs_total", &["kind", "outcome"], "Runs of jobs and how they ended."),
    counter(
        "holdfast_job_failures_total",
        &["kind"],
        "Runs of jobs that failed, those that are tried again among them.",
    ),
    histogram("holdfast_job_duration_seconds", &["kind"], "Time of a run of a job."),
    counter(
        "holdfast_notice_deliveries_total",
        &["channel", "outcome"],
        "Tries to send a notice or a webhook, sent or failed.",
    ),
    counter("holdfast_notices_refused_total", &[], "Notices not sent: the outbox was full."),
    counter("holdfast_task_panics_total", &["task"], "Tasks that ended in a panic."),
    counter("holdfast_log_lines_dropped_total", &[], "Log lines that nobody took in time."),
    counter("holdfast_log_write_failures_total", &[], "Writes of the log that failed."),
    counter(
        "holdfast_error_reports_dropped_total",
        &[],
        "Failures not kept: too many came at once.",
    ),
];

pub const SAFETY: &[Family] = &[
    gauge(
        "holdfast_backup_set_up_timestamp_seconds",
        &[],
        "Since when there are a recovery kit and a target; 0 while one is missing.",
    ),
    gauge(
        "holdfast_backup_last_success_timestamp_seconds",
        &[],
        "The moment that the newest backup at a target is of; 0 without one.",
    ),
    gauge(
        "holdfast_backup_last_verified_timestamp_seconds",
        &[],
        "When a backup was last fetched back and proved; 0 without one.",
    ),
    counter(
        "holdfast_backup_failures_total",
        &[],
        "Failed runs of making, sending, checking and removing backups.",
    ),
    counter(
        "holdfast_backup_copies_damaged_total",
        &[],
        "Copies of backups that were looked at and are not what was written.",
    ),
    gauge("holdfast_backup_troubles", &[], "What is wrong with backups, counted."),
    gauge(
        "holdfast_certificate_not_after_timestamp_seconds",
        &[],
        "When the certificate that browsers get ends.",
    ),
];

pub const UPDATES: &[Family] = &[
    counter(
        "holdfast_updates_total",
        &["outcome"],
        "Updates and rollbacks that ended: committed, rolled-back, failed or discarded.",
    ),
    gauge(
        "holdfast_update_last_duration_seconds",
        &[],
        "What the last one took, without the time in which it was only watched; 0 before the \
         first.",
    ),
    gauge(
        "holdfast_release_active_seq",
        &[],
        "Number of the release that runs; 0 where no metadata names it.",
    ),
    gauge(
        "holdfast_release_offered_seq",
        &[],
        "Number of the newest release that is offered; that of the active one where none is.",
    ),
    gauge(
        "holdfast_update_critical_since_timestamp_seconds",
        &[],
        "Since when a critical release is offered and not taken; 0 where none is.",
    ),
    gauge(
        "holdfast_update_feed_answered_timestamp_seconds",
        &[],
        "When the feed last said something that could be believed; 0: never.",
    ),
    gauge(
        "holdfast_update_metadata_expires_timestamp_seconds",
        &[],
        "When the first file of what it said runs out; 0 before the first answer.",
    ),
    gauge(
        "holdfast_update_feed_stale",
        &[],
        "1 when the feed has said nothing that can be believed for a week, or says what is past \
         its time.",
    ),
];

pub const MACHINE: &[Family] = &[
    gauge("holdfast_stability_score", &[], "The stability score, 0 to 100."),
    gauge(
        "holdfast_stability_grade",
        &["part"],
        "The parts of the stability score, 0 to 100 each; what is not known is left out.",
    ),
    gauge("holdfast_disk_free_bytes", &[], "Room on the disk of the data."),
    gauge("holdfast_disk_size_bytes", &[], "Size of the disk of the data."),
    gauge(
        "holdfast_memory_used_bytes",
        &[],
        "Memory in use under the limit; without a limit that of the whole machine.",
    ),
    gauge(
        "holdfast_memory_limit_bytes",
        &[],
        "Memory that the box may use: the limit of its control group, or all there is.",
    ),
    counter(
        "holdfast_pressure_waiting_seconds_total",
        &["resource", "share"],
        "Time in which some or all of the machine's work waited for cpu, memory or io.",
    ),
    gauge("holdfast_build_info", &["version"], "Always 1; the label says what runs."),
    counter("process_cpu_seconds_total", &[], "Processor time of the process."),
    gauge("process_resident_memory_bytes", &[], "Memory of the process."),
    gauge("process_virtual_memory_bytes", &[], "Addresses that the process has reserved."),
    gauge("process_open_fds", &[], "Files and sockets held open."),
    gauge("process_max_fds", &[], "Files and sockets that may be open."),
    gauge("process_threads", &[], "Threads of the process."),
    gauge("process_start_time_seconds", &[], "When the process started."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::identity::sign_in::Reason;

    #[test]
    fn names_follow_the_conventions_and_stand_once() {
        let names: Vec<&str> = all().map(|family| family.name).collect();
        for family in all() {
            let (name, kind) = (family.name, family.kind);
            assert!(name.starts_with("holdfast_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            assert!(!name.contains("_ms") && !name.contains("milli"), "{name}");
            if kind == Kind::Histogram {
                assert!(name.ends_with("_seconds"), "{name}");
            }
            assert!(family.help.ends_with('.'), "{name}");
            assert_eq!(names.iter().filter(|one| **one == name).count(), 1, "{name}");
        }
    }

    #[test]
    fn every_reason_of_a_refused_sign_in_is_listed_and_led_to() {
        let help = named("holdfast_sign_in_failures_total").unwrap().help;
        let manual = include_str!("../../../docs/manual/watching.md");
        for reason in Reason::ALL {
            let name = reason.name();
            assert!(help.contains(name), "{name} is not in: {help}");
            assert!(manual.contains(&format!("`{name}`")), "the manual does not know {name}");
        }
    }
}
