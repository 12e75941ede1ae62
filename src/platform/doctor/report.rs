//! The report as programs read it: the same on the command line, over HTTP and in a bundle.

use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{Finding, Report, Status};

/// What stands in place of a cause that may name people or places.
const KEPT_BACK: &str = "Left out: it may name people or places.";

/// What is wrong with the box, the worst first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoctorResponse {
    /// Whether there are at most hints.
    pub ok: bool,
    /// RFC 3339.
    pub checked_at: String,
    /// Whether a box runs on the data.
    pub running: bool,
    pub counts: DoctorCounts,
    pub findings: Vec<DoctorFinding>,
}

/// How many findings of each kind there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoctorCounts {
    pub failed: usize,
    pub warning: usize,
    pub hint: usize,
    pub skipped: usize,
    pub ok: usize,
}

/// What one check says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoctorFinding {
    /// Stable; its section in the manual is `/help/troubleshooting#CODE`.
    pub code: String,
    /// `ok`, `skipped`, `hint`, `warning` or `failed`.
    pub status: String,
    /// What was looked at.
    pub title: String,
    /// What was found.
    pub cause: String,
    /// What follows from it; null when all is well.
    pub effect: Option<String>,
    /// Commands that mend it, in their order.
    pub fix: Vec<String>,
    /// Whether the box mends it by itself when asked.
    pub fixable: bool,
    pub took_ms: u64,
}

impl From<&Finding> for DoctorFinding {
    fn from(finding: &Finding) -> Self {
        let Finding { spec, verdict, took } = finding;
        let is_wrong = verdict.status >= Status::Hint;
        Self {
            code: spec.code.to_owned(),
            status: verdict.status.name().to_owned(),
            title: spec.title.to_owned(),
            cause: verdict.cause.clone(),
            effect: is_wrong.then(|| spec.effect.to_owned()),
            fix: if is_wrong { verdict.fix.clone() } else { Vec::new() },
            fixable: is_wrong && verdict.is_fixable,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl From<&Report> for DoctorResponse {
    fn from(report: &Report) -> Self {
        let count = |status| report.count(status);
        Self {
            ok: report.is_well(),
            checked_at: report.checked_at.to_string(),
            running: report.is_running,
            counts: DoctorCounts {
                failed: count(Status::Failed),
                warning: count(Status::Warning),
                hint: count(Status::Hint),
                skipped: count(Status::Skipped),
                ok: count(Status::Ok),
            },
            findings: report.findings.iter().map(Into::into).collect(),
        }
    }
}

impl DoctorResponse {
    /// The same for somebody elsewhere: without what may name people or places.
    pub fn for_others(report: &Report) -> Self {
        let mut response = Self::from(report);
        for (said, finding) in response.findings.iter_mut().zip(&report.findings) {
            // Commands name files and targets; whoever helps knows them by the code.
            said.fix.clear();
            if finding.spec.is_telling {
                KEPT_BACK.clone_into(&mut said.cause);
            }
        }
        response
    }
}
