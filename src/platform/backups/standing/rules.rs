//! What is wrong with backups as a whole.

use std::time::Duration;

use crate::platform::backups::bases::rules::{Copy, CopyState};
use crate::platform::clock::Moment;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::damage::rules::{DAMAGED, Damaged};

/// A box with a kit and a target has a verified backup that is no older.
const VERIFIED_WITHIN: Duration = Duration::from_hours(26);
/// A target may be away for so long.
const TARGET_AWAY_MAX: Duration = Duration::from_hours(1);
/// Somebody opens a backup with their kit as often.
pub const DRILLED_WITHIN: Duration = Duration::from_hours(31 * 24);

/// What is known of it.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub kits: usize,
    pub is_kit_confirmed: bool,
    pub targets: usize,
    /// Since when there are a kit and a target.
    pub ready_since: Option<Moment>,
    pub last_made_at: Option<Moment>,
    pub last_verified_at: Option<Moment>,
    pub last_drilled_at: Option<Moment>,
    /// Another box with this one's identity was seen.
    pub fence: Option<String>,
    /// The newest backup that was written: its moment and its copies.
    pub newest: Option<(Moment, Vec<Copy>)>,
    /// Workspaces whose files are damaged, so backups leave them out.
    pub damaged: Vec<Damaged>,
}

/// Something to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub code: &'static str,
    /// The workspace that it is about.
    pub workspace: Option<WorkspaceId>,
    /// One sentence for a person.
    pub detail: String,
}

impl Standing {
    pub fn is_drill_due(&self, now: Moment) -> bool {
        let since = self.last_drilled_at.or(self.ready_since);
        since.is_some_and(|since| now.since(since) > DRILLED_WITHIN)
    }

    /// What is wrong, the worst first. Nothing on a box that nobody set up for backups.
    pub fn trouble(&self, now: Moment) -> Vec<Trouble> {
        let mut found = Vec::new();
        found.extend(self.damaged.iter().map(|one| Trouble {
            code: DAMAGED,
            workspace: Some(one.workspace),
            detail: one.sentence(),
        }));
        let mut say = |code, detail: String| found.push(Trouble { code, workspace: None, detail });
        if let Some(detail) = &self.fence {
            say("backup-superseded", detail.clone());
        }
        let Some(ready_since) = self.ready_since else { return found };
        let verified = self.last_verified_at.unwrap_or(ready_since).max(ready_since);
        if now.since(verified) > VERIFIED_WITHIN {
            let detail = match self.last_verified_at {
                Some(at) => format!("No backup was verified since {at}."),
                None => "No backup was ever verified.".to_owned(),
            };
            say("backup-late", detail);
        }
        if let Some((taken_at, copies)) = &self.newest {
            for copy in copies {
                let (name, said) = (&copy.target_name, copy.detail.as_deref().unwrap_or("?"));
                match copy.state {
                    CopyState::Failed => say("backup-damaged", format!("{name}: {said}")),
                    CopyState::Waiting if now.since(*taken_at) > TARGET_AWAY_MAX => {
                        say("target-away", format!("{name} has not taken the backup: {said}"));
                    }
                    CopyState::Waiting | CopyState::There | CopyState::Gone => {}
                }
            }
        }
        if !self.is_kit_confirmed {
            let detail = "Nobody has shown that they hold a recovery kit.".to_owned();
            say("kit-unconfirmed", detail);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn codes(standing: &Standing, now: Moment) -> Vec<&'static str> {
        standing.trouble(now).into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn a_box_that_nobody_set_up_is_in_no_trouble() {
        assert_eq!(codes(&Standing::default(), Moment(0).plus(HOUR * 1_000)), [""; 0]);
    }

    #[test]
    fn a_day_without_a_verified_backup_is_said() {
        let start = Moment(0).plus(HOUR * 1_000);
        let ready =
            Standing { ready_since: Some(start), is_kit_confirmed: true, ..Standing::default() };
        assert_eq!(codes(&ready, start.plus(HOUR * 26)), [""; 0]);
        assert_eq!(codes(&ready, start.plus(HOUR * 27)), ["backup-late"]);
        let verified_at = Some(start.plus(HOUR * 10));
        let verified = Standing { last_verified_at: verified_at, ..ready };
        assert_eq!(codes(&verified, start.plus(HOUR * 27)), [""; 0]);
        assert_eq!(codes(&verified, start.plus(HOUR * 37)), ["backup-late"]);
        assert!(!verified.is_drill_due(start.plus(HOUR * 24 * 31)));
        assert!(verified.is_drill_due(start.plus(HOUR * 24 * 32)));
        let unproved = Standing { is_kit_confirmed: false, ..verified };
        assert_eq!(codes(&unproved, start.plus(HOUR * 27)), ["kit-unconfirmed"]);
    }
}
