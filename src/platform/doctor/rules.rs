//! What a check can say, and what it says: facts in, a verdict out.

pub mod access;
pub mod authority;
pub mod catalogue;
pub mod disk;
pub mod host;
pub mod lines;
pub mod reach;
pub mod standing;
pub mod updates;
pub mod words;

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};

pub use catalogue::{CHECKS, Spec, spec};

pub const CODES: &[Code] = &[
    code(
        "check-unknown",
        "The doctor has no check of this code.",
        "Take a code from the report of the doctor.",
    ),
    code(
        "check-not-fixable",
        "What this check finds is not mended by the box itself.",
        "Run the command that stands beside the finding.",
    ),
];

/// How a check ended, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok,
    /// Nothing could be said.
    Skipped,
    /// Nothing is wrong; it could be better.
    Hint,
    /// Nothing stands still yet; somebody should act.
    Warning,
    /// Something does not work, or data is in danger.
    Failed,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }

    /// Whether somebody has to do something.
    pub fn is_bad(self) -> bool {
        self >= Self::Warning
    }
}

/// What one check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub status: Status,
    /// What was found, or why nothing could be.
    pub cause: String,
    /// Commands, in the order in which they mend it.
    pub fix: Vec<String>,
    /// Whether `--fix` mends it by itself.
    pub is_fixable: bool,
}

impl Verdict {
    fn new(status: Status, cause: impl Into<String>) -> Self {
        Self { status, cause: cause.into(), fix: Vec::new(), is_fixable: false }
    }

    pub fn ok(cause: impl Into<String>) -> Self {
        Self::new(Status::Ok, cause)
    }

    pub fn skipped(cause: impl Into<String>) -> Self {
        Self::new(Status::Skipped, cause)
    }

    pub fn hint(cause: impl Into<String>) -> Self {
        Self::new(Status::Hint, cause)
    }

    pub fn warning(cause: impl Into<String>) -> Self {
        Self::new(Status::Warning, cause)
    }

    pub fn failed(cause: impl Into<String>) -> Self {
        Self::new(Status::Failed, cause)
    }

    /// Adds a command that mends it.
    #[must_use]
    pub fn fix(mut self, command: impl Into<String>) -> Self {
        self.fix.push(command.into());
        self
    }

    /// `holdfast doctor --fix` mends it.
    #[must_use]
    pub fn fixable(mut self) -> Self {
        self.is_fixable = self.status != Status::Ok;
        self
    }
}

/// What one check said, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub spec: &'static Spec,
    pub verdict: Verdict,
    pub took: Duration,
}

/// What all checks said. Also what a later review builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub checked_at: Moment,
    /// Whether a box runs on the data.
    pub is_running: bool,
    /// The worst first, then as they stand in the catalogue.
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn new(checked_at: Moment, is_running: bool, mut findings: Vec<Finding>) -> Self {
        let place = |finding: &Finding| CHECKS.iter().position(|one| one.code == finding.spec.code);
        findings.sort_by_key(|one| (std::cmp::Reverse(one.verdict.status), place(one)));
        Self { checked_at, is_running, findings }
    }

    /// Whether there are at most hints.
    pub fn is_well(&self) -> bool {
        !self.findings.iter().any(|one| one.verdict.status.is_bad())
    }

    pub fn count(&self, status: Status) -> usize {
        self.findings.iter().filter(|one| one.verdict.status == status).count()
    }
}

/// Takes the checks that are named; all when none is.
pub fn chosen(codes: &[String]) -> Result<Vec<&'static Spec>> {
    if codes.is_empty() {
        return Ok(CHECKS.iter().collect());
    }
    codes.iter().map(|code| spec(code).ok_or_else(|| unknown(code))).collect()
}

fn unknown(code: &str) -> Error {
    Error::invalid("codes", "check-unknown", format!("There is no check {code}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &str, verdict: Verdict) -> Finding {
        Finding { spec: spec(code).unwrap(), verdict, took: Duration::ZERO }
    }

    #[test]
    fn the_worst_stands_first_and_hints_are_well() {
        let hint = finding("disk-low", Verdict::hint("a"));
        let skipped = finding("clock-off", Verdict::skipped("b"));
        let well = Report::new(Moment(0), false, vec![skipped.clone(), hint.clone()]);
        assert!(well.is_well());
        assert_eq!(well.findings, [hint.clone(), skipped.clone()]);

        let warning = finding("inodes-low", Verdict::warning("c").fixable());
        let report = Report::new(Moment(0), false, vec![skipped, hint, warning.clone()]);

        assert!(!report.is_well());
        assert_eq!(report.findings[0], warning);
        assert_eq!(report.count(Status::Hint), 1);
    }

    #[test]
    fn a_check_that_there_is_not_is_refused() {
        assert_eq!(chosen(&[]).unwrap().len(), CHECKS.len());
        assert_eq!(chosen(&["disk-low".to_owned()]).unwrap()[0].code, "disk-low");
        assert!(chosen(&["disk".to_owned()]).is_err());
    }
}
